"""Tables of streamed rows against what is counted in memory, or by NumPy the slow way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from benison.components.evaluator.compare import Answers, usable
from benison.components.evaluator.predictions import binary_labels, numbers
from benison.components.evaluator.streamed import sums_of
from benison.components.evaluator.tables import cells
from benison.components.evaluator.tables.buckets import BUCKETS, EDGES, fitted
from benison.components.evaluator.tables.order import ordered
from benison.components.evaluator.tables.read import count
from benison.components.evaluator.tables.stand_ins import of_model, of_pair
from benison.components.evaluator.tables.tables import Tables
from benison.components.evaluator.tables.tally import Tally, Wanted
from benison.core.errors import ConfigError, DataError
from benison.eval_config import EvalConfig, Slicing
from benison.measures import calibration
from benison.measures.levels import Levels
from benison.measures.ranking import tied
from benison.metrics.measure import Rows, Sample
from benison.metrics.slice import cut
from benison.sources.columns import Columns
from benison.sources.dataset import Dataset, open_files

Floats = npt.NDArray[np.float64]
MODELS = ("new", "old", "older")
PAIRS = ((0, 1), (0, 2))
SLICINGS = (
    Slicing(),
    Slicing(("sex",)),
    Slicing(("grade",)),
    Slicing(("sex", "grade")),
    Slicing(("grade",), (("city", "Bonn"),)),
    Slicing((), (("sex", "f"),)),
)


def rows(number: int = 3000, seed: int = 1) -> pa.Table:
    """Labels, three models, and columns to cut by; nothing without a gap."""
    random = np.random.default_rng(seed)
    positive = random.random(number) < 0.3

    def gaps(values: npt.NDArray[Any]) -> pa.Array:
        return pa.array(values, mask=random.random(number) < 0.03)

    scores = {name: random.beta(2 + lift * positive, 4) for name, lift in zip(MODELS, (3, 2, 1), strict=True)}
    scores["old"][::97] = 1.5
    scores["old"][::89] = -0.1
    return pa.table(
        {
            "label": gaps(np.where(positive, "yes", "no")),
            **{name: gaps(values) for name, values in scores.items()},
            "sex": gaps(random.choice(["f", "m"], number)),
            "grade": gaps(random.choice([1.0, 2.5, 10.0], number)),
            "city": gaps(random.choice(["Bonn", "Ulm", "Jena"], number)),
        }
    )


def wanted(**other: Any) -> Wanted:
    asked: dict[str, Any] = {"label": "label", "positive": "yes", "models": MODELS, "pairs": PAIRS}
    return Wanted(**{**asked, "slicings": SLICINGS, "where": "eval_config.json", **other})


def batches(table: pa.Table, asked: Wanted, sizes: Iterator[int]) -> Iterator[pa.RecordBatch]:
    """The rows cut into batches, each with a dictionary of its own for half of the columns."""
    start, chosen = 0, table.select(list(asked.columns)).combine_chunks()
    while start < table.num_rows:
        size = next(sizes)
        arrays = [column.combine_chunks() for column in chosen.slice(start, size).columns]
        coded = [array.dictionary_encode() if pa.types.is_string(array.type) else array for array in arrays]
        yield pa.record_batch(coded, list(asked.columns))
        start += size


def tallied(table: pa.Table, asked: Wanted, *, size: int = 1000) -> Tables:
    tally = Tally(asked, BINS)
    for batch in batches(table, asked, iter(lambda: size, 0)):
        tally.add(batch)
    return tally.tables()


@contextmanager
def opened(table: pa.Table, folder: Path, group: int = 500) -> Iterator[Dataset]:
    pq.write_table(table, folder / "rows.parquet", row_group_size=group)
    with open_files("rows.parquet", "parquet", str(folder), Columns(), folder / "scratch") as dataset:
        yield dataset


def same(one: Tables, two: Tables) -> bool:
    assert (one.labels, one.unlabelled, one.unusable) == (two.labels, two.unlabelled, two.unusable)
    assert one.on_grid == two.on_grid
    assert one.slices.keys() == two.slices.keys()
    for keys, tables in one.slices.items():
        other = two.slices[keys]
        assert np.array_equal(tables.histograms, other.histograms)
        assert np.array_equal(tables.joints, other.joints)
        assert np.array_equal(tables.sums.high, other.sums.high)
        assert np.array_equal(tables.sums.low, other.sums.low)
    return True


TABLE = rows()
BINS = tuple(
    fitted(scores[(scores >= 0) & (scores <= 1)], (0.5,)) for scores in (TABLE[name].to_numpy() for name in MODELS)
)


@dataclass(frozen=True)
class InMemory:
    """A slice as `benison evaluate` holds it in memory."""

    name: str
    labels: npt.NDArray[np.bool_]
    predictions: dict[str, Floats]

    def sample(self, model: str) -> Sample:
        return Sample(Rows.of(self.labels), self.predictions[model])


def in_memory() -> list[InMemory]:
    labels = binary_labels(TABLE["label"], "label", "yes")
    kept = TABLE.filter(pa.array(labels.known))
    answers = Answers(Rows.of(labels.positive), {name: numbers(kept[name], name) for name in MODELS}, {})
    answers, found = usable(answers, cut(kept, EvalConfig("", SLICINGS, ("auc",)), "eval_config.json"))
    positive = answers.rows.labels.astype(np.bool_)
    return [
        InMemory(one.name, positive[one.rows], {name: of[one.rows] for name, of in answers.predictions.items()})
        for one in found
    ]


def test_counts_and_sums_are_those_of_every_row_in_memory() -> None:
    asked = wanted()
    tables = tallied(TABLE, asked)
    kinds = {name: TABLE.schema.field(name).type for name in asked.cut_by}
    keys = ordered(tables, SLICINGS, kinds, "eval_config.json")
    wanted_slices = in_memory()
    assert len(keys) == len(wanted_slices) == 15
    for key, answers in zip(keys, wanted_slices, strict=True):
        found = tables.slices[key]
        assert ", ".join(f"{column}={value}" for column, value in key) == answers.name.replace("overall", "")
        assert (found.rows, found.positives) == (len(answers.labels), np.count_nonzero(answers.labels))
        for number, model in enumerate(MODELS):
            scores = answers.predictions[model]
            naive = np.zeros((2, BUCKETS + 1), np.int64)
            np.add.at(naive, (answers.labels.astype(int), np.searchsorted(EDGES, scores)), 1)
            assert np.array_equal(found.histograms[number], naive)
            losses = calibration.log_losses(answers.labels, scores)
            for what, values in enumerate((scores, losses, np.square(scores - answers.labels))):
                sums = [values[~answers.labels].sum(), values[answers.labels].sum()]
                assert found.sums.values[:, number, what] == pytest.approx(sums, rel=1e-9)


def test_what_nobody_asks_the_sum_of_is_not_summed() -> None:
    asked = sums_of(["auc", "binary_crossentropy", "calibration", "mean_prediction"])
    assert asked == ("losses", "predictions")
    whole, found = tallied(TABLE, wanted()), tallied(TABLE, wanted(sums=asked))
    assert found.sums == asked and sums_of(["auc", "recall"]) == ()
    for keys, tables in found.slices.items():
        assert np.array_equal(tables.sums.values, whole.slices[keys].sums.values[:, :, [1, 0]])
        assert np.array_equal(tables.histograms, whole.slices[keys].histograms)
    assert all(one.sums.values.shape == (2, 3, 0) for one in tallied(TABLE, wanted(sums=())).slices.values())


def test_counts_at_the_threshold_are_those_of_the_confusion_matrix() -> None:
    tables = tallied(TABLE, wanted())
    for key, answers in zip(ordered(tables, SLICINGS[:1], {}, ""), in_memory()[:1], strict=True):
        for number, model in enumerate(MODELS):
            counts, found = answers.sample(model).counts(), tables.slices[key]
            above = found.histograms[number][:, BUCKETS // 2 + 1 :].sum(axis=1)
            assert above.tolist() == [counts.false_positives, counts.true_positives]


def test_joint_tables_are_those_of_a_loop_and_tell_discordant_rows_exactly() -> None:
    tables = tallied(TABLE, wanted())
    answers = in_memory()[0]
    for pair, (one, two) in enumerate(PAIRS):
        first, second = answers.predictions[MODELS[one]], answers.predictions[MODELS[two]]
        binned = [np.searchsorted(BINS[model].cuts, of).tolist() for model, of in ((one, first), (two, second))]
        naive = Counter(zip(answers.labels.tolist(), *binned, strict=True))
        joint = tables.slices[()].joints[pair]
        assert {place: joint[int(place[0]), place[1], place[2]] for place in naive} == naive
        assert joint.sum() == len(first)
        high, other = (int(np.searchsorted(BINS[model].cuts, 0.5)) + 1 for model in (one, two))
        only_first = joint[:, high:, :other].sum(axis=(1, 2)).tolist()
        ours = (first > 0.5) & ~(second > 0.5)
        assert only_first == [np.count_nonzero(ours & ~answers.labels), np.count_nonzero(ours & answers.labels)]


def test_stand_ins_have_the_exact_auc_of_scores_on_the_grid() -> None:
    random = np.random.default_rng(7)
    labels = random.random(2000) < 0.3
    scores = np.round(random.beta(2 + 2 * labels, 5), 3)
    asked = wanted(positive=None, models=("new",), pairs=(), slicings=())
    found = tallied(pa.table({"label": labels.astype(int), "new": scores}), asked)
    assert found.on_grid == (True,)
    rows = of_model(found.slices[()], 0, on_grid=True)
    assert set(rows.predictions[0]) == set(scores)
    assert roc_auc_score(rows.labels, rows.predictions[0], sample_weight=rows.times) == roc_auc_score(labels, scores)


def test_an_auc_of_buckets_is_off_by_half_the_tied_pairs_at_most() -> None:
    random = np.random.default_rng(8)
    labels = random.random(4000) < 0.3
    scores = 5e-4 * random.beta(2 + 2 * labels, 5)
    asked = wanted(positive=None, models=("new",), pairs=(), slicings=())
    found = tallied(pa.table({"label": labels.astype(int), "new": scores}), asked).slices[()]
    rows = of_model(found, 0)
    off = abs(roc_auc_score(rows.labels, rows.predictions[0], sample_weight=rows.times) - roc_auc_score(labels, scores))
    assert 0.001 < off <= tied(Levels.of(rows.labels, rows.predictions[0], rows.times.astype(float))) / 2


def test_stand_ins_of_a_pair_answer_at_the_threshold_as_their_rows_do() -> None:
    found = tallied(TABLE, wanted()).slices[()]
    answers = in_memory()[0]
    for pair, (one, two) in enumerate(PAIRS):
        rows = of_pair(found, pair, (one, two), (BINS[one], BINS[two]), (False, False))
        first, second = (answers.predictions[MODELS[model]] > 0.5 for model in (one, two))
        stood: Counter[tuple[bool, ...]] = Counter()
        answered = [rows.labels, *(of > 0.5 for of in rows.predictions)]
        for place, times in zip(np.transpose(answered).tolist(), rows.times.tolist(), strict=True):
            stood[tuple(place)] += times
        assert stood == Counter(zip(answers.labels.tolist(), first.tolist(), second.tolist(), strict=True))


def test_what_cannot_be_used_is_counted() -> None:
    tables = tallied(TABLE, wanted())
    known = np.array([value is not None for value in TABLE["label"].to_pylist()])
    assert tables.unlabelled == np.count_nonzero(~known)
    assert tables.rows == np.count_nonzero(known)
    for name, found in zip(MODELS, tables.unusable, strict=True):
        values = TABLE[name].to_pandas().to_numpy()[known]
        outside = np.count_nonzero((values < 0) | (values > 1))
        assert (found.missing, found.outside) == (np.count_nonzero(np.isnan(values)), outside)
    assert [found.outside > 0 for found in tables.unusable] == [False, True, False]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(0, 3), min_size=9), st.lists(st.integers(1, 700), min_size=8, max_size=8), st.integers(1, 4)
)
def test_parts_add_up_to_the_whole_whatever_the_cut(owners: list[int], sizes: list[int], crews: int) -> None:
    asked = wanted()
    tallies, sizes = [Tally(asked, BINS) for _ in range(crews)], [*sizes, TABLE.num_rows]
    for owner, batch in zip(owners, batches(TABLE, asked, iter(sizes)), strict=False):
        tallies[owner % crews].add(batch)
    total = tallies[0].tables()
    for tally in tallies[1:]:
        total = tally.tables() + total
    assert same(total, tallied(TABLE, asked))


@pytest.mark.parametrize("limit", [0, 5, 20])
def test_slices_counted_one_by_one_are_those_of_one_cross(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tallied(TABLE, wanted())
    monkeypatch.setattr(cells, "_CROSSED", limit)
    assert same(tallied(TABLE, wanted(), size=100), whole)


def test_combinations_too_many_for_a_table_are_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tallied(TABLE, wanted())
    monkeypatch.setattr(cells, "_LOOKED_UP", 0)
    assert same(tallied(TABLE, wanted()), whole)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_a_dataset_gives_the_same_tables_to_any_number_of_workers(tmp_path: Path, workers: int) -> None:
    with opened(TABLE, tmp_path) as dataset:
        found = count(dataset, wanted(), workers)
    assert found.bins[0].count == 128
    for keys, tables in tallied(TABLE, wanted()).slices.items():
        assert np.array_equal(tables.histograms, found.slices[keys].histograms)
        assert np.array_equal(tables.sums.high, found.slices[keys].sums.high)
        assert np.array_equal(tables.sums.low, found.slices[keys].sums.low)


def test_numbers_and_texts_of_any_kind_are_labels_and_values(tmp_path: Path) -> None:
    table = pa.table({"label": [0, 1, 1, 0], "new": ["0.5", "0.75", "?", "1"], "grade": [3, 3, 4, 5]})
    asked = wanted(positive=None, models=("new",), pairs=(), slicings=(Slicing(("grade",)),))
    with opened(table, tmp_path) as dataset:
        found = count(dataset, asked)
    assert {keys: (one.rows, one.positives) for keys, one in found.slices.items()} == {
        (): (3, 1),
        (("grade", "3"),): (2, 1),
        (("grade", "4"),): (0, 0),
        (("grade", "5"),): (1, 0),
    }
    assert (found.labels, found.unusable[0].missing) == ({"0": 2, "1": 2}, 1)


def test_a_column_of_many_values_is_cut_by_those_that_are_asked_for(tmp_path: Path) -> None:
    number = 4000
    table = rows(number).set_column(6, "city", pa.array([f"city {row}" for row in range(number)]))
    asked = wanted(models=("new",), pairs=(), slicings=(Slicing((), (("city", "city 7"),)),))
    with opened(table, tmp_path) as dataset:
        assert [keys for keys in count(dataset, asked).slices if keys] == [(("city", "city 7"),)]
        asked = replace(asked, slicings=(Slicing(("city",)),))
        with pytest.raises(ConfigError, match=r"\(slicing_specs\): expected at most 1,000 slices, got more, by city"):
            count(dataset, asked)


def test_a_value_that_does_not_occur_is_an_error_that_names_the_nearest() -> None:
    asked = (Slicing((), (("city", "Born"),)),)
    tables = tallied(TABLE, wanted(slicings=asked))
    said = "c.json (slicing_specs): expected values of column 'city' that occur in the holdout, got 'Born'\n\nhint: did"
    with pytest.raises(ConfigError, match=re.escape(said)):
        ordered(tables, asked, {"city": pa.string()}, "c.json")


def test_a_column_without_values_and_slices_of_one_name_are_errors() -> None:
    table = TABLE.set_column(4, "sex", pa.nulls(TABLE.num_rows, pa.string()))
    tables = tallied(table, wanted(slicings=(Slicing(("sex",)),)))
    with pytest.raises(ConfigError, match="expected rows of the holdout to cut, got none with values of sex"):
        ordered(tables, (Slicing(("sex",)),), {"sex": pa.string()}, "c.json")
    place = TABLE.set_column(6, "city", pa.array(["x, sex=f"] + ["x"] * (TABLE.num_rows - 1)))
    asked = (Slicing(("city",)), Slicing(("city", "sex")))
    with pytest.raises(ConfigError, match="expected slices with names of their own, got 2 named 'city=x, sex=f'"):
        ordered(tallied(place, wanted(slicings=asked)), asked, {"city": pa.string(), "sex": pa.string()}, "c.json")


def test_a_label_of_three_values_is_an_error() -> None:
    table = TABLE.set_column(0, "label", pa.array(["yes", "no", "perhaps"] * (TABLE.num_rows // 3)))
    said = "label column 'label': expected two values, got more, such as 'no', 'perhaps', 'yes'\n\nhint: models of yes"
    with pytest.raises(DataError, match=re.escape(said)):
        tallied(table, wanted())
