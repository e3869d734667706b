"""docs/evaluate.md is true: its files are written, its commands are run one after another."""

import doctest
import re
import shlex
from pathlib import Path

import pytest
from tensorflow_model_analysis.api import model_eval_lib

from benison.cli.evaluate import command
from tests.cli import answered
from tests.cli.commands import call

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "evaluate.md").read_text()
FILES = (
    ("pbtxt", "eval_config.pbtxt"),
    ("yaml", "gate.yaml"),
    ("yaml", "fairness.yaml"),
    ("python", "costs.py"),
    ("yaml", "cost.yaml"),
    ("yaml", "animals.yaml"),
    ("pbtxt", "theirs.pbtxt"),
    ("yaml", "theirs.yaml"),
)


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.slow
def test_the_walk_goes_as_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    people = answered.write(tmp_path / "people.csv", answered.rows())
    prices = answered.write(tmp_path / "prices.csv", answered.prices())
    animals = answered.write(tmp_path / "animals.csv", answered.animals())
    searches = answered.write(tmp_path / "searches.csv", answered.searches())
    of_tasks = (("csv prices.csv", prices), ("csv animals.csv", animals), ("csv searches.csv", searches))
    for kind, file in (("csv", people), *of_tasks):
        [shown] = blocks(kind)
        assert file.read_text().startswith(shown.removesuffix("...\n"))
    for kind, name in FILES:
        [content] = blocks(f"{kind} {name}")
        (tmp_path / name).write_text(content)
    steps = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", "".join(blocks("console")), re.MULTILINE)
    assert len(steps) == 10
    for line, told in steps:
        answer = call(capsys, *shlex.split(line)[1:])
        said = answer.out + answer.err + (f"[{answer.code}]\n" if answer.code else "")
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        assert doctest.OutputChecker().check_output(told, said, flags), f"{line}\n{said}"
    read = model_eval_lib.load_eval_result("report", model_name="boosted").get_metrics_for_slice()
    assert read is not None and "boundedValue" in read["auc"]
    assert set(PAGE.split("## What comes out")[1].split("`")) >= {path.name for path in Path("report").iterdir()}


def test_every_option_is_told() -> None:
    options = {name for parameter in command.params for name in parameter.opts if name.startswith("--")}
    assert options - set(re.findall(r"--[a-z-]+", PAGE)) == set()
