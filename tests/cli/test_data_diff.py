import json
from pathlib import Path

import pytest

from tests.cli.commands import call
from tests.pipelines import small_project

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def before(tmp_path: Path) -> Path:
    small_project.write_csv(tmp_path / "before.csv", small_project.rows(1))
    return tmp_path / "before.csv"


@pytest.fixture
def now(tmp_path: Path) -> Path:
    """Half the rows: older people, a new city, another column, and a type that changed."""
    rows = small_project.rows(2, 500)
    for number, row in enumerate(rows):
        row["age"] = str(int(row["age"]) + 20)
        row["city"] = "Rom" if number % 5 == 0 else row["city"]
        row["team"] = str(number % 2)
        row["till"] = row.pop("order")
    small_project.write_csv(tmp_path / "now.csv", rows)
    return tmp_path / "now.csv"


def test_rows_columns_types_values_and_distributions_are_told_apart(before: Path, now: Path, capsys: Captured) -> None:
    answer = call(capsys, "data", "diff", before, now)
    assert (answer.code, answer.err) == (0, "")
    head, table = answer.out.split("\n\n")
    assert head.splitlines() == [
        f"{before} -> {now}",
        "rows: 1,000 -> 500, 0.5 times",
        "removed: order",
        "added: till",
        "type of team: string -> int64",
        "new values of city: 'Rom'",
    ]
    rows = [line.split() for line in table.splitlines()[1:]]
    assert {row[0] for row in rows} == {"age", "city", "bought"}
    assert {row[0]: row[4] for row in rows}["bought"] == "same"
    assert [float(row[2]) for row in rows] == sorted((float(row[2]) for row in rows), reverse=True)


def test_json_has_the_bins_that_were_compared(before: Path, now: Path, capsys: Captured) -> None:
    found = json.loads(call(capsys, "data", "diff", before, now, "--json").out)
    columns = {one["column"]: one for one in found["columns"]}
    assert set(columns["city"]["values"]) == {"Bonn", "Jena", "Ulm"}
    assert sum(columns["city"]["before"]) == 1000
    # Values, then all others, then missing ones.
    assert columns["city"]["now"][-2:] == [100, 0]
    assert columns["age"]["mean"][1] - columns["age"]["mean"][0] == pytest.approx(20, abs=3)
    assert (found["rows"], found["removed"], found["added"]) == ([1000, 500], ["order"], ["till"])


def test_two_spans_of_a_project_are_compared(tmp_path: Path, capsys: Captured) -> None:
    project = tmp_path / "project"
    small_project.make(project)
    answer = call(capsys, "data", "diff", "-p", project, "--span", "1", "--span", "2")
    assert answer.code == 0, answer.err
    assert answer.out.startswith("span 1 -> span 2\nrows: 1,000 -> 1,000\n")
    assert call(capsys, "data", "diff", "-p", project, "--span", "1", "--span", "7").code == 2


def test_a_source_that_is_not_there_is_named(before: Path, tmp_path: Path, capsys: Captured) -> None:
    answer = call(capsys, "data", "diff", before, tmp_path / "befor.csv")
    assert (answer.code, "befor.csv" in answer.err, "did you mean before.csv" in answer.err) == (2, True, True)


def test_numbers_that_count_rows_up_are_no_change(tmp_path: Path, capsys: Captured) -> None:
    for start in (0, 5000):
        rows = [{"ride": str(start + number), "fare": str(number % 7)} for number in range(500)]
        small_project.write_csv(tmp_path / f"{start}.csv", rows)
    answer = call(capsys, "data", "validate", tmp_path / "5000.csv", "--reference", tmp_path / "0.csv")
    assert (answer.code, "drift" in answer.out) == (0, False)
    found = json.loads(call(capsys, "data", "diff", tmp_path / "0.csv", tmp_path / "5000.csv", "--json").out)
    assert {one["column"]: one["effect"] for one in found["columns"]} == {"ride": 0, "fare": 0}


def test_sources_that_share_no_column_are_told_apart_all_the_same(
    before: Path, tmp_path: Path, capsys: Captured
) -> None:
    (tmp_path / "other.csv").write_text("x\n1\n")
    answer = call(capsys, "data", "diff", before, tmp_path / "other.csv")
    assert (answer.code, answer.out.splitlines()[-1]) == (0, "no column that stands in both could be compared")
