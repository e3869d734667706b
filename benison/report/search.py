"""The report's part on a search for hyperparameters: what was tried, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from benison.pages.figures import brief, number, plural
from benison.pages.markup import Column, Markup, Row, join, table, tag
from benison.report.charts import Plot, trials
from benison.report.gather import Document

_OPEN_UP_TO = 12
_OBJECTIVES = {"eval_loss": ("loss on eval", min), "eval_auc": ("AUC on eval", max)}
_ALGORITHMS = {"bayesian": "Bayesian search", "random": "random search", "grid": "grid search"}


def render(search: Document) -> Markup:
    """What was tried, as a sentence, a chart and a table."""
    return join([_summary(search), _chart(search), _table(search)])


def _summary(search: Document) -> Markup:
    made, failed = search["trials"], sum(trial["state"] == "failed" for trial in search["trials"])
    earlier = sum(trial["resumed"] for trial in made)
    sentences = [
        f"The hyperparameters are those of trial {search['best']} of {len(made)}, the best by "
        f"{_OBJECTIVES[search['objective']][0]} at its best epoch: {_ALGORITHMS[search['algorithm']]} with seed "
        f"{search['seed']}, {search['seconds']:,.1f} s.",
        _end(search),
        f"{plural(failed, 'trial')} failed." if failed else "",
        f"{plural(earlier, 'trial')} had been done by an earlier attempt at the task." if earlier else "",
        "The model was then trained with them as any other.",
    ]
    return tag("p", " ".join(filter(None, sentences)))


def _end(search: Document) -> str:
    asked = plural(search["max_trials"], "trial")
    return {
        "trials": f"It ended with {asked}, as it was asked.",
        "minutes": f"It ended before {asked}, when {brief(search['max_minutes'])} minutes were over.",
        "space": f"It ended before {asked}, since nothing new was left to try.",
    }[search["ended_by"]]


def _chart(search: Document) -> Markup | None:
    """None where there is no more than one trial to show."""
    name, better = _OBJECTIVES[search["objective"]]
    scored = [trial for trial in search["trials"] if trial["state"] == "completed"]
    if len(scored) < 2:
        return None
    points = [(float(trial["number"]), float(trial[search["objective"]])) for trial in scored]
    best = list(zip((x for x, _ in points), accumulate((y for _, y in points), better), strict=True))
    at = dict(points)[float(search["best"])]
    summary = f"The best, {number(at)}, is that of trial {search['best']}. All figures are in the table below."
    title = f"{name[0].upper()}{name[1:]} by trial"
    plot = Plot(title, summary, "trial", name.split()[0])
    keys = join([tag("span", "a trial", class_="key judged"), tag("span", "best so far", class_="key eval")], " ")
    figure = tag("figure", tag("figcaption", tag("b", title), " ", keys), trials(plot, points, best))
    return tag("div", figure, class_="charts")


def _table(search: Document) -> Markup:
    made = search["trials"]
    names = _searched(made)
    columns = [
        Column("Trial", "name"),
        *(Column(name, _kind(made, name)) for name in names),
        Column("Loss, eval", "number"),
        Column("AUC, eval", "number"),
        Column("Best epoch", "number"),
        Column("Seconds", "number"),
    ]
    rows = [_row(trial, names, best=trial["number"] == search["best"]) for trial in _ordered(search)]
    shown = table("Every trial, the best first", columns, rows)
    return tag("details", tag("summary", "Every trial"), shown, open="" if len(made) <= _OPEN_UP_TO else None)


def _ordered(search: Document) -> list[Document]:
    """The best first, those that failed last."""
    sign = 1 if search["objective"] == "eval_loss" else -1

    def worse(trial: Document) -> tuple[bool, float]:
        score = trial[search["objective"]]
        return score is None, 0.0 if score is None else sign * score

    return sorted(search["trials"], key=worse)


def _searched(made: Sequence[Document]) -> list[str]:
    """The hyperparameters that are not the same in all trials."""
    first = made[0]["hyperparameters"]
    return [name for name in first if any(trial["hyperparameters"][name] != first[name] for trial in made)]


def _kind(made: Sequence[Document], name: str) -> str:
    numbers = all(type(trial["hyperparameters"][name]) in (int, float) for trial in made)
    return "number" if numbers else "text"


def _row(trial: Document, names: Sequence[str], *, best: bool) -> Row:
    chosen = [_value(trial["hyperparameters"], name) for name in names]
    seconds = f"{trial['seconds']:,.1f}"
    if trial["state"] == "failed":
        return Row((trial["number"], *chosen, "failed", "-", "-", seconds), note=trial["reason"])
    figures = (number(trial["eval_loss"]), number(trial["eval_auc"]), f"{trial['best_epoch']} of {trial['epochs']}")
    name = f"{trial['number']}, best" if best else trial["number"]
    return Row((name, *chosen, *figures, seconds), "chosen" if best else None)


def _value(hyperparameters: Mapping[str, Any], name: str) -> str:
    value = hyperparameters[name]
    return brief(value) if type(value) in (int, float) else json.dumps(value, ensure_ascii=False)
