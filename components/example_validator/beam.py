"""Beam: the same statistics by TFDV's Beam path, for rows that are past one machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

import apache_beam as beam
import pyarrow as pa
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from benison.components.example_validator.declared import read_as
from benison.components.example_validator.examine import NEWEST
from benison.components.example_validator.generators import canonical, options_of
from benison.components.example_validator.measure import Cell
from benison.config import FILE
from benison.core.beam_options import options

Statistics: TypeAlias = statistics_pb2.DatasetFeatureStatisticsList


def statistics(
    cells: Sequence[Cell], held: pa.Schema, schema: schema_pb2.Schema | None, flags: Sequence[str], scratch: Path
) -> dict[str, Statistics]:
    """TFDV's statistics of each group of cells, in one pipeline of Beam.

    Args:
        cells: All rows; they are read by Beam's workers, wherever these are.
        held: Names and types that columns are read as.
        schema: The project's; None: there is none.
        flags: As for `benison.core.beam_options.options`.
        scratch: A folder that workers reach and that is not there yet, for the results.

    Returns:
        Statistics by group.
    """
    scratch.mkdir()
    groups = list(dict.fromkeys(group for cell in cells for group in cell.groups if not group.startswith(NEWEST)))
    with beam.Pipeline(options=options(flags, f"{FILE} (validation.beam_options)")) as pipeline:
        for number, group in enumerate(groups):
            readers = [cell.batches for cell in cells if group in cell.groups]
            _measured(pipeline, group, readers, held, schema, scratch / str(number))
    return {group: tfdv.load_stats_binary(str(scratch / str(number))) for number, group in enumerate(groups)}


def _measured(
    pipeline: beam.Pipeline,
    group: str,
    readers: Sequence[Callable[[], Iterator[pa.RecordBatch]]],
    held: pa.Schema,
    schema: schema_pb2.Schema | None,
    file: Path,
) -> None:
    """Adds the statistics of a group to a pipeline."""
    _ = (
        pipeline
        | f"{group}: cells" >> beam.Create(readers)
        | f"{group}: spread" >> beam.Reshuffle()
        | f"{group}: rows" >> beam.FlatMap(partial(_batches, held=held))
        | f"{group}: statistics" >> tfdv.GenerateStatistics(options_of(schema))
        | f"{group}: write" >> tfdv.WriteStatisticsToBinaryFile(str(file))
    )


def _batches(read: Callable[[], Iterator[pa.RecordBatch]], held: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows of a cell as TFDV has them; columns without rows where there are none, so that TFDV names them."""
    found = False
    for batch in read():
        found = True
        yield canonical(read_as(batch, held))
    if not found:
        yield canonical(pa.RecordBatch.from_arrays([pa.array([], one.type) for one in held], held.names))
