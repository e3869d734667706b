"""Every benison command and every setting of docs/deploy.md and docs/ci.md is one that there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from benison import __version__
from benison.cli import benison
from benison.config import read
from tests.test_config_model_card import FRAME

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = {name: (DOCS / f"{name}.md").read_text() for name in ("deploy", "ci", "submit")}


def called(page: str) -> list[str]:
    """The command lines in a page's blocks, and in its text."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    blocks = "\n".join(text for language, text in fenced if not language).replace("\\\n", " ")
    lines = [line.partition("   #")[0].strip() for line in blocks.splitlines()]
    return [line for line in (*lines, *re.findall(r"`(benison [^`]+)`", page)) if line.startswith("benison ")]


def options_of(words: list[str]) -> tuple[set[str], list[str]]:
    """What the command that the words name knows, and the words after its name."""
    command: Any = benison
    while isinstance(command, click.Group):
        name = words.pop(0)
        found = command.get_command(None, name)  # type: ignore[arg-type]
        assert found is not None, name
        command = found
        if not words:
            break
    params = command.params if not isinstance(command, click.Group) else []
    return {option for one in params for option in one.opts}, words


@pytest.mark.parametrize("page", PAGES)
def test_every_command_is_one_with_its_options(page: str) -> None:
    lines = called(PAGES[page])
    assert len(lines) > 8
    for line in lines:
        known, words = options_of(shlex.split(line)[1:])
        assert {word.partition("=")[0] for word in words if word.startswith("-")} <= known, line


def test_its_settings_are_read(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGES["deploy"], re.DOTALL)
    for block in blocks:
        (tmp_path / "benison.yaml").write_text(yaml.safe_dump({**FRAME, **yaml.safe_load(block)}))
        targets = read(tmp_path).targets
        assert any(target.destination.pipeline_root for target in targets.values())
    assert len(blocks) == 2


def test_its_images_are_those_of_this_version() -> None:
    assert set(re.findall(r"benison-\$GROUP:([0-9.]+)", PAGES["deploy"])) == {__version__}
