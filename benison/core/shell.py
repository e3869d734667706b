"""A component alone, from a shell: every parameter of its run function becomes an option."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import click

from benison.core import logs
from benison.core.errors import BenisonError

_KINDS: dict[type, click.ParamType[Any]] = {Path: click.Path(path_type=Path), str: click.STRING, int: click.INT}


def command(run: Callable[..., object]) -> click.Command:
    """The click command of a run function whose parameters are keyword-only paths, texts and whole numbers."""
    hints = get_type_hints(run)
    options = [
        click.Option([f"--{name.replace('_', '-')}"], type=_KINDS[hints[name]], required=True)
        for name in inspect.signature(run).parameters
    ]
    return click.Command(run.__module__.split(".")[-2], params=list(options), callback=run, help=inspect.getdoc(run))


def main(run: Callable[..., object]) -> None:
    """Runs the command and leaves with the exit code of what went wrong: 2 bad input, 3 broken."""
    logs.configure()
    try:
        shown: Any = command(run).main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except BenisonError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    if isinstance(shown, str):
        click.echo(shown)
