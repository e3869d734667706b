"""The card as the trainer can write it: what the model is, what it was trained on, what people say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import benison
from benison.cards import stated
from benison.cards.card import SCHEMA_VERSION, Card, present
from benison.config import SPLITS, Config
from benison.core.signatures import NUMBER, PROBABILITY, SECONDS, SERVE_COLUMNS, SERVE_EXAMPLES, TEXT
from benison.pages.figures import count, listed, percent, plural

Document = Mapping[str, Any]
_USE = {
    "train": "The model and its features are fitted on it.",
    "eval": "It stops training early and chooses the weights that are kept.",
    "holdout": "The metrics are measured on it; training never receives it.",
}
_USE_OF_SEARCH = {
    **_USE,
    "eval": "It chooses the hyperparameters, stops training early and chooses the weights that are kept.",
}
_USE_OF_MODULE = {
    **_USE,
    "train": "The project's TFX module trains on it.",
    "eval": "The project's TFX module evaluates on it, and does with the answer as it likes.",
}
_TYPES = {
    NUMBER: "number: float32, NaN where it is missing",
    TEXT: "text: string, empty where it is missing",
    SECONDS: "time: seconds since 1970 as float64, NaN where it is missing",
}


def trained(config: Config, training: Document, snapshot: Document, features: Document, architecture: str) -> Card:
    """The card of a model that nobody has measured yet.

    Args:
        config: The project's benison.yaml.
        training: training.json.
        snapshot: snapshot.json, of the examples.
        features: The package's features.json.
        architecture: The model's layers in words.
    """
    version = {"name": training["package"]}
    return {
        "schema_version": SCHEMA_VERSION,
        "model_details": {**stated.details(config), "documentation": _provenance(training), "version": version},
        "model_parameters": {
            "model_architecture": _architecture(training, architecture),
            "data": [_split(config, snapshot, features, name, _uses(training, features)) for name in SPLITS],
            **_inputs(features),
            **_output(features),
        },
        "considerations": stated.considerations(config.model_card),
    }


def _provenance(training: Document) -> str:
    environment, again = training["environment"], "" if training["deterministic"] else "not "
    package, benison_ = f"Package {training['package']}, model {training['model_digest']}.", benison.__version__
    data = f"snapshot {training['snapshot']} ({_spans(training['spans'])})"
    if training["seed"] is None:
        return f"{package} Trained by TFX's Trainer on {data}, taken in by Benison {benison_} for {training['bundle']}."
    return (
        f"{package} Trained by Benison {benison_} from bundle {training['bundle']} on {data}, seed "
        f"{training['seed']}, {again}deterministic, on {environment['device']} with Python {environment['python']}, "
        f"TensorFlow {environment['tensorflow']}, Keras {environment['keras']} and NumPy {environment['numpy']}."
    )


def _spans(spans: Sequence[int]) -> str:
    return f"{'span' if len(spans) == 1 else 'spans'} {listed([str(span) for span in spans])}"


def _architecture(training: Document, layers: str) -> str:
    chosen = ", ".join(f"{key} {value}" for key, value in training["hyperparameters"].items())
    return f"{layers} {plural(training['parameters'], 'weight')}. Hyperparameters: {chosen or 'those of the model'}."


def _uses(training: Document, features: Document) -> Mapping[str, str]:
    if not features["features"]:
        return _USE_OF_MODULE
    return _USE_OF_SEARCH if training["search"] else _USE


def _split(
    config: Config, snapshot: Document, features: Document, name: str, uses: Mapping[str, str]
) -> dict[str, Any]:
    split = snapshot["splits"][name]
    rows = (
        f"{plural(split['rows'], 'row')} of {_spans(snapshot['spans'])}, {count(split['positives'])} of them positive "
        f"({percent(split['positives'], split['positives'] + split['negatives'])}), of snapshot {snapshot['digest']}."
    )
    sensitive = {"sensitive_data": list(config.model_card.sensitive)}
    columns = _columns(config, snapshot, features) if name == "train" else "Its columns are those of train."
    return present(
        {
            "name": name,
            "description": f"{uses[name]} {rows} {columns}",
            "sensitive": sensitive if config.model_card.sensitive else None,
        }
    )


def _columns(config: Config, snapshot: Document, features: Document) -> str:
    """What each column is: made into features, the label, or not seen by the model."""
    label, sensitive = features["label"], config.model_card.sensitive
    used = [column["name"] for column in features["columns"]]
    unseen = [one["name"] for one in snapshot["columns"] if one["name"] not in (*used, label["column"])]
    return " ".join(
        [
            f"Features are made of {listed(used)}.",
            f"The label is {label['column']}: {label['positive']!r} counts as positive.",
            *_named(unseen, "The model does not see {}."),
            *_named([name for name in sensitive if name in used], "Features are made of these sensitive columns: {}."),
            *_named([name for name in sensitive if name not in used], "These sensitive columns are no features: {}."),
        ]
    )


def _named(names: Sequence[str], sentence: str) -> list[str]:
    return [sentence.format(listed(names))] if names else []


def _inputs(features: Document) -> dict[str, Any]:
    ways = f"as serialized tf.Examples (signature {SERVE_EXAMPLES})"
    if features["features"]:
        ways = f"as raw columns (signature {SERVE_COLUMNS}) or {ways}"
    columns = [
        {"key": one["name"], "value": f"{_TYPES[one['type']]}; {one['stored_as']} in a tf.Example"}
        for one in features["columns"]
    ]
    return {"input_format": f"Rows {ways}.", "input_format_map": columns}


def _output(features: Document) -> dict[str, Any]:
    """What the answer means; what a TFX module calls it is the module's own choice."""
    label = features["label"]
    format_ = f"The probability that {label['column']} is {label['positive']!r} rather than {label['negative']!r}."
    if not features["features"]:
        return {"output_format": format_}
    return {"output_format": format_, "output_format_map": [{"key": PROBABILITY, "value": "float32 from 0 to 1"}]}
