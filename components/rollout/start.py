"""start: what has to hold before a rollout begins, and its first entry."""

from __future__ import annotations

from datetime import datetime

from benison.components.rollout.control import ALIAS
from benison.components.rollout.figures import figures_of
from benison.config import FILE
from benison.config.rollout import BIG_BANG, Rollout
from benison.core import digests
from benison.core.errors import ConfigError, RefusedError, RegistryError
from benison.delivery.entries import Entry, Start
from benison.delivery.rollout_log import RolloutLog
from benison.delivery.routers import Opening, Parties, opening
from benison.delivery.state import RolloutState
from benison.registry import rules
from benison.registry.log import Champion, utc
from benison.registry.registry import Registry


def start(
    registry: Registry,
    log: RolloutLog,
    plan: Rollout,
    name: str = "challenger",
    *,
    who: str,
    when: datetime,
    why: str,
    policy: str,
    again: bool = False,
    all_at_once: bool = False,
    task: str = "",
    routers: Opening | None = None,
) -> int:
    """Begins a rollout.

    Args:
        registry: The model's.
        log: Its rollouts.
        plan: How.
        name: The version that is to reach all traffic.
        who: Who or what begins it.
        when: The moment, with a time zone.
        why: The reason.
        policy: The digest of the gate's policy in force.
        again: Whether a package may be tried that a rollout sent back before.
        all_at_once: Whether the strategy ``big_bang`` is meant.
        task: Of a pipeline, if one asks for it.
        routers: How routers are opened; None: as the plan says.

    Returns:
        The rollout's id.

    Raises:
        RegistryError: There is no champion, or no such version.
        RefusedError: A rollout is under way; the version was sent back before, may not become champion, or lacks a
            signature that is required.
        ConfigError: The strategy has to be asked for twice, figures cannot come as the plan wants them, or the router
            is not set up for it.
        ServerError: The router does not answer.
    """
    if plan.strategy == BIG_BANG and not all_at_once:
        hint = "say  --all-at-once  too, or write  strategy: blue_green , which keeps the way back open"
        raise ConfigError(
            f"{FILE} (rollout.strategy)", expected="big_bang to be asked for twice", got="once", hint=hint
        )
    package, champion = registry.resolve(name), _champion(registry)
    if (figures := figures_of(plan)) is not None:
        figures.require(plan, champion.package, when.timestamp())
    if refusal := rules.champion_already(registry.state(), package):
        raise refusal
    if refused := rules.promotion(registry.state(), package, when, policy):
        raise refused
    registry.require_signature(package)
    said = {"who": who, "when": utc(when), "why": " ".join(why.split())}
    entry = Start(challenger=package, champion=champion, plan=plan, task=task, **said)
    _first(log.state(), entry, again)
    (routers or opening(log))(plan.traffic, Parties(champion.package, package)).check()
    number = log.append(lambda state: _first(state, entry, again))
    registry.alias(ALIAS, package, who=who, when=when, why=f"rollout {number}")
    assert number is not None
    return number


def _first(state: RolloutState, entry: Start, again: bool) -> Entry:
    package = digests.short(entry.challenger)
    if state.running is not None:
        got = f"rollout {state.running.id} of version {digests.short(state.running.start.challenger)}"
        hint = "wait for it, or end it with  benison rollout abort --why ..."
        raise RefusedError("the rollout", expected="no other one under way", got=got, hint=hint)
    if entry.challenger in state.sent_back and not again:
        past = [one for one in state.past.values() if one.start.challenger == entry.challenger][-1]
        got = f"one that rollout {past.id} sent back: {past.finish.why}"
        hint = "train another one; where what spoke against it had nothing to do with it, say  --again"
        raise RefusedError(f"version {package}", expected="a version that no rollout sent back", got=got, hint=hint)
    return entry


def _champion(registry: Registry) -> Champion:
    champion = registry.state().champion
    if champion is None:
        hint = 'make the first one champion by hand:  benison registry promote challenger --why "the first"'
        raise RegistryError(registry.model, expected="a champion to compare with", got="none", hint=hint)
    return champion
