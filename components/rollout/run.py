"""Rollout: start -> measure -> judge -> decide -> shift, again and again until it is over."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benison import config as configuration
from benison.components.rollout.control import Clock, Controller, Look, Source
from benison.components.rollout.figures import figures_of
from benison.components.rollout.record import FILE as RECORD
from benison.components.rollout.record import KIND
from benison.components.rollout.sources import RequestLog
from benison.components.rollout.stage import Stage
from benison.components.rollout.start import start
from benison.config import FILE, Config
from benison.config.rollout import Rollout
from benison.core import digests
from benison.core.errors import ConfigError, ConflictError, IntegrityError, ServerError, StorageError
from benison.core.files import write_atomically
from benison.delivery.state import Past, RolloutState
from benison.registry.registry import Registry

_log = logging.getLogger(__name__)
# So often at least, however long blocks are: what a person asks for is done within it.
_LOOK_SECONDS = 5.0


class SystemClock:
    """The time that it is."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


def run(*, registry_uri: str, requests: str, version: str, who: str, why: str, bundle: Path, record: Path) -> str:
    """Carries a blessed challenger to all live traffic step by step, or sends it back; a retry goes on with it.

    Args:
        registry_uri: Where the registry lies.
        requests: The folder of the servers' request log; empty: as benison.yaml says.
        version: The version that is to have all traffic.
        who: Who or what asked for this run.
        why: The reason.
        bundle: The user's project, with the plan.
        record: The artifact that becomes rollout.json.

    Returns:
        The outcome: promoted, shadowed, rolled_back or aborted.

    Raises:
        RefusedError: Another version is being rolled out, or this one may not be.
    """
    config = configuration.read(bundle / "project")
    opened = Registry.open(registry_uri, config.name, config.release.signatures)
    clock, who = SystemClock(), who.strip() or "unnamed"
    source = source_of(config, bundle / "project", Path(requests) if requests else None)
    stage = Stage(opened, bundle / "project")
    controller = Controller(opened, source, clock, who=who, policy=config.gate.digest, stage=stage)
    task = digests.of_bytes(str(record).encode())
    past = _ended(controller.log.state(), task)
    if past is None:
        if not _goes_on(opened, controller, version, task):
            plan, policy = plan_of(config), config.gate.digest
            start(opened, controller.log, plan, version, who=who, when=clock.now(), why=why, policy=policy, task=task)
        past = follow(controller, clock, lambda look: _log.info("%s", look.decision))
    write_atomically(record / RECORD, evidence(opened, past))
    return past.finish.outcome


def _ended(state: RolloutState, task: str) -> Past | None:
    """The rollout that a try of this very task brought to its end, without coming to write so down."""
    past = next((one for one in state.past.values() if one.start.task == task), None)
    if past is not None:
        _log.info("rollout %d of an earlier try of this task is over: %s", past.id, past.finish.outcome)
    return past


def _goes_on(registry: Registry, controller: Controller, version: str, task: str) -> bool:
    """Whether the rollout that is under way is the one that is asked for."""
    running = controller.log.state().running
    if running is None:
        return False
    return running.start.task == task or running.start.challenger == registry.resolve(version)


def plan_of(config: Config) -> Rollout:
    """The plan of a project.

    Raises:
        ConfigError: There is none.
    """
    if config.rollout is None:
        hint = "write  rollout: {strategy: canary}  into it; docs/rollout.md says what else there is"
        raise ConfigError(f"{FILE} (rollout)", expected="how a challenger is delivered", got="nothing", hint=hint)
    return config.rollout


def source_of(config: Config, project: Path, requests: Path | None = None) -> Source:
    """Where a project's figures come from.

    Args:
        config: What benison.yaml says.
        project: The project's folder, at which the folder of outcomes begins.
        requests: The servers' request log, instead of the one in benison.yaml.

    Raises:
        ConfigError: There is no request log, or it does not hold every request.
    """
    kept, plan = config.serving.requests, config.rollout
    if plan is not None and (figures := figures_of(plan)) is not None:
        return figures
    folder = requests or (kept.folder if kept else None)
    if folder is None:
        hint = "write  requests: {folder: /srv/requests}  under  serving:  in benison.yaml"
        raise ConfigError(f"{FILE} (serving.requests)", expected="the servers' request log", got="none", hint=hint)
    if kept is not None and kept.sample < 1:
        hint = "failed requests are always kept, so that a sample has too many of them"
        where, got = f"{FILE} (serving.requests.sample)", f"{kept.sample:g}"
        raise ConfigError(where, expected="1, as a rollout counts every request", got=got, hint=hint)
    return RequestLog(folder, project / plan.outcomes if plan and plan.outcomes else None)


def evidence(registry: Registry, past: Past) -> bytes:
    """rollout.json of a rollout that is over, as the registry keeps it.

    Raises:
        IntegrityError: It is gone.
    """
    digest = past.finish.evidence[KIND]
    raw = registry.evidence.get(digest)
    if raw is None:
        hint = "restore the registry's evidence from a copy"
        raise IntegrityError(digest, expected="the rollout's record", got="none", hint=hint)
    return raw


def follow(controller: Controller, clock: Clock, say: Callable[[Look], None], *, patience: float = 600.0) -> Past:
    """Looks until the rollout is over; what passes by itself is waited for.

    That is a registry that cannot be reached for a while, and the lease of a controller that was killed.

    Args:
        controller: Of the rollout that is under way.
        clock: Time.
        say: Is told every look.
        patience: For how many seconds.

    Returns:
        How it ended.

    Raises:
        ConflictError: Another controller has it in hand, and goes on.
        StorageError: The registry was out of reach for longer.
    """
    running, unreached = controller.log.state().running, 0.0
    if running is None:
        raise ValueError("no rollout is under way")
    each = min(_LOOK_SECONDS, running.plan.block_seconds / 2)
    while True:
        try:
            look, unreached = controller.look(), 0.0
        except (StorageError, ServerError, ConflictError) as error:
            if unreached == 0:
                _log.warning("waiting: %s", str(error).splitlines()[0])
            unreached += each
            if unreached > patience:
                raise
            clock.wait(each)
            continue
        if look is None:
            return controller.log.state().past[running.id]
        say(look)
        if not look.acted:
            clock.wait(each)
