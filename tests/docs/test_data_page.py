"""docs/data.md is true: its commands are run one after another, its YAML is read."""

import doctest
import re
import shlex
import shutil
from pathlib import Path

import pytest

from benison import config
from benison.config import acceptances
from tests.cli.commands import call
from tests.docs import rides

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "data.md").read_text()
BLOCKS = re.findall(r"^```(console|yaml|yaml accepted.yaml)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
FRAME = """
name: rides
label: {column: tipped, positive: "yes", negative: "no"}
features: {fare: numeric, payment: categorical}
model: {}
gate: {checks: [{metric: auc, at_least: 0.6}]}
"""
OWN_DATA = "data: {path: rides.csv, time: pickup, references: {zones: zones.csv}}\n"


def blocks(kind: str) -> list[str]:
    return [text for name, text in BLOCKS if name == kind]


def shell(words: list[str]) -> None:
    """What a walk does beside our own commands."""
    if words[0] == "cp":
        shutil.copy(words[1], words[2])
    else:
        name, old, new = words[3], *words[2].split("/")[1:3]
        assert words[:2] == ["sed", "-i"] and old in Path(name).read_text()
        Path(name).write_text(Path(name).read_text().replace(old, new))


@pytest.mark.slow
def test_the_walk_goes_as_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rides.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    steps = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", "".join(blocks("console")), re.MULTILINE)
    assert len(steps) == 12
    for command, told in steps:
        words = shlex.split(command)
        if words[0] != "benison":
            shell(words)
            continue
        answer = call(capsys, *words[1:])
        said = answer.out + answer.err + (f"[{answer.code}]\n" if answer.code else "")
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        assert doctest.OutputChecker().check_output(told, said, flags), f"{command}\n{said}"


@pytest.mark.parametrize("text", blocks("yaml"))
def test_yaml_is_understood(text: str, tmp_path: Path) -> None:
    (tmp_path / "benison.yaml").write_text(FRAME + text + ("" if text.startswith("data:") else OWN_DATA))
    read = config.read(tmp_path)
    assert read.data.time == "pickup"


def test_the_defaults_that_are_told_are_the_defaults(tmp_path: Path) -> None:
    [told] = [text for text in blocks("yaml") if text.startswith("validation:")]
    (tmp_path / "benison.yaml").write_text(FRAME + told + OWN_DATA)
    said = config.read(tmp_path).validation
    (tmp_path / "benison.yaml").write_text(FRAME + OWN_DATA)
    usual = config.read(tmp_path).validation
    assert (said.volume, said.leakage.rows, said.leakage.auc) == (usual.volume, usual.leakage.rows, usual.leakage.auc)
    assert (said.label, said.schema.unknown, said.schema.missing) == (usual.label, usual.schema.unknown, 0)


def test_the_accepted_yaml_is_understood(tmp_path: Path) -> None:
    [text] = blocks("yaml accepted.yaml")
    (tmp_path / "accepted.yaml").write_text(text)
    [found] = acceptances.read(tmp_path)
    assert found.bound == "up to 17.2"
