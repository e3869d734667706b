"""Files, globs, folders and spans, as a run would open them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from benison.core.errors import DataError
from tests.sources.reading import opened, table


def ages(*values: int) -> bytes:
    return b"age,city\n" + b"".join(b"%d,Bern\n" % value for value in values)


FILES = {
    "all.csv": ages(0),
    "rides/b.csv": ages(3),
    "rides/a.csv": ages(1, 2),
    "rides/deep/c.csv": ages(4),
    "rides/_SUCCESS": b"",
    "rides/.a.csv.crc": b"x",
    "weeks/1/x.csv": ages(10),
    "weeks/2/y.csv": ages(22),
    "weeks/2/x.csv": ages(20, 21),
    "weeks/latest/x.csv": ages(99),
    "hive/year=2023/month=12/a.csv": ages(30),
    "hive/year=2024/month=01/a.csv": ages(31),
    "hive/year=2024/month=__HIVE_DEFAULT_PARTITION__/a.csv": ages(32),
    "days/2024-02-28.csv": ages(40),
    "days/2024-02-29.csv": ages(41),
    "days/2024-03-01.csv": ages(42),
    "odd[1].csv": ages(50),
}


@pytest.mark.parametrize(
    ("path", "names", "found"),
    [
        ("all.csv", ["all.csv"], [0]),
        ("./rides/../all.csv", None, [0]),
        ("rides", ["rides/a.csv", "rides/b.csv", "rides/deep/c.csv"], [1, 2, 3, 4]),
        ("rides/", ["rides/a.csv", "rides/b.csv", "rides/deep/c.csv"], [1, 2, 3, 4]),
        ("rides/*.csv", ["a.csv", "b.csv"], [1, 2, 3]),
        ("rides/**/*.csv", ["a.csv", "b.csv", "deep/c.csv"], [1, 2, 3, 4]),
        ("rides/[!a].csv", ["b.csv"], [3]),
        ("weeks/{span}", ["2/x.csv", "2/y.csv"], [20, 21, 22]),
        ("weeks/{span}/*.csv", ["2/x.csv", "2/y.csv"], [20, 21, 22]),
        ("days/{YYYY}-{MM}-{DD}.csv", ["2024-03-01.csv"], [42]),
        ("days/{YYYY}-{MM}-*.csv", ["2024-03-01.csv"], [42]),
        ("odd[1].csv", ["odd[1].csv"], [50]),
    ],
)
def test_what_a_path_leads_to(path: str, names: list[str] | None, found: list[int]) -> None:
    with opened(FILES, path=path) as dataset:
        assert table(dataset)["age"].to_pylist() == found
        assert names is None or [source.path for source in dataset.sources] == names
        assert [
            sum(part.rows for part in dataset.parts if part.source == number) for number in range(len(dataset.sources))
        ] == [source.rows for source in dataset.sources]


def test_hive_partitions_are_columns() -> None:
    with opened(FILES, path="hive") as dataset:
        assert table(dataset).to_pydict() == {
            "age": [30, 31, 32],
            "city": ["Bern"] * 3,
            "month": ["12", "01", None],
            "year": [2023, 2024, 2024],
        }


def test_a_span_may_be_a_partition() -> None:
    files = {"week=1/a.csv": ages(1), "week=2/a.csv": ages(2), "week=2/b.csv": ages(3)}
    with opened(files, path="week={span}/*.csv") as dataset:
        assert table(dataset).to_pydict() == {"age": [2, 3], "city": ["Bern"] * 2, "week": [2, 2]}


def test_the_order_in_which_a_disk_lists_files_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    forward: Callable[..., list[str]] = os.listdir

    def backward(path: str = ".") -> list[str]:
        return sorted(forward(path), reverse=True)

    found = []
    for listing in (forward, backward):
        monkeypatch.setattr(os, "listdir", listing)
        for path in ("rides", "rides/**/*.csv"):
            with opened(FILES, path=path) as dataset:
                found.append(table(dataset)["age"].to_pylist())
    assert found == [[1, 2, 3, 4]] * 4


@pytest.mark.parametrize(
    ("files", "path", "message"),
    [
        (FILES, "al.csv", "{root}/al.csv: expected a file, got none\n\nhint: did you mean all.csv?"),
        (FILES, "rides/*.parquet", "{root}/rides/*.parquet: expected a file, got none that fits"),
        (FILES, "{span}.csv", "{root}/{span}.csv: expected a file, got none\n\nhint: the first would be {root}/1.csv"),
        (
            {**FILES, "rides/README.md": b"Rides."},
            "rides",
            "{root}/rides: expected a folder of .csv files alone, got 'README.md'\n\n"
            "hint: take it away, or name the files: rides/*.csv",
        ),
        ({"a/_b": b""}, "a", "{root}/a: expected a folder with files, got an empty one"),
        (
            {"rides/a.csv": ages(1), "rides/b.csv": b"age,ctiy\n1,Bern\n"},
            "rides",
            "rides/b.csv: expected a column 'city', as in rides/a.csv, got none\n\nhint: did you mean ctiy?",
        ),
        (
            {"rides/a.csv": ages(1), "rides/b.csv": b"age,city,new\n1,Bern,2\n"},
            "rides",
            "rides/b.csv: expected the columns of rides/a.csv, got 'new' as well\n\n"
            "hint: a window needs the same columns in every span; use a smaller window or a file without it",
        ),
        (
            {"rides/a.csv": ages(1), "rides/b.csv": b"age,city\n"},
            "rides",
            "rides/b.csv: expected at least one row, got column names alone",
        ),
        (
            {"rides/city=Bern/a.csv": ages(1)},
            "rides",
            "rides/city=Bern/a.csv: expected each column once, got 'city' 2 times\n\nhint: rename one",
        ),
        (
            {"rides/a=1/a.csv": ages(1), "rides/b.csv": ages(1)},
            "rides",
            "rides/b.csv: expected a column 'a', as in rides/a=1/a.csv, got none\n\nhint: known here: age, city",
        ),
    ],
)
def test_what_is_not_there_or_does_not_fit_is_named(files: dict[str, bytes], path: str, message: str) -> None:
    with pytest.raises(DataError) as error, opened(files, path=path):
        pass
    root = str(error.value).partition("/data/")[0] + "/data" if "{root}" in message else ""
    assert str(error.value) == message.replace("{root}", root)


def test_a_folder_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    (tmp_path / "a").mkdir(mode=0)
    with pytest.raises(DataError, match="expected a folder that can be read, got Permission denied"):
        from benison.sources.files import LocalFiles

        LocalFiles().list(str(tmp_path / "a"))
