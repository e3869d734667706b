"""blocks: all inputs packed into two arrays, so that a step gathers its rows twice and not once for each input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
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

    def nbytes(self, rows: int) -> int:
        """What so many rows take in memory."""
        return 4 * rows * (1 + sum(width for _, width in (*self.floats, *self.whole)))

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
        on_disk: Whether they lie in a file, of which the operating system keeps in memory what there is room for.
    """

    layout: Layout
    floats: npt.NDArray[np.float32]
    whole: npt.NDArray[np.int32]
    on_disk: bool = False

    def __len__(self) -> int:
        return len(self.floats)

    @property
    def nbytes(self) -> int:
        """What they take in memory."""
        return self.floats.nbytes + self.whole.nbytes

    @property
    def labels(self) -> npt.NDArray[np.int8]:
        """n values, 0 or 1."""
        return self.floats[:, -1].astype(np.int8)

    @property
    def inputs(self) -> dict[str, npt.NDArray[Any]]:
        """By input name an array [n, width], without copying it."""
        found: dict[str, npt.NDArray[Any]] = {}
        for block, names in ((self.floats, self.layout.floats), (self.whole, self.layout.whole)):
            edges = np.cumsum([0, *(width for _, width in names)])
            found |= {name: block[:, start : start + width] for (name, width), start in zip(names, edges, strict=False)}
        return found

    def put(self, start: int, inputs: Mapping[str, npt.NDArray[Any]], labels: npt.NDArray[Any]) -> None:
        """Writes some rows from `start` on."""
        rows = slice(start, start + len(labels))
        for name, values in self.inputs.items():
            values[rows] = inputs[name]
        self.floats[rows, -1] = labels

    def take(self, rows: npt.NDArray[np.int32]) -> Blocks:
        """Some of the rows, by number."""
        return Blocks(self.layout, self.floats.take(rows, axis=0), self.whole.take(rows, axis=0))

    def part(self, start: int, stop: int) -> Blocks:
        """The rows from `start` on to before `stop`, without copying them."""
        return Blocks(self.layout, self.floats[start:stop], self.whole[start:stop])


def allocate(layout: Layout, rows: int, folder: Path | None = None) -> Blocks:
    """Room for rows.

    Args:
        layout: What the columns are.
        rows: How many.
        folder: Where two files for them are made; None: they are to lie in memory.
    """
    shapes = [(rows, 1 + sum(width for _, width in layout.floats)), (rows, sum(width for _, width in layout.whole))]
    if folder is None:
        return Blocks(layout, np.empty(shapes[0], np.float32), np.empty(shapes[1], np.int32))
    floats = _file(folder / "floats.npy", shapes[0], np.float32)
    return Blocks(layout, floats, _file(folder / "whole.npy", shapes[1], np.int32), on_disk=True)


def _file(path: Path, shape: tuple[int, int], kind: type[np.generic]) -> Any:
    if not np.prod(shape):
        return np.empty(shape, kind)
    return np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=shape)  # type: ignore[no-untyped-call]


def pack(inputs: Mapping[str, npt.NDArray[Any]], labels: npt.NDArray[Any]) -> Blocks:
    """Packs the inputs of n rows.

    Args:
        inputs: By name an array [n, width], float32 or int32.
        labels: n values, 0 or 1.
    """
    whole = {name: values for name, values in inputs.items() if values.dtype == np.int32}
    floats = {name: values for name, values in inputs.items() if name not in whole}
    layout = Layout(*(tuple((name, values.shape[1]) for name, values in kind.items()) for kind in (floats, whole)))
    blocks = allocate(layout, len(labels))
    blocks.put(0, inputs, labels)
    return blocks
