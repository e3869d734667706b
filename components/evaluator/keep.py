"""keep: do features that kept their name and version still mean what they meant to the champion?

Whoever stores transformed features, or reads a model's inputs, relies on it. What is fitted anew on each train split
may move a little; a column that is normalised where it was not, or whose places are dealt anew, moves a lot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benison.core.verdicts import Check, Tier, Verdict

# How far a quantity may move by fitting: half a deviation, a tenth of the range. Data that move further have drifted.
_MAY_MOVE = {"standard": 0.5, "min_max": 0.1}
_EXACT = 1e-6
# As large a share of the rows has to keep its value; less where buckets that are cut anew are hashed.
KEPT, KEPT_BY_CUTS = 0.99, 0.8
ROWS = 10_000
NAME = "feature_kept"
# No text of a table is this.
UNKNOWN = "\x00unknown"
Arrays = Mapping[str, npt.NDArray[Any]]
Feature = Mapping[str, Any]


def shared(before: Sequence[Feature], now: Sequence[Feature]) -> list[tuple[Feature, Feature]]:
    """The features that champion and challenger have under one name and version, each with the other's."""
    known = {(feature["name"], feature["version"]): feature for feature in before}
    pairs = ((known.get((feature["name"], feature["version"])), feature) for feature in now)
    return [(old, new) for old, new in pairs if old is not None]


def kept(pairs: Sequence[tuple[Feature, Feature]], before: Arrays, now: Arrays) -> Iterator[Check]:
    """One hard check for each feature.

    Args:
        pairs: As `shared` gives them.
        before: What the champion makes of some rows: by input name an array [n, width].
        now: What the challenger makes of the same rows.
    """
    for old, new in pairs:
        yield _check(old, new, before[old["input"]], now[new["input"]])


def _check(old: Feature, new: Feature, before: npt.NDArray[Any], now: npt.NDArray[Any]) -> Check:
    subject = f"feature {new['name']} version {new['version']}"
    least = KEPT_BY_CUTS if new["fitted"].get("boundaries") and new["kind"] == "cross" else KEPT
    allowed = f"at least {least:.0%} of rows as the champion has them"
    if before.shape != now.shape:
        return _failed(subject, f"{now.shape[1]} numbers, not {before.shape[1]}", allowed, _cause(old, new), {})
    same = _same(old, new, before, now)
    share = float(same.mean()) if len(same) else float("nan")
    observed, numbers = f"{share:.1%} of {len(same):,} rows", {"share": share, "rows": float(len(same))}
    if not share >= least:
        return _failed(subject, observed, allowed, _cause(old, new), numbers)
    reason = f"{subject}: {observed} are as the champion has them"
    return Check(NAME, subject, Tier.HARD, Verdict.PASS, observed, allowed, reason, numbers)


def _failed(subject: str, observed: str, allowed: str, cause: str, numbers: Mapping[str, float]) -> Check:
    reason = f"{subject}: {observed} where {allowed} were allowed; {cause}; a wanted change raises its version"
    return Check(NAME, subject, Tier.HARD, Verdict.FAIL, observed, allowed, reason, numbers)


def _cause(old: Feature, new: Feature) -> str:
    """What benison.yaml says otherwise than it did."""
    was, now = ({"kind": one["kind"], **one["declared"]} for one in (old, new))
    changed = [f"{key} was {was.get(key)} and is {now[key]}" for key in now if was.get(key) != now[key]]
    return ", ".join(changed) or "it is declared as it was, and was fitted to other data"


def _same(old: Feature, new: Feature, before: npt.NDArray[Any], now: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Row by row, whether a feature's values mean the same."""
    if old["kind"] != new["kind"]:
        return np.zeros(len(now), bool)
    if new["kind"] in ("numeric", "date"):
        return np.asarray((np.abs(now - before) <= _may_move(old, before)).all(axis=1))
    if new["kind"] == "buckets":
        return np.asarray((np.abs(now - before) <= 1).all(axis=1))
    words = [one["fitted"].get("vocabulary") for one in (old, new)]
    if None not in words:
        was, now = _as_words(before, words[0]), _as_words(now, words[1])
        # A word that is new, or too rare now, is a matter of fitting; words that are known to both cannot differ.
        return np.asarray(((was == now) | (was == UNKNOWN) | (now == UNKNOWN)).all(axis=1))
    return np.asarray((before == now).all(axis=1))


def _may_move(feature: Feature, before: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """How far each number of a feature may move."""
    if feature["kind"] == "date":
        parts = feature["declared"]["parts"]
        moves = [[_MAY_MOVE["standard"]] if part == "days" else [_EXACT, _EXACT] for part in parts]
        return np.array([number for part in moves for number in part])
    # Without normalisation only what stands for a missing value is fitted: a mean.
    fixed = _MAY_MOVE.get(feature["declared"]["normalise"])
    return np.array([_MAY_MOVE["standard"] * float(before.std()) + _EXACT if fixed is None else fixed])


def _as_words(places: npt.NDArray[Any], vocabulary: Sequence[str]) -> npt.NDArray[Any]:
    """Places as what they stand for, since a vocabulary that is fitted anew deals them anew."""
    words: npt.NDArray[Any] = np.array(["", UNKNOWN, *vocabulary])
    return np.take(words, places)
