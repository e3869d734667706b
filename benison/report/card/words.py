"""The card's parts on what people say: overview, use, limitations; what nobody said is said to be missing."""

from __future__ import annotations

from collections.abc import Sequence

from benison.cards import stated
from benison.cards.evaluated import findings
from benison.pages.markup import Column, Markup, Row, facts, join, quiet, section, table, tag
from benison.report.gather import Document, RunEvidence

_KEYS = ("users", "use_cases", "limitations", "tradeoffs", "ethical_considerations")
_RISKS = (Column("What could do harm", "name"), Column("What is done about it"))
_MOST_FINDINGS = 100


def unstated(card: Document) -> list[str]:
    """The keys of model_card: that nobody filled in."""
    details, said = card["model_details"], card["considerations"]
    missing = [key for key in ("overview", "owners", "licenses", "references", "citations") if key not in details]
    missing += [key for key in _KEYS if key not in said or (key == "limitations" and not stated.said_of(card, key))]
    missing += ["out_of_scope"] * (not stated.out_of_scope(card)) + ["sensitive"] * (not stated.sensitive(card))
    return missing


def overview(card: Document) -> Markup:
    """What the model is, who answers for it, and where more is said."""
    details, parameters = card["model_details"], card["model_parameters"]
    owners = [
        f"{one['name']} ({one['contact']})" if "contact" in one else one["name"] for one in _of(details, "owners")
    ]
    licenses = [text for one in _of(details, "licenses") for text in one.values()]
    references = [_linked(one["reference"]) for one in _of(details, "references")]
    told = {
        "owners": join(owners, "; "),
        "licenses": join(licenses, "; "),
        "references": join(references, "; "),
        "citations": join([one["citation"] for one in _of(details, "citations")], "; "),
    }
    titles = {"owners": "Owners", "licenses": "Licence", "references": "References", "citations": "To be cited as"}
    return section(
        "overview",
        "Overview",
        tag("p", details["overview"]) if "overview" in details else missing("overview"),
        facts(
            [
                ("Answers", parameters["output_format"]),
                ("Takes", parameters["input_format"]),
                *((titles[key], value or quiet(stated.unstated(key))) for key, value in told.items()),
            ]
        ),
    )


def _of(details: Document, key: str) -> Sequence[Document]:
    found: Sequence[Document] = details.get(key, ())
    return found


def _linked(reference: str) -> Markup:
    """A link where browsers follow it without doing anything else."""
    web = reference.lower().startswith(("https://", "http://"))
    return tag("a", reference, href=reference, rel="noreferrer") if web else join([reference])


def use(card: Document) -> Markup:
    """Who and what the model is for."""
    return section(
        "use",
        "Intended use",
        *_listed("For whom", "users", stated.said_of(card, "users")),
        *_listed("For what", "use_cases", stated.said_of(card, "use_cases")),
    )


def out_of_scope(card: Document) -> Markup:
    """What it is not for."""
    return section("out-of-scope", "Out of scope", _items("out_of_scope", stated.out_of_scope(card)))


def limits(evidence: RunEvidence, card: Document) -> Markup:
    """Limitations, trade-offs and risks as people state them, and what the evaluation itself found."""
    risks = card["considerations"].get("ethical_considerations", ())
    rows = [Row((one["name"], one.get("mitigation_strategy") or quiet("nothing is stated"))) for one in risks]
    return section(
        "limitations",
        "Limitations and considerations",
        *_listed("Limitations", "limitations", stated.said_of(card, "limitations")),
        *_listed("Trade-offs", "tradeoffs", stated.said_of(card, "tradeoffs")),
        tag("h3", "Ethical considerations"),
        table("Risks, and what is done about them", _RISKS, rows) if rows else missing("ethical_considerations"),
        *_found(evidence),
    )


def _found(evidence: RunEvidence) -> list[Markup]:
    title = tag("h3", "Found by the evaluation")
    if evidence.evaluation is None:
        return [title, tag("p", "Nobody has measured the model.", class_="absent")]
    found = findings(evidence.evaluation)
    if not found:
        return [title, tag("p", "Every check of the model passes, and no slice was too small to be judged.")]
    left = len(found) - _MOST_FINDINGS
    more = tag("li", f"{left:,} more in model_card.json") if left > 0 else None
    return [title, tag("ul", *(tag("li", one) for one in found[:_MOST_FINDINGS]), more, class_="said")]


def _listed(title: str, key: str, texts: Sequence[str]) -> list[Markup]:
    return [tag("h3", title), _items(key, texts)]


def _items(key: str, texts: Sequence[str]) -> Markup:
    return tag("ul", *(tag("li", text) for text in texts), class_="said") if texts else missing(key)


def missing(key: str) -> Markup:
    """What stands where nobody said anything."""
    return tag("p", stated.unstated(key), class_="absent")
