import json
import subprocess
import sys
from pathlib import Path

import pytest

from benison.core import documents
from benison.core.digests import of_tree
from tests.cli.commands import call
from tests.pipelines import small_project

Captured = pytest.CaptureFixture[str]
SCHEMA = """\
feature { name: "age" type: INT int_domain { min: 18 max: 80 } presence { min_fraction: 1 min_count: 1 } }
feature { name: "city" type: BYTES domain: "city" presence { min_count: 1 } }
feature { name: "team" type: BYTES }
feature { name: "bought" type: BYTES }
feature { name: "order" type: BYTES }
string_domain { name: "city" value: "Ulm" value: "Bonn" value: "Jena" }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    small_project.write_csv(tmp_path / "rows.csv", small_project.rows(1))
    return tmp_path / "rows.csv"


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    (tmp_path / "schema.pbtxt").write_text(SCHEMA)
    return tmp_path / "schema.pbtxt"


def changed(tmp_path: Path, **values: str) -> Path:
    """Other rows, some of whose columns have one value throughout."""
    path = tmp_path / "changed.csv"
    small_project.write_csv(path, [{**row, **values} for row in small_project.rows(2)])
    return path


def test_rows_that_are_what_the_schema_says_pass(file: Path, schema: Path, capsys: Captured) -> None:
    answer = call(capsys, "data", "validate", file, "--schema", schema)
    assert (answer.code, answer.err) == (0, "")
    assert f"held to {schema}\nverdict: PASS" in answer.out


def test_rows_that_are_not_end_with_1_and_the_gravest_comes_first(
    tmp_path: Path, schema: Path, capsys: Captured
) -> None:
    small_project.write_csv(tmp_path / "x.csv", [{**row, "more": "x"} for row in small_project.rows(1)])
    text = (tmp_path / "x.csv").read_text().replace("\n", "\n950,Ulm,a,no,0,x\n", 1)
    (tmp_path / "x.csv").write_text(text)
    answer = call(capsys, "data", "validate", tmp_path / "x.csv", "--schema", schema)
    first, second = answer.out.splitlines()[:2]
    assert answer.code == 1
    assert first.startswith("BLOCKS   schema: column age in data: ") and "950" in first
    assert second.startswith("warns    schema: column more in data: ")
    assert "verdict: FAIL" in answer.out and "if a change is right: " in answer.out


def test_without_a_schema_one_is_inferred_and_said_so(file: Path, capsys: Captured) -> None:
    answer = call(capsys, "data", "validate", file)
    assert (answer.code, f"it was inferred from {file}, without bounds" in answer.out) == (0, True)


def test_against_a_reference_distributions_are_compared(tmp_path: Path, file: Path, capsys: Captured) -> None:
    same = call(capsys, "data", "validate", changed(tmp_path), "--reference", file)
    assert same.code == 0, same.out
    moved = call(capsys, "data", "validate", changed(tmp_path, city="Ulm"), "--reference", file)
    assert moved.code == 1
    assert "BLOCKS   drift_from_previous: column city: PSI" in moved.out
    assert f"of {file}" in moved.out


def test_rows_that_are_there_twice_are_told(tmp_path: Path, capsys: Captured) -> None:
    small_project.write_csv(tmp_path / "twice.csv", [*small_project.rows(1), *small_project.rows(1)])
    answer = call(capsys, "data", "validate", tmp_path / "twice.csv")
    assert (answer.code, "duplicate_rows" in answer.out) == (0, True), answer.out


def test_fewer_rows_than_the_reference_are_told(tmp_path: Path, file: Path, capsys: Captured) -> None:
    small_project.write_csv(tmp_path / "few.csv", small_project.rows(2, 100))
    answer = call(capsys, "data", "validate", tmp_path / "few.csv", "--reference", file)
    assert f"volume: {tmp_path / 'few.csv'} has 100 rows, 0.1 times the 1,000" in answer.out
    assert answer.code == 1


def test_what_is_asked_for_is_kept(tmp_path: Path, file: Path, capsys: Captured) -> None:
    out, html = tmp_path / "out", tmp_path / "page.html"
    answer = call(capsys, "data", "validate", file, "--out", out, "--html", html, "--json")
    assert json.loads(answer.out) == documents.read(out / "checks.json", "checks")
    assert (out / "Data" / "FeatureStats.pb").is_file() and (out / "Data" / "SchemaDiff.pb").is_file()
    assert "feature {" in (out / "schema.pbtxt").read_text()
    assert html.read_text().startswith("<!DOCTYPE html>")
    assert call(capsys, "data", "validate", file, "--out", out).code == 0


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path, file: Path, capsys: Captured) -> None:
    answer = call(capsys, "data", "validate", file, "--out", tmp_path)
    assert (answer.code, "expected a folder for the results, got something else" in answer.err) == (2, True)
    assert file.is_file()


def test_a_project_s_own_data_are_checked_as_its_pipeline_would(tmp_path: Path, capsys: Captured) -> None:
    project = tmp_path / "project"
    small_project.make(project)
    before = of_tree(project)
    answer = call(capsys, "data", "validate", "-p", project)
    assert answer.code == 0, answer.out
    assert f"no registry at {project / 'registry'}, so nothing was compared with history" in answer.out
    assert "verdict: PASS" in answer.out
    assert of_tree(project) == before


def test_a_project_s_acceptances_and_spans_count(tmp_path: Path, capsys: Captured) -> None:
    project = tmp_path / "project"
    small_project.make(project)
    small_project.write_csv(project / "data/span-3.csv", [{**row, "city": "Rom"} for row in small_project.rows(3)])
    first = call(capsys, "data", "validate", "-p", project, "--span", "3", "--json")
    document = json.loads(first.out)
    failed = {(one["name"], one["subject"]) for one in document["checks"] if one["verdict"] == "FAIL"}
    failed = {one for one in failed if one[0] != "schema"}
    assert (first.code, failed) == (1, {("drift_from_previous", "column city")})
    assert call(capsys, "data", "validate", "-p", project, "--span", "2").code == 0
    assert call(capsys, "data", "validate", "-p", project, "--span", "9").code == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('feature { name: "agge" type: INT }', "got one of agge\n\nhint: did you mean age"),
        ("", "expected at least one feature, got none"),
    ],
)
def test_a_schema_of_other_data_is_refused(text: str, said: str, file: Path, schema: Path, capsys: Captured) -> None:
    schema.write_text(text)
    answer = call(capsys, "data", "validate", file, "--schema", schema)
    assert (answer.code, said in answer.err) == (2, True), answer.err


@pytest.mark.slow
def test_what_is_imported_stays_off_stderr_and_help_imports_none_of_it(file: Path) -> None:
    program = (
        "import atexit, sys; from benison import cli;"
        "heavy = {'tensorflow', 'pyarrow', 'numpy', 'pandas'};"
        "atexit.register(lambda: print(sorted(heavy & set(sys.modules))));"
        "cli.main(sys.argv[1:])"
    )
    asked = [(["data", "--help"], False), (["data", "accept", "--help"], False), (["data", "profile"], True)]
    for words, heavy in asked:
        command = [sys.executable, "-c", program, *words, *([str(file)] if heavy else [])]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        assert done.stdout.endswith("[]\n") is not heavy


@pytest.mark.parametrize(
    ("command", "option", "expected"),
    [
        ("validate", "--out", "a folder for the results, got something else"),
        ("validate", "--html", "a file to write, got a folder"),
        ("profile", "--out", "a folder for the results, got a file"),
        ("sample", "--out", "a file to write, got a folder"),
    ],
)
def test_a_place_that_cannot_be_written_is_told_before_any_data_are_read(
    tmp_path: Path, capsys: Captured, command: str, option: str, expected: str
) -> None:
    (tmp_path / "file").write_text("mine")
    place = tmp_path if expected.split("got ")[1] == "a folder" else tmp_path / "file"
    small_project.make(tmp_path / "project")
    for data in (tmp_path / "project").glob("data/*"):
        data.unlink()
    answer = call(capsys, "data", command, "-p", tmp_path / "project", option, place)
    assert (answer.code, f"error: {place}: expected {expected}" in answer.err) == (2, True), answer.err
    below = call(capsys, "data", command, "-p", tmp_path / "project", option, tmp_path / "file" / "below")
    assert f"expected a folder with room that can be written, got a file {tmp_path}/file" in below.err
    assert (tmp_path / "file").read_text() == "mine"
