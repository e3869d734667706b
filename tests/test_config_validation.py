import math
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from benison import config
from benison.config.validation import NEVER, Bounds, ForeignKey, Validation
from benison.core.errors import ConfigError
from benison.core.verdicts import Tier

BASE: dict[str, Any] = {
    "name": "rides",
    "data": {"path": "rides-{span}.csv", "time": "started", "references": {"zones": "zones.csv"}},
    "label": {"column": "tip", "positive": 1, "negative": 0},
    "features": {"fare": "numeric"},
    "model": {},
    "gate": {"checks": [{"metric": "auc", "at_least": 0.8}]},
}


def read(folder: Path, validation: dict[str, Any], data: dict[str, Any] | None = None) -> config.Config:
    content = {**BASE, "validation": validation, "data": {**BASE["data"], **(data or {})}}
    (folder / config.FILE).write_text(yaml.safe_dump(content, sort_keys=False))
    return config.read(folder)


def asked(folder: Path, validation: dict[str, Any]) -> Validation:
    return read(folder, validation).validation


def refused(folder: Path, validation: dict[str, Any], data: dict[str, Any] | None = None) -> str:
    with pytest.raises(ConfigError) as raised:
        read(folder, validation, data)
    return str(raised.value)


def test_nothing_said_asks_for_the_defaults(tmp_path: Path) -> None:
    found = asked(tmp_path, {})
    assert (found.engine, found.freshness, found.keys, found.label.missing) == ("memory", None, (), 0.0)
    assert found.drift.champion.block == NEVER
    assert found.drift.previous.warn <= found.drift.previous.block < NEVER


def test_a_bound_that_is_left_out_keeps_its_default_and_never_switches_it_off(tmp_path: Path) -> None:
    usual = asked(tmp_path, {}).volume
    found = asked(tmp_path, {"volume": {"block": "never"}, "drift": {"columns": {"fare": {"block": 2}}}})
    assert found.volume == Bounds(usual.warn, NEVER)
    assert found.drift.bounds("previous", "fare") == Bounds(found.drift.previous.warn, 2)
    assert found.drift.bounds("champion", "tips") == found.drift.champion


def test_an_exception_of_one_column_keeps_what_each_comparison_has_for_the_bound_it_leaves_out(tmp_path: Path) -> None:
    drift = asked(tmp_path, {"drift": {"columns": {"fare": {"warn": 0.3}}}}).drift
    assert drift.bounds("previous", "fare") == Bounds(0.3, drift.previous.block)
    assert drift.bounds("champion", "fare") == drift.bounds("serving", "fare") == Bounds(0.3, NEVER)


def test_durations_are_read_with_their_units(tmp_path: Path) -> None:
    ages = {
        "36h": timedelta(hours=36),
        "1.5 d": timedelta(hours=36),
        "2w": timedelta(weeks=2),
        "90min": timedelta(minutes=90),
    }
    for text, age in ages.items():
        found = asked(tmp_path, {"freshness": {"max_age": text, "tier": "soft"}}).freshness
        assert found is not None and (found.max_age, found.tier) == (age, Tier.SOFT)


def test_foreign_keys_take_their_own_columns_where_no_others_are_named(tmp_path: Path) -> None:
    found = asked(tmp_path, {"foreign_keys": [{"columns": "zone", "table": "zones", "tolerance": 0.01}]})
    assert found.foreign_keys == (ForeignKey(("zone",), "zones", ("zone",), 0.01, Tier.HARD),)


def test_every_column_that_is_named_is_known(tmp_path: Path) -> None:
    found = asked(
        tmp_path,
        {
            "schema": {"columns": {"a": {"unknown": 0.1}}},
            "history": {"columns": {"b": {"warn": 5}}},
            "drift": {"columns": {"c": {"warn": 0.2}}},
            "keys": [{"columns": ["d", "a"]}],
            "foreign_keys": [{"columns": "e", "table": "zones"}],
            "combinations": [{"columns": ["f", "g"], "allowed": [["x", 1], ["y", None]]}],
            "leakage": {"entity": ["h"], "feature_time": "i", "label_time": "j"},
        },
    )
    assert sorted(found.columns) == list("abcdefghij")
    assert found.combinations[0].allowed == (("x", "1"), ("y", ""))


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ({"drfit": {}}, "got 'drfit'\n\nhint: did you mean drift?"),
        ({"drift": {"measure": "psy"}}, "(validation.drift.measure): expected one of psi, jensen_shannon, l_infinity"),
        ({"drift": {"previous": {"warn": 5}}}, "(validation.drift.previous.warn): expected warn at or below block"),
        ({"volume": {"warn": 0.5}}, "(validation.volume.warn): expected a number from 1, or never, got 0.5"),
        ({"volume": {"warn": math.inf}}, "expected a number from 1, or never, got inf"),
        ({"freshness": {"max_age": "soon"}}, "expected a duration such as 36h, 3d or 2w, got 'soon'"),
        ({"history": {"least": 9, "window": 8}}, "(validation.history.least): expected at most window, 8, got 9"),
        ({"history": {"season": "monthly"}}, "expected one of hour_of_day, weekday, day_of_year"),
        ({"history": {"season": 1}}, "expected a whole number from 2, got 1"),
        ({"beam_options": ["--runner=DirectRunner"]}, "expected engine: beam beside it, got memory"),
        ({"keys": [{"columns": "id", "tier": "firm"}]}, "expected one of hard, soft, got 'firm'"),
        ({"foreign_keys": [{"columns": "zone", "table": "zone"}]}, "expected a table of data.references, got 'zone'"),
        (
            {"foreign_keys": [{"columns": ["a", "b"], "table": "zones", "references": "a"}]},
            "expected 2 columns, as in columns, got 1",
        ),
        ({"combinations": [{"columns": ["a", "b"], "allowed": [["x"]]}]}, "expected lists of 2 values"),
        ({"leakage": {"feature_time": "seen"}}, "expected feature_time and label_time, or neither, got one of them"),
        ({"leakage": {"auc": {"warn": 0.2}}}, "expected a number from 0.5, or never, got 0.2"),
        ({"label": {"missing": 5}}, "(validation.label.missing): expected a number from 0 to 1, got 5"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(tmp_path: Path, validation: dict[str, Any], message: str) -> None:
    assert message in refused(tmp_path, validation)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"path": ""}, "(data.path): expected either path or query, got neither"),
        ({"query": {}}, "(data.path): expected either path or query, got both"),
        ({"every": "month"}, "(data.every): expected a path without {span}, or no every"),
        ({"path": "rides.csv", "every": "fortnight"}, "expected one of hour, day, week, month, quarter, year"),
        ({"path": "rides.csv", "every": "day", "time": ""}, "expected data.time beside it"),
        ({"path": "rides.csv", "window": 2}, "hint: put {span} into data.path, or name data.time and data.every"),
        ({"references": {"zones": "zones"}}, "expected a path that ends with its format"),
        ({"references": {"1zone": "zones.csv"}}, "expected names of letters, digits and _"),
        ({"path": "", "query": {"parameters": {"span": 1}}}, "expected names with one value each, other than span"),
        ({"path": "", "query": {"engine": "bigquery", "tables": {"a": "a.csv"}}}, "expected none with bigquery"),
        ({"path": "", "query": {"project": "p"}}, "expected project and location with bigquery only, got duckdb"),
    ],
)
def test_data_that_do_not_go_together_are_refused(tmp_path: Path, data: dict[str, Any], message: str) -> None:
    assert message in refused(tmp_path, {}, data)


@pytest.mark.parametrize("validation", [{"freshness": {"max_age": "1d"}}, {"history": {"season": "weekday"}}])
def test_checks_of_time_need_the_column_that_tells_it(tmp_path: Path, validation: dict[str, Any]) -> None:
    assert "data.time" in refused(tmp_path, validation, {"time": ""})


def test_a_query_says_what_it_reads(tmp_path: Path) -> None:
    query = {"file": "rides.sql", "tables": {"rides": "rides/*.parquet"}, "parameters": {"city": "Chicago"}}
    found = read(tmp_path, {}, {"path": "", "query": query, "window": 2}).data
    assert found.query is not None and found.spanned
    assert (found.query.engine, found.query.tables[0].format, found.query.parameters) == (
        "duckdb",
        "parquet",
        {"city": "Chicago"},
    )


def test_an_exception_for_the_label_keeps_the_labels_other_bound(tmp_path: Path) -> None:
    drift = asked(tmp_path, {"drift": {"columns": {"tip": {"warn": 0.05}}}}).drift
    assert drift.bounds("previous", "tip", "tip") == Bounds(0.05, drift.label.block)
    assert drift.bounds("previous", "tip") == Bounds(0.05, drift.previous.block)


def test_what_never_warns_still_blocks(tmp_path: Path) -> None:
    drift = asked(tmp_path, {"drift": {"columns": {"fare": {"warn": "never"}}}}).drift
    assert drift.bounds("previous", "fare") == Bounds(drift.previous.block, drift.previous.block)
    assert drift.bounds("champion", "fare") == Bounds(NEVER, NEVER)


def test_an_age_beyond_all_measure_is_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, {"freshness": {"max_age": "999999999999w"}})
    assert "(validation.freshness.max_age): expected at most a hundred years, got '999999999999w'" in message
