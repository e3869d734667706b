import threading
from concurrent.futures import Future

import numpy as np
import pyarrow as pa
import pytest

from benison.config.serving import Batching
from benison.serving.lanes import Closed, Full, Lane
from benison.serving.package import Floats


def rows(*values: float) -> pa.Table:
    return pa.table({"x": pa.array(values, pa.float64())})


class Gate:
    """Answers twice each number, when it may, and remembers how large its batches were; refuses 13."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.may, self.began = threading.Event(), threading.Event()

    def __call__(self, table: pa.Table) -> Floats:
        self.began.set()
        assert self.may.wait(30)
        self.sizes.append(table.num_rows)
        values: Floats = np.asarray(table["x"], dtype=np.float64)
        if 13.0 in values:
            raise ValueError("not 13")
        return values + values


def held(gate: Gate, lane: Lane) -> Future[Floats]:
    """A first request that is being answered, so that what comes now waits."""
    first = lane.ask(rows(0.0))
    assert gate.began.wait(30)
    return first


def test_what_waits_is_answered_in_one_call_and_goes_to_who_asked() -> None:
    gate = Gate()
    lane = Lane(gate, Batching(rows=4), 100, "lane")
    held(gate, lane)
    asked = [lane.ask(rows(*values)) for values in ([1.0], [2.0, 3.0], [4.0], [5.0, 6.0, 7.0, 8.0, 9.0], [10.0])]
    assert lane.depth == 10
    gate.may.set()
    assert [each.result(30).tolist() for each in asked] == [[2], [4, 6], [8], [10, 12, 14, 16, 18], [20]]
    assert gate.sizes == [1, 4, 5, 1]
    assert lane.depth == 0


def test_a_batch_waits_for_more_rows_where_it_is_told_to() -> None:
    gate = Gate()
    gate.may.set()
    lane = Lane(gate, Batching(rows=2, wait_ms=20_000), 100, "lane")
    asked = [lane.ask(rows(1.0)), lane.ask(rows(2.0))]
    assert [each.result(10).tolist() for each in asked] == [[2], [4]]
    assert gate.sizes == [2]


def test_a_row_that_fails_fails_nobody_else() -> None:
    gate = Gate()
    lane = Lane(gate, Batching(), 100, "lane")
    held(gate, lane)
    good, bad = lane.ask(rows(1.0)), lane.ask(rows(13.0))
    gate.may.set()
    assert good.result(30).tolist() == [2]
    with pytest.raises(ValueError, match="not 13"):
        bad.result(30)


def test_more_rows_than_may_wait_are_refused_and_cancelled_ones_are_not_answered() -> None:
    gate = Gate()
    lane = Lane(gate, Batching(), 3, "lane")
    held(gate, lane)
    gone, stays = lane.ask(rows(1.0, 2.0)), lane.ask(rows(3.0))
    with pytest.raises(Full):
        lane.ask(rows(4.0))
    assert gone.cancel()
    gate.may.set()
    assert stays.result(30).tolist() == [6]
    assert gate.sizes == [1, 1]


def test_a_lane_that_closes_answers_what_it_has() -> None:
    gate = Gate()
    lane = Lane(gate, Batching(rows=1), 100, "lane")
    held(gate, lane)
    asked = [lane.ask(rows(float(n))) for n in range(3)]
    lane.close()
    with pytest.raises(Closed):
        lane.ask(rows(9.0))
    gate.may.set()
    assert [each.result(30).tolist() for each in asked] == [[0], [2], [4]]
