from pathlib import Path

import pytest
import yaml

from benison.config import acceptances
from benison.config.acceptances import Acceptance
from benison.core.errors import ConfigError

ONE = """\
accepted:
  # The tariff of October.
  - check: history
    subject: column fare
    measure: mean
    at_most: 31.2
    why: new tariff
    who: ann@host
    when: '2026-11-21T09:30:00Z'
"""


def read(tmp_path: Path, text: str) -> tuple[Acceptance, ...]:
    (tmp_path / "accepted.yaml").write_text(text)
    return acceptances.read(tmp_path)


def said(**fields: object) -> Acceptance:
    usual = {"check": "history", "subject": "column fare", "why": "new tariff", "who": "ann@host"}
    return Acceptance(**{**usual, "when": "2026-11-21T09:30:00Z", "measure": "mean", "at_most": 31.2, **fields})


def test_without_a_file_nothing_is_accepted(tmp_path: Path) -> None:
    assert acceptances.read(tmp_path) == ()


def test_an_acceptance_says_what_who_why_and_when(tmp_path: Path) -> None:
    [found] = read(tmp_path, ONE)
    assert found == said()
    assert (found.bound, found.where) == ("up to 31.2", "accepted.yaml:4 (accepted.0.subject)")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "history",
            "histroy",
            r"accepted.yaml:3 \(accepted.0.check\): expected one of .*\n\nhint: did you mean history",
        ),
        ("history", "rows", r"a check that can be accepted, got 'rows'\n\nhint: nothing can be trained"),
        ("why: new tariff", "why: ''", r"\(accepted.0.why\): expected some words, got ''"),
        ("    why: new tariff\n", "", r"a key why: text, got none"),
        (
            "'2026-11-21T09:30:00Z'",
            "yesterday",
            r"expected a moment in quotes, '2026-11-21T09:30:00Z', got 'yesterday'",
        ),
        ("'2026-11-21T09:30:00Z'", "2026-11-21T09:30:00Z", r"\(accepted.0.when\): expected text, got datetime"),
        ("at_most", "at_mots", r"expected a measure with at_least or at_most"),
        ("who:", "whom: bob\n    who:", r"expected a key that is known here, got 'whom'\n\nhint: did you mean who"),
        ("    measure: mean\n", "", r"expected a measure with at_least or at_most, or else observed"),
        ("at_most: 31.2", "at_most: 31.2\n    at_least: 40", r"expected at most at_most, 31.2, got 40"),
        ("check: history", "check: skew", r"expected a figure of skew, got 'mean'"),
        ("check: history", "check: schema", r"expected what was changed in the schema"),
        ("accepted:", "acepted:", r"'acepted'\n\nhint: did you mean accepted"),
    ],
)
def test_what_is_not_understood_is_an_error_with_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, ONE.replace(old, new))


def test_the_first_acceptance_makes_the_file(tmp_path: Path) -> None:
    text = acceptances.with_one_more("", said())
    assert text.startswith("# What was accepted although")
    assert read(tmp_path, text) == (said(),)


def test_one_more_leaves_every_line_that_was_there(tmp_path: Path) -> None:
    other = said(subject="column tip", measure="", at_most=float("inf"), observed="numeric", snapshot=f"sha256:{0:064}")
    text = acceptances.with_one_more(ONE, other)
    assert text.startswith(ONE)
    assert read(tmp_path, text) == (said(), other)


def test_a_new_bound_of_the_same_figure_takes_the_place_of_the_old(tmp_path: Path) -> None:
    both = acceptances.with_one_more(ONE, said(subject="column tip"))
    text = acceptances.with_one_more(both, said(at_most=40.0, why='it rose again: "now" # more'))
    assert read(tmp_path, text) == (said(subject="column tip"), said(at_most=40.0, why='it rose again: "now" # more'))


def test_what_was_accepted_of_the_schema_is_never_replaced(tmp_path: Path) -> None:
    fields = {"check": "schema", "measure": "", "at_most": float("inf")}
    first, second = said(**fields, changed=("a",)), said(**fields, changed=("b",))
    text = acceptances.with_one_more(acceptances.with_one_more("", first), second)
    assert read(tmp_path, text) == (first, second)


UNINDENTED = "accepted:\n" + "".join(f"{line[2:]}\n" for line in ONE.splitlines()[1:])


@pytest.mark.parametrize("text", ["accepted: []\n", "accepted:\n", UNINDENTED, UNINDENTED.rstrip()])
def test_other_layouts_of_the_file_do_as_well(tmp_path: Path, text: str) -> None:
    before = len(yaml.safe_load(text)["accepted"] or [])
    found = read(tmp_path, acceptances.with_one_more(text, said(subject="column tip")))
    assert (len(found), found[-1]) == (before + 1, said(subject="column tip"))
