import gzip
import json
import math
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tensorflow_metadata.proto.v0 import statistics_pb2

from benison.cli.data.profile import histogram
from benison.cli.data.text import bars, columns, number, share
from benison.core import documents
from benison.core.profiles import ColumnProfile, Profile
from tests.cli.commands import call
from tests.pipelines import small_project

Captured = pytest.CaptureFixture[str]
CSV = "city,fare,when\nUlm,1.5,2024-01-01\nBonn,2.5,2024-01-02\nUlm,,2024-01-03\nUlm,4,2024-01-04\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "fares.csv").write_text(CSV)
    return tmp_path / "fares.csv"


def test_a_table_says_what_each_column_looks_like(file: Path, capsys: Captured) -> None:
    answer = call(capsys, "data", "profile", file)
    assert (answer.code, answer.err) == (0, "")
    head, *rows = answer.out.splitlines()
    assert head == f"{file}: 4 rows, 3 columns"
    cells = {row.split()[0]: row.split() for row in rows}
    assert cells["city"][1:6] == ["categorical", "0", "2", "Ulm", "(75.0%)"]
    assert cells["fare"][1:7] == ["numeric", "25.0%", "3", "2.6667", "1.5", "4"]
    assert cells["when"][1:6] == ["datetime", "0", "4", "2024-01-02", "12:00"]


def test_every_format_is_read_alike(file: Path, tmp_path: Path, capsys: Captured) -> None:
    table = pa.table({"city": ["Ulm", "Bonn", "Ulm", "Ulm"], "fare": [1.5, 2.5, None, 4.0]})
    pq.write_table(table, tmp_path / "fares.parquet")
    rows = "".join(json.dumps(row) + "\n" for row in table.to_pylist())
    (tmp_path / "fares.jsonl").write_text(rows)
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "one.csv").write_text(CSV)
    profiles = {}
    for name in ("fares.csv", "fares.parquet", "fares.jsonl", "packed.csv.gz", "folder", "folder/*.csv"):
        answer = call(capsys, "data", "profile", tmp_path / name, "--json")
        assert answer.code == 0, answer.err
        profiles[name] = json.loads(answer.out)["train"]["columns"]["fare"]
    assert all(profile == profiles["fares.csv"] for profile in profiles.values())


def test_out_keeps_tfdv_s_statistics_the_profile_and_a_page(file: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "out"
    assert call(capsys, "data", "profile", file, "--out", out).code == 0
    statistics = statistics_pb2.DatasetFeatureStatisticsList()
    statistics.ParseFromString((out / "FeatureStats.pb").read_bytes())
    assert statistics.datasets[0].num_examples == 4
    assert Profile.from_json(documents.read(out / "profile.json", "profile")).train.columns["fare"].missing == 1
    assert "4 rows" in (out / "profile.html").read_text()


def test_a_schema_says_what_type_a_column_has(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "rows.csv").write_text("flag\n0\n1\n1\n")
    (tmp_path / "schema.pbtxt").write_text('feature { name: "flag" type: BYTES }')
    answer = call(
        capsys, "data", "profile", tmp_path / "rows.csv", "--schema", tmp_path / "schema.pbtxt", "--out", tmp_path / "o"
    )
    assert answer.code == 0
    statistics = statistics_pb2.DatasetFeatureStatisticsList()
    statistics.ParseFromString((tmp_path / "o" / "FeatureStats.pb").read_bytes())
    assert statistics.datasets[0].features[0].type == statistics_pb2.FeatureNameStatistics.STRING


def test_a_project_s_spans_are_profiled_one_by_one(tmp_path: Path, capsys: Captured) -> None:
    small_project.make(tmp_path / "project")
    project = tmp_path / "project"
    answer = call(capsys, "data", "profile", "-p", project, "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    assert "small, span 1: 1,000 rows, 5 columns" in answer.out
    assert "small, span 2: 1,000 rows, 5 columns" in answer.out
    assert (tmp_path / "out" / "Span-2" / "FeatureStats.pb").is_file()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("fares.csv", None, "expected a file, got none"),
        ("fares.xlsx", b"PK", "expected files whose names end in one of .csv, .*got one that does not"),
        ("fares.csv", b"", "fares.csv: expected rows, got an empty file"),
        ("fares.csv", b"city,fare\n", "expected at least one row, got column names alone"),
        ("fares.csv", b"\x00\x01\x02\xff" * 64, "line 1: expected UTF-8 text, got byte 0xff"),
        (
            "fares.parquet",
            b"not parquet at all",
            "expected a whole Parquet file, .*\n\nhint: it was cut short or damaged",
        ),
        ("fares.csv", b"a,a\n1,2\n", "each column once, got 'a' 2 times"),
    ],
)
def test_what_cannot_be_read_ends_with_2_and_says_where(
    name: str, content: bytes | None, said: str, tmp_path: Path, capsys: Captured
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    answer = call(capsys, "data", "profile", tmp_path / name)
    assert answer.code == 2, answer.err
    assert answer.err.startswith("error: ") and name in answer.err
    assert re.search(said, answer.err), answer.err
    assert answer.out == ""


def test_a_folder_without_data_is_told_from_one_with_several_kinds(tmp_path: Path, capsys: Captured) -> None:
    assert "got an empty folder" in call(capsys, "data", "profile", tmp_path).err
    (tmp_path / "readme.txt").touch()
    assert "got a folder without any" in call(capsys, "data", "profile", tmp_path).err
    (tmp_path / "a.csv").write_text(CSV)
    (tmp_path / "b.jsonl").write_text("{}")
    answer = call(capsys, "data", "profile", tmp_path)
    assert (answer.code, "got csv, jsonl files" in answer.err, "glob in quotes" in answer.err) == (2, True, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'feature { name: "cty" type: BYTES }',
            "a schema of these data, got one of cty\n\nhint: did you mean city",
        ),
        ("feature { nmae: 'a' }", "did you mean name"),
        (None, "expected a schema of the data in the project, got No such file"),
    ],
)
def test_a_schema_that_is_none_of_these_data_is_refused(
    text: str | None, said: str, file: Path, tmp_path: Path, capsys: Captured
) -> None:
    if text is not None:
        (tmp_path / "s.pbtxt").write_text(text)
    answer = call(capsys, "data", "profile", file, "--schema", tmp_path / "s.pbtxt")
    assert (answer.code, said in answer.err) == (2, True), answer.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["profile"], "name a SOURCE, or a project with -p"),
        (["profile", "a.csv", "-p", "."], "a SOURCE or -p, not both"),
        (["profile", "a.csv", "--span", "1"], "--span goes with -p"),
        (["validate"], "name a SOURCE, or a project with -p"),
        (["validate", "-p", ".", "--reference", "a.csv"], "--schema and --reference go with a SOURCE"),
        (["diff", "a.csv"], "name two sources, or -p PROJECT --span 1 --span 2"),
        (["diff", "-p", ".", "--span", "1"], "name two spans: --span 1 --span 2"),
    ],
)
def test_what_does_not_go_together_is_told(words: list[str], said: str, capsys: Captured) -> None:
    answer = call(capsys, "data", *words)
    assert (answer.code, said in answer.err) == (2, True), answer.err


@pytest.mark.slow
def test_output_that_nobody_reads_on_is_no_crash(file: Path) -> None:
    program = "from benison.cli import main; main()"
    command = [sys.executable, "-c", program, "data", "profile", *[str(file)] * 3]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        said = process.stderr.read().decode()
    assert (process.returncode, said) == (141, "")


def test_bars_are_as_high_as_their_counts(capsys: Captured) -> None:
    with capsys.disabled():
        drawn = bars([0, 1, 5, 10])
    assert (len(drawn), drawn[0], len(set(drawn))) == (4, " ", 4)
    assert bars([]) == bars([0, 0]) == ""


def test_a_histogram_has_all_rows_where_they_are() -> None:
    column = ColumnProfile(
        "numeric", 110, 10, 9, minimum=0.0, maximum=12.0, edges=(0.0, 1.0, 6.0), counts=(40, 20, 30, 10)
    )
    rows = histogram(column)
    assert math.isclose(sum(rows), 100)
    assert [round(some, 6) for some in rows[:7]] == [60, 6, 6, 6, 6, 6, round(10 / 6, 6)]
    assert histogram(ColumnProfile("numeric", 5, 0, 1, minimum=2.0, maximum=2.0)) == [5.0]


def test_few_values_stand_where_they_are() -> None:
    flag = ColumnProfile("numeric", 10, 0, 2, minimum=0.0, maximum=1.0, edges=(0.0,), counts=(4, 6))
    assert histogram(flag) == [4.0, *[0.0] * 10, 6.0]


def test_cells_stay_on_their_line() -> None:
    table = columns(("name", "n"), [["a\nb\x1b[2J", "1"], ["long" * 20, "1000"]], "lr")
    assert [len(line) for line in table] == [len(table[0])] * 3
    assert "a?b?[2J" in table[1] and table[2].split()[0].endswith("...")
    assert (number(None), number(1234567.0), number(0.1234567), number(1e300)) == (
        "-",
        "1,234,567",
        "0.12346",
        "1e+300",
    )
    assert (share(0, 9), share(1, 0), share(1, 3), share(1, 10**6)) == ("0", "-", "33.3%", "<0.1%")
