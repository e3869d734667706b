"""Rows as tallies, held to a loop over single rows."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.components.rollout.measure import Tallies
from benison.components.rollout.tests.live import SCHEMA
from benison.config.rollout import Guardrail, Phase, Rollout
from benison.core.verdicts import Tier

LINES = {
    "error_rate": Guardrail("error_rate", Tier.HARD, 0.1),
    "slow_share": Guardrail("slow_share", Tier.HARD, 0.1, over_ms=50),
    "score": Guardrail("score", Tier.HARD, 0.1),
    "brier_score": Guardrail("brier_score", Tier.HARD, 0.1),
    "kpi": Guardrail("kpi", Tier.HARD, 0.1),
}
PLAN = Rollout("canary", (Phase(5, 0, 1),), 1, tuple(LINES.values()), block_seconds=10, outcomes="outcomes")
PACKAGE = {"champion": "first", "challenger": "second", "shadow": "second", "stranger": "third"}
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "time": st.integers(0, 39),
            "role": st.sampled_from(["champion", "challenger", "shadow"]),
            "package": st.sampled_from(["first", "second", "third"]),
            "score": st.one_of(st.none(), st.floats(0, 1, width=32)),
            "status": st.sampled_from([200, 500, 504]),
            "latency_ms": st.floats(0, 100, width=32),
        }
    ),
    max_size=40,
)


def batch_of(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    whole = [{"request_id": f"r{n}", "row": 0, **row, "time": row["time"] * 1_000_000} for n, row in enumerate(rows)]
    return pa.RecordBatch.from_pylist(whole, schema=SCHEMA)


def tallies() -> Tallies:
    return Tallies(1, PLAN, "first", "second")


def by_hand(rows: list[dict[str, Any]], metric: str, role: str) -> dict[float, tuple[int, float]]:
    found: dict[float, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    for row in rows:
        sound = row["status"] == 200 and row["score"] is not None
        value = {"error_rate": float(not sound), "slow_share": float(row["latency_ms"] > 50), "score": row["score"]}
        if row["role"] == role and row["package"] == PACKAGE[role] and (sound or metric != "score"):
            start = row["time"] // 10 * 10.0
            found[start] = (found[start][0] + 1, found[start][1] + value[metric])
    return dict(found)


@given(ROWS, st.integers(0, 40))
def test_tallies_are_those_of_a_loop_however_rows_come(rows: list[dict[str, Any]], cut: int) -> None:
    filled = tallies()
    first = cut * len(rows) // 40
    filled.add([batch_of(rows[:first])])
    before = [filled.blocks(line, stage) for line in LINES.values() for stage in ("live", "shadow")]
    assert first or not any(before)
    filled.add([batch_of(rows[first:])])
    for metric in ("error_rate", "slow_share", "score"):
        for stage, role in (("live", "challenger"), ("shadow", "shadow")):
            blocks = filled.blocks(LINES[metric], stage)
            assert [one.start for one in blocks] == sorted(one.start for one in blocks)
            for side, told in (("champion", "champion"), ("challenger", role)):
                arms = {one.start: getattr(one, side) for one in blocks}
                hand = by_hand(rows, metric, told)
                assert {start: arm.requests for start, arm in arms.items() if arm.requests} == {
                    start: many for start, (many, _) in hand.items()
                }
                totals = {start: total for start, (_, total) in hand.items()}
                assert {start: arms[start].total for start in totals} == pytest.approx(totals)


def test_a_request_of_many_rows_counts_once_however_batches_are_cut() -> None:
    def rows(request: str, many: int, **more: Any) -> list[dict[str, Any]]:
        usual = {"time": 3, "role": "champion", "package": "first", "status": 200, "latency_ms": 60.0, "score": 0.5}
        return [{"request_id": request, "row": row, **usual, **more} for row in range(many)]

    low_and_high = [{**row, "score": score} for row, score in zip(rows("same id", 3), (0.2, 0.4, 0.9), strict=True)]
    one_bad_row = [{**row, "score": score} for row, score in zip(rows("same id", 2), (None, 0.4), strict=True)]
    filled = tallies()
    filled.add([batch_of([*low_and_high, *rows("same id", 50, status=500, score=None, latency_ms=9.0), *one_bad_row])])
    filled.add([batch_of(rows("b", 1))])
    arms = {name: filled.blocks(line, "live") for name, line in LINES.items()}
    assert [
        (arms[name][0].champion.requests, arms[name][0].champion.total) for name in ("error_rate", "slow_share")
    ] == [
        (4, 2.0),
        (4, 3.0),
    ]
    (score,) = arms["score"]
    assert (score.champion.requests, score.champion.total) == (2, 1.0)
    assert score.champion.squares == 0.5


def test_outcomes_of_requests_after_the_trial_do_not_count() -> None:
    filled = tallies()
    filled.ended = 15.0
    seen = [
        {"time": second, "role": "challenger", "package": "second", "score": 0.5, "status": 200, "latency_ms": 1.0}
        for second in (5, 25)
    ]
    filled.add([batch_of(seen)])
    known = [datetime.fromtimestamp(35, UTC)] * 2
    filled.join(pa.table({"request_id": ["r0", "r1"], "time": known, "label": [1, 1]}))
    (block,) = filled.blocks(LINES["brier_score"], "live")
    assert block.challenger.requests == 1


def test_outcomes_count_in_the_block_in_which_they_become_known() -> None:
    filled = tallies()
    rows = [
        {"time": 1, "role": "champion", "package": "first", "score": 0.25, "status": 200, "latency_ms": 1.0},
        {"time": 2, "role": "challenger", "package": "second", "score": 0.75, "status": 200, "latency_ms": 1.0},
        {"time": 3, "role": "challenger", "package": "second", "score": None, "status": 500, "latency_ms": 1.0},
    ]
    filled.add([batch_of(rows)])
    known = [datetime.fromtimestamp(second, UTC) for second in (35, 35, 35, 35)]
    told = {
        "request_id": ["r0", "r1", "r2", "none"],
        "time": known,
        "label": [1, 1, 1, 1],
        "value": [4.0, 3.0, 9.0, 9.0],
    }
    filled.join(pa.table(told))
    (brier,) = filled.blocks(LINES["brier_score"], "live")
    (kpi,) = filled.blocks(LINES["kpi"], "live")
    assert (brier.start, brier.champion.total, brier.challenger.total) == (30.0, 0.75**2, 0.25**2)
    assert (kpi.champion.total, kpi.challenger.total, kpi.challenger.requests) == (4.0, 3.0, 1)
    assert kpi.champion.squares == 16.0


def test_blocks_of_a_phase_are_those_that_begin_in_it() -> None:
    filled = tallies()
    assert filled.since(datetime.fromtimestamp(0, UTC)) == 0
    rows = [
        {"time": second, "role": role, "package": PACKAGE[role], "score": 0.5, "status": 200, "latency_ms": 1.0}
        for second, role in ((5, "challenger"), (15, "shadow"), (25, "champion"), (35, "challenger"))
    ]
    filled.add([batch_of(rows)])
    assert [filled.since(datetime.fromtimestamp(second, UTC)) for second in (0, 10, 11, 40)] == [3, 2, 1, 0]


def test_time_is_cut_at_the_ends_of_blocks() -> None:
    moment = datetime.fromtimestamp(12, UTC)
    assert (tallies().first_after(moment), tallies().last_before(29.9)) == (20.0, 20.0)
    assert np.isclose(tallies().first_after(datetime.fromtimestamp(20, UTC)), 20.0)
