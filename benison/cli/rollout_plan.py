"""``benison rollout plan``: the figures that it rests on, from the request log or from options."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benison.cli.project import Project
from benison.cli.registry_opening import opened_of
from benison.components.rollout.expect import LEAST, expected
from benison.components.rollout.foresee import Figures, foresee
from benison.components.rollout.judge import compared
from benison.components.rollout.sources import RequestLog
from benison.config.rollout import BRIER_SCORE, ERROR_RATE, KPI, SCORE, SLOW_SHARE, Guardrail, Rollout
from benison.core.errors import ConfigError, DataError
from benison.core.spelling import nearest
from benison.report.rollout.feasibility import Feasibility

_LEAST_RATE = 0.001


@dataclass(frozen=True)
class Given:
    """What options say; None and empty: nothing.

    Attributes:
        requests: A second.
        error_rate: The champion's.
        slow_shares: The champion's, one for each such guardrail in their order.
        score_deviation: Standard deviation of its answers.
        brier_deviation: Of the squared errors of its answers.
        kpi: Mean and standard deviation of what a request brings.
        outcomes_share: Of requests whose outcome becomes known.
        harms: ``GUARDRAIL=AMOUNT``.
    """

    requests: float | None = None
    error_rate: float | None = None
    slow_shares: tuple[float, ...] = ()
    score_deviation: float | None = None
    brier_deviation: float | None = None
    kpi: tuple[float, float] | None = None
    outcomes_share: float = 1.0
    harms: tuple[str, ...] = ()


def feasibility(project: Project, plan: Rollout, given: Given, requests: Path | None) -> Feasibility:
    """What the project's plan can see.

    Args:
        project: Whose.
        plan: Its plan.
        given: By options.
        requests: The request log, instead of the one in benison.yaml.

    Raises:
        ConfigError: A figure is neither given nor in the request log.
    """
    if not compared(plan):
        return Feasibility(plan, given.requests or 0.0, "nothing is measured", ())
    seen, known = _seen(project, plan, requests)
    rate = given.requests or seen
    if not rate or rate < _LEAST_RATE:
        raise _missing("--requests-per-second", f"{LEAST} requests of the champion in the last hour")
    told = {**{name: _at(one, rate, seen) for name, one in known.items()}, **_given(plan, given, rate)}
    for line in plan.guardrails:
        if line.counts and line.name not in told:
            raise _missing(_option(line), f"{line.name} in the request log")
    source = "given" if given.requests else "as the champion had in the last hour"
    return Feasibility(plan, rate, source, foresee(plan, rate, told, _harms(plan, given.harms)))


def _at(figures: Figures, rate: float, seen: float) -> Figures:
    """The same at another traffic: outcomes grow with it."""
    return Figures(figures.rate * rate / seen, figures.mean, figures.deviation)


def _seen(project: Project, plan: Rollout, requests: Path | None) -> tuple[float, dict[str, Figures]]:
    kept = project.config.serving.requests
    folder = requests.resolve() if requests else kept.folder if kept else None
    if folder is None or not folder.is_dir():
        return 0.0, {}
    champion = opened_of(project).state().champion
    if champion is None:
        return 0.0, {}
    source = RequestLog(folder, project.folder / plan.outcomes if plan.outcomes else None)
    return expected(plan, source, champion.package, datetime.now(UTC))


def _given(plan: Rollout, given: Given, rate: float) -> dict[str, Figures]:
    slow = [line for line in plan.guardrails if line.metric == SLOW_SHARE]
    if given.slow_shares and len(given.slow_shares) != len(slow):
        named = ", ".join(line.name for line in slow) or "none in the plan"
        raise ConfigError("--slow-share", expected=f"one for each of {named}", got=f"{len(given.slow_shares)}")
    shares = dict(zip((line.name for line in slow), given.slow_shares, strict=False))
    found = {line.name: _of(line, given, rate, shares.get(line.name)) for line in plan.guardrails}
    return {name: figures for name, figures in found.items() if figures is not None}


def _of(line: Guardrail, given: Given, rate: float, slow: float | None) -> Figures | None:
    outcomes = rate * given.outcomes_share
    if line.metric == ERROR_RATE and given.error_rate is not None:
        return Figures(rate, given.error_rate)
    if line.metric == SLOW_SHARE and slow is not None:
        return Figures(rate, slow)
    if line.metric == SCORE and given.score_deviation:
        return Figures(rate, 0.0, given.score_deviation)
    if line.metric == BRIER_SCORE and given.brier_deviation:
        return Figures(outcomes, 0.0, given.brier_deviation)
    if line.metric == KPI and given.kpi:
        return Figures(outcomes, *given.kpi)
    return None


def _option(line: Guardrail) -> str:
    return {ERROR_RATE: "--error-rate", SLOW_SHARE: "--slow-share"}[line.metric]


def _missing(option: str, looked_for: str) -> ConfigError:
    hint = f"give  {option} , or name a log of live requests with  --requests DIR  or  serving: requests:"
    return ConfigError(option, expected=f"a figure, or {looked_for}", got="neither", hint=hint)


def _harms(plan: Rollout, said: tuple[str, ...]) -> dict[str, list[float]]:
    """Harms by guardrail, read from ``GUARDRAIL=AMOUNT``."""
    found: dict[str, list[float]] = {}
    names = [line.name for line in plan.guardrails]
    for one in said:
        name, _, amount = one.rpartition("=")
        if name not in names:
            raise ConfigError("--harm", expected="GUARDRAIL=AMOUNT", got=one, hint=nearest(name, names))
        found.setdefault(name, []).append(_amount(one, amount))
    return found


def _amount(said: str, amount: str) -> float:
    try:
        value = float(amount)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e12:
        raise DataError("--harm", expected="an amount above 0, in the metric's unit", got=said)
    return value
