from __future__ import annotations

import math

import pytest
import yaml

from benison.config.features import (
    Buckets,
    Categorical,
    Cross,
    Date,
    Feature,
    Numeric,
    Text,
    columns_of,
    date_columns,
    features_of,
    number_columns,
    text_columns,
)
from benison.core.errors import ConfigError
from benison.core.sections import Section


def read(text: str) -> tuple[Feature, ...]:
    return features_of(Section("benison.yaml", yaml.safe_load(text), at=("features",)))


@pytest.mark.parametrize(
    ("text", "feature"),
    [
        ("x: numeric", Numeric("x", "x")),
        ("x: {kind: numeric, column: a b, version: 3}", Numeric("x", "a b", 3)),
        ("x: {kind: numeric, log: true, normalise: min_max}", Numeric("x", "x", log=True, normalise="min_max")),
        ("x: {kind: numeric, clip: [0, null]}", Numeric("x", "x", clip=(0.0, math.inf))),
        ("x: {kind: numeric, clip: [null, 2.5]}", Numeric("x", "x", clip=(-math.inf, 2.5))),
        ("x: {kind: numeric, buckets: 10}", Buckets("x", "x", count=10)),
        ("x: {kind: numeric, buckets: [1, 2.5], embedding: 4}", Buckets("x", "x", boundaries=(1.0, 2.5), embedding=4)),
        ("x: categorical", Categorical("x", "x")),
        ("x: {kind: categorical, min_count: 3, max_size: 9}", Categorical("x", "x", min_count=3, max_size=9)),
        ("x: {kind: categorical, hash: 100, embedding: 8}", Categorical("x", "x", hash=100, embedding=8)),
        ("x: text", Text("x", "x", length=64, min_count=2, max_size=10_000)),
        ("x: {kind: text, length: 5, min_count: 1, max_size: 7}", Text("x", "x", length=5, min_count=1, max_size=7)),
        ("x: date", Date("x", "x", parts=("month", "weekday", "hour"))),
        ("x: {kind: date, parts: [days, hour]}", Date("x", "x", parts=("days", "hour"))),
    ],
)
def test_a_feature_is_what_it_says(text: str, feature: Feature) -> None:
    assert read(text) == (feature,)


def test_features_know_the_columns_that_they_come_from() -> None:
    found = read(
        """
        both: {kind: cross, of: [band, city], hash: 50, embedding: 2}
        band: {kind: numeric, column: age, buckets: [18]}
        age: numeric
        city: categorical
        note: text
        opened: date
        """
    )
    assert found[0] == Cross("both", ("band", "city"), 50, embedding=2)
    assert columns_of(found) == ("age", "city", "note", "opened")
    assert (number_columns(found), text_columns(found), date_columns(found)) == (
        ("age",),
        ("city", "note"),
        ("opened",),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "x: numric",
            r"\(features.x\): expected one of numeric, categorical, text, date, cross, got 'numric'.*numeric",
        ),
        ("x: cross", r"expected the features that are crossed, got none\n\nhint: {kind: cross, of"),
        ("x: {kind: numeric, lag: true}", r"\(features.x.lag\): expected a key that is known here, .*did you mean log"),
        (
            "x: {kind: numeric, clip: [5, 1]}",
            r"\(features.x.clip\): expected a lowest value below the highest, got \[5, 1",
        ),
        ("x: {kind: numeric, clip: 5}", r"expected the lowest and the highest value, as \[0, 100\] .*, got 5"),
        ("x: {kind: numeric, clip: [a, 1]}", r"expected the lowest and the highest value"),
        ("x: {kind: numeric, clip: [null, 0], log: true}", r"expected a highest value above 0, since log"),
        ("x: {kind: numeric, normalise: std}", r"expected one of standard, min_max, none, got 'std'"),
        ("x: {kind: numeric, buckets: 1}", r"expected a number of buckets from 2, or boundaries that ascend, got 1"),
        ("x: {kind: numeric, buckets: [2, 1]}", r"boundaries that ascend, got \[2, 1\]"),
        ("x: {kind: numeric, buckets: [.nan]}", r"boundaries that ascend, got \[nan\]"),
        (
            "x: {kind: numeric, buckets: 5, log: true}",
            r"\(features.x.log\): expected buckets alone, got buckets and log",
        ),
        ("x: {kind: categorical, hash: 1}", r"expected a whole number from 2, got 1"),
        ("x: {kind: categorical, hash: 9, min_count: 2}", r"expected hash alone, got hash and min_count"),
        ("x: {kind: categorical, hash: 3000000000}", r"expected at most 2147483646 buckets"),
        ("x: {kind: categorical, embedding: 0}", r"expected a whole number from 1, got 0"),
        ("x: {kind: numeric, version: 0}", r"\(features.x.version\): expected a whole number from 1, got 0"),
        ("x: {kind: date, parts: [year]}", r"expected of days, month, day, weekday, hour, each once, got 'year'"),
        ("x: {kind: date, parts: [day, day]}", r"each once, got 'day'"),
        ("{a: categorical, x: {kind: cross, of: [a], hash: 9}}", r"expected two features or more, got a"),
        (
            "{city: categorical, b: categorical, x: {kind: cross, of: [b, cty], hash: 9}}",
            r"\(features.x.of\): expected features that are categorical or have buckets, got 'cty'.*did you mean city",
        ),
        (
            "{a: categorical, n: numeric, x: {kind: cross, of: [a, n], hash: 9}}",
            r"got 'n'\n\nhint: give a number buckets",
        ),
        (
            "{a: numeric, b: {kind: categorical, column: a}}",
            r"\(features.b\): expected column 'a' of one nature, got numbers and text\n\nhint: numbers can be both",
        ),
    ],
)
def test_what_is_not_understood_is_named(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){said}"):
        read(text)


def test_what_is_declared_stands_in_json_without_infinities() -> None:
    features = read("{x: numeric, y: {kind: numeric, clip: [0, null]}}")
    assert [feature.declared["clip"] for feature in features] == [[None, None], [0.0, None]]
