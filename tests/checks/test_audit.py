"""The answers are pip-audit's own, as its version 2.10 prints them."""

import sys
from pathlib import Path

import pytest

from checks import audit

LOCK = Path("requirements/a.txt")
ANSWER = {
    "dependencies": [
        {"name": "sound", "version": "1.0", "vulns": []},
        {
            "name": "flask",
            "version": "0.5",
            "vulns": [{"id": "PYSEC-2019-179", "fix_versions": ["1.0"], "aliases": []}],
        },
        {"name": "other", "version": "2", "vulns": [{"id": "PYSEC-2020-1", "fix_versions": [], "aliases": []}]},
        {"name": "own", "skip_reason": "Dependency not found on PyPI and could not be audited: own (1)"},
    ],
    "fixes": [],
}


def test_vulnerabilities_are_told_with_what_mends_them() -> None:
    assert list(audit.known(LOCK, ANSWER)) == [
        "requirements/a.txt: flask 0.5: PYSEC-2019-179, mended in 1.0",
        "requirements/a.txt: other 2: PYSEC-2020-1, mended in no release yet",
    ]


def test_what_was_not_asked_about_is_told() -> None:
    told = "requirements/a.txt: expected an answer for each package, got none for 1: own"
    assert list(audit.unasked(LOCK, ANSWER)) == [told]


def test_no_answer_is_no_pass(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    # A Python without the module, as where the installation broke off.
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setenv("PYTHONPATH", "")
    assert audit.main(["no-such-lock.txt"]) == 3
    err = capsys.readouterr().err
    assert err.startswith("no-such-lock.txt: expected an answer of pip-audit, got ")
    assert err.endswith(
        "hint: it needs a network that reaches pypi.org, whose mirrors do not know of vulnerabilities\n"
    )
