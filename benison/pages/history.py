"""The part of a page on history: today's figures in the bands that accepted spans left."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from benison.core.verdicts import Check, Verdict
from benison.pages import anomalies
from benison.pages.badges import badge, judged, sign
from benison.pages.bands import Band, chart, distance, figure, limits, name, spark
from benison.pages.figures import plural
from benison.pages.markup import Column, Markup, Row, join, quiet, table, tag

_MOST_CARDS, _MOST_ROWS = 36, 300
_COLUMNS = (
    Column("Figure", "name"),
    Column("Past and now", "plot"),
    Column("Now", "number"),
    Column("Median", "number"),
    Column("Warns outside", "number"),
    Column("Verdict", "verdict"),
)


def render(document: Mapping[str, Any], kinds: Mapping[str, str], checks: Sequence[Check] = ()) -> Markup:
    """Charts of the figures that did not pass, and a table of the others.

    Args:
        document: bands.json.
        kinds: The kind of each column, as in profile.json.
        checks: Those of the same data, which know what was accepted.
    """
    settled = anomalies.passed(checks)
    bands: Sequence[Band] = [_accepted(one, settled) for one in document["bands"]]
    if not bands:
        return tag("p", "There are no accepted spans to learn from yet.", class_="absent")
    drawn = sorted((one for one in bands if _stands_out(one)), key=_rank)
    short = [one for one in bands if one["verdict"] == Verdict.INCONCLUSIVE and not _stands_out(one)]
    passed = sorted((one for one in bands if one["verdict"] == Verdict.PASS), key=distance, reverse=True)
    return join(
        [
            _legend() if drawn else None,
            tag("div", *(_card(one, document["span"], kinds) for one in drawn[:_MOST_CARDS]), class_="cards")
            if drawn
            else None,
            _left_out(len(drawn) - _MOST_CARDS, "figure that does not pass", "figures that do not pass"),
            _folded("Figures with too little history", short, kinds),
            _folded("Figures within their bands", passed, kinds),
        ]
    )


def _accepted(band: Band, passed: Collection[tuple[str, str]]) -> Band:
    """What left its band and was accepted passes, and says so."""
    if band["verdict"] != Verdict.FAIL or ("history", f"column {band['column']}") not in passed:
        return band
    return {**band, "verdict": str(Verdict.PASS), "accepted": True}


def _stands_out(band: Band) -> bool:
    """Whether a figure did not pass and there is something to draw beside it."""
    if band["verdict"] == Verdict.PASS:
        return False
    return band["verdict"] != Verdict.INCONCLUSIVE or band["median"] is not None


def _rank(band: Band) -> tuple[bool, bool, float]:
    return band["verdict"] == Verdict.INCONCLUSIVE, band["tier"] == "soft", -distance(band)


def _legend() -> Markup:
    keys = (("past", "accepted spans"), ("warn-zone", "passes"), ("block-zone", "warns"), ("today", "the newest span"))
    return tag("p", *(tag("span", words, class_=f"key {kind}") for kind, words in keys), class_="legend")


def _card(band: Band, span: int, kinds: Mapping[str, str]) -> Markup:
    kind = kinds.get(band["column"], "")
    words = _words(band, kind)
    season = quiet(f"compared with {band['season']}") if band["season"] else None
    return tag(
        "figure",
        tag("figcaption", tag("b", name(band)), " ", judged(Verdict(band["verdict"]), band["tier"])),
        chart(band, span, f"{words}. {plural(len(band['points']), 'accepted span')} before it", kind),
        tag("p", words, "; " if season else None, season, class_="quiet"),
    )


def _words(band: Band, kind: str) -> str:
    now = "no figure" if band["now"] is None else figure(band, band["now"], kind)
    usual = figure(band, band["median"], kind)
    warn, block = limits(band, "warn", kind), limits(band, "block", kind)
    blocks = "never blocks" if band["block"] is None else f"blocks outside {block}"
    return f"{now} now, median {usual}; warns outside {warn}, {blocks}"


def _folded(caption: str, bands: Sequence[Band], kinds: Mapping[str, str]) -> Markup | None:
    if not bands:
        return None
    rows = [_row(one, kinds.get(one["column"], "")) for one in bands[:_MOST_ROWS]]
    return tag(
        "details",
        tag("summary", f"{caption}: {len(bands):,}"),
        table(caption, _COLUMNS, rows, kind="history"),
        _left_out(len(bands) - _MOST_ROWS, "figure", "figures"),
    )


def _row(band: Band, kind: str) -> Row:
    return Row(
        (
            name(band),
            spark(band),
            figure(band, band["now"], kind),
            figure(band, band["median"], kind),
            limits(band, "warn", kind) if band["median"] is not None else quiet(_past(band)),
            sign("same", "accepted") if band.get("accepted") else badge(Verdict(band["verdict"])),
        )
    )


def _past(band: Band) -> str:
    return f"{plural(len(band['points']), 'span')} before"


def _left_out(how_many: int, one: str, several: str) -> Markup | None:
    """A page stays small enough to be opened: what it leaves out stands in the document."""
    if how_many <= 0:
        return None
    return tag("p", f"{plural(how_many, f'more {one}', f'more {several}')} in bands.json.", class_="absent")
