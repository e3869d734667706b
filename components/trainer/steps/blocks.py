"""blocks: all inputs packed into two arrays, so that a step gathers its rows twice and not once for each input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Layout:
    """Which columns of the blocks are which input.

    Attributes:
        floats: Name and width of each float32 input, in the order of the columns; the label is the last column.
        whole: The same of the int32 inputs.
    """

    floats: tuple[tuple[str, int], ...]
    whole: tuple[tuple[str, int], ...]

    def unpack(self, floats: Any, whole: Any) -> tuple[dict[str, Any], Any]:
        """Takes rows of the blocks apart, in the operations of Keras's backend.

        Args:
            floats: [n, columns], the labels last.
            whole: [n, columns].

        Returns:
            By input name a tensor [n, width], and the labels [n, 1].
        """
        *columns, labels = _split(floats, [*(width for _, width in self.floats), 1])
        named = {name: column for (name, _), column in zip(self.floats, columns, strict=True)}
        pieces = _split(whole, [width for _, width in self.whole])
        return named | {name: column for (name, _), column in zip(self.whole, pieces, strict=True)}, labels


def _split(block: Any, widths: Iterable[int]) -> list[Any]:
    edges = np.cumsum([0, *widths]).tolist()
    if len(edges) < 3:
        return [block][: len(edges) - 1]
    return list(keras.ops.split(block, edges[1:-1], axis=1))


@dataclass(frozen=True)
class Blocks:
    """Rows in packed form.

    Attributes:
        layout: What the columns are.
        floats: float32 [n, columns], the labels last.
        whole: int32 [n, columns]; no column where no input is whole.
    """

    layout: Layout
    floats: npt.NDArray[np.float32]
    whole: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.floats)

    @property
    def nbytes(self) -> int:
        """What they take in memory."""
        return self.floats.nbytes + self.whole.nbytes

    def take(self, rows: npt.NDArray[np.int32]) -> Blocks:
        """Some of the rows, by number."""
        return Blocks(self.layout, self.floats.take(rows, axis=0), self.whole.take(rows, axis=0))

    def part(self, start: int, stop: int) -> Blocks:
        """The rows from `start` on to before `stop`, without copying them."""
        return Blocks(self.layout, self.floats[start:stop], self.whole[start:stop])


def pack(inputs: Mapping[str, npt.NDArray[Any]], labels: npt.NDArray[Any]) -> Blocks:
    """Packs the inputs of n rows.

    Args:
        inputs: By name an array [n, width], float32 or int32.
        labels: n values, 0 or 1.
    """
    whole = {name: values for name, values in inputs.items() if values.dtype == np.int32}
    floats = {name: values for name, values in inputs.items() if name not in whole}
    layout = Layout(*(tuple((name, values.shape[1]) for name, values in kind.items()) for kind in (floats, whole)))
    answers = labels.astype(np.float32)[:, np.newaxis]
    none = np.zeros((len(labels), 0), np.int32)
    return Blocks(
        layout,
        np.concatenate([*floats.values(), answers], axis=1, dtype=np.float32),
        np.concatenate([none, *whole.values()], axis=1),
    )
