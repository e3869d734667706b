from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benison.core.casts import as_text
from benison.core.errors import DataError
from benison.core.examples import LabelledSplit, binary_labels, read_split


def test_labels_become_zero_and_one_in_the_order_of_the_rows() -> None:
    table = pa.table({"income": [">50K", "<=50K", ">50K"]})
    assert binary_labels(table, "income", positive=">50K", negative="<=50K").tolist() == [1, 0, 1]


@pytest.mark.parametrize("values", [[1, 0, 1], [1.0, 0.0, 1.0], ["1", "0", "1"]])
def test_a_whole_number_is_the_same_label_however_it_is_stored(values: list[object]) -> None:
    assert binary_labels(pa.table({"y": values}), "y", positive="1", negative="0").tolist() == [1, 0, 1]


def test_true_and_false_are_labels_too() -> None:
    assert binary_labels(pa.table({"y": [True, False]}), "y", positive="true", negative="false").tolist() == [1, 0]


@pytest.mark.parametrize(("third", "said"), [("maybe", "'maybe'"), (None, "nothing")])
def test_a_third_value_is_named_with_its_row(third: str | None, said: str) -> None:
    table = pa.table({"y": ["yes", "no", third]})
    with pytest.raises(DataError, match=f"label column 'y', row 3: expected 'yes' or 'no', got {said}"):
        binary_labels(table, "y", positive="yes", negative="no")


@pytest.mark.parametrize(
    "values", [["yes", None, "no", "maybe", "yes"], [1.0, None, 0.0, 2.5, 1.0], [1, None, 0, 2, 1]]
)
def test_rows_without_one_of_the_two_labels_are_left_out(tmp_path: Path, values: list[object]) -> None:
    words = {"positive": "yes", "negative": "no"} if "yes" in values else {"positive": "1", "negative": "0"}
    (tmp_path / "Split-train").mkdir()
    pq.write_table(pa.table({"y": values, "n": range(5)}), tmp_path / "Split-train" / "data.parquet")
    found = LabelledSplit.open(tmp_path, "train", "y", **words)
    assert found.select(["n"])["n"].to_pylist() == [0, 2, 4]
    assert found.labels.tolist() == [1, 0, 1]


def test_a_misspelt_label_column_names_the_nearest() -> None:
    with pytest.raises(DataError, match="did you mean income"):
        binary_labels(pa.table({"income": ["a"]}), "incom", positive="a", negative="b")


def test_no_rows_have_no_labels() -> None:
    table = pa.table({"y": pa.array([], pa.string())})
    assert binary_labels(table, "y", positive="1", negative="0").tolist() == []


def test_a_number_as_text_depends_on_no_other_row() -> None:
    texts = as_text(pa.chunked_array([[0.5, None, 2.0], [1e15], [float("nan")]]))
    assert texts.to_pylist() == ["0.5", None, "2", "1000000000000000", "nan"]
    assert as_text(pa.chunked_array([pa.array(["x", None]).dictionary_encode()])).to_pylist() == ["x", None]


@pytest.fixture(params=[None, "maybe"])
def artifact(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Three files of a split, one of them empty; every fifth label is another one, or all are known."""
    folder = tmp_path / "Split-train"
    folder.mkdir()
    y = ["yes" if n % 3 else "no" for n in range(70)]
    if request.param:
        y[::5] = [request.param] * 14
    table = pa.table({"n": range(70), "y": y, "text": [str(n) for n in range(70)]})
    for number, rows in enumerate((table[:40], table[:0], table[40:])):
        pq.write_table(rows, folder / f"data-{number:05d}.parquet", row_group_size=9)
    return tmp_path


def opened(artifact: Path, column: str = "y") -> LabelledSplit:
    return LabelledSplit.open(artifact, "train", column, positive="yes", negative="no")


def test_a_split_read_as_needed_is_the_split_read_at_once(artifact: Path) -> None:
    split, words = opened(artifact), {"positive": "yes", "negative": "no"}
    table = read_split(artifact, "train")
    whole = table.filter(pa.array([label in ("yes", "no") for label in table["y"].to_pylist()]))
    assert (split.known is None) == (whole.num_rows == table.num_rows)
    assert split.num_rows == whole.num_rows
    assert split.labels.tolist() == binary_labels(whole, "y", **words).tolist()
    assert split.select(["text", "n"]).equals(whole.select(["text", "n"]))
    batches = list(split.batches(["n", "text"], 16))
    assert max(batch.num_rows for batch in batches) <= 16
    assert pa.concat_tables(batches).equals(whole.select(["n", "text"]))


@pytest.mark.parametrize("most", [1, 2, 7, 1000])
def test_a_sample_is_spread_evenly_over_a_split(artifact: Path, most: int) -> None:
    split = opened(artifact)
    count = min(most, split.num_rows)
    places = [round(n * (split.num_rows - 1) / max(count - 1, 1) - 1e-9) for n in range(count)]
    found = split.spread(["n"], most)["n"].to_pylist()
    every = split.select(["n"])["n"].to_pylist()
    assert len(found) == count
    assert max(abs(every.index(n) - place) for n, place in zip(found, places, strict=True)) <= 1


def test_a_split_without_its_label_names_the_nearest_column(artifact: Path) -> None:
    with pytest.raises(DataError, match=r"expected a column 'txt', got none\s+hint: did you mean text"):
        opened(artifact, "txt")
    with pytest.raises(DataError, match="expected Parquet files, got none"):
        LabelledSplit.open(artifact, "eval", "y", positive="yes", negative="no")
