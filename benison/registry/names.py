"""What people call a version: an alias, the number of the log entry that promoted it, or the start of its digest."""

from __future__ import annotations

import re

from benison.core import digests
from benison.core.errors import RegistryError
from benison.core.spelling import nearest
from benison.registry.state import State

_MODEL = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_PREFIX = re.compile(r"(?:sha256[:-])?([0-9a-f]{6,64})")


def check_model(model: str) -> None:
    """Makes sure that a model's name can be a folder everywhere.

    Raises:
        RegistryError: It cannot.
    """
    if not _MODEL.fullmatch(model):
        raise RegistryError(
            "model name",
            expected="small letters, digits, - and _, a letter first, at most 63",
            got=repr(model),
            hint="it is the key name: in benison.yaml",
        )


def resolve(state: State, name: str) -> str:
    """The digest of the package that a person means.

    Args:
        state: What the log comes to.
        name: ``champion``, ``challenger``, ``reference``; ``7``, the log entry that made it champion; or six or more
            hexadecimal digits that only one package's digest begins with.

    Raises:
        RegistryError: It is unknown, stands for nobody at present, or fits several versions.
    """
    aliases = state.aliases
    if name in aliases:
        return aliases[name] or _nobody(name)
    if name in state.versions:
        return name
    by_number = {str(reign.champion.number): reign.champion.package for reign in state.reigns}
    if name in by_number:
        return by_number[name]
    prefix = _PREFIX.fullmatch(name)
    fitting = [one for one in state.versions if prefix and one.removeprefix(digests.PREFIX).startswith(prefix[1])]
    if len(fitting) > 1:
        raise _several(name, fitting)
    return fitting[0] if fitting else _unknown(state, name, [*aliases, *by_number])


def _nobody(alias: str) -> str:
    why = {"challenger": "no blessed version waits to be promoted"}.get(alias, "no version was promoted so far")
    raise RegistryError(f"version {alias!r}", expected=f"a {alias}", got="none", hint=why)


def _several(name: str, fitting: list[str]) -> RegistryError:
    return RegistryError(
        f"version {name!r}",
        expected="digits that only one version begins with",
        got=" and ".join(map(digests.short, fitting)),
        hint="write more digits",
    )


def _unknown(state: State, name: str, known: list[str]) -> str:
    words = [*known, *map(digests.short, state.versions)]
    hint = nearest(name, words) if len(words) <= 20 else nearest(name, known)
    raise RegistryError(
        f"version {name!r}",
        expected="champion, challenger, reference, the number of a promotion, or six or more digits of a digest",
        got="none that is known here",
        hint=hint if state.versions else "nothing was registered so far",
    )
