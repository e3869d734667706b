"""A component alone, from a shell: every parameter of its run function becomes an option."""

from __future__ import annotations

import inspect
import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import click

from benison.core import logs
from benison.core.errors import BenisonError
from benison.core.secrets import redacted

_PATH: click.ParamType[Any] = click.Path(path_type=Path)
_KINDS: dict[Any, click.ParamType[Any]] = {Path: _PATH, Path | None: _PATH, str: click.STRING, int: click.INT}


def command(run: Callable[..., object]) -> click.Command:
    """The click command of a run function whose parameters are keyword-only paths, texts and whole numbers.

    What is of another kind and may be left out is for other code to hand over, and becomes no option.
    """
    hints = get_type_hints(run)
    about, told = _described(inspect.getdoc(run) or "")
    options = [
        _option(name, _KINDS[hints[name]], parameter.default, told.get(name))
        for name, parameter in inspect.signature(run).parameters.items()
        if hints[name] in _KINDS or parameter.default is inspect.Parameter.empty
    ]
    return click.Command(run.__module__.split(".")[-2], params=list(options), callback=run, help=about)


def _option(name: str, kind: click.ParamType[Any], default: Any, told: str | None) -> click.Option:
    """An option that must be given unless its parameter has a default."""
    flag, required = [f"--{name.replace('_', '-')}"], default is inspect.Parameter.empty
    return click.Option(flag, type=kind, required=required, default=None if required else default, help=told)


def _described(docstring: str) -> tuple[str, dict[str, str]]:
    """What a docstring says before its first section, and what its ``Args:`` say of each parameter."""
    about = re.split(r"^(?:Args|Returns|Raises):$", docstring, maxsplit=1, flags=re.MULTILINE)[0]
    section = re.search(r"^Args:\n((?:    .*\n?)+)", docstring, flags=re.MULTILINE)
    entries = re.split(r"^    (?=\w)", section[1], flags=re.MULTILINE)[1:] if section else []
    pairs = (entry.split(":", 1) for entry in entries)
    return about.strip(), {name: " ".join(text.split()) for name, text in pairs}


def show_usage(error: click.ClickException) -> int:
    """Says on stderr what is wrong with a command's words, without the secrets among them; returns the exit code."""
    said = io.StringIO()
    error.show(said)
    click.echo(redacted(said.getvalue()), err=True, nl=False)
    return 2


def main(run: Callable[..., object]) -> None:
    """Runs the command and leaves with the exit code of what went wrong: 2 bad input, 3 broken."""
    logs.configure()
    leave_by(command(run))


def leave_by(asked: click.Command) -> None:
    """Runs a click command on its own and leaves as `main` does."""
    try:
        shown: Any = asked.main(standalone_mode=False)
    except click.ClickException as error:
        sys.exit(show_usage(error))
    except BenisonError as error:
        click.echo(redacted(str(error)), err=True)
        sys.exit(error.exit_code)
    if isinstance(shown, str):
        click.echo(shown)
