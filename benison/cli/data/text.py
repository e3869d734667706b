"""Tables and small pictures of characters, for people who read a terminal or a log."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_BLOCKS, _PLAIN = " ▁▂▃▄▅▆▇█", " .:-=+*#@"


def columns(header: Sequence[str], rows: Sequence[Sequence[str]], right: str = "", widest: int = 40) -> list[str]:
    """Lines of a table.

    Args:
        header: Its columns' names.
        rows: Their cells; long ones are cut.
        right: One letter for each column: ``r`` where cells stand at the right, such as figures.
        widest: Characters of a cell at most.
    """
    cells = [[_cut(cell, widest) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(header))]
    sides = right.ljust(len(header), "l")
    return [
        "  ".join(
            cell.rjust(width) if side == "r" else cell.ljust(width)
            for cell, width, side in zip(row, widths, sides, strict=True)
        ).rstrip()
        for row in cells
    ]


def _cut(cell: str, widest: int) -> str:
    """One line, without what would move a terminal's cursor."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in cell)
    return plain if len(plain) <= widest else f"{plain[: widest - 3]}..."


def bars(counts: Sequence[float], of: float = 0) -> str:
    """A histogram as high as a line: one character for each count.

    Args:
        counts: At least 0.
        of: What the highest bar stands for; 0: the largest count.
    """
    top = of or max(counts, default=0)
    marks = _BLOCKS if _can_print(_BLOCKS) else _PLAIN
    if not top:
        return ""
    steps = len(marks) - 1
    return "".join(marks[min(steps, max(1, round(count / top * steps)))] if count else marks[0] for count in counts)


def _can_print(marks: str) -> bool:
    try:
        marks.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def number(value: float | None) -> str:
    """A figure as short as it can be told: ``12``, ``0.125``, ``1.23e+09``."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:.5g}"


def share(part: float, whole: float) -> str:
    """A percentage; ``-`` of nothing, ``0`` where there is none."""
    if not whole:
        return "-"
    percent = 100 * part / whole
    return "0" if not part else f"{percent:.1f}%" if percent >= 0.1 else "<0.1%"
