import os
import subprocess
import sys
from pathlib import Path

import pytest

from checks import leaks

ROOT = Path(__file__).resolve().parents[2]
# Put together here, since this file is scanned as well.
PLANTED = {
    "AWS Access Key": 'region = "eu"  # AKIA' + "IOSFODNN7EXAMPLE",
    "GitHub Token": "curl -H gh" + "p_" + "a1B2" * 9,
    "Private Key": "-----BEGIN PRIVATE " + "KEY-----",
    "Basic Auth Credentials": "https://ada" + ":lovelace1815@acme.org",
    "Secret Keyword": 'db_pass' + 'word = "lovelace1815"',
}  # fmt: skip
PRAGMA = "# pragma: " + "allowlist secret"


def repository(folder: Path, text: str) -> Path:
    subprocess.run(["git", "init", "-q", folder], check=True)
    (folder / "settings.py").write_text(f"a = 1\n{text}\n")
    subprocess.run(["git", "add", "settings.py"], cwd=folder, check=True)
    return folder


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    command = [sys.executable, "-m", "checks.leaks"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_check_fails_on_a_planted_secret_without_showing_it(tmp_path: Path) -> None:
    done = check(repository(tmp_path, PLANTED["GitHub Token"]))
    assert done.returncode == 1
    assert done.stderr == (
        "settings.py:2: looks like a secret: GitHub Token\n\n"
        "hint: take it out, and revoke it if it was ever real; else say on its line  # pragma: "
        "allowlist secret -- why\n"
    )


def test_the_check_passes_where_there_is_none(tmp_path: Path) -> None:
    done = check(repository(tmp_path, 'digest = "sha256:' + "0f1e2d3c" * 8 + '"'))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("kind", PLANTED)
def test_every_kind_is_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.py"
    path.write_text(PLANTED[kind])
    assert f"{path}:1: looks like a secret: {kind}" in list(leaks.leaks([path]))


def test_an_exception_needs_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(f"{PLANTED['Secret Keyword']}  {PRAGMA}\n")
    assert list(leaks.leaks([path])) == [f"{path}:1: an exception without a reason"]
    path.write_text(f"{PLANTED['Secret Keyword']}  {PRAGMA} -- made up\n")
    assert list(leaks.leaks([path])) == []
