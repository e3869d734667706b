from __future__ import annotations

import pytest

from benison.core.errors import RegistryError
from benison.core.verdicts import Verdict
from benison.registry.fold import fold
from benison.registry.log import Bless, Champion, Entry, Logged, Promote, Register
from benison.registry.names import resolve
from benison.registry.state import State

A, B, C = (f"sha256:{start}{'0' * 52}" for start in ("abcdef123456", "abcdef999999", "123456789012"))
SAID = {"who": "ci", "when": "2026-11-20T12:00:00Z", "why": "test"}


def state() -> State:
    """A is champion by entry 5, C is challenger, B is registered."""
    entries: list[Entry] = [Register(package=one, spans=(1,), **SAID) for one in (A, B, C)]
    entries += [
        Bless(package=A, verdict=Verdict.PASS, **SAID),
        Promote(package=A, superior=True, by_hand=False, **SAID),
        Bless(package=C, verdict=Verdict.PASS, compared_with=Champion(5, A), **SAID),
    ]
    return fold(Logged(number, "", "", entry) for number, entry in enumerate(entries, 1))


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("champion", A),
        ("reference", A),
        ("challenger", C),
        ("5", A),
        ("abcdef1", A),
        ("abcdef9", B),
        ("sha256:abcdef9", B),
        ("sha256-abcdef9", B),
        (A, A),
        ("123456", C),
    ],
)
def test_knows_aliases_numbers_and_digits(name: str, package: str) -> None:
    assert resolve(state(), name) == package


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "abcdef",
            "version 'abcdef': expected digits that only one version begins with, got abcdef123456 and abcdef9999",
        ),
        (
            "abcde",
            "version 'abcde': expected champion, challenger, reference, the number of a promotion, or six or more",
        ),
        ("champoin", "got none that is known here\n\nhint: did you mean champion\\?"),
        ("abcdef123457", "hint: did you mean abcdef123456\\?"),
        (
            "4",
            "got none that is known here\n\nhint: known here: 123456789012, 5, abcdef123456, abcdef999999, challenger",
        ),
        ("", "version ''"),
        ("../champion", "got none that is known here"),
    ],
)
def test_says_what_a_name_could_be(name: str, message: str) -> None:
    with pytest.raises(RegistryError, match=message):
        resolve(state(), name)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("champion", "got none\n\nhint: no version was promoted so far"),
        ("challenger", "got none\n\nhint: no blessed version waits to be promoted"),
        ("abcdef1", "hint: nothing was registered so far"),
    ],
)
def test_says_that_an_alias_stands_for_nobody(name: str, hint: str) -> None:
    with pytest.raises(RegistryError, match=hint):
        resolve(State(), name)
