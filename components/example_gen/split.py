"""Split: every row falls into exactly one of train, eval and holdout."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benison.components.example_gen.cut import Cut, MomentFile, Ranks, cut, ordered
from benison.config import Splits
from benison.core.errors import DataError
from benison.sources.keys import Keys, row_keys
from benison.sources.times import has_zone, moments
from benison.sources.walk import Rows

Assignment = npt.NDArray[np.int8]
Shares = tuple[float, float, float]
Splitter = Callable[[pa.RecordBatch], Assignment]


def by_hash(keys: Keys, shares: Shares) -> Assignment:
    """Cuts the range of keys in proportion to the shares.

    A row's split depends on its key alone: equal keys stay together, and a row keeps its split whatever the window is.

    Args:
        keys: One key for each row, as `keys.row_keys` makes them.
        shares: Of train, eval and holdout; they add up to 1.

    Returns:
        0, 1 or 2 for each row.
    """
    cuts = np.array([min(int(share * 2**64), 2**64 - 1) for share in (shares[0], shares[0] + shares[1])], np.uint64)
    return np.searchsorted(cuts, keys, side="right").astype(np.int8)


def by_time(ranks: Ranks, cuts: Iterable[Cut]) -> Assignment:
    """Gives the oldest rows to train and the newest to holdout; rows of one moment stay together.

    Args:
        ranks: The moment of each row, as `cut.ordered` writes it.
        cuts: Where train ends, and where eval ends.

    Returns:
        0, 1 or 2 for each row.
    """
    splits: Assignment = np.sum([one.is_behind(ranks) for one in cuts], axis=0, dtype=np.int8)
    return splits


def key_of(splits: Splits, columns: Iterable[str]) -> tuple[str, ...]:
    """The columns that are hashed, sorted; none where rows are split by time."""
    return tuple(sorted(splits.key or columns)) if splits.by == "hash" else ()


@contextmanager
def splitter(
    splits: Splits, columns: Iterable[str], rows: Callable[[], Iterable[Rows]], scratch: Path
) -> Iterator[Splitter]:
    """What tells the split of each row; it is to be asked of all rows once, in their order.

    Args:
        splits: How rows are split.
        columns: The data's.
        rows: All rows; by time they are read once before, for where to cut.
        scratch: A folder for the moments of the rows.

    Raises:
        DataError: A time is missing or is none, or some have a zone and some have not.
    """
    if splits.by == "hash":
        key = key_of(splits, columns)
        yield lambda batch: by_hash(row_keys(pa.Table.from_batches([batch]), key), splits.shares)
        return
    found = MomentFile(scratch / "moments")
    found.write(_moments(rows(), splits.time))
    first, second = splits.shares[0], splits.shares[0] + splits.shares[1]
    cuts = [cut(found.chunks, found.rows, share) for share in (first, second)]
    with found.reader() as take:
        yield lambda batch: by_time(take(batch.num_rows), cuts)


def _moments(rows: Iterable[Rows], name: str) -> Iterator[Ranks]:
    zoned: bool | None = None
    for some in rows:
        column = some.batch.column(name)
        yield ordered(moments(pa.chunked_array([column]), name, some.source, some.first))
        if pa.types.is_string(column.type) and len(column):
            if zoned not in (None, has_zone(column[0].as_py())):
                where, expected = some.place.at(0, name), "a zone in every time, or in none"
                raise DataError(where, expected=expected, got=repr(column[0].as_py()))
            zoned = has_zone(column[0].as_py())
