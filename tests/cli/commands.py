"""Calling a command as a user would, within the test's process."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from benison import cli


class Answer(NamedTuple):
    """What a command left: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


def call(capsys: pytest.CaptureFixture[str], *words: object) -> Answer:
    """Runs ``benison WORDS``."""
    capsys.readouterr()
    arguments = [str(word) for word in words]
    code = cli.guarded(lambda: cli.benison.main(args=arguments, prog_name="benison", standalone_mode=False))
    return Answer(code, *capsys.readouterr())
