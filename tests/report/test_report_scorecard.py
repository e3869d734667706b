"""The scorecard: what it must say, in 80 columns, to any terminal."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rich.console import Console

from benison.report.gather import gather
from benison.report.scorecard import WIDTH, lines, panel, side_by_side

Write = Callable[[dict[str, Any]], Path]


def shown(folder: Path, width: int = WIDTH) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=True, color_system=None, legacy_windows=False).print(
        panel(gather(folder))
    )
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_no_line_is_wider_than_eighty_columns(folder: Path) -> None:
    found = lines(gather(folder))
    assert max(map(len, found)) <= WIDTH
    assert not [line for line in found if line != line.rstrip()]


def test_the_terminal_shows_the_same_lines_between_two_rules(folder: Path) -> None:
    inside = shown(folder)
    assert inside[0].strip("─ ") == "census"
    assert inside[1:-1] == lines(gather(folder))


def test_plain_lines_are_ascii_so_that_every_log_takes_them(folder: Path) -> None:
    assert "\n".join(lines(gather(folder))).isascii()


def test_a_pushed_run_on_one_page(census: ModuleType, write_run: Write) -> None:
    found = lines(gather(write_run(census.pushed())))
    assert found[0].startswith("census: Pushed: the challenger is champion number 7 now")
    assert "  - column hours_per_week: PSI 0.313, p 3.1e-41 against span 1" in found
    assert "Hard checks: 32 of 32 pass" in found
    assert "  and 11 of the data, 3 of the serving and 1 of the release that pass" in found
    served = "Served alone: loads in 0.41 s, p99 3.2 [2.8, 4.1] ms, 612.3 MB of memory, 0.41"
    assert found[found.index(served) + 1] == "  MB on disk"
    assert "  PASS     auc overall                 0.9043 [0.8939, 0.9147]     >= 0.8500" in found
    assert "  sex=Female     0.9003 [0.8756, 0.9250]  0.8991     +0.0012 [-0.0074, +0.0098]" in found
    assert not [line for line in found if "race=Other" in line and "[" in line], "too small to be shown with figures"
    assert found[-1] == "Took 27.0 s"


@pytest.mark.parametrize(("many", "said"), [(6, "town 0 (1 rows"), (7, "7 slices, among them town 0 (1 rows")])
def test_slices_too_small_to_judge_are_counted_where_they_are_many(
    census: ModuleType, write_run: Write, many: int, said: str
) -> None:
    documents = census.pushed()
    one = documents["evaluation"]["not_judged"][0]
    documents["evaluation"]["not_judged"] = [
        {**one, "slice": f"town {at}", "rows": at + 1, "positives": 0} for at in range(many)
    ]
    found = " ".join(" ".join(lines(gather(write_run(documents)))).split())
    assert f"Too small to judge: {said}" in found
    assert (f"town {many - 1}" in found) == (many == 6)
    assert ("town 2 (3 rows, 0 positive); the report has all of them" in found) == (many == 7)


def test_what_blocks_stands_first_among_the_checks(census: ModuleType, write_run: Write) -> None:
    found = lines(gather(write_run(census.blocked())))
    assert found[0] == "census: Blocked: 1 hard check does not pass, and champion number 6 stays."
    head = next(
        index for index, line in enumerate(found) if line.split() == ["Verdict", "Check", "Observed", "Allowed"]
    )
    assert found[head + 1] == "  FAIL     auc_gain_over_champion      -0.0412 [-0.0633, -0.0251]  >= -0.0200"
    assert found[head + 2].strip() == "sex=Female"


def test_data_that_blocks_is_shown_among_the_checks(census: ModuleType, write_run: Write) -> None:
    found = "\n".join(lines(gather(write_run(census.blocked_at_data()))))
    assert "FAIL     schema split train          2,104 values Femal out of   Female," in found
    assert "ERROR    model overall               no model                    a trained" in found


def test_a_first_run_shows_the_challenger_alone(census: ModuleType, write_run: Write) -> None:
    found = lines(gather(write_run(census.first())))
    assert "  overall                                           0.9043 [0.8939, 0.9147]" in found
    assert not [line for line in found if "Gain" in line]


def test_a_failed_run_tells_the_error_its_hint_and_what_did_not_run(census: ModuleType, write_run: Write) -> None:
    found = " ".join(" ".join(lines(gather(write_run(census.failed())))).split())
    assert "trainer: ModelCodeError: model.py:14: expected a Keras model" in found
    assert "(did you mean Dense?)" in found
    assert found.count("did not run, because trainer failed") == 1


def test_an_inconclusive_verdict_is_not_broken_in_two(census: ModuleType, write_run: Write) -> None:
    documents = census.blocked()
    documents["evaluation"]["checks"][3]["verdict"] = "INCONCLUSIVE"
    documents["blessing"]["checks"] = [*documents["checks"]["checks"], *documents["evaluation"]["checks"]]
    found = lines(gather(write_run(documents)))
    assert [line for line in found if line.startswith("  INCONCLUSIVE  ")]
    assert max(map(len, found)) <= WIDTH


@pytest.mark.parametrize("value", ["\x1b]0;owned\x07", "\x1b[2J", "[bold red]big[/]", "a\u202eb"])
def test_a_value_cannot_command_the_terminal(census: ModuleType, write_run: Write, value: str) -> None:
    documents = census.blocked()
    documents["blessing"]["reasons"] = [f"slice {value} is worse"]
    documents["evaluation"]["not_judged"][0]["slice"] = value
    folder = write_run(documents)
    for found in ("\n".join(lines(gather(folder))), "\n".join(shown(folder))):
        assert "\x1b" not in found
        assert "\x07" not in found
        assert "\u202e" not in found
        assert value.replace("\x1b", "\ufffd").replace("\x07", "\ufffd").replace("\u202e", "\ufffd") in found


def test_a_narrow_terminal_folds_and_loses_nothing(census: ModuleType, write_run: Write) -> None:
    folder = write_run(census.pushed())
    narrow, wide = ("".join("".join(shown(folder, width)).split()) for width in (50, WIDTH))
    assert narrow.replace("─", "") == wide.replace("─", "")


def test_a_slice_too_long_for_its_column_is_broken_after_the_columns_name() -> None:
    found = [line.text for line in side_by_side(("Slice",), (13,), [(("Geschlecht=männlich, Land=Austria",), "")])]
    assert found == ["  Slice", "  Geschlecht=", "  männlich,", "  Land=Austria"]


def test_rows_too_few_to_judge_are_grouped_by_thousands(census: ModuleType, write_run: Write) -> None:
    documents = census.pushed()
    documents["evaluation"]["not_judged"][0].update(slice="team=a", rows=1229, positives=19)
    assert "team=a (1,229 rows, 19 positive)" in " ".join(lines(gather(write_run(documents))))
