"""What goes wrong with data in practice: each a change of a month of flights, and the check that is meant to see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

Change = Callable[[pd.DataFrame, pd.DataFrame, np.random.Generator], pd.DataFrame]


@dataclass(frozen=True)
class Corruption:
    """One way in which a month can be wrong.

    Attributes:
        name: As a person would tell it.
        change: Makes it, from the month, the month before, and a source of chance; the month is a copy.
        caught_by: Names of checks one of which must fail.
        subject: What a subject of them must contain.
        blocks: Whether one of them must be hard: nothing may be trained on it.
    """

    name: str
    change: Change
    caught_by: tuple[str, ...]
    subject: str
    blocks: bool = True


def column(name: str, of: Callable[[pd.Series, np.random.Generator], pd.Series]) -> Change:
    """A change of one column."""

    def change(month: pd.DataFrame, _: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
        month[name] = of(month[name], chance)
        return month

    return change


def some(share: float, value: object) -> Callable[[pd.Series, np.random.Generator], pd.Series]:
    """The value in the place of a share of the rows."""
    return lambda series, chance: series.astype(object).mask(chance.random(len(series)) < share, value)


def rows(keep: Callable[[pd.DataFrame], pd.Series]) -> Change:
    """Only some rows."""
    return lambda month, _before, _chance: month[keep(month)]


def _swapped(first: str, second: str) -> Change:
    return lambda month, _before, _chance: month.rename(columns={first: second, second: first})


def _copied(month: pd.DataFrame, _: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
    return pd.concat([month, month])


def _delivered_again(month: pd.DataFrame, before: pd.DataFrame, _: np.random.Generator) -> pd.DataFrame:
    return before


def _told_by(noise: float) -> Change:
    """A feature that was filled in after the flight."""

    def change(month: pd.DataFrame, _: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
        month["visib"] = 5 + 4 * month["late"] + noise * chance.standard_normal(len(month))
        return month

    return change


def _later(month: pd.DataFrame, _: pd.DataFrame, __: np.random.Generator) -> pd.DataFrame:
    """Local hours written as those of a zone eight hours away."""
    month["hour"] = (month["hour"] + 8) % 24
    return month


DRIFT, BAND = "drift_from_previous", "history"
CATALOGUE = (
    Corruption("miles became metres", column("distance", lambda s, _: s * 1609), (DRIFT, BAND), "distance"),
    Corruption("miles became kilometres", column("distance", lambda s, _: s * 1.609), (DRIFT, BAND), "distance", False),
    Corruption("Fahrenheit became Celsius", column("temp", lambda s, _: (s - 32) / 1.8), (DRIFT, BAND), "temp"),
    Corruption("a column shifted by a million", column("pressure", lambda s, _: s + 1e6), (DRIFT, BAND), "pressure"),
    Corruption("signs turned round", column("distance", lambda s, _: -s), (DRIFT, BAND, "schema"), "distance"),
    Corruption("two numeric columns swapped", _swapped("humid", "pressure"), (DRIFT, BAND), "humid"),
    Corruption("two categorical columns swapped", _swapped("origin", "dest"), ("schema", DRIFT), "origin"),
    Corruption("a column became constant", column("wind_speed", lambda s, _: s * 0 + 7), (DRIFT, BAND), "wind_speed"),
    Corruption(
        "a category became constant", column("carrier", lambda s, _: s.where(s == "UA", "UA")), (DRIFT,), "carrier"
    ),
    Corruption("hours of another time zone", _later, (DRIFT, BAND), "hour"),
    Corruption(
        "the month ends after a third", rows(lambda m: m["time_hour"] < "2013-08-11"), ("volume",), "span", False
    ),
    Corruption("nine rows in ten are lost", rows(lambda m: m["flight"] % 10 == 3), ("volume",), "span"),
    Corruption("an airport is lost", rows(lambda m: m["origin"] != "LGA"), (DRIFT,), "origin", False),
    Corruption("a partition is there twice", _copied, ("unique",), "time_hour"),
    Corruption("last month delivered again", _delivered_again, ("unique_between_spans",), "time_hour"),
    Corruption("95% missing", column("temp", some(0.95, None)), (DRIFT, BAND, "schema"), "temp"),
    Corruption("a fifth missing", column("carrier", some(0.2, None)), (DRIFT, BAND, "schema"), "carrier", False),
    Corruption("all missing", column("humid", some(1.1, None)), (DRIFT, BAND, "schema"), "humid"),
    Corruption("missing written as -999", column("dewp", some(0.05, -999.0)), ("reach",), "dewp", False),
    Corruption("missing written as 0", column("pressure", some(0.12, 0.0)), (DRIFT, BAND), "pressure"),
    Corruption("one outlier in a thousand", column("wind_speed", some(0.001, 1e6)), (BAND,), "wind_speed"),
    Corruption("clipped at a limit", column("temp", lambda s, _: s.clip(upper=60)), (DRIFT, BAND), "temp"),
    Corruption("another encoding", column("carrier", lambda s, _: "Â" + s), ("schema",), "carrier"),
    Corruption("small letters", column("origin", lambda s, _: s.str.lower()), ("schema",), "origin"),
    Corruption("spaces at the end", column("origin", lambda s, _: s + " "), ("schema",), "origin"),
    Corruption("a new category in 5% of rows", column("carrier", some(0.05, "ZZ")), ("schema",), "carrier"),
    Corruption("an airline nobody knows", column("carrier", some(0.02, "Z9")), ("foreign_key",), "carrier"),
    Corruption("destinations nobody knows", column("dest", some(0.3, "Q-Q")), ("foreign_key",), "dest"),
    Corruption(
        "a numeric column became text", column("visib", lambda s, _: s.astype(str) + " mi"), ("reading",), "visib"
    ),
    Corruption(
        "a decimal comma",
        column("precip", lambda s, _: s.astype(str).str.replace(".", ",", regex=False)),
        ("reading",),
        "precip",
    ),
    Corruption("a column is gone", lambda m, _b, _c: m.drop(columns="distance"), ("reading",), "distance"),
    Corruption("a column has another name", lambda m, _b, _c: m.rename(columns={"temp": "Temp"}), ("reading",), "temp"),
    Corruption("a new column", lambda m, _b, _c: m.assign(gate=1), ("schema", "reading"), "gate", False),
    Corruption("an empty file", rows(lambda m: m["hour"] > 99), ("reading",), ""),
    Corruption("labels turned round", column("late", lambda s, _: 1 - s), (DRIFT, BAND), "late"),
    Corruption(
        "labels shuffled",
        column("late", lambda s, c: pd.Series(c.permutation(s), s.index)),
        ("label_association",),
        "column",
        False,
    ),
    Corruption("no positive label", column("late", lambda s, _: s * 0), (DRIFT, BAND), "late"),
    Corruption("labels missing", column("late", some(0.1, None)), ("label_missing",), "split"),
    Corruption("a third label", column("late", some(0.01, 2)), ("label_unknown",), "split"),
    Corruption("a feature that tells the label", _told_by(0.0), ("feature_auc",), "visib"),
    Corruption("a feature that nearly tells the label", _told_by(1.2), ("feature_auc",), "visib", False),
    Corruption(
        "times in another format",
        column("time_hour", lambda s, _: s.str.replace("-", "/")),
        (DRIFT,),
        "time_hour",
        False,
    ),
)
