"""Categories that somebody else's tf.Examples keep as whole numbers, as TFX's CsvExampleGen does."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from benison.components.trainer.featurize.graph import RawColumn
from benison.components.trainer.featurize.raw import as_kept
from benison.components.trainer.run import run
from benison.core import documents
from benison.core.errors import ConfigError
from components.trainer.tests.conftest import visits

KINDS = {"age": "int64_list", "hours per week": "float_list", "spent": "float_list", "city": "bytes_list"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory, make_task: Callable[..., Any]) -> Path:
    task = make_task(tmp_path_factory.mktemp("kept"), epochs=1)
    config = task.bundle / "project" / "benison.yaml"
    config.write_text(config.read_text().replace("age: numeric", "age: categorical"))
    run(**task.folders, stored_as=KINDS)
    return Path(task.model / "Format-Serving")


def example(row: dict[str, Any]) -> bytes:
    def feature(kind: str, value: Any) -> tf.train.Feature:
        if value is None:
            return tf.train.Feature()
        if kind == "bytes_list":
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode()]))
        if kind == "int64_list":
            return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))

    features = {name: feature(kind, row[name]) for name, kind in KINDS.items()}
    return bytes(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


def test_a_category_that_is_kept_as_a_number_is_read_as_the_text_that_it_was_trained_as(package: Path) -> None:
    signatures = tf.saved_model.load(str(package)).signatures
    rows = visits(200, 5)
    by_examples = signatures["serving_default"](examples=tf.constant([example(row) for row in rows.to_pylist()]))
    texts = {name: ["" if v is None else str(v) for v in rows[name].to_pylist()] for name in ("age", "city")}
    numbers = {name: rows[name].to_numpy().astype(np.float32) for name in ("hours per week", "spent")}
    inputs = {"age": texts["age"], "city": texts["city"], "spent": numbers["spent"]}
    by_columns = signatures["serve_columns"](
        **{name: tf.constant(v) for name, v in {**inputs, "hours_per_week": numbers["hours per week"]}.items()}
    )
    np.testing.assert_allclose(by_examples["probability"], by_columns["probability"], atol=1e-6)
    assert len(np.unique(by_examples["probability"].numpy().round(6))) > 50


def test_the_package_says_where_its_columns_are_kept(package: Path) -> None:
    told = documents.read(package / "assets.extra" / "features.json", "features")["columns"]
    assert {column["name"]: column["stored_as"] for column in told} == KINDS
    assert {column["name"]: column["type"] for column in told}["age"] == "text"


@pytest.mark.parametrize(
    ("kind", "kept", "message"),
    [
        ("text", "float_list", "expected examples that keep it as text or whole numbers, got float_list"),
        ("number", "bytes_list", "expected examples that keep it as numbers, got bytes_list"),
        ("seconds", "bytes_list", "expected examples that keep it as numbers, got bytes_list"),
    ],
)
def test_what_cannot_be_read_so_is_told(kind: str, kept: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"benison.yaml (features: column 'a'): {message}")):
        as_kept([RawColumn("a", "a", kind, "bytes_list")], {"a": kept})
