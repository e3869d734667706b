import csv
import io
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benison.core import digests
from benison.sources import cuts
from benison.sources.cuts import Quotes, cut

# Whatever bytes: quotes at the edges of values, in their middle, doubled, never closed.
CONTENT = st.text(st.sampled_from('",\na\r'), max_size=60).map(str.encode)


def open_at_the_end(content: bytes) -> bool:
    """Whether a quoted value is open, character by character, as Arrow's parser and Python's have it."""
    state = "begin"
    for sign in content.decode():
        if state == "quoted":
            state = "closing" if sign == '"' else "quoted"
        elif sign == '"' and state in ("begin", "closing"):
            state = "quoted"
        else:
            state = "begin" if sign in ",\r\n" else "plain"
    return state == "quoted"


@settings(max_examples=1000)
@given(CONTENT, st.lists(st.integers(0, 60), max_size=4))
def test_quotes_are_followed_however_the_bytes_come(content: bytes, places: list[int]) -> None:
    quotes = Quotes()
    edges = [0, *sorted(min(place, len(content)) for place in places), len(content)]
    for start, end in pairwise(edges):
        quotes.feed(content[start:end])
        assert quotes.open == open_at_the_end(content[:end])


ROWS = st.lists(st.lists(st.text(st.sampled_from('",\nab'), max_size=4), min_size=2, max_size=2), max_size=12)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, chunk=st.integers(1, 20), part=st.integers(1, 30))
def test_every_part_of_a_csv_holds_whole_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: list[list[str]], chunk: int, part: int
) -> None:
    monkeypatch.setattr(cuts, "_CHUNK_BYTES", chunk)
    monkeypatch.setattr(cuts, "PART_BYTES", part)
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    content = b"head\n" + text.getvalue().encode()
    (tmp_path / "a.csv").write_bytes(content)
    found = cut(tmp_path / "a.csv", 5, "csv")
    pieces = [content[start:end] for start, end in found.ranges]
    assert b"".join(pieces) == content[5:]
    assert [row for piece in pieces for row in csv.reader(io.StringIO(piece.decode(), newline=""))] == rows
    assert all(len(piece) >= part for piece in pieces[:-1])
    assert (found.size, found.digest, found.open) == (len(content), digests.of_bytes(content), False)


def test_the_cuts_depend_on_the_bytes_alone_and_not_on_how_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_bytes(b'1,"a\nb"\n' * 1000)
    monkeypatch.setattr(cuts, "PART_BYTES", 100)
    found = []
    for chunk in (1, 7, 99, 1 << 20):
        monkeypatch.setattr(cuts, "_CHUNK_BYTES", chunk)
        found.append(cut(tmp_path / "a.csv", 0, "csv"))
    assert len({one.ranges for one in found}) == 1
    assert len(found[0].ranges) > 70


def test_a_quote_that_is_never_closed_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'a\n"b\n' + b"c\n" * 100)
    assert cut(tmp_path / "a.csv", 2, "csv").open
    assert not cut(tmp_path / "a.csv", 2, "jsonl").open
