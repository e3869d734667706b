"""scraped_figures: a rollout's figures from a Prometheus server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benison.components.rollout.judge import stages
from benison.components.rollout.measure import CHAMPION, Tallies
from benison.components.rollout.scrapes import GAP, Floats, Target, increases, scraped, whole
from benison.config import FILE
from benison.config.provider import Provider
from benison.config.rollout import ERROR_RATE, SCORE, SLOW_SHARE, Guardrail, Rollout
from benison.core.errors import ConfigError, DataError
from benison.core.spelling import nearest
from benison.delivery.prometheus import Prometheus, Series
from benison.delivery.traffic import COPIED, LIVE, Role
from benison.measures.sequential import Arm

_ROLES = {CHAMPION: Role.CHAMPION, LIVE: Role.CHALLENGER, COPIED: Role.SHADOW}
# So much is asked for at once, and before a start so much of the past is looked at.
_STRETCH_S, _PAST_S = 3600.0, 600.0
Counts = Mapping[int, float]


@dataclass(frozen=True)
class ScrapedFigures:
    """Figures from counters that a Prometheus server scrapes.

    Attributes:
        provider: Where, and what is asked.
    """

    provider: Provider

    @property
    def silence(self) -> str:
        """What it means that there are none."""
        return f"Prometheus at {self.provider.url} has none"

    def fill(self, tallies: Tallies, since: float, until: float) -> float:
        """Adds all blocks between two moments that were scraped as a whole.

        Args:
            tallies: Are filled.
            since: Where a block begins, in seconds since 1970.
            until: Where one ends.

        Returns:
            Where the last one ends that was there; those after it may come yet, those before it are missing.

        Raises:
            BenisonError: The server does not answer.
        """
        seconds = tallies.plan.block_seconds
        end = min(until, since + max(_STRETCH_S // seconds, 1) * seconds)
        asked = _Stretch(Prometheus(self.provider.url), self.provider, seconds, since, end)
        if not asked.blocks:
            # What is missing for so long will not come any more.
            return end if end < until else since
        sides = {CHAMPION: tallies.champion, **dict.fromkeys(stages(tallies.plan), tallies.challenger)}
        for side, package in sides.items():
            for line in tallies.plan.guardrails:
                tallies.put(line, side, asked.arms(line, _ROLES[side], package))
        return (asked.blocks[-1] + 1) * seconds

    def require(self, plan: Rollout, champion: str, now: float) -> None:
        """Makes sure before a start that figures can come.

        Args:
            plan: What is to be measured.
            champion: The package that has all traffic.
            now: The moment, in seconds since 1970.

        Raises:
            ConfigError: There is no such job, it is scraped too rarely, or no bucket ends where an answer becomes slow.
            DataError: The champion has no such counters.
            BenisonError: The server does not answer.
        """
        server = Prometheus(self.provider.url)
        self._require_scrapes(server, plan.block_seconds, now)
        slow = [line for line in plan.guardrails if line.metric == SLOW_SHARE]
        for line in slow or plan.guardrails[:1]:
            selector = self.provider.selector("seconds" if slow else "requests", Role.CHAMPION, champion)
            found = server.samples(selector, now - _PAST_S, now)
            if not found:
                hint = "send the champion requests, or say rollout.metrics.queries in benison.yaml"
                raise DataError(f"{self.provider.url} ({selector})", expected="counters", got="none", hint=hint)
            if slow and not _ending_at(found, line.over_ms):
                raise _no_bucket(line, found)

    def _require_scrapes(self, server: Prometheus, block_seconds: float, now: float) -> None:
        up = server.samples(f'up{{job="{self.provider.job}"}}', now - _PAST_S, now)
        if not up:
            jobs = server.label_values("job", "up", now - _PAST_S, now)
            expected, hint = f"one of {', '.join(jobs) or 'no jobs at all'}", nearest(self.provider.job, jobs)
            where = f"{FILE} (rollout.metrics.job)"
            raise ConfigError(where, expected=expected, got=repr(self.provider.job), hint=hint)
        gaps = np.concatenate([np.diff(one.times) for one in up])
        apart = float(np.median(gaps)) if len(gaps) else 0.0
        if apart > GAP * block_seconds:
            expected = f"{apart / GAP:.3g} or more, since servers are scraped every {apart:.3g} s"
            hint = "a block has to be seen at two scrapes or more; or scrape more often"
            where = f"{FILE} (rollout.block_seconds)"
            raise ConfigError(where, expected=expected, got=f"{block_seconds:g}", hint=hint)


class _Stretch:
    """What was scraped in a stretch of time.

    Args:
        server: Which is asked.
        provider: What for.
        block_seconds: The length of a block.
        since: Where the first block begins.
        until: Where the last one ends.
    """

    def __init__(
        self, server: Prometheus, provider: Provider, block_seconds: float, since: float, until: float
    ) -> None:
        self._server, self._provider, self._seconds = server, provider, block_seconds
        self._from, self._until = since - block_seconds, until
        up = self._samples(f'up{{job="{provider.job}"}}')
        self._scrapes: dict[Target, Floats] = scraped(up)
        self.blocks = whole(up, since, until, block_seconds)

    def arms(self, line: Guardrail, role: Role, package: str) -> dict[int, Arm]:
        """What one side did in each whole block in which it did anything."""
        many, totals, squares = _COUNTED[line.metric](self, line, role, package)
        return {
            block: Arm(round(many[block]), totals.get(block, 0.0), squares.get(block, 0.0))
            for block in self.blocks
            if many.get(block, 0.0) > 0
        }

    def errors(self, line: Guardrail, role: Role, package: str) -> tuple[Counts, Counts, Counts]:
        failed = self._counts("errors", role, package)
        return self._counts("requests", role, package), failed, failed

    def slow(self, line: Guardrail, role: Role, package: str) -> tuple[Counts, Counts, Counts]:
        buckets = self._samples(self._provider.selector("seconds", role, package))
        every = self._increases([one for one in buckets if _edge(one) == np.inf])
        fast = self._increases(_ending_at(buckets, line.over_ms))
        late = {block: many - fast.get(block, 0.0) for block, many in every.items()}
        return every, late, late

    def scores(self, line: Guardrail, role: Role, package: str) -> tuple[Counts, Counts, Counts]:
        many, total, squares = (self._counts(what, role, package) for what in ("scores", "score_sum", "score_squares"))
        return many, total, squares

    def _counts(self, what: str, role: Role, package: str) -> Counts:
        return self._increases(self._samples(self._provider.selector(what, role, package)))

    def _increases(self, series: Sequence[Series]) -> Counts:
        return increases(series, self._scrapes, self._seconds)

    def _samples(self, selector: str) -> list[Series]:
        return self._server.samples(selector, self._from, self._until)


_COUNTED = {ERROR_RATE: _Stretch.errors, SLOW_SHARE: _Stretch.slow, SCORE: _Stretch.scores}


def _edge(bucket: Series) -> float:
    """Where a bucket ends, in seconds."""
    try:
        return float(bucket.labels.get("le", "nan"))
    except ValueError:
        return float("nan")


def _ending_at(buckets: Sequence[Series], over_ms: float) -> list[Series]:
    return [one for one in buckets if np.isclose(1e3 * _edge(one), over_ms, rtol=1e-9)]


def _no_bucket(line: Guardrail, found: Sequence[Series]) -> ConfigError:
    edges = sorted({1e3 * _edge(one) for one in found if np.isfinite(_edge(one))})
    hint = (
        f"start the servers anew with this plan, or take one of those; or  serving: {{buckets_ms: [{line.over_ms:g}]}}"
    )
    expected = f"over_ms where a bucket ends: {', '.join(f'{edge:g}' for edge in edges) or 'there is none'}"
    return ConfigError(f"{FILE} (rollout.guardrails)", expected=expected, got=f"{line.over_ms:g}", hint=hint)
