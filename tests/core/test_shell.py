import importlib
import inspect
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from benison import compile as compiling
from benison.core import shell


def run(*, bundle: Path, span: int, who: str = "") -> None:
    """Does one thing: well.

    Args:
        bundle: The project: a folder,
            with benison.yaml.
        span: The newest.

    Raises:
        DataError: Never.
    """


def test_help_says_of_each_option_what_the_docstring_says() -> None:
    command = shell.command(run)
    told = {option.name: getattr(option, "help", None) for option in command.params}
    assert told == {"bundle": "The project: a folder, with benison.yaml.", "span": "The newest.", "who": None}
    shown = CliRunner().invoke(command, ["--help"]).output
    assert "Does one thing: well." in shown
    assert "Args" not in shown
    assert "Raises" not in shown


def test_an_option_is_asked_for_unless_its_parameter_has_a_default() -> None:
    required = {option.name for option in shell.command(run).params if option.required}
    assert required == {"bundle", "span"}
    assert CliRunner().invoke(shell.command(run), ["--bundle", "here", "--span", "3"]).exit_code == 0


@pytest.mark.parametrize("name", compiling.components())
def test_every_component_has_a_command_of_its_own(name: str) -> None:
    run = importlib.import_module(f"benison.components.{name}.run").run
    options = {option.name for option in shell.command(run).params}
    assert options and options <= set(inspect.signature(run).parameters)
    assert CliRunner().invoke(shell.command(run), ["--help"]).exit_code == 0


def embedded(*, bundle: Path, stored_as: Mapping[str, str] | None = None) -> None:
    """Reads a bundle."""


def test_what_only_code_can_hand_over_is_no_option() -> None:
    assert [option.name for option in shell.command(embedded).params] == ["bundle"]
