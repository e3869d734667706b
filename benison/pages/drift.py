"""The part of a page on drift: columns beside their references, in the bins that were compared."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from benison.core.texts import spell_p
from benison.core.verdicts import Check, Verdict
from benison.pages import anomalies
from benison.pages.badges import badge, judged, sign
from benison.pages.figures import count, percent, plural
from benison.pages.histograms import compared
from benison.pages.markup import Column, Markup, Row, join, quiet, table, tag

Comparison = Mapping[str, Any]
_MOST_OPEN, _MOST_FOLDED, _MOST_ROWS = 36, 48, 400
# So many columns are shown without folding those that pass.
_FEW = 12
_MEASURES = {"psi": "PSI", "jensen_shannon": "Jensen-Shannon", "l_infinity": "L-infinity"}
_AGAINST = {
    "previous": ("The newest span against the one before it", "the newest span"),
    "champion": ("Train against what the champion was trained on", "train"),
    "serving": ("Serving against training", "serving"),
}
_CHECKS = {"previous": "drift_from_previous", "champion": "drift_from_champion", "serving": "skew"}
_COLUMNS = (
    Column("Column", "name"),
    Column("Effect", "number"),
    Column("p", "number"),
    Column("Missing", "number"),
    Column("Verdict", "verdict"),
)


def render(document: Mapping[str, Any], checks: Sequence[Check] = ()) -> Markup:
    """Histograms for each reference, what drifted first.

    Args:
        document: comparisons.json.
        checks: Those of the same data, which know what was accepted.
    """
    passed = anomalies.passed(checks)
    found: Sequence[Comparison] = [_accepted(one, passed) for one in document["comparisons"]]
    if not found:
        return tag("p", "There was nothing to compare columns with.", class_="absent")
    return join(_against(kind, [one for one in found if one["against"] == kind]) for kind in _AGAINST)


def _accepted(comparison: Comparison, passed: Collection[tuple[str, str]]) -> Comparison:
    """What drifted and was accepted passes, and says so."""
    name = _CHECKS[comparison["against"]]
    if comparison["verdict"] == Verdict.PASS or (name, f"column {comparison['column']}") not in passed:
        return comparison
    return {**comparison, "verdict": str(Verdict.PASS), "accepted": True}


def _against(kind: str, comparisons: Sequence[Comparison]) -> Markup | None:
    if not comparisons:
        return None
    title, now = _AGAINST[kind]
    ordered = sorted(comparisons, key=_rank)
    moved = [one for one in ordered if one["verdict"] != Verdict.PASS]
    still = ordered[len(moved) :]
    few = len(moved) + len(still) <= _FEW
    return join(
        [
            tag("h3", title, " ", quiet(f"{len(still)} of {plural(len(ordered), 'column')} pass")),
            _legend(now, str(ordered[0]["reference"])),
            _cards(moved[:_MOST_OPEN] + (still if few else [])),
            None if few else _still(still),
            _others(moved[_MOST_OPEN:] + ([] if few else still[_MOST_FOLDED:])),
        ]
    )


def _rank(comparison: Comparison) -> tuple[int, bool, float]:
    order = (Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)
    soft = comparison["tier"] == "soft" and comparison["verdict"] != Verdict.PASS
    return order.index(Verdict(comparison["verdict"])), soft, -comparison["effect"]


def _legend(now: str, before: str) -> Markup:
    return tag("p", tag("span", now, class_="key now"), " ", tag("span", before, class_="key before"), class_="legend")


def _cards(comparisons: Sequence[Comparison]) -> Markup | None:
    return tag("div", *map(_card, comparisons), class_="cards") if comparisons else None


def _still(comparisons: Sequence[Comparison]) -> Markup | None:
    if not comparisons:
        return None
    summary = tag("summary", f"Columns that pass: {len(comparisons)}")
    return tag("details", summary, _cards(comparisons[:_MOST_FOLDED]))


def _others(comparisons: Sequence[Comparison]) -> Markup | None:
    """A page stays small enough to be opened: beyond some columns figures stand in the place of drawings."""
    if not comparisons:
        return None
    caption = "Columns without a drawing"
    left = len(comparisons) - _MOST_ROWS
    return tag(
        "details",
        tag("summary", f"{caption}: {len(comparisons)}"),
        table(caption, _COLUMNS, [_row(one) for one in comparisons[:_MOST_ROWS]]),
        tag("p", f"{plural(left, 'more column')} in comparisons.json.", class_="absent") if left > 0 else None,
    )


def _row(comparison: Comparison) -> Row:
    return Row(
        (
            comparison["column"],
            f"{comparison['effect']:.3f}",
            spell_p(comparison["p_value"]),
            _missing(comparison) or "none",
            badge(Verdict(comparison["verdict"])),
        )
    )


def _card(comparison: Comparison) -> Markup:
    effect = f"{_MEASURES[comparison['measure']]} {comparison['effect']:.3f}, p {spell_p(comparison['p_value'])}"
    rows = f"{count(sum(comparison['now']))} rows against {count(sum(comparison['before']))}"
    missing = _missing(comparison)
    summary = ". ".join([f"{effect}, {_bounds(comparison)}", rows, *([f"missing {missing}"] if missing else [])])
    return tag(
        "figure",
        tag("figcaption", tag("b", comparison["column"]), " ", quiet(comparison["kind"]), " ", _verdict(comparison)),
        compared(comparison, summary),
        tag("p", effect, quiet(f"; {_bounds(comparison)}; {rows}")),
    )


def _verdict(comparison: Comparison) -> Markup | None:
    verdict = Verdict(comparison["verdict"])
    if comparison.get("accepted"):
        return sign("same", "accepted")
    return None if verdict is Verdict.PASS else judged(verdict, comparison["tier"])


def _bounds(comparison: Comparison) -> str:
    said = [f"{key}s above {comparison[key]:g}" for key in ("warn", "block") if comparison[key] is not None]
    return ", ".join(said) or "never warns"


def _missing(comparison: Comparison) -> str:
    now, before = comparison["now"], comparison["before"]
    if not now[-1] and not before[-1]:
        return ""
    return f"{percent(before[-1], sum(before))} → {percent(now[-1], sum(now))}"
