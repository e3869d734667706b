"""quality: a period whose labels could all have come -> its figures, and what is asked of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from benison import eval_config
from benison.components.monitor.labelled import joined, newest_labels
from benison.components.monitor.looked import Looked
from benison.config import FILE, Config, Quality
from benison.config.limits import Limits
from benison.core.errors import BenisonError, ConfigError, DataError
from benison.core.verdicts import Verdict
from benison.delivery import outcomes
from benison.monitoring import quality as figures
from benison.monitoring.judge import Asked
from benison.monitoring.periods import Period, due
from benison.monitoring.quality import Blessed, Key, Labelled
from benison.monitoring.windows import SCORES, UNMEASURED, Finding, Window, periods_of
from benison.registry.registry import Registry

_log = logging.getLogger(__name__)
_DAY = 86_400
# So long after it was due a period is too old to be read: nobody keeps a log of requests for ever.
RETRIED_S = 7 * _DAY


@dataclass(frozen=True)
class Span:
    """The window at whose end a period is looked at.

    Attributes:
        start: When it begins, in seconds since 1970.
        end: When it ends; what became known later does not count.
        champion: The package.
    """

    start: int
    end: int
    champion: str


def measured(windows: Sequence[Window]) -> list[Period]:
    """The periods that could be read."""
    return [one for one in periods_of(windows) if not one.trouble]


def pending(at: Span, recent: Sequence[Window]) -> Window | None:
    """The last window whose period could not be read so far, and which is not too old; None: there is none.

    Args:
        at: The window at whose end it is asked: a period of another champion is not waited for.
        recent: Those before it.
    """
    done = {one.start for one in measured(recent)}
    young = [one for one in recent if at.end - one.end <= RETRIED_S and one.champion == at.champion]
    failed = [one for one in young if one.quality is not None and one.quality.trouble]
    return next((one for one in reversed(failed) if one.quality and one.quality.start not in done), None)


def _span(window: Window) -> Span:
    # What became known later does not count: a figure must not depend on when it could be read.
    return Span(window.start, window.end, window.champion)


class QualityWatch:
    """Measures the champion of one model by labels.

    Args:
        registry: The model's, which keeps what the champion was blessed on.
        config: What benison.yaml says; quality is watched.
        project: Its folder, at which the folder of outcomes begins.
        rows_since: The request log from a moment on, in seconds since 1970.

    Raises:
        ConfigError: Rows are weighed, or the evaluation config is not understood.
    """

    def __init__(
        self, registry: Registry, config: Config, project: Path, rows_since: Callable[[float], Iterable[pa.RecordBatch]]
    ) -> None:
        assert config.monitor.quality is not None
        self._asked: Quality = config.monitor.quality
        self._registry, self._alpha, self._rows = registry, config.monitor.alpha, rows_since
        self._folder = project / self._asked.outcomes
        with config.speaking():
            asked = eval_config.read(project / config.evaluation.file)
        if asked.weight:
            where, hint = f"{FILE} (monitor.quality)", "requests have no weight: leave quality out"
            raise ConfigError(where, expected="rows that weigh the same", got=f"weights in {asked.weight!r}", hint=hint)
        self._hidden = frozenset(config.serving.requests.redact if config.serving.requests else ())
        self._slicings = tuple(one for one in asked.slicings if not self._hidden & set(one.columns))
        self._blessed: dict[str, dict[Key, Blessed]] = {}

    def look(self, at: Span, recent: Sequence[Window]) -> Looked:
        """What the period says that becomes ripe with a window, and one that could not be read when it was.

        Args:
            at: The window.
            recent: Those before it.
        """
        fresh = self._fresh(at, recent)
        if fresh is not None and fresh[0].trouble:
            return Looked(fresh[0], None, fresh[1])
        waiting = pending(at, recent)
        again = self._asked_of(_span(waiting), waiting.quality.start) if waiting and waiting.quality else None
        late = again[0] if again is not None and not again[0].trouble else None
        if fresh is not None:
            return Looked(fresh[0], late, fresh[1])
        if again is None or late is None:
            return Looked()
        if any(one.start > late.start for one in measured(recent)):
            return Looked(retried=late)
        return Looked(late, None, [*again[1], *self._unmeasured(at, late, recent)])

    def _fresh(self, at: Span, recent: Sequence[Window]) -> tuple[Period, list[Asked]] | None:
        begin = due(at.start, at.end, self._asked.period_minutes, self._asked.mature_seconds)
        watched = recent[0].start if recent else at.start
        if begin is None or begin + 60 * self._asked.period_minutes <= watched:
            return None
        period, asked = self._asked_of(at, begin)
        return period, [*asked, *self._unmeasured(at, period, recent)]

    def _asked_of(self, at: Span, begin: int) -> tuple[Period, list[Asked]]:
        known: Mapping[Key, Blessed] = {}
        try:
            known = self._known(at.champion)
            return self._measured(at, begin, known)
        except (BenisonError, pa.ArrowException, OSError) as error:
            trouble = " ".join(str(error).split())[:300] or type(error).__name__
            _log.warning("quality: %s", trouble)
            period = Period(begin, self._asked.period_minutes, 0, 0, trouble=trouble)
            return period, figures.nothing(known, self._asked, trouble)

    def _measured(self, at: Span, begin: int, known: Mapping[Key, Blessed]) -> tuple[Period, list[Asked]]:
        labelled = self._labelled(at, begin)
        found, asked = figures.measured(labelled, known, self._asked, self._alpha)
        return figures.period_of(begin, self._asked, labelled, found), asked

    def _labelled(self, at: Span, begin: int) -> Labelled:
        told = outcomes.between(self._folder, begin, at.end)
        if told is None:
            hint = "labels are written there as they become known"
            raise DataError(str(self._folder), expected="files of outcomes", got="none", hint=hint)
        end = begin + 60 * self._asked.period_minutes
        labels = newest_labels(told, self._folder)
        return joined(self._rows(begin), labels, at.champion, begin, end, self._slicings)

    def _known(self, champion: str) -> dict[Key, Blessed]:
        if champion not in self._blessed:
            found = figures.blessed_of(self._evaluation(champion), self._asked, self._hidden)
            if not found:
                expected = "some figure with an interval of what is watched"
                raise DataError("the champion's evaluation", expected=expected, got="none")
            self._blessed[champion] = found
        return self._blessed[champion]

    def _evaluation(self, champion: str) -> dict[str, Any]:
        blessing = self._registry.state().versions[champion].blessing
        digest = blessing.evidence.get("evaluation") if blessing else None
        raw = self._registry.evidence.get(digest) if digest else None
        if raw is None:
            hint = "the pusher keeps it with a blessing: train and push once more"
            raise DataError("the champion's evaluation", expected="the one it was blessed on", got="none", hint=hint)
        content: dict[str, Any] = json.loads(raw)
        return content

    def _unmeasured(self, at: Span, period: Period, recent: Sequence[Window]) -> list[Asked]:
        """How long no label has come of the champion, beyond the time that labels may take."""
        most = self._asked.stale_days
        if most is None:
            return []
        own = [one for one in recent if one.champion == at.champion]
        ends = [one.end for one in [*measured(own), period] if one.labelled]
        last = max(ends, default=own[0].start if own else at.start)
        days = max(0.0, at.end - self._asked.mature_seconds - last) / _DAY
        verdict = Verdict.PASS if ends else Verdict.INCONCLUSIVE
        found = Finding(UNMEASURED, SCORES, verdict, False, days, most, None, None, period.labelled, figures.LIMIT)
        if days > most:
            found = replace(found, verdict=Verdict.FAIL)
        elif not ends:
            found = replace(found, missing="a label")
        return [Asked(found, Limits(most, most))]
