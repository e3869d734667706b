"""The report's part on fairness: how far groups lie apart, with intervals, and whether the challenger widens it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benison.core.verdicts import Check, Tier
from benison.pages.badges import badge
from benison.pages.figures import count, estimate, listed, metric_name, number
from benison.pages.markup import Column, Markup, Row, join, quiet, section, table, tag
from benison.pages.scales import Scale
from benison.report import charts
from benison.report.comparison import Document, Evaluated, baselines, slices
from benison.report.metrics import figure


def render(evidence: Evaluated) -> Markup | None:
    """A table for each column: first the parities and what the policy asks about, then the other metrics, folded."""
    found = gaps(evidence)
    if not found:
        return None
    across = list(dict.fromkeys(tuple(one["across"]) for one in found))
    parts = [_across(evidence, [one for one in found if tuple(one["across"]) == columns]) for columns in across]
    return section("fairness", "Fairness", tag("p", _how(evidence)), *parts)


def gaps(evidence: Evaluated) -> list[Document]:
    """The comparisons of groups, those that the policy asks about first, then those that the field has a name for."""
    found = list(evidence.evaluation.get("fairness", [])) if evidence.evaluation else []
    return sorted(found, key=lambda one: (not asked(evidence, one), not one["parity"]))


def title(one: Document) -> str:
    """What is compared: ``Equal opportunity (recall)``."""
    if not one["parity"]:
        return metric_name(one["metrics"][0])
    return f"{metric_name(one['parity'])} ({', '.join(metric.replace('_', ' ') for metric in one['metrics'])})"


def asked(evidence: Evaluated, one: Document) -> list[Check]:
    """The policy's checks of a comparison, hard before soft."""
    about, names = f"across {', '.join(one['across'])}", {one["parity"], "_".join(one["metrics"])} - {""}
    starts = tuple(f"{name}_{what}" for name in names for what in ("gap", "ratio"))
    found = [check for check in evidence.model_checks if check.subject == about and check.name.startswith(starts)]
    return sorted(found, key=lambda check: check.tier is Tier.SOFT)


def _how(evidence: Evaluated) -> str:
    evaluation = evidence.evaluation or {}
    said = (
        "A gap is the largest difference between any two groups, the ratio that of the smallest figure to the largest. "
        f"In brackets are intervals of which each end holds with {evaluation['confidence']:.0%}, all pairs of groups "
        "taken together."
    )
    over = [evidence.called(role) for role in baselines(evidence)]
    return f"{said} A gain is by how much the gap is smaller than that of {listed(over)}." if over else said


def _across(evidence: Evaluated, found: Sequence[Document]) -> Markup:
    known = [one for one in found if one["difference"]]
    first = [one for one in known if one["parity"] or asked(evidence, one)] or known
    others = [one for one in known if one not in first]
    more = tag("details", tag("summary", "Gaps in other metrics"), _table(evidence, others)) if others else None
    heading = tag("h3", f"Across {listed(found[0]['across'])}")
    drawn = _table(evidence, first) if first else tag("p", "There are no two groups to compare.", class_="absent")
    lacking = [tag("p", f"{name}: not measurable, {why}.", class_="absent") for name, why in _lacking(evidence, found)]
    return join([heading, _groups(evidence, found), drawn, *lacking, more])


def _groups(evidence: Evaluated, found: Sequence[Document]) -> Markup:
    """Which groups there are, and which are not compared in any metric."""
    rows = {part["slice"]: part["rows"] for part in slices(evidence)}
    names = dict.fromkeys(name for one in found for name in one["groups"])
    groups = [f"{name} ({count(rows[name])} rows)" for name in names]
    left = _left_out(part for part in found[0]["left_out"] if part["slice"] not in names)
    said = f"Compared are {listed(groups)}." if groups else ""
    return tag("p", said, tag("br") if left else None, quiet(left) if left else None)


def _left_out(parts: Iterable[Document]) -> str:
    named = "; ".join(f"{part['slice']}: {part['reason']}" for part in parts)
    return f"Not compared: {named}." if named else ""


def _table(evidence: Evaluated, found: Sequence[Document]) -> Markup:
    against = [role for role in baselines(evidence) if any(role in one["gain"] for one in found)]
    beside = [role for role in baselines(evidence)[:1] if any(role in one["difference"] for one in found)]
    columns = [
        Column("In", "name"),
        Column("", "plot"),
        Column(f"Gap of {evidence.called('challenger')}", "number"),
        *(Column(f"Gap of {evidence.called(role)}", "number value") for role in beside),
        *(Column(f"Gain over {evidence.called(role)}", "number") for role in against),
        Column("Ratio", "number value"),
    ]
    drawn = [one["difference"]["challenger"] for one in found]
    limits = [limit for one in found if (limit := _limit(evidence, one)) is not None]
    scale = charts.value_scale([*(one for one in drawn if one["value"] is not None), *map(_point, limits)], 0.0)
    rows = [_row(evidence, one, scale, (beside, against)) for one in found]
    foot = Row(("", charts.interval_axis(scale, ("\u2190 alike", "apart \u2192")), *[""] * (len(columns) - 2)), "axis")
    caption = f"How far groups lie apart across {listed(found[0]['across'])}, drawn"
    return join([_key(bool(limits)), table(caption, columns, rows, kind="forest", foot=foot)])


def _point(limit: float) -> Document:
    return {"value": limit, "lower": limit, "upper": limit}


def _key(limit: bool) -> Markup:
    keys = [tag("span", "gap, and what it lies between", class_="key judged")]
    keys += [tag("span", "the policy's limit: an interval must stay left of it", class_="key limit")] * limit
    return tag("p", join(keys, " "), class_="legend")


def _limit(evidence: Evaluated, one: Document) -> float | None:
    """How large the policy lets the gap be."""
    found = (check.numbers.get("at_most") for check in asked(evidence, one) if check.name.endswith("_gap"))
    return min((limit for limit in found if limit is not None), default=None)


def _row(evidence: Evaluated, one: Document, scale: Scale, roles: tuple[Sequence[str], Sequence[str]]) -> Row:
    beside, against = roles
    gap = one["difference"]["challenger"]
    checks = asked(evidence, one)
    notes = [join([badge(check.verdict), quiet(f" {check.name}")]) for check in checks]
    notes += [quiet(left)] if (left := _left_out(_only_here(evidence, one))) else []
    cells = [
        join([title(one), " ", quiet(_between(evidence, one))]),
        charts.interval(gap, scale, limit=_limit(evidence, one), kind="judged"),
        figure(gap),
        *(figure(one["difference"].get(role)) for role in beside),
        *(figure(one["gain"].get(role), sign=True) for role in against),
        figure(one["ratio"]["challenger"]),
    ]
    return Row(cells, "judged", join(notes, tag("br")) if notes else None)


def _only_here(evidence: Evaluated, one: Document) -> list[Document]:
    """Groups that other metrics do compare across the same columns."""
    alike = [other for other in gaps(evidence) if other["across"] == one["across"]]
    compared = {name for other in alike for name in other["groups"]}
    return [part for part in one["left_out"] if part["slice"] in compared]


def _between(evidence: Evaluated, one: Document) -> str:
    """The two groups that are the farthest apart, with their figures; or why there is no interval."""
    gap = one["difference"]["challenger"]
    if not gap["metric"]:
        return str(gap["note"])
    by_name = {part["slice"]: part["metrics"] for part in slices(evidence)}
    values = [(name, by_name[name][gap["metric"]]["challenger"]["value"]) for name in (gap["high"], gap["low"])]
    inside = f"{metric_name(gap['metric'])}: " if len(one["metrics"]) > 1 else ""
    return inside + ", ".join(f"{name} {number(value)}" for name, value in values)


def _lacking(evidence: Evaluated, found: Iterable[Document]) -> list[tuple[str, str]]:
    """What has a name, or is asked for, and leaves no two groups to compare; with the reason."""
    wanted = [one for one in found if not one["difference"] and (one["parity"] or asked(evidence, one))]
    return [(title(one), _why_not(one)) for one in wanted]


def _why_not(one: Document) -> str:
    gap = one["difference"].get("challenger")
    if gap:
        return str(gap["note"] or "it is undefined")
    few = "there are not two groups"
    return "; ".join(f"{part['slice']}: {part['reason']}" for part in one["left_out"]) or few


def measurable(one: Document) -> bool:
    """Whether the challenger's gap is a figure."""
    return bool(one["difference"]) and one["difference"]["challenger"]["value"] is not None


def unmeasured(evidence: Evaluated) -> list[tuple[str, str]]:
    """What has a name, or is asked for, and is no figure: ``Equal opportunity across sex``, and why."""
    wanted = [one for one in _wanted(evidence) if not measurable(one)]
    return [(_name(one), _why_not(one)) for one in wanted]


def _wanted(evidence: Evaluated) -> list[Document]:
    found = [one for one in gaps(evidence) if one["parity"] or asked(evidence, one)]
    return sorted(found, key=lambda one: ", ".join(one["across"]))


def _name(one: Document) -> str:
    return f"{metric_name(one['parity'] or one['metrics'][0])} across {', '.join(one['across'])}"


def in_words(evidence: Evaluated) -> list[tuple[str, ...]]:
    """For the terminal: what is compared, the challenger's gap, and the gain over the champion's."""
    return [
        (
            _name(one),
            estimate(one["difference"]["challenger"]),
            estimate(one["gain"].get("champion"), sign=True),
        )
        for one in _wanted(evidence)
        if measurable(one)
    ]
