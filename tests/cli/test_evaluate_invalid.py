"""``benison evaluate`` where predictions are missing, NaN or out of range."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli import answered
from tests.cli.commands import call

Captured = pytest.CaptureFixture[str]
COLUMNS = ("--label", "paid", "--positive", "yes", "--prediction", "boosted")


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    """People of whom two have no answer, one a NaN and one an answer above 1; one of the first has no label."""
    content = answered.rows(300)
    for row, answer in ((7, "nan"), (40, ""), (80, "1.25"), (99, "")):
        content[row]["boosted"] = answer
    content[40]["paid"] = ""
    return answered.write(tmp_path / "people.csv", content)


@pytest.mark.parametrize("engine", ["memory", "tables"])
def test_predictions_that_are_none_are_counted_and_found_and_an_error(
    spoilt: Path, tmp_path: Path, capsys: Captured, engine: str
) -> None:
    answer = call(
        capsys, "evaluate", "--predictions", spoilt, *COLUMNS, "--engine", engine, "--output", tmp_path / "out"
    )
    assert (answer.code, answer.out, (tmp_path / "out").exists()) == (2, "", False)
    assert answer.err.endswith(
        "error: prediction column 'boosted': expected a probability from 0 to 1 in every row, got 3 of 299 rows without"
        " one: 2 missing, NaN or no number and 1 outside of 0 to 1; people.csv, row 8 (none), row 81 (1.25), row 100 "
        "(none)\n\nhint: mend them, or measure the other rows with  --leave-out-invalid , which no policy passes\n"
    )


def test_numbers_that_are_infinite_and_classes_that_do_not_add_up_are_found_too(
    tmp_path: Path, capsys: Captured
) -> None:
    prices, animals = answered.prices(100), answered.animals(100)
    prices[3]["forest"], animals[9]["wide_cat"] = "inf", "0.000001"
    file = answered.write(tmp_path / "prices.csv", prices)
    answer = call(
        capsys, "evaluate", "--predictions", file, "--task", "regression", "--label", "price", "--prediction", "forest"
    )
    assert answer.code == 2
    assert "expected a finite number in every row, got 1 of 100 rows without one: 1 infinite; prices.csv" in answer.err
    file = answered.write(tmp_path / "animals.csv", animals)
    answer = call(
        capsys,
        "evaluate",
        "--predictions",
        file,
        "--task",
        "multiclass",
        "--label",
        "animal",
        "--prediction",
        "wide_{class}",
    )
    assert answer.code == 2
    assert "1 not adding up to 1; animals.csv, row 10 (1e-06, " in answer.err


def test_rows_without_a_prediction_are_left_out_where_that_is_asked_for_and_never_pass(
    spoilt: Path, tmp_path: Path, capsys: Captured
) -> None:
    answer = call(capsys, "evaluate", "--predictions", spoilt, *COLUMNS, "--leave-out-invalid")
    said = " ".join(answer.out.split())
    assert answer.code == 0
    assert "on 296 of 299 rows. Do not rely on these figures - among 299 predictions of boosted are 2 NaN and 1" in said
    policy = tmp_path / "policy.yaml"
    policy.write_text(json.dumps({"gate": {"checks": [{"metric": "auc", "at_least": 0.01}]}}))
    answer = call(capsys, "evaluate", "--predictions", spoilt, *COLUMNS, "--leave-out-invalid", "--gate", policy)
    assert (answer.code, answer.out.split(":")[0]) == (1, "Fail")


def test_a_misspelt_column_is_told_before_tensorflow_is_imported(spoilt: Path) -> None:
    program = (
        "import sys; from benison import cli; code = cli.guarded(lambda: cli.benison.main(sys.argv[1:],"
        " standalone_mode=False)); heavy = {'tensorflow', 'apache_beam'} & set(sys.modules); print(code, heavy)"
    )
    words = ["evaluate", "--predictions", str(spoilt), "--label", "payed", "--prediction", "boosted"]
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True)
    assert done.stdout == "2 set()\n"
    assert "got 'payed'\n\nhint: did you mean paid?" in done.stderr
