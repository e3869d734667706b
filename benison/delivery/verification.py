"""Walking the rollout log of a model, and the records that its rollouts left."""

from __future__ import annotations

import functools
from collections.abc import Callable

from benison.core.errors import BenisonError, IntegrityError
from benison.delivery.entries import Entry, Finish
from benison.delivery.rollout_log import RolloutLog
from benison.registry.registry import Registry


def problems(registry: Registry) -> tuple[str, ...]:
    """What is wrong with the rollouts of a model, each naming its file; empty where nothing is.

    Args:
        registry: The model's, beside whose log the rollout log lies.
    """
    log = RolloutLog(registry.store, registry.model)
    found: list[str] = []
    entries: list[tuple[int, Entry]] = []

    def attempt(read: Callable[[], None]) -> None:
        try:
            read()
        except BenisonError as error:
            found.append(str(error).partition("\n")[0])

    attempt(log.verify)
    attempt(lambda: entries.extend(log.entries()))
    for digest in dict.fromkeys(digest for _, entry in entries for digest in _named(entry)):
        attempt(functools.partial(_read, registry, digest))
    return tuple(dict.fromkeys(found))


def _named(entry: Entry) -> tuple[str, ...]:
    return tuple(entry.evidence.values()) if isinstance(entry, Finish) else ()


def _read(registry: Registry, digest: str) -> None:
    if registry.evidence.get(digest) is None:
        raise IntegrityError(digest, expected="the record of a rollout", got="none")
