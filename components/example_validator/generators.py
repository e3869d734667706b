"""Generators: TFDV's statistics from tallies, and by TFDV's own generators where a tally says too little.

TFDV's basic statistics and top values look at each value anew, which is most of the time they take. A tally has looked
already: what they would have gathered is filled in from it, and TFDV makes its statistics of that. Columns that TFDV
treats in a way of its own (categories written as numbers, images, texts that the schema declares to be numbers) go
through its generators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow_data_validation as tfdv
from tensorflow_data_validation import types as tfdv_types
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_data_validation.utils import schema_util, top_k_uniques_stats_util
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from tfx_bsl import sketches
from tfx_bsl.arrow import table_util
from tfx_bsl.statistics import merge_util

from benison.measures.numbers import Floats, NumberTally
from benison.measures.tallies import ColumnTally
from benison.measures.texts import TextTally

_CATEGORICAL_NO = schema_pb2.StringDomain.Categorical.CATEGORICAL_NO


@dataclass
class Gathered:
    """What TFDV needs of some rows beside their tallies.

    Attributes:
        quantiles: TFDV's sketch by column of numbers, for those whose tally is not exact any more.
        own: The accumulators of TFDV's own generators.
    """

    quantiles: dict[str, Any] = field(default_factory=dict)
    own: list[Any] | None = None


def options_of(schema: schema_pb2.Schema | None) -> tfdv.StatsOptions:
    """What TFDV is asked for: its own defaults, but for domains that list many values.

    TFDV looks for unknown values among as many of the most frequent ones as its rank histogram has buckets, 1,000. With
    more buckets than the largest domain has values, unknown ones cannot all hide behind known ones.
    """
    listed = [len(one.value) for one in schema.string_domain] if schema is not None else []
    listed += [len(one.string_domain.value) for one in schema.feature] if schema is not None else []
    options = tfdv.StatsOptions(schema=schema)
    if max(listed, default=0) >= options.num_rank_histogram_buckets:
        options.num_rank_histogram_buckets += max(listed)
    return options


class Generators:
    """How some columns become TFDV's statistics.

    Args:
        held: The columns in the types that they are read in, see `declared`.
        tallied: Columns whose tally is of the same values, so that TFDV need not look at them.
        schema: The project's schema; None: there is none.
    """

    def __init__(self, held: pa.Schema, tallied: Sequence[str], schema: schema_pb2.Schema | None) -> None:
        self._options = options_of(schema)
        self._held = held
        basic, top_values, *others = stats_impl.get_generators(self._options, in_memory=True)
        self._basic, self._own = basic, [basic, top_values]
        # What looks at several columns together, or deep into one, is given all of them.
        self._others = others
        special = special_columns(schema)
        self.fast = tuple(name for name in tallied if name not in special)
        self._slow = [name for name in held.names if name not in self.fast]

    def start(self) -> Gathered:
        """Of no rows."""
        return Gathered(own=[one.create_accumulator() for one in self._own + self._others])

    def add(self, gathered: Gathered, batch: pa.RecordBatch) -> None:
        """Takes in rows for TFDV's own generators.

        Args:
            gathered: Of earlier rows; is changed.
            batch: Rows with at least the columns that are not tallied, in the types that they are read in.
        """
        assert gathered.own is not None
        few = len(self._own)
        if self._slow:
            slow = canonical(batch, self._slow)
            gathered.own[:few] = [
                one.add_input(held, slow) for one, held in zip(self._own, gathered.own[:few], strict=True)
            ]
        if self._others:
            whole = canonical(batch, self._held.names)
            gathered.own[few:] = [
                one.add_input(held, whole) for one, held in zip(self._others, gathered.own[few:], strict=True)
            ]

    @property
    def needs_rows(self) -> bool:
        """Whether `add` does anything."""
        return bool(self._slow or self._others)

    def add_numbers(self, gathered: Gathered, name: str, before: NumberTally | None, values: Floats) -> None:
        """Takes in numbers of a tally that is not exact any more.

        Args:
            gathered: Of earlier rows; is changed.
            name: The column.
            before: The tally before these numbers; None: it was not exact then.
            values: The numbers.
        """
        if before is not None:
            gathered.quantiles[name] = self._sketch_of(before)
        gathered.quantiles[name].AddValues(pa.array(values))

    def _sketch_of(self, exact: NumberTally) -> Any:
        sketch = sketches.QuantilesSketch(eps=self._options.epsilon, max_num_elements=1 << 32, num_streams=1)
        if len(exact.keys):
            sketch.AddValues(pa.array(exact.lowest), pa.array(exact.counts.sum(axis=1).astype(np.float64)))
        return sketch

    def merge(self, one: Gathered, other: Gathered, tallies: tuple[Mapping[str, NumberTally], ...]) -> None:
        """Takes in what was gathered of later rows.

        Args:
            one: Of earlier rows; is changed.
            other: Of later ones; not to be used again.
            tallies: The tallies of both before they were merged, and merged, by column of numbers.
        """
        earlier, later, merged = tallies
        for name in merged:
            if merged[name].dropped:
                first = one.quantiles.get(name) or self._sketch_of(earlier[name])
                first.Merge(other.quantiles.get(name) or self._sketch_of(later[name]))
                one.quantiles[name] = first
        assert one.own is not None and other.own is not None
        pairs = zip(self._own + self._others, one.own, other.own, strict=True)
        one.own = [generator.merge_accumulators([first, second]) for generator, first, second in pairs]

    def statistics(
        self, rows: int, gathered: Gathered, tallies: Mapping[str, ColumnTally]
    ) -> statistics_pb2.DatasetFeatureStatisticsList:
        """TFDV's statistics.

        Args:
            rows: How many rows were taken in.
            gathered: Of all of them; not to be used again.
            tallies: Of all of them, by column.
        """
        assert gathered.own is not None
        basic = self._filled(rows, gathered, tallies)
        outputs = [self._basic.extract_output(self._basic.compact(basic))]
        rest = zip((self._own + self._others)[1:], gathered.own[1:], strict=True)
        outputs += [one.extract_output(one.compact(held)) for one, held in rest]
        outputs.append(self._top_values(tallies))
        return merge_util.merge_dataset_feature_statistics(outputs)

    def _filled(self, rows: int, gathered: Gathered, tallies: Mapping[str, ColumnTally]) -> Any:
        """What TFDV's basic statistics are made of: its own objects, as of no rows, with the tallies' figures."""
        assert gathered.own is not None
        nothing = canonical(
            pa.RecordBatch.from_arrays([pa.array([], one.type) for one in self._held], self._held.names)
        )
        basic = self._basic.add_input(self._basic.create_accumulator(), nothing)
        basic = self._basic.merge_accumulators([basic, gathered.own[0]])
        basic.num_examples = rows
        for name in self.fast:
            stats, tally = basic[tfdv_types.FeaturePath([name])], tallies[name]
            _fill_presence(stats.common_stats.presence_and_valency_stats[0], tally.present + tally.nan)
            if tally.figures is not None:
                sketch = gathered.quantiles.get(name) or self._sketch_of(tally.figures)
                stats.numeric_stats.num_nan = tally.nan
                _fill_numbers(stats.numeric_stats, tally.figures, sketch)
            elif tally.texts is not None:
                stats.string_stats.total_bytes_length = tally.texts.size
        return basic

    def _top_values(self, tallies: Mapping[str, ColumnTally]) -> statistics_pb2.DatasetFeatureStatistics:
        """The most frequent texts and how many there are, as TFDV's top values have them."""
        found = statistics_pb2.DatasetFeatureStatistics()
        for name in self.fast:
            texts = tallies[name].texts
            if texts is not None and texts.rows:
                found.features.append(self._top_of(name, texts))
        return found

    def _top_of(self, name: str, texts: TextTally) -> statistics_pb2.FeatureNameStatistics:
        options = self._options
        most = max(options.num_top_values, options.num_rank_histogram_buckets)
        values = texts.most_frequent(most, last_first=True).items()
        return top_k_uniques_stats_util.make_feature_stats_proto_topk_uniques(
            feature_path=tfdv_types.FeaturePath([name]),
            num_top_values=options.num_top_values,
            num_rank_histogram_buckets=options.num_rank_histogram_buckets,
            num_unique=texts.distinct,
            value_count_list=[top_k_uniques_stats_util.FeatureValueCount(*pair) for pair in values],
            frequency_threshold=options.frequency_threshold,
        )


def canonical(batch: pa.RecordBatch, names: Sequence[str] | None = None) -> pa.RecordBatch:
    """Rows as TFDV has them: each value in a list of one."""
    names = batch.schema.names if names is None else names
    return table_util.CanonicalizeRecordBatch(pa.RecordBatch.from_arrays([batch[name] for name in names], list(names)))


def special_columns(schema: schema_pb2.Schema | None) -> set[str]:
    """Columns that TFDV does not treat as plain numbers or plain texts, because the schema says what they stand for."""
    if schema is None:
        return set()
    categories = schema_util.get_bytes_features_categorical_value(schema)
    paths = [
        *schema_util.get_categorical_numeric_feature_types(schema),
        *schema_util.get_bytes_features(schema),
        *(path for path, is_categorical in categories.items() if is_categorical == _CATEGORICAL_NO),
    ]
    return {path.steps()[0] for path in paths}


def _fill_presence(stats: Any, present: int) -> None:
    stats.num_non_missing = stats.total_num_values = present
    if present:
        stats.min_num_values = stats.max_num_values = 1
        stats.num_values_summary.AddValues(pa.array([1]), pa.array([present]))


def _fill_numbers(stats: Any, tally: NumberTally, sketch: Any) -> None:
    if not tally.rows:
        return
    moments, infinite = tally.moments, tally.infinite
    stats.num_zeros = tally.zeros
    stats.quantiles_summary = sketch
    stats.finite_min, stats.finite_max = moments.minimum, moments.maximum
    stats.min = -np.inf if infinite[0] else moments.minimum
    stats.max = np.inf if infinite[1] else moments.maximum
    stats.pos_inf_count = float(infinite[1])
    found = stats.mean_var_accumulator
    found.count, found.mean = moments.count, moments.mean
    found.variance = moments.squares / moments.count if moments.count else 0.0
    if any(infinite):
        # Infinity less infinity: TFDV has no mean of infinite numbers, and a deviation of 0.
        found.mean = found.variance = np.nan
