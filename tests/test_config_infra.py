"""infra: in benison.yaml, and behaviour.yaml beside it."""

import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from benison import config
from benison.config import Infra, InfraCheck
from benison.config.behaviour import Direction, Golden, Invariance, Robustness
from benison.config.infra import Load
from benison.core.errors import ConfigError
from benison.core.verdicts import Tier
from tests.test_config_model_card import FRAME

FEATURES = {"age": "numeric", "sex": "categorical"}


def read(folder: Path, said: dict[str, Any], behaviour: str = "") -> Infra:
    (folder / config.FILE).write_text(yaml.safe_dump({**FRAME, "features": FEATURES, **said}))
    if behaviour:
        (folder / "behaviour.yaml").write_text(behaviour)
    return config.read(folder).infra


def test_all_of_it_is_optional(tmp_path: Path) -> None:
    assert read(tmp_path, {}) == Infra()


def test_everything_that_is_asked_is_understood(tmp_path: Path) -> None:
    lines = [{"metric": "p99_ms", "at_most": 50, "at_most_ratio": 1.5}]
    lines += [{"metric": "requests_per_second", "at_least": 200, "tier": "soft"}]
    load = {"requests_per_second": 50, "requests": 20, "rounds": 8}
    found = read(
        tmp_path, {"infra": {"memory_mb": 900, "timeout_seconds": 9, "rows": 70, "load": load, "checks": lines}}
    )
    slow = InfraCheck("p99_ms", Tier.HARD, 50.0, 1.5)
    assert found.checks[0] == slow
    assert (found.checks[1].tier, found.checks[1].limit, found.checks[1].at_least) == ("soft", 200.0, True)
    assert math.isnan(found.checks[1].ratio)
    assert (found.memory_mb, found.timeout_seconds, found.rows, found.load) == (900, 9.0, 70, Load(50.0, 20, 8))
    assert (found.compares, found.asks("p99_ms"), found.asks("size_mb")) == (True, True, False)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {"checks": [{"metric": "p98_ms", "at_most": 5}]},
            r"\(infra.checks.0.metric\): expected one of p50_ms, .*, got 'p98_ms'\n\nhint: did you mean p9",
        ),
        (
            {"checks": [{"metric": "p99_ms", "at_least": 5}]},
            r"\(infra.checks.0.at_least\): expected at_most or at_most_ratio, since less of p99_ms is better",
        ),
        (
            {"checks": [{"metric": "requests_per_second", "at_most_ratio": 5}]},
            r"expected at_least or at_least_ratio, since more of requests_per_second is better",
        ),
        (
            {"checks": [{"metric": "p99_ms"}]},
            r"\(infra.checks.0.metric\): expected at_most or at_most_ratio beside it, got neither",
        ),
        (
            {"checks": [{"metric": "p99_ms", "at_most": 0}]},
            r"\(infra.checks.0.at_most\): expected a number above 0, got 0",
        ),
        ({"load": {"rounds": 4}}, r"\(infra.load.rounds\): expected a whole number from 5, got 4"),
        (
            {"memory": 4},
            r"\(infra.memory\): expected a key that is known here, got 'memory'\n\nhint: did you mean memory_mb\?",
        ),
        ({"behaviour": "b.yaml"}, r"b.yaml: expected a file that can be read"),
        ({"behaviour": "../b.yaml"}, r"\(infra.behaviour\): expected a path inside the project"),
    ],
)
def test_a_mistake_is_named_with_its_key(tmp_path: Path, said: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, {"infra": said})


BEHAVIOUR = """\
golden:
  - {name: Ada, row: {age: 36, sex: Female}, answer: 0.4, tolerance: 0.1}
invariance:
  - {column: sex, from: Male, to: Female, moves_at_most: 0.02, at_most: 0.1, tier: soft}
direction:
  - {column: age, raise_by: 5, answer: does_not_fall}
robustness:
  - {metric: auc, column: sex, missing: 0.1, loses_at_most: 0.02}
  - {metric: brier_score, column: age, plus: 10, share: 0.2, loses_at_most: 0.02}
"""


def test_behaviour_is_read_where_it_lies_and_its_lines_are_no_part_of_what_is_asked(tmp_path: Path) -> None:
    without = read(tmp_path, {}).digest
    infra = read(tmp_path, {}, BEHAVIOUR)
    found = infra.behaviour
    assert found is not None
    assert found.golden == (Golden("Ada", {"age": 36, "sex": "Female"}, 0.4, 0.1, Tier.HARD, ""),)
    assert found.invariance == (Invariance("sex", "Male", "Female", 0.02, 0.1, Tier.SOFT, ""),)
    assert found.direction == (Direction("age", 5.0, "does_not_fall", 0.05, Tier.HARD, ""),)
    assert found.robustness == (
        Robustness("auc", "sex", "missing", 0.1, 0.1, 0.02, Tier.HARD, ""),
        Robustness("brier_score", "age", "plus", 10.0, 0.2, 0.02, Tier.HARD, ""),
    )
    moved = read(tmp_path, {}, "# a line more\n" + BEHAVIOUR)
    assert without != infra.digest == moved.digest


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "golden: [{row: {agee: 3}, answer: 1, tolerance: 0}]",
            r"behaviour.yaml:1 \(golden.0.row\): expected a column that the model reads, got 'agee'\n\nhint: did you",
        ),
        (
            "golden: [{row: {age: yes}, answer: 1, tolerance: 0}]",
            r"\(golden.0.row.age\): expected a text, a number or nothing, got True\n\nhint: put words",
        ),
        (
            "golden: [{row: {age: .inf}, answer: 1, tolerance: 0}]",
            r"\(golden.0.row.age\): expected a number that is finite",
        ),
        (
            "golden:\n- {row: {}, name: a, answer: 1, tolerance: 0}\n- {row: {}, name: a, answer: 0, tolerance: 0}",
            r"behaviour.yaml:1 \(golden\): expected rows of different names, got 'a' again",
        ),
        (
            "invariance: [{column: sex, moves_at_most: 0}]",
            r"\(invariance.0.to\): expected what takes the value's place; null: nothing, got none",
        ),
        (
            "invariance: [{column: sex, to: a, moves_at_most: 0, at_most: 0}]",
            r"\(invariance.0.at_most\): expected a share above 0 and below 1, got 0\n\nhint: no number of rows",
        ),
        (
            "direction: [{column: sex, raise_by: 1, answer: rises}]",
            r"behaviour.yaml:1 \(direction.0.column\): expected a column of numbers, got 'sex'\n\nhint: columns of",
        ),
        (
            "direction: [{column: age, raise_by: -1, answer: falls}]",
            r"\(direction.0.raise_by\): expected a number above 0, got -1",
        ),
        (
            "direction: [{column: age, raise_by: 1, answer: grows}]",
            r"\(direction.0.answer\): expected one of does_not_fall, rises",
        ),
        (
            "direction:\n- {column: age, raise_by: 1, answer: rises}\n- {column: age, raise_by: 1, answer: rises}",
            r"behaviour.yaml:3 \(direction.1.column\): expected each change once, got 'age' again",
        ),
        (
            "robustness: [{metric: auc, column: age, loses_at_most: 0}]",
            r"\(robustness.0.column\): expected one of missing, noise, times, plus beside it, got none",
        ),
        ("robustness: [{metric: auc, column: age, noise: 1, plus: 1, loses_at_most: 0}]", r"got noise and plus"),
        (
            "robustness: [{metric: auc, column: age, noise: 0, loses_at_most: 0}]",
            r"\(robustness.0.noise\): expected a number of deviations above 0",
        ),
        (
            "robustness: [{metric: auv, column: age, noise: 1, loses_at_most: 0}]",
            r"\(robustness.0.metric\): expected one of auc, .*\n\nhint: did you mean auc",
        ),
        ("gold: []", r"\(gold\): expected a key that is known here, got 'gold'\n\nhint: did you mean golden\?"),
    ],
)
def test_a_mistake_in_behaviour_is_named_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, {}, line)


def test_a_share_of_0_01_takes_as_many_rows_as_the_hint_says(tmp_path: Path) -> None:
    from benison.measures.proportions import wilson

    assert wilson(0, 270, 0.95).upper <= 0.01 < wilson(0, 260, 0.95).upper
