"""The card as Markdown, for people who read it beside code or in a registry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benison.cards import stated
from benison.cards.card import Card
from benison.cards.evaluated import baselines, comparison, findings, verdict
from benison.pages.figures import count, estimate, metric_name
from benison.pages.text import printable

Document = Mapping[str, Any]
# The tables have a column of their own for it.
_ROWS = "example_count"
_MEANS_SOMETHING = re.compile(r"([\\`*_\[\]|~#])")
_BEGINS_SOMETHING = re.compile(r"^(?:([-+])(?=[-\s]|$)|(\d+)([.)])(?=\s|$))")


def escape(text: object) -> str:
    r"""Text that means nothing to Markdown or HTML, in one line.

    >>> escape("a|b_c <b>"), escape("1. first"), escape("- one")
    ('a\\|b\\_c &lt;b&gt;', '1\\. first', '\\- one')
    """
    line = " ".join(printable(text).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _MEANS_SOMETHING.sub(r"\\\1", line)
    return _BEGINS_SOMETHING.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", line)


def markdown(card: Card, evaluation: Document) -> str:
    """The whole card.

    Args:
        card: As the trainer wrote it.
        evaluation: evaluation.json, of the same model.
    """
    name = card["model_details"]["name"]
    parts = [f"# Model card: {escape(name)}", *_details(card, evaluation), *_uses(card), *_made_of(card)]
    return "\n\n".join([*parts, *_performance(evaluation), *_considerations(card, evaluation)]) + "\n"


def _details(card: Card, evaluation: Document) -> list[str]:
    details = card["model_details"]
    owners = [
        f"{one['name']} ({one['contact']})" if "contact" in one else one["name"] for one in details.get("owners", ())
    ]
    licenses = [text for one in details.get("licenses", ()) for text in one.values()]
    return [
        escape(details["overview"]) if "overview" in details else _quiet("overview"),
        escape(verdict(evaluation)),
        *_listed("Owners", "owners", owners),
        *_listed("Licences", "licenses", licenses),
        *_listed("References", "references", [one["reference"] for one in details.get("references", ())]),
        *_listed("Citations", "citations", [one["citation"] for one in details.get("citations", ())]),
        "## Provenance",
        escape(details["documentation"]),
    ]


def _uses(card: Card) -> list[str]:
    return [
        *_listed("Users", "users", stated.said_of(card, "users")),
        *_listed("Intended use", "use_cases", stated.said_of(card, "use_cases")),
        *_listed("Out of scope", "out_of_scope", stated.out_of_scope(card)),
    ]


def _made_of(card: Card) -> list[str]:
    parameters = card["model_parameters"]
    answers = [(one["key"], one["value"]) for one in parameters.get("output_format_map", ())]
    inputs = [(one["key"], one["value"]) for one in parameters["input_format_map"]]
    return [
        "## Data",
        _table(("Split", "What it is"), [(one["name"], one["description"]) for one in parameters["data"]]),
        *_listed("Sensitive columns", "sensitive", stated.sensitive(card)),
        "## Model",
        escape(parameters["model_architecture"]),
        f"{escape(parameters['input_format'])} {escape(parameters['output_format'])}",
        _table(("Input or output", "Type"), [*inputs, *answers]),
    ]


def _performance(evaluation: Document) -> list[str]:
    names = [name for name in evaluation["slices"][0]["metrics"] if name != _ROWS]
    compared = [escape(comparison(evaluation))] if baselines(evaluation) else ["There was no champion to compare with."]
    return ["## Performance", *compared, *(part for name in names for part in _metric(evaluation, name))]


def _metric(evaluation: Document, name: str) -> list[str]:
    """A metric on every slice; what is undefined says so."""
    against = [role for role in baselines(evaluation) if role in evaluation["slices"][0]["metrics"][name]["gain"]]
    heads = ("Slice", "Rows", "Positive", "Value", *(f"Gain over {role}" for role in against), "Judged")
    rows = [
        (
            one["slice"],
            count(one["rows"]),
            count(one["positives"]),
            estimate(one["metrics"][name]["challenger"]),
            *(estimate(one["metrics"][name]["gain"].get(role), sign=True) for role in against),
            "yes" if one["judged"] else "too small",
        )
        for one in evaluation["slices"]
    ]
    return [f"### {escape(metric_name(name))}", _table(heads, rows)]


def _considerations(card: Card, evaluation: Document) -> list[str]:
    risks = card["considerations"].get("ethical_considerations", ())
    answered = [f"{one['name']}: {one.get('mitigation_strategy', 'no mitigation strategy is stated')}" for one in risks]
    return [
        *_listed("Limitations", "limitations", stated.said_of(card, "limitations")),
        *_listed("Trade-offs", "tradeoffs", stated.said_of(card, "tradeoffs")),
        *_listed("Ethical considerations", "ethical_considerations", answered),
        "## Found by the evaluation",
        _items(findings(evaluation) or ["Every check passes, and no slice was too small to be judged."]),
    ]


def _listed(title: str, key: str, texts: Sequence[str]) -> list[str]:
    return [f"## {title}", _items(texts) if texts else _quiet(key)]


def _items(texts: Iterable[str]) -> str:
    return "\n".join(f"- {escape(text)}" for text in texts)


def _quiet(key: str) -> str:
    return f"_{escape(stated.unstated(key))}_"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *([escape(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
