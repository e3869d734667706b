"""What the panels of plots share, one for all rows and one for each slice: titles, captions, the order of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benison.pages.markup import Markup, join, tag
from benison.report.charts import Plot
from benison.report.comparison import WHOLE, Document, Evaluated

_MODELS = ("champion", "challenger")
_SIZE = (340.0, 320.0)


def models_of(one: Document) -> dict[str, Document]:
    """The plots of the models that are shown, those to be drawn on top last.

    Args:
        one: A slice with its plots.
    """
    return {role: one["models"][role] for role in _MODELS if role in one["models"]}


def challenger_first(found: Mapping[str, Document]) -> list[tuple[str, Document]]:
    """The same models, as tables have them."""
    return sorted(found.items(), key=lambda one: one[0] == "champion")


def heading(one: Document) -> str:
    """What a slice is called."""
    return "All rows" if one["slice"] == WHOLE else str(one["slice"])


def plot_of(one: Document, title: str, summary: str, x_title: str, y_title: str) -> Plot:
    """The words of a chart that is drawn of a slice."""
    rows = heading(one).lower() if one["slice"] == WHOLE else one["slice"]
    return Plot(f"{title}, {rows}", summary, x_title, y_title, *_SIZE)


def caption(evidence: Evaluated, title: str, kinds: Sequence[str], *more: Markup) -> Markup:
    """A chart's title and which line is whose.

    Args:
        evidence: Whose evaluation.
        title: The chart's.
        kinds: Roles, in the order in which they are drawn.
        more: Keys of what is no model.
    """
    keys = [tag("span", evidence.called(kind), class_=f"key {kind}") for kind in reversed(kinds)]
    return tag("figcaption", tag("b", title), " ", join([*keys, *more], " "))
