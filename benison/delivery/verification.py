"""Walking the rollout log of a model, and the records that its rollouts left."""

from __future__ import annotations

import functools

from benison.core.errors import IntegrityError
from benison.delivery.entries import Entry, Finish
from benison.delivery.rollout_log import RolloutLog
from benison.registry.registry import Registry
from benison.registry.verification import Findings


def problems(registry: Registry) -> tuple[str, ...]:
    """What is wrong with the rollouts of a model, each naming its file; empty where nothing is.

    Args:
        registry: The model's, beside whose log the rollout log lies.
    """
    log = RolloutLog(registry.store, registry.model)
    found, none = Findings(), tuple[tuple[int, Entry], ...]()
    found.attempt(log.verify, None)
    entries = found.attempt(log.entries, none)
    for digest in dict.fromkeys(digest for _, entry in entries for digest in _named(entry)):
        found.attempt(functools.partial(_read, registry, digest), None)
    return tuple(dict.fromkeys(found.problems))


def _named(entry: Entry) -> tuple[str, ...]:
    return tuple(entry.evidence.values()) if isinstance(entry, Finish) else ()


def _read(registry: Registry, digest: str) -> None:
    if registry.evidence.get(digest) is None:
        raise IntegrityError(digest, expected="the record of a rollout", got="none")
