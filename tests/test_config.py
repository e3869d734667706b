import math
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from benison import config
from benison.config import Config
from benison.config.features import Categorical, Numeric
from benison.core.errors import ConfigError
from benison.core.verdicts import Tier

VALID: dict[str, Any] = {
    "name": "census",
    "data": {
        "path": "data/span-{span}.csv.gz",
        "window": 2,
        "splits": {"shares": {"train": 0.5, "eval": 0.25, "holdout": 0.25}},
    },
    "label": {"column": "income", "positive": ">50K", "negative": "<=50K"},
    "features": {
        "age": "numeric",
        "gain": {"kind": "numeric", "log": True},
        "job": {"kind": "categorical", "min_count": 5},
    },
    "model": {"seed": 7, "hyperparameters": {"units": [8]}},
    "gate": {"checks": [{"metric": "auc", "at_least": 0.8}, {"metric": "auc", "tolerance": 0.01, "slices": "all"}]},
}  # fmt: skip


def project(folder: Path, content: object) -> Path:
    (folder / config.FILE).write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
    return folder


def changed(place: str, value: object) -> dict[str, Any]:
    """VALID with one key set, or taken away where the value is Ellipsis."""
    content: dict[str, Any] = yaml.safe_load(yaml.safe_dump(VALID))
    *folders, last = place.split(".")
    inner: Any = content
    for name in folders:
        inner = inner[int(name)] if isinstance(inner, list) else inner.setdefault(name, {})
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return content


def read(folder: Path, content: object) -> Config:
    return config.read(project(folder, content))


def test_everything_that_is_said_is_understood(tmp_path: Path) -> None:
    found = read(tmp_path, VALID)
    assert (found.data.format, found.data.window, found.data.splits.shares) == ("csv", 2, (0.5, 0.25, 0.25))
    assert found.features == (
        Numeric("age", "age"),
        Numeric("gain", "gain", log=True),
        Categorical("job", "job", min_count=5),
    )
    assert (found.model.seed, found.model.hyperparameters) == (7, {"units": [8]})
    assert [check.slices for check in found.gate.checks] == [("overall",), ("all",)]
    assert found.gate.checks[1].no_worse_than == ("champion", "reference")


def test_what_is_not_said_has_the_documented_default(tmp_path: Path) -> None:
    found = read(tmp_path, changed("data.splits", ...))
    assert found.data.splits.shares == (0.6, 0.2, 0.2)
    assert (found.data.schema, found.evaluation.file, found.model.module, found.registry) == (
        "schema.pbtxt",
        "eval_config.json",
        "",
        "registry",
    )
    assert math.isnan(found.gate.checks[0].tolerance)
    assert found.gate.checks[0].tier is Tier.HARD


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("gate.confidense", 0.9, r":\d+ \(gate.confidense\).*'confidense'\n\nhint: did you mean confidence\?"),
        ("lable", {}, r"\(lable\).*did you mean label\?"),
        ("name", "Census 1", r"small letters"),
        ("name", ..., r"expected a key name: text, got none"),
        ("gate.confidence", "high", r"expected a number, got 'high'"),
        ("gate.confidence", 1.5, r"from 0.5 to 0.9999, got 1.5"),
        ("gate.checks", [], r"at least one hard check"),
        ("gate.checks.0.metric", "auk", r"gate.checks.0.metric.*'auk'\n\nhint: did you mean auc\?"),
        ("gate.checks.0.at_least", ..., r"at_least, at_most, tolerance or better_by beside it"),
        ("gate.checks.1.tolerance", -0.1, r"expected 0 or more, got -0.1"),
        ("gate.checks.1.metric", "calibration", r"calibration has no better and no worse: write at_least and at_most"),
        ("gate.checks.1.no_worse_than", ["champ"], r"champion or reference, got 'champ'"),
        ("gate.checks.0.no_worse_than", ["champion"], r"how much worse the challenger may be"),
        ("gate.checks.0.tier", "medium", r"one of hard, soft"),
        ("gate.checks.0.at_least", math.nan, r"gate.checks.0.at_least.*finite, got nan"),
        ("gate.checks.1.tolerance", math.inf, r"finite, got inf"),
        ("gate.checks.0.at_least", 80, r"from 0 to 1, as auc is, got 80\n\nhint: 5% is written 0.05"),
        ("gate.checks.1.tolerance", 1, r"from 0 to below 1, as auc is, got 1\n"),
        ("gate.checks.0.at_least", 0, r"at_least.*a limit that a model can miss, got auc from 0 to 1"),
        ("gate.checks.0.at_most", 0.7, r"at_most.*at least at_least, 0.8, got 0.7"),
        ("data.window", 0, r"whole number from 1, got 0"),
        ("data.window", True, r"expected a whole number, got True"),
        ("data.path", "data/all.csv", r"1 where data.path has no \{span\}"),
        ("data.path", "data/span-{span}.xlsx", r"expected a key format"),
        ("data.schema", "../schema.pbtxt", r"a path inside the project"),
        ("model.module", "/tmp/model.py", r"a path inside the project"),
        ("data.splits.shares.train", 0.9, r"three shares over 0 that add up to 1, got 0.9, 0.25, 0.25"),
        ("data.splits.by", "random", r"one of hash, time"),
        ("data.splits.key", [], r"a list of names"),
        ("label.positive", ..., r"a value of the label column, got none"),
        ("label.negative", ">50K", r"another value than label.positive"),
        ("features", {}, r"at least one feature"),
        ("features", {True: "numeric"}, r"\(features\).*columns, which are text, got True\n\nhint: put it in quotes"),
        ("features.age", "number", r"numeric, categorical"),
        ("features.age", {"kind": "numeric", "min_count": 3}, r"'min_count'"),
        ("features.income", "categorical", r"features other than the label"),
        ("model.epochs", 0, r"whole number from 1"),
        ("model.deterministic", "true", r"model.deterministic.*true or false, got 'true'"),
        ("model.precision", "half", r"model.precision.*one of auto, float32, bfloat16, float16, got 'half'"),
        ("model.xla", True, r"model.xla.*text, got True"),
        ("model.accelerator", "gpu", r"model.accelerator.*one of auto, required, none"),
        ("model.micro_batch", "large", r"model.micro_batch.*auto or a whole number, got 'large'"),
        ("model.micro_batch", 0, r"model.micro_batch.*a whole number from 1, got 0"),
        ("model.micro_batch", 257, r"model.micro_batch.*at most batch_size, 256: .* cut into micro-batches, got 257"),
        ("model.checkpoint_minutes", 0, r"model.checkpoint_minutes.*a number greater than 0, got 0"),
        ("model.checkpoint_minutes", -1, r"model.checkpoint_minutes.*a number from 0 to 10080, got -1"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line_and_key(tmp_path: Path, place: str, value: object, said: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){said}"):
        read(tmp_path, changed(place, value))


def test_how_a_model_is_trained_is_settled_by_default_and_as_said(tmp_path: Path) -> None:
    model = read(tmp_path, VALID).model
    assert (model.deterministic, model.precision, model.xla, model.accelerator) == (True, "auto", "auto", "auto")
    assert (model.micro_batch, model.checkpoint_minutes) == (None, 10.0)
    said = {"deterministic": False, "precision": "bfloat16", "xla": "never", "accelerator": "required"}
    model = read(tmp_path, changed("model", {**said, "micro_batch": 100, "checkpoint_minutes": 0.5})).model
    assert (model.deterministic, model.precision, model.xla, model.accelerator) == tuple(said.values())
    assert (model.micro_batch, model.checkpoint_minutes) == (100, 0.5)
    assert read(tmp_path, changed("model.micro_batch", "auto")).model.micro_batch is None


def test_a_misspelt_key_that_is_needed_is_found_by_its_likeness(tmp_path: Path) -> None:
    text = yaml.safe_dump(VALID, sort_keys=False).replace("label:", "lable:")
    with pytest.raises(ConfigError, match="is lable meant for it"):
        read(tmp_path, text)


def test_the_line_is_the_one_on_which_the_mistake_stands(tmp_path: Path) -> None:
    text = yaml.safe_dump(changed("gate.confidense", 0.9), sort_keys=False)
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "confidense" in row)
    with pytest.raises(ConfigError, match=rf"benison.yaml:{line} "):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a mapping of keys to values, got nothing"),
        ("- a\n", "a mapping of keys to values, got a list"),
        ("name: a\nname: b\n", r"benison.yaml:2 \(name\): expected each key once"),
        ("name: !!python/object/apply:os.system ['true']\n", "benison.yaml:1:7: expected a value without a tag"),
        ("description: 2024-13-45\n", "expected YAML, got month must be in 1..12\n\nhint: put what looks like a date"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(tmp_path, text)


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / config.FILE).write_bytes(b"name: caf\xe9\n")
    with pytest.raises(ConfigError, match="UTF-8 text, got byte 0xe9"):
        config.read(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"benison\.yaml: expected a file that can be read"):
        config.read(tmp_path)


@pytest.mark.parametrize(
    "check",
    [
        {"metric": "example_count", "at_least": 5000},
        {"metric": "calibration", "at_least": 0.8, "at_most": 1.25},
        {"metric": "binary_crossentropy", "tolerance": 1.5},
        {"metric": "mean_prediction", "at_least": 0, "at_most": 0.3},
    ],
)
def test_limits_that_can_be_missed_are_taken(tmp_path: Path, check: dict[str, Any]) -> None:
    found = read(tmp_path, changed("gate.checks", [check])).gate.checks[0]
    assert {name: getattr(found, name) for name in check} == check


def test_the_policy_s_digest_changes_with_the_policy_and_with_nothing_else(tmp_path: Path) -> None:
    digests = {
        read(tmp_path, content).gate.digest
        for content in (VALID, changed("model.seed", 8), changed("gate.checks.0.at_least", 0.81))
    }
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("inf"), "expected a finite number, got inf"),
        (float("nan"), "expected a finite number, got nan"),
        (0, "expected a number above 0, got 0"),
        (-0.1, "expected a number above 0, got -0.1"),
        ("1e-3", "expected a number, got '1e-3'\n\nhint: YAML takes it for a text: write 0.001"),
    ],
)
def test_a_learning_rate_moves_a_model_forward(tmp_path: Path, value: object, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)) as found:
        read(tmp_path, changed("model.hyperparameters", {"learning_rate": value}))
    assert found.value.where.endswith("(model.hyperparameters.learning_rate)")


def test_every_hyperparameter_that_is_a_number_is_finite(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\(model.hyperparameters.dropout\): expected a finite number, got nan"):
        read(tmp_path, changed("model.hyperparameters", {"dropout": float("nan")}))
