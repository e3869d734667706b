"""What a user may get wrong: a clear error, exit code 2, and nothing in the registry."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benison import cli

sys.path.insert(0, str(Path(__file__).parent))
import small_project

Mistake = Callable[[Path], object]


def in_file(name: str, old: str, new: str) -> Mistake:
    def mistake(project: Path) -> None:
        text = (project / name).read_text()
        assert old in text
        (project / name).write_text(text.replace(old, new, 1))

    return mistake


def in_data(old: bytes, new: bytes) -> Mistake:
    def mistake(project: Path) -> None:
        path = project / "data" / "span-1.csv"
        content = path.read_bytes()
        assert old in content
        path.write_bytes(content.replace(old, new, 1))

    return mistake


def everywhere_in_data(old: bytes, new: bytes) -> Mistake:
    def mistake(project: Path) -> None:
        for path in (project / "data").iterdir():
            path.write_bytes(path.read_bytes().replace(old, new))

    return mistake


def without(name: str) -> Mistake:
    return lambda project: (project / name).unlink()


def emptied(project: Path) -> None:
    (project / "data" / "span-1.csv").write_bytes(b"")


def registry_of_something_else(project: Path) -> None:
    (project / "registry").mkdir()
    (project / "registry" / "holiday.jpg").write_bytes(b"")


def runs_is_a_file(project: Path) -> None:
    (project / "runs").write_bytes(b"")


def parquet_cut_short(project: Path) -> None:
    in_file("benison.yaml", ".csv", ".parquet")(project)
    (project / "data" / "span-1.parquet").write_bytes(b"PAR1 and no more")


MISTAKES: dict[str, tuple[Mistake, str]] = {
    "key": (in_file("benison.yaml", "min_rows:", "min_row:"), "did you mean min_rows?"),
    "metric": (in_file("benison.yaml", "metric: auc", "metric: acu"), "did you mean auc?"),
    "metric class": (in_file("eval_config.json", '"AUC"', '"AUK"'), "did you mean AUC?"),
    "slice column": (in_file("eval_config.json", '"team"', '"taem"'), "did you mean team?"),
    "schema missing": (without("schema.pbtxt"), "expected a file schema.pbtxt, got none"),
    "model missing": (without("model.py"), "expected a file model.py, got none"),
    "model is no Python": (in_file("model.py", "def build_model(", "def build_model"), "model.py:5: expected Python"),
    "label column": (in_file("benison.yaml", "column: bought", "column: buoght"), "did you mean bought?"),
    "feature column": (in_file("benison.yaml", "{age: numeric", "{aeg: numeric"), "did you mean age?"),
    "label's word": (
        everywhere_in_data(b",yes,", b",Yes,"),
        "(label.positive): expected a value of column 'bought', such as 'Yes', got 'yes'",
    ),
    "empty file": (emptied, "expected rows, got an empty file"),
    "ragged row": (in_data(b"\n", b"\n1,2\n"), "expected 5 fields, as in the header, got 2"),
    "wrong header": (
        in_data(b"age,city,team,bought,order\n", b"18,Ulm,a,yes,1-0\n"),
        "a header with the columns' names",
    ),
    "text for a number": (in_data(b"\n", b"\nold,Ulm,a,yes,x\n"), "old"),
    "no such span": (without("data/span-1.csv"), "expected span 1, got none"),
    "Parquet cut short": (parquet_cut_short, "span-1.parquet"),
    "registry": (registry_of_something_else, "holiday.jpg"),
    "runs": (runs_is_a_file, "expected a folder"),
}


# One of each place that finds mistakes; the others take as long and are told by tests of the components too.
QUICK = ("feature column", "runs")


@pytest.mark.parametrize(
    ("mistake", "said"),
    [pytest.param(*case, id=name, marks=[] if name in QUICK else pytest.mark.slow) for name, case in MISTAKES.items()],
)
def test_a_mistake_is_told_in_one_run_with_exit_code_2_and_nothing_is_pushed(
    mistake: Mistake, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = small_project.make(tmp_path / "project")
    mistake(project)
    with pytest.raises(SystemExit) as left:
        cli.main(["run", str(project), "--span", "1"])
    told = capsys.readouterr()
    assert left.value.code == 2
    assert said in " ".join((told.out + told.err).split())
    assert not list((project / "registry").glob("*/log/*"))


@pytest.mark.slow
def test_an_unknown_kind_of_line_ends_and_a_byte_order_mark_are_no_mistakes(tmp_path: Path) -> None:
    project = small_project.make(tmp_path / "project")
    path = project / "data" / "span-1.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    with pytest.raises(SystemExit) as left:
        cli.main(["run", str(project), "--span", "1"])
    assert left.value.code == 0
    (run,) = (project / "runs").glob("*/run.json")
    assert json.loads(run.read_text())["verdict"] == "pushed"
