from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import benison.config
from benison.components.trainer import fit, load
from benison.components.trainer.accept import accept
from benison.components.trainer.featurize.fit import fit as fit_features
from benison.components.trainer.featurize.graph import FeatureGraph
from benison.components.trainer.featurize.transform import transform
from benison.components.trainer.inputs import model_features
from benison.components.trainer.steps.blocks import Blocks, pack
from benison.core import user_code
from benison.core.examples import binary_labels

PROJECT = Path(__file__).resolve().parents[3] / "examples" / "census"


def examined(part: pa.Table, graph: FeatureGraph, label: benison.config.Label) -> Blocks:
    labels = binary_labels(part, label.column, positive=label.positive, negative=label.negative)
    return pack(transform(part, graph), labels)


def logistic_auc(train: Blocks, held: Blocks) -> float:
    """What scikit-learn's logistic regression reaches on the very inputs that the model receives."""
    places = [index for index, values in enumerate(train.inputs.values()) if values.dtype == np.int32]
    encoder = ColumnTransformer([("places", OneHotEncoder(handle_unknown="ignore"), places)], remainder="passthrough")
    stacked = [np.concatenate(list(rows.inputs.values()), axis=1) for rows in (train, held)]
    regression = make_pipeline(encoder, LogisticRegression(max_iter=300)).fit(stacked[0], train.labels)
    return float(roc_auc_score(held.labels, regression.predict_proba(stacked[1])[:, 1]))


def test_the_census_example_learns_more_than_a_logistic_regression_does() -> None:
    config = benison.config.read(PROJECT)
    options = csv.ConvertOptions(strings_can_be_null=True)
    people = csv.read_csv(PROJECT / "data" / "span-1.csv.gz", convert_options=options)
    fold = np.random.default_rng(0).random(people.num_rows) < 0.7
    graph = fit_features(people.filter(pa.array(fold)), config.features)
    train, held = (examined(people.filter(pa.array(part)), graph, config.label) for part in (fold, ~fold))
    fit.seeded(config.model.seed)
    with user_code.importable(PROJECT):
        model = load.build(PROJECT, config.model.module, model_features(graph), config.model.hyperparameters)
        accept(model, config.model.module, {name: values[:8] for name, values in train.inputs.items()})
        training = fit.fit(model, train, held, dataclasses.replace(config.model, epochs=10), config.model.module)
    assert training.curves[-1].eval_auc > logistic_auc(train, held) > 0.88
