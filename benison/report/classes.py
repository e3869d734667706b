"""The report's part on several classes: which class was taken for which, of all rows and by slice."""

from __future__ import annotations

from collections.abc import Sequence

from benison.pages.figures import count, percent
from benison.pages.markup import Column, Markup, Row, join, quiet, table, tag
from benison.report.comparison import Document, Evaluated

# Shades from none to all of a row's weight.
_SHADES = 5


def matrices(evidence: Evaluated, one: Document) -> Markup:
    """The confusion matrix of every model on a slice.

    Args:
        evidence: Whose evaluation.
        one: The slice's plots.
    """
    names = [known["name"] for known in evidence.evaluation["holdout"]["classes"]] if evidence.evaluation else []
    drawn = [_matrix(evidence.title(role), names, of["answers"]) for role, of in one["models"].items()]
    return tag("div", *drawn, class_="matrices classes")


def _matrix(model: str, names: Sequence[str], cells: Sequence[Sequence[float]]) -> Markup:
    """Rows are labels, columns answers; each cell has its share of the label's rows, and is shaded by it."""
    columns = [Column("Label", "name"), *(Column(name, "number") for name in names), Column("All", "number")]
    rows = [
        Row((name, *(_cell(cell, sum(row), at == place) for place, cell in enumerate(row)), count(sum(row))))
        for at, (name, row) in enumerate(zip(names, cells, strict=True))
    ]
    answered = [sum(column) for column in zip(*cells, strict=True)]
    foot = Row(("All", *(count(one) for one in answered), count(sum(answered))))
    caption = f"{model}: rows of each class, by the class that is answered"
    return tag("div", table(caption, columns, rows, kind="matrix", foot=foot))


def _cell(part: float, whole: float, right: bool) -> Markup:
    shade = round(_SHADES * part / whole) if whole else 0
    kind = f"shade-{shade} {'right' if right else 'wrong'}"
    return tag("span", join([count(part), " ", quiet(percent(part, whole))]), class_=kind)
