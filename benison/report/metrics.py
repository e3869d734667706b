"""The report's part on the models: champion beside challenger on the same holdout, by slice, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benison.core.verdicts import Tier
from benison.pages.badges import badge, sign
from benison.pages.figures import bounds, count, listed, metric_name, number, percent, signed
from benison.pages.markup import Column, Markup, Row, join, quiet, section, table, tag
from benison.pages.scales import Scale
from benison.report import charts
from benison.report.comparison import (
    WHOLE,
    Document,
    Evaluated,
    asked_by_slice,
    baselines,
    checks_on,
    gain_over,
    has_policy,
    main_metrics,
    measured,
    slices,
    tolerated,
)
from benison.report.conclusion import why_missing
from benison.report.gather import RunEvidence
from benison.report.harm import Told, told

_MINUS, _NONE = "\u2212", "\u2013"


def render(evidence: RunEvidence) -> Markup:
    """Metrics overall, a forest plot for each metric of the policy, and every figure of every slice."""
    if evidence.evaluation is None:
        return section("metrics", "Metrics", tag("p", why_missing(evidence, "evaluator"), class_="absent"))
    if not slices(evidence):
        return section("metrics", "Metrics", tag("p", "There was no model to measure.", class_="absent"))
    overall = all_metrics(evidence, WHOLE, "Every metric on the whole holdout")
    forests = [forest(evidence, metric) for metric in asked_by_slice(evidence)]
    return section("metrics", "Metrics", _how(evidence, evidence.evaluation), overall, *forests, every(evidence))


def figure(found: Mapping[str, Any] | None, *, sign: bool = False) -> Markup:
    """An estimate for the page: the value, and its interval in the second rank."""
    if found is None:
        return quiet(_NONE)
    value = (signed if sign else number)(found["value"]).replace("-", _MINUS)
    if found.get("lower") is None or found.get("upper") is None or found["lower"] == found["upper"]:
        return join([value])
    ends = tag("span", bounds(found, sign=sign).replace("-", _MINUS), class_="bounds")
    return tag("span", value, " ", ends)


def _how(evidence: RunEvidence, evaluation: Document) -> Markup:
    holdout, level = evaluation["holdout"], evaluation["interval_level"]
    models = ["challenger", *baselines(evidence)]
    beside = (
        f"{listed(models)} on the same rows" if models[1:] else "the challenger alone, since there is no champion yet"
    )
    weighed = f", each weighed by {holdout['weight']}" if "weight" in holdout else ""
    of = f"; rows of one {holdout['unit']} hang together" if "unit" in holdout else ""
    return tag(
        "p",
        f"Measured on the holdout: {count(holdout['rows'])} rows, {count(holdout['positives'])} of them positive "
        f"({percent(holdout['positives'], holdout['rows'])}){weighed}{of}; {beside}. In brackets are {level:.0%} "
        f"intervals, so that each end alone holds with {evaluation['confidence']:.0%}. A gain is the challenger's "
        "lead, its sign turned where lower is better: more is better in every row.",
    )


def all_metrics(evidence: Evaluated, name: str, caption: str) -> Markup:
    """Every metric on a slice, for each model, with the gains."""
    against, main, found = baselines(evidence), main_metrics(evidence), measured(evidence, name)
    columns = [
        Column("Metric", "name"),
        Column(evidence.title("challenger"), "number"),
        *(Column(evidence.title(baseline), "number") for baseline in against),
        *(Column(f"Gain over {evidence.called(baseline)}", "number") for baseline in against),
        Column("Interval by", "method"),
    ]
    order = [*main, *(metric for metric in found if metric not in main)]
    rows = [_metric_row(metric, found[metric], against, metric in main) for metric in order if metric in found]
    return table(caption, columns, rows)


def _metric_row(metric: str, found: Document, against: list[str], main: bool) -> Row:
    cells = [
        metric_name(metric),
        figure(found["challenger"]),
        *(figure(found.get(baseline)) for baseline in against),
        *(figure(gain_over(found, baseline), sign=True) for baseline in against),
        quiet(found.get("note") or _method(found, against) or _NONE),
    ]
    return Row(cells, "main" if main else None)


def _method(found: Document, against: list[str]) -> str:
    """How the intervals came about; of gains only where there are some."""
    method = str(found.get("method", ""))
    return method if against else method.partition("; gain: ")[0]


def forest(evidence: Evaluated, metric: str, found: Sequence[Document] | None = None) -> Markup:
    """A metric by slice; beside the figures a forest plot of the gain over the champion.

    Args:
        evidence: Whose evaluation.
        metric: Its name.
        found: The slices in the order in which they are shown; None: those that have the metric, as they come.
    """
    found = [one for one in found or slices(evidence) if metric in one["metrics"]]
    against = [name for name in baselines(evidence) if any(gain_over(one["metrics"][metric], name) for one in found)]
    heading = tag("h3", f"{metric_name(metric)} by slice")
    if not against:
        return join([heading, _plain(evidence, metric, found)])
    columns = [
        Column("Slice", "name"),
        Column("", "plot"),
        *(Column(f"Gain over {evidence.called(baseline)}", "number") for baseline in against),
        Column(evidence.title("challenger"), "number value"),
        Column(evidence.title(against[0]), "number value"),
        Column(_answer(evidence), "verdict"),
    ]
    scale = _scale(evidence, metric, found, against[0])
    said = _told(evidence, metric)
    rows = [_forest_row(evidence, metric, one, against, scale, said) for one in found]
    foot = Row(("", charts.interval_axis(scale), *[""] * (len(columns) - 2)), "axis")
    both = listed([evidence.called(role) for role in ("challenger", against[0])])
    caption = f"{metric_name(metric)} of {both} by slice, and the gain between them, drawn"
    return join([heading, _key(evidence, metric), table(caption, columns, rows, kind="forest", foot=foot)])


def _plain(evidence: Evaluated, metric: str, found: list[Document]) -> Markup:
    """A metric by slice where there is no gain to draw: no champion, or a metric without a better and a worse."""
    models = ["challenger", *baselines(evidence)]
    columns = [
        Column("Slice", "name"),
        *(Column(evidence.title(model), "number") for model in models),
        Column(_answer(evidence), "verdict"),
    ]
    said = _told(evidence, metric)
    rows = [
        Row(
            (
                slice_name(one),
                *(figure(one["metrics"][metric].get(model)) for model in models),
                _word(evidence, metric, one, said),
            )
        )
        for one in found
    ]
    return table(f"{metric_name(metric)} by slice", columns, rows, kind="forest")


def _scale(evidence: Evaluated, metric: str, found: list[Document], baseline: str) -> Scale:
    gains = [gain_over(one["metrics"][metric], baseline) for one in found]
    limits = [tolerated(evidence, metric, one["slice"]) for one in found]
    drawn = [gain for gain in gains if gain is not None and gain["value"] is not None]
    return charts.interval_scale(drawn, [limit for limit in limits if limit is not None])


def _forest_row(
    evidence: Evaluated, metric: str, one: Document, against: list[str], scale: Scale, said: Mapping[str, Told]
) -> Row:
    found = one["metrics"][metric]
    limit = tolerated(evidence, metric, one["slice"]) if one["judged"] else None
    gain = gain_over(found, against[0]) or {"value": None}
    kind = _kind(evidence, one, gain)
    cells = [
        slice_name(one),
        charts.interval(gain, scale, limit=None if limit is None else -limit, kind=kind),
        *(figure(gain_over(found, baseline), sign=True) for baseline in against),
        figure(found["challenger"]),
        figure(found.get(against[0])),
        _word(evidence, metric, one, said),
    ]
    return Row(cells, kind)


def _key(evidence: Evaluated, metric: str) -> Markup:
    limits = {tolerated(evidence, metric, one["slice"]) for one in slices(evidence)} - {None}
    said = ", ".join(
        f"{-limit:.4f}".replace("-", _MINUS) for limit in sorted(limit for limit in limits if limit is not None)
    )
    keys = [
        tag("span", "overall", class_="key whole"),
        tag("span", "slice", class_="key judged"),
        tag("span", _too_small(evidence), class_="key unjudged"),
        tag("span", f"tolerance {said}: an interval must stay right of it", class_="key limit") if said else None,
    ]
    return tag("p", join(keys, " "), class_="legend")


def _answer(evidence: Evaluated) -> str:
    """What the last column of a metric by slice is."""
    return "Verdict" if has_policy(evidence) else "Gain is"


def _too_small(evidence: Evaluated) -> str:
    return "slice that is not judged" if has_policy(evidence) else "slice without an interval"


def _kind(evidence: Evaluated, one: Document, drawn: Document) -> str:
    """How a slice is drawn: the whole, one that has something to say, or one that is too small."""
    says = one["judged"] if has_policy(evidence) else drawn.get("lower") is not None
    return "whole" if one["slice"] == WHOLE else "judged" if says else "unjudged"


_SAID = {
    Told.WORSE: sign("fail", "worse"),
    Told.OPEN: quiet("not told apart"),
    Told.BETTER: sign("pass", "better"),
    Told.UNKNOWN: quiet("not known"),
}


def slice_name(one: Document) -> Markup:
    """A slice, and how many rows it has, and positives where there are classes of two."""
    positive = "" if one["positives"] is None else f", {count(one['positives'])} positive"
    return join([one["slice"], " ", quiet(f"{count(one['rows'])} rows{positive}")])


def _told(evidence: Evaluated, metric: str) -> dict[str, Told]:
    """What gains say by themselves; nothing where a policy says it."""
    return {} if has_policy(evidence) else told(evidence, metric)


def _word(evidence: Evaluated, metric: str, one: Document, said: Mapping[str, Told]) -> Markup:
    """The verdict on a metric of a slice, or why there is none; without a policy what the gain's interval says."""
    if not has_policy(evidence):
        return _SAID[said[one["slice"]]]
    found = checks_on(evidence, metric, one["slice"])
    if not found:
        return quiet("not asked" if one["judged"] else "not judged")
    return join([badge(found[0].verdict), quiet(" soft") if found[0].tier is Tier.SOFT else None])


def every(evidence: Evaluated) -> Markup | None:
    """Every metric of every slice but the whole, folded away; None where there are no slices."""
    others = [one for one in slices(evidence) if one["slice"] != WHOLE]
    if not others:
        return None
    folded = [
        tag(
            "details",
            tag("summary", slice_name(one)),
            None if one["judged"] or not has_policy(evidence) else tag("p", f"Not judged: {one['why_not']}"),
            all_metrics(evidence, one["slice"], f"Every metric on {one['slice']}"),
        )
        for one in others
    ]
    return join([tag("h3", "Every metric of every slice"), *folded])


def values(evidence: Evaluated, metric: str, found: Sequence[Document] | None = None) -> Markup:
    """A metric by slice, drawn beside its value on all rows.

    Args:
        evidence: Whose evaluation.
        metric: Its name.
        found: The slices in the order in which they are shown; None: those that have the metric, as they come.
    """
    found = [one for one in found or slices(evidence) if metric in one["metrics"]]
    known = [one["metrics"][metric]["challenger"] for one in found]
    known = [one for one in known if one["value"] is not None]
    whole = measured(evidence)[metric]["challenger"]["value"]
    heading = tag("h3", f"{metric_name(metric)} by slice")
    if whole is None:
        return join([heading, tag("p", "Undefined on the whole holdout.", class_="absent")])
    columns = [Column("Slice", "name"), Column("", "plot"), Column("Value", "number")]
    columns += [Column("Judged", "verdict")] * has_policy(evidence)
    scale = charts.value_scale(known, whole)
    rows = [_value_row(evidence, one, one["metrics"][metric]["challenger"], scale, whole) for one in found]
    foot = Row(("", charts.interval_axis(scale, ("", "")), *[""] * (len(columns) - 2)), "axis")
    words = {"whole": "all rows", "judged": "slice", "unjudged": _too_small(evidence)}
    keys = [tag("span", word, class_=f"key {kind}") for kind, word in words.items()]
    caption = f"{metric_name(metric)} by slice, drawn beside its value on all rows"
    drawn = table(caption, columns, rows, kind="forest", foot=foot)
    return join([heading, tag("p", join(keys, " "), class_="legend"), drawn])


def _value_row(evidence: Evaluated, one: Document, found: Document, scale: Scale, whole: float) -> Row:
    kind = _kind(evidence, one, found)
    drawn = charts.interval(found, scale, limit=None, kind=kind, origin=whole)
    cells = [slice_name(one), drawn, figure(found)]
    cells += [join(["judged"]) if one["judged"] else quiet("too small")] * has_policy(evidence)
    return Row(cells, kind)
