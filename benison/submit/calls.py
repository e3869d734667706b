"""Calls of a server that may fail: what its answers mean, and which calls may be made again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from benison.core.errors import AccessError, BenisonError, ConflictError, ServerError

_T = TypeVar("_T")
# Seconds before each further try.
WAITS_S = (1.0, 2.0, 4.0)
LIMIT_S = 60
_MOST_SAID = 300
_WORDS = {
    400: "a request that it takes",
    401: "credentials that it knows",
    403: "the right to do this",
    404: "the server, project or folder that was named",
    409: "a name that is free",
    429: "a server with time for this",
}
_BUSY = "it was tried again a few times; try later, with the same --submit-id"


def refused(where: str, status: int, said: str, hints: Mapping[int, str]) -> BenisonError:
    """The error for an HTTP status.

    Args:
        where: The server, and what was asked of it.
        status: From 300.
        said: The server's own words.
        hints: What to do, by status.
    """
    got = f"{status}: {' '.join(said.split())[:_MOST_SAID]}".removesuffix(": ")
    if status == 409:
        return ConflictError(where, expected=_WORDS[status], got=got, hint=hints.get(status, ""))
    if status == 429 or status >= 500:
        expected = _WORDS.get(status, "a server that is well")
        return ServerError(where, expected=expected, got=got, hint=hints.get(status, _BUSY))
    return AccessError(where, expected=_WORDS.get(status, _WORDS[400]), got=got, hint=hints.get(status, ""))


def silent(where: str, how: str, hint: str) -> ServerError:
    """The error for an answer that did not come, or not whole."""
    return ServerError(where, expected="an answer", got=how, hint=hint)


def repeated(call: Callable[[], _T], pause: Callable[[float], None] = time.sleep) -> _T:
    """Makes a call that changes nothing, again where the server could not answer.

    Raises:
        BenisonError: What the last try came to; what another try would not change, at once.
    """
    for wait in WAITS_S:
        try:
            return call()
        except ServerError:
            pause(wait)
    return call()


def once(
    find: Callable[[], _T | None], make: Callable[[], _T], pause: Callable[[float], None] = time.sleep
) -> tuple[_T, bool]:
    """Makes something that should be there once; before each further try it looks whether it came to be after all.

    Args:
        find: Looks for it; None: it is not there.
        make: Makes it.
        pause: Waits for some seconds.

    Returns:
        It, and whether it is possible that there are two, since a call that seemed lost may still get through.

    Raises:
        BenisonError: As for `repeated`; a `ConflictError` where the name is taken by something that cannot be found.
    """
    for tried, wait in enumerate((*WAITS_S, None)):
        try:
            return make(), tried > 0
        except ConflictError:
            if (found := repeated(find, pause)) is not None:
                return found, False
            raise
        except ServerError:
            if wait is None:
                raise
            pause(wait)
        if (found := repeated(find, pause)) is not None:
            return found, False
    raise AssertionError("the last try returns or raises")
