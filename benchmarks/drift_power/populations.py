"""What both sides draw from: a normal column whose mean moves, a categorical one of which a share of rows moves."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

SIZES = (50, 100, 300, 1_000, 3_000, 10_000, 100_000)
# Standard deviations that the mean moves by, and the share of all rows that goes from the first value to the last.
MOVES = {"numeric": (0.0, 0.1, 0.25, 0.5, 1.0, 3.0), "categorical": (0.0, 0.01, 0.03, 0.1, 0.3)}
_SHARES = np.array([0.4, 0.3, 0.15, 0.1, 0.05])
_VALUES = np.array(["a", "b", "c", "d", "e"])
Column = npt.NDArray[np.float64] | npt.NDArray[np.str_]
# The kind of column, pairs of columns before and now: which of them are flagged, under any number of names.
Side = Callable[[str, list[tuple[Column, Column]]], dict[str, list[bool]]]


def draw(random: np.random.Generator, kind: str, rows: int, move: float) -> Column:
    """So many rows."""
    if kind == "numeric":
        return random.normal(move, 1, rows)
    shares = _SHARES + np.array([-move, 0, 0, 0, move])
    return random.choice(_VALUES, rows, p=shares)


def pairs(kind: str, rows: int, move: float, draws: int) -> list[tuple[Column, Column]]:
    """A column before and now, so many times."""
    random = np.random.default_rng([len(kind), rows, int(1000 * move)])
    return [(draw(random, kind, rows, 0.0), draw(random, kind, rows, move)) for _ in range(draws)]


def measure(side: Side) -> None:
    """Prints the shares of pairs that a side flags, one JSON object a line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=400, help="pairs for each figure; a quarter from 10,000 rows on")
    draws = parser.parse_args().draws
    for kind, moves in MOVES.items():
        for rows in SIZES:
            for move in moves:
                found = side(kind, pairs(kind, rows, move, draws if rows < 10_000 else draws // 4))
                shares = {name: sum(flagged) / len(flagged) for name, flagged in found.items()}
                print(json.dumps({"kind": kind, "rows": rows, "move": move, "flagged": shares}), flush=True)
