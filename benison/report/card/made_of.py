"""The card's parts on what the model was made of: data, features, training, and the digests of all of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benison.cards import stated
from benison.cards.card import FILE as CARD_FILE
from benison.core.profiles import Profile
from benison.pages import snapshots
from benison.pages.figures import brief, count, listed, moment, plural
from benison.pages.markup import Column, Markup, Row, digest, facts, join, quiet, section, table, tag
from benison.report.card.words import missing
from benison.report.conclusion import why_missing
from benison.report.gather import Document, RunEvidence

_FEATURES = (
    Column("Feature", "name"),
    Column("Made of"),
    Column("Kind"),
    Column("Asked for"),
    Column("Learned from train"),
    Column("Version", "number"),
)
_COLUMNS = (Column("Column", "name"), Column("Type"), Column("Used as"), Column("Sensitive"))


def data(evidence: RunEvidence, card: Document) -> Markup:
    """Splits, spans and sources, and what the model sees of each column."""
    if evidence.snapshot is None:
        return section("data", "Data", tag("p", why_missing(evidence, "example-gen"), class_="absent"))
    spans = Profile.from_json(evidence.profile).spans if evidence.profile else {}
    return section(
        "data",
        "Data",
        tag("ul", *(_purpose(one) for one in card["model_parameters"]["data"]), class_="said"),
        snapshots.render(evidence.snapshot, spans),
        tag("h3", "Columns"),
        None if stated.sensitive(card) else missing("sensitive"),
        _columns(evidence.snapshot, card, evidence.features),
    )


def _purpose(split: Document) -> Markup:
    """The first sentence of a split's description: what it is used for."""
    return tag("li", tag("b", split["name"]), f": {split['description'].partition('. ')[0]}.")


def _columns(snapshot: Document, card: Document, features: Document | None) -> Markup:
    sensitive, label = stated.sensitive(card), snapshot["label"]["column"]
    seen = {one["name"] for one in features["columns"]} if features else set()
    rows = [_column(one, label, seen, sensitive) for one in snapshot["columns"]]
    return table("What the model sees of each column", _COLUMNS, rows)


def _column(column: Document, label: str, seen: set[str], sensitive: list[str]) -> Row:
    name = column["name"]
    role: object = "feature" if name in seen else quiet("not seen by the model")
    return Row((name, column["type"], "label" if name == label else role, "sensitive" if name in sensitive else "-"))


def features(evidence: RunEvidence) -> Markup:
    """What is made of the columns before the model sees them."""
    if evidence.features is None:
        return section("features", "Features", tag("p", why_missing(evidence, "trainer"), class_="absent"))
    found = evidence.features["features"]
    if not found:
        module = "The TFX module makes its features itself, of the columns above; nothing more is known of them here."
        return section("features", "Features", tag("p", module))
    rows = [_feature(one) for one in found]
    return section("features", "Features", table("What the model sees, fitted on train alone", _FEATURES, rows))


def _feature(one: Document) -> Row:
    return Row(
        (
            one["name"],
            listed(one["columns"]),
            one["kind"],
            _asked(one["declared"]) or quiet("the usual"),
            _learned(one["fitted"]) or quiet("nothing"),
            one["version"],
        )
    )


def _asked(declared: Mapping[str, Any]) -> str:
    asked = {key: value for key, value in declared.items() if value not in (0, False, [], [None, None])}
    return ", ".join(_pair(key, value) for key, value in asked.items() if (key, value) != ("min_count", 1))


def _pair(key: str, value: object) -> str:
    words = key.replace("_", " ")
    told = listed(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else value
    return words if value is True else f"{words} {told}"


def _learned(fitted: Mapping[str, Any]) -> str:
    """Numbers as they are; of lists how long they are."""
    told = []
    for key, value in fitted.items():
        if isinstance(value, list):
            told += [f"{key} of {plural(len(value), 'value')}"] if value else []
        elif not isinstance(value, dict):
            told.append(f"{key} {brief(value)}")
    return ", ".join(told)


def training(evidence: RunEvidence, card: Document, back: str) -> Markup:
    """How the model was made of its data."""
    found = evidence.training
    if found is None:
        return section("training", "Training", tag("p", why_missing(evidence, "trainer"), class_="absent"))
    again = "training again gives the same model" if found["deterministic"] else "training again gives another model"
    epochs = f"{len(found['curves'])}, the weights of {found['best_epoch']} kept" if found["curves"] else "not known"
    base = found["base_model"]
    return section(
        "training",
        "Training",
        tag("p", card["model_parameters"]["model_architecture"]),
        facts(
            [
                ("Rows", f"{count(found['rows']['train'])} of train, {count(found['rows']['eval'])} of eval"),
                ("Epochs", epochs),
                ("Seed", f"{found['seed']}; {again}"),
                ("Started from", join(["package ", digest(base["package"])]) if base else "the seed"),
            ]
        ),
        tag("p", tag("a", "Loss curves, speed and memory", href=f"{back}#training"), " are in the report of the run."),
    )


def provenance(evidence: RunEvidence, card: Document) -> Markup:
    """Where all of it came from, by digests."""
    run, found, evaluation = evidence.run, evidence.training, evidence.evaluation
    asked = run["parameters"]
    return section(
        "provenance",
        "Provenance",
        facts(
            [
                ("Package", _digest(card["model_details"]["version"]["name"])),
                ("Model", _digest(found and found["model_digest"])),
                ("Bundle, the project", _digest(found and found["bundle"])),
                (
                    "Commit",
                    tag("code", asked["commit"], class_="digest") if asked.get("commit") else quiet("none given"),
                ),
                ("Snapshot of the data", _digest(found and found["snapshot"])),
                ("Policy of the gate", _digest(evaluation and evaluation["policy"])),
                ("Evaluation", _digest(evidence.evaluation_digest)),
                ("Trained with", _environment(found["environment"]) if found else quiet("not known")),
                ("Run", join([tag("code", run["id"]), f", {moment(run['started'])}"])),
                ("Outcome of the run", run["verdict"] or run["state"]),
                ("For machines", tag("code", f"tasks/evaluator/evaluation/{CARD_FILE}")),
            ]
        ),
    )


def _digest(value: object) -> Markup:
    return digest(value) if value else quiet("none")


def _environment(found: Document) -> str:
    versions = f"TensorFlow {found['tensorflow']}, Keras {found['keras']}, NumPy {found['numpy']}"
    return f"Python {found['python']}, {versions}, on {found['device']}"
