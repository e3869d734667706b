"""Rules that send a challenger back, ours and those of other controllers, written after their documentation.

Each takes streams and gives the block after which each rollout goes back, -1 where none does, -2 where the rule is none
for such a metric.

- Argo Rollouts: the challenger's metric over the last five minutes against an absolute limit, every five minutes; three
  such measurements fail the analysis (the example of its page on analysis).
- Flagger: the challenger's metric over the last minute against an absolute limit, every minute; ten failed checks, not
  necessarily in a row, roll back (the example of its page on deployment strategies).
- Kayenta: a point a minute of both arms, intervals of thirty; Mann and Whitney's test at 98%, where an effect counts if
  the bound exceeds a quarter of Hodges' and Lehmann's estimate (its judge). With one metric the score is 100 or 0, and
  so above 95 or below 75.
- A test of two means at a fixed horizon, looked at after every block.
- A mixture over the rates of single requests (beta and binomial) against the champion's true rate, an e-process as long
  as requests are independent.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy import special

from benchmarks.guardrails.streams import Streams
from benison.measures.evidence import Answers, Floats, bounds, evidence
from benison.measures.sequential import MIN_BLOCKS

Ends = npt.NDArray[np.int64]


def first(holds: npt.NDArray[np.bool_]) -> Ends:
    return np.where(holds.any(axis=-1), holds.argmax(axis=-1), -1)


def own(streams: Streams, alpha: float) -> Ends:
    """The bounds of `benison.measures.sequential`."""
    metric = streams.metric
    found = evidence(streams.champion, streams.challenger, ratio=metric.ratio, min_blocks=MIN_BLOCKS)
    low, high = bounds(found, alpha)
    return first(low > 0 if metric.sign > 0 else high < 0)


def breaker(streams: Streams, alpha: float) -> Ends:
    """`sustained` as it is by default, against a limit that is far off."""
    if streams.metric.sign < 0:
        return np.full(len(streams.challenger.total), -2)
    arm = streams.challenger
    over = (arm.total > streams.metric.breaker * arm.requests) & (arm.requests >= 20)
    return first(np.cumsum(over, axis=-1) - np.cumsum(np.pad(over, [(0, 0), (4, 0)])[..., :-4], axis=-1) >= 3)


def windows(answers: Answers, blocks: int) -> Floats:
    """Means over so many blocks, one after the other; NaN where there are no requests."""
    requests, total = (
        np.add.reduceat(part, np.arange(0, part.shape[-1], blocks), axis=-1)
        for part in (answers.requests, answers.total)
    )
    return np.divide(total, requests, out=np.full_like(total, np.nan), where=requests > 0)


def _failures(streams: Streams, blocks: int, allowed: int) -> Ends:
    over = streams.metric.sign * (windows(streams.challenger, blocks) - streams.metric.limit) > 0
    found = first(np.cumsum(over, axis=-1) >= allowed)
    return np.where(found >= 0, (found + 1) * blocks - 1, -1)


def argo(streams: Streams, alpha: float) -> Ends:
    return _failures(streams, 10, 3)


def flagger(streams: Streams, alpha: float) -> Ends:
    return _failures(streams, 2, 10)


def kayenta(streams: Streams, alpha: float) -> Ends:
    champion, challenger = windows(streams.champion, 2), windows(streams.challenger, 2)
    if streams.metric.sign < 0:
        champion, challenger = -champion, -challenger
    ends = np.full(len(champion), -1)
    for start in range(0, champion.shape[-1], 30):
        for rollout in np.flatnonzero(ends < 0):
            if _high(challenger[rollout, start : start + 30], champion[rollout, start : start + 30]):
                ends[rollout] = 2 * (start + 30) - 1
    return ends


def _high(experiment: Floats, control: Floats) -> bool:
    experiment, control = experiment[~np.isnan(experiment)], control[~np.isnan(control)]
    pairs = np.sort((experiment[:, None] - control).ravel())
    error = np.sqrt(pairs.size * (experiment.size + control.size + 1) / 12)
    place = int(np.floor(pairs.size / 2 - NormalDist().inv_cdf(0.99) * error))
    return place >= 1 and bool(pairs[place - 1] > 0.25 * abs(np.median(pairs)))


def peeked(streams: Streams, alpha: float) -> Ends:
    arms = streams.challenger, streams.champion
    requests = [np.cumsum(arm.requests, axis=-1) for arm in arms]
    means = [np.cumsum(arm.total, axis=-1) / np.maximum(many, 1) for arm, many in zip(arms, requests, strict=True)]
    error = np.sqrt(sum(arm.variance() / np.maximum(many, 1) for arm, many in zip(arms, requests, strict=True)))
    apart = streams.metric.sign * (means[0] - streams.metric.ratio * means[1])
    return first((apart > NormalDist().inv_cdf(1 - alpha) * error) & (requests[0] >= 30))


def single_requests(streams: Streams, alpha: float) -> Ends:
    if streams.challenger.squares is not None:
        return np.full(len(streams.challenger.total), -2)
    requests, total = (np.cumsum(part, axis=-1) for part in (streams.challenger.requests, streams.challenger.total))
    base = streams.metric.base
    likelihood = total * np.log(base) + (requests - total) * np.log1p(-base)
    ratio = special.betaln(1 + total, 1 + requests - total) - likelihood
    return first((ratio >= np.log(1 / alpha)) & (total > base * requests))


RULES: dict[str, Callable[[Streams, float], Ends]] = {
    "Benison": own,
    "breaker": breaker,
    "Argo": argo,
    "Flagger": flagger,
    "Kayenta": kayenta,
    "peeked test": peeked,
    "single requests": single_requests,
}
