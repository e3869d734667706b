"""What a run would stumble over is said by lint, and by run before it starts."""

import gzip
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benison import config
from benison.lint import ahead
from tests.cli.commands import call
from tests.pipelines import small_project

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    small_project.make(tmp_path / "shop")
    return tmp_path / "shop"


def faults(project: Path) -> list[str]:
    said = config.read(project)
    return [str(one) for one in (*ahead.of_files(project, said), *ahead.of_data(project, said, project))]


def replaced(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        text = (project / file).read_text()
        assert old in text
        (project / file).write_text(text.replace(old, new))

    return change


def test_a_project_that_runs_has_no_faults(project: Path) -> None:
    assert faults(project) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            replaced("model.py", "def build_model", "def build_modell"),
            "model.py:1: expected a function build_model(features, hyperparameters), got one that defines "
            "build_modell, keras, layers\n\nhint: is build_modell meant for it?",
        ),
        (replaced("model.py", "def build_model(", "def build_model(("), "model.py:5: expected Python, got SyntaxError"),
        (
            replaced("schema.pbtxt", "feature {", "featur {"),
            "schema.pbtxt:1: expected a tensorflow.metadata.v0.Schema in protobuf's text format",
        ),
        (
            replaced("schema.pbtxt", 'name: "city"', 'name: "citty"'),
            "schema.pbtxt: expected a feature 'city', which features: of benison.yaml names, got none\n\nhint: did you "
            "mean citty?",
        ),
        (
            replaced("benison.yaml", "column: bought", "column: bougth"),
            "benison.yaml:5 (label): expected a column of span-",
        ),
        (
            replaced("benison.yaml", 'positive: "yes"', 'positive: "Yes"'),
            "benison.yaml:5 (label.positive): expected a value of column 'bought', such as 'yes', got 'Yes'\n\nhint: "
            "is yes meant for it?",
        ),
        (
            replaced("eval_config.json", "team", "teem"),
            "eval_config.json (slicing_specs): expected columns of the data, got 'teem'\n\nhint: did you mean team?",
        ),
        (replaced("benison.yaml", "span-{span}", "spam-{span}"), "expected"),
    ],
)
def test_a_mistake_is_told_with_its_place(project: Path, change: Callable[[Path], None], said: str) -> None:
    change(project)
    assert any(said in one for one in faults(project)), faults(project)


def test_a_feature_that_is_no_column_is_told_at_its_own_line(project: Path) -> None:
    replaced(
        "benison.yaml", "features: {age: numeric, city: categorical}", "features:\n  age: numeric\n  citi: categorical"
    )(project)
    replaced("schema.pbtxt", 'name: "city"', 'name: "citi"')(project)
    [found] = faults(project)
    assert found.startswith("benison.yaml:8 (features.citi): expected a column of")
    assert found.endswith("got 'citi'\n\nhint: did you mean city?")


@pytest.mark.parametrize(
    "source",
    [
        "from elsewhere import build_model\n",
        "from elsewhere import *\n",
        "try:\n    import fast\nexcept ImportError:\n    def build_model(features, hyperparameters): ...\n",
        "build_model = make()\n",
    ],
)
def test_a_function_may_come_from_anywhere_and_nothing_is_executed(project: Path, source: str) -> None:
    (project / "model.py").write_text(f"{source}raise SystemExit\n")
    assert faults(project) == []


def test_other_formats_are_looked_at_too(project: Path) -> None:
    rows = small_project.rows(1)
    first = project / "data" / "span-1.csv"
    content = first.read_bytes()
    for path in (project / "data").iterdir():
        path.unlink()
    with gzip.open(project / "data" / "span-1.csv.gz", "wb") as file:
        file.write(content)
    replaced("benison.yaml", "span-{span}.csv", "span-{span}.csv.gz")(project)
    replaced("benison.yaml", 'negative: "no"', 'negative: "No"')(project)
    assert any("(label.negative)" in one for one in faults(project))
    pq.write_table(pa.Table.from_pylist(rows), project / "data" / "span-1.parquet")
    replaced("benison.yaml", "span-{span}.csv.gz", "span-{span}.parquet")(project)
    assert any("(label.negative)" in one for one in faults(project))


def test_lint_tells_every_mistake_and_run_the_first_before_it_starts(project: Path, capsys: Captured) -> None:
    replaced("model.py", "def build_model", "def make_model")(project)
    replaced("benison.yaml", 'positive: "yes"', 'positive: "Yes"')(project)
    before = set(sys.modules)
    answer = call(capsys, "lint", project)
    assert (answer.code, "errors: 2" in answer.err) == (2, True), answer.out + answer.err
    assert "model.py:1" in answer.out and "benison.yaml:5 (label.positive)" in answer.out
    answer = call(capsys, "run", project)
    assert (answer.code, answer.out, "error: model.py:1: expected a function build_model" in answer.err) == (
        2,
        "",
        True,
    )
    replaced("model.py", "def make_model", "def build_model")(project)
    assert "error: benison.yaml:5 (label.positive)" in call(capsys, "run", project).err
    assert "keras" not in set(sys.modules) - before
    assert not (project / "runs").exists()


def test_data_that_are_not_there_are_no_mistake_of_the_project_to_lint(project: Path, capsys: Captured) -> None:
    for path in (project / "data").iterdir():
        path.unlink()
    answer = call(capsys, "lint", project)
    assert (answer.code, "warnings: 1" in answer.err) == (0, True), answer.out + answer.err
