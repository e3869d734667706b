"""Channels in benison.yaml: who is told, by which variable of the environment, and of what."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benison.core.sections import Section
from benison.core.spelling import nearest

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,127}")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


@dataclass(frozen=True)
class Channel:
    """Somebody who is told.

    Attributes:
        variable: The variable of the environment that holds the address, since addresses hold secrets.
        when: Of what.
    """

    variable: str
    when: tuple[str, ...]


def channels_of(section: Section, kinds: Sequence[str], usual: tuple[str, ...]) -> Mapping[str, Channel]:
    """Reads ``channels:``.

    Args:
        section: The section that it is in.
        kinds: What there is to tell.
        usual: What is told where nothing is said.

    Raises:
        ConfigError: Something in it is not understood.
    """
    below = section.section("channels", optional=True)
    return {str(name): _channel(below, name, kinds, usual) for name in below.content}


def _channel(channels: Section, name: object, kinds: Sequence[str], usual: tuple[str, ...]) -> Channel:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise channels.error(str(name), "small letters, digits, - and _, a letter first, at most 63", repr(name))
    own = channels.section(name)
    variable = own.take("url_from", str)
    if not _VARIABLE.fullmatch(variable):
        hint = "addresses hold secrets, so benison.yaml names the variable that holds one"
        raise own.error("url_from", "the name of a variable of the environment, such as ONCALL_URL", "another", hint)
    when = own.texts("when", usual)
    if unknown := [one for one in when if one not in kinds]:
        raise own.error("when", f"some of {', '.join(kinds)}", ", ".join(unknown), nearest(unknown[0], kinds))
    own.close()
    return Channel(variable, when)
