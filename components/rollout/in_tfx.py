"""The rollout of what the Pusher of a TFX pipeline holds; asked by tfx.py, in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benison.components.rollout.record import FILE as RECORD
from benison.components.rollout.record import KIND
from benison.components.rollout.run import evidence, run
from benison.core import documents, logs
from benison.core.errors import DataError
from benison.core.files import write_atomically
from benison.delivery.entries import PROMOTED
from benison.delivery.rollout_log import RolloutLog
from benison.registry.registry import Registry
from benison.tfx.asked import Artifact, Asked
from benison.tfx.given import Given

_PUSHED, _HELD, _DIRECTLY = "pushed.json", "held", "pushed"
Told = dict[str, Any]


def answer(request: Mapping[str, Any]) -> Told:
    """Rolls a held version out, if there is one.

    Args:
        request: An `Asked`: the input ``pushed_model``; the output ``delivered_model``; the parameters ``project``,
            ``project_digest``, ``registry``, ``requests``, ``who`` and ``why``.

    Returns:
        The ``outcome``: promoted, shadowed, rolled_back or aborted, or the Pusher's where it holds nothing; the
        ``reason``, the ``registry``, and the ``number`` that it has as champion, 0 where it did not become that.

    Raises:
        DataError: What was pushed is not of our Pusher.
        BenisonError: What the rollout raised.
    """
    logs.configure()
    asked = Asked.from_json(request)
    given, pushed = Given.of(asked), _pushed(asked.one("pushed_model"))
    told = _rolled_out(given, str(pushed["package"])) if pushed["outcome"] == _HELD else pushed
    said = {"outcome": told["outcome"], "reason": told["reason"], "registry": asked.parameters["registry"]}
    return {**said, "number": _number(given, told)}


def _number(given: Given, told: Told) -> int:
    if told["outcome"] == _DIRECTLY:
        return int(told["number"])
    champion = _registry(given).state().champion if told["outcome"] == PROMOTED else None
    return champion.number if champion else 0


def _registry(given: Given) -> Registry:
    return Registry.open(given.asked.parameters["registry"], given.config.name, given.config.release.signatures)


def _pushed(artifact: Artifact) -> Told:
    """What our Pusher says: pushed.json, or its mark where it did not come to look at the model."""
    if (artifact.path / _PUSHED).is_file():
        return documents.read(artifact.path / _PUSHED, "pushed")
    if "outcome" not in artifact.properties:
        hint = "TFX's Pusher leaves nothing to be rolled out: give it benison.components.pusher.tfx.Pusher's"
        raise DataError("input 'pushed_model'", expected="what our Pusher wrote", got=f"no {_PUSHED}", hint=hint)
    return dict(artifact.properties)


def _rolled_out(given: Given, package: str) -> Told:
    """How the rollout ended; where one has sent this version back already, or it is champion, there is none."""
    asked, registry = given.asked, _registry(given)
    state, champion = RolloutLog(registry.store, registry.model).state(), registry.state().champion
    record = asked.outputs["delivered_model"] / RECORD
    if state.running is None and champion and champion.package == package:
        return {"outcome": PROMOTED, "reason": f"it is champion {champion} already"}
    if state.running is None and package in state.sent_back:
        past = [one for one in state.past.values() if one.start.challenger == package]
        write_atomically(record, evidence(registry, past[-1]))
        return documents.read(record, KIND)
    run(
        registry_uri=asked.parameters["registry"],
        requests=asked.parameters["requests"],
        version=package,
        who=asked.parameters["who"],
        why=asked.parameters["why"],
        bundle=given.bundle,
        record=record.parent,
    )
    return documents.read(record, KIND)
