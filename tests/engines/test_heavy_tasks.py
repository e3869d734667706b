import os
from collections.abc import Callable
from pathlib import Path

import pytest

from benison.engines.closure import closure_of
from benison.engines.ir_reading import read
from benison.engines.local import TaskEvent
from benison.engines.pool import kind_of
from tests.engines.conftest import Run


@pytest.mark.slow
def test_trains_in_two_forks_side_by_side_while_light_tasks_run_first(run: Run, events: list[TaskEvent]) -> None:
    record = run("training", task_timeout_s=120)
    assert record.state == "succeeded"
    losses = [record.tasks[name].parameters["Output"] for name in ("train", "train-2")]
    assert all(0 < loss < 2 for loss in losses) and losses[0] != losses[1]
    order = [(event.task, event.state) for event in events]
    # The light task is done before TensorFlow is even imported.
    assert order.index(("yield-one", "succeeded")) < order.index(("train", "running"))
    ends = [order.index((name, "succeeded")) for name in ("train", "train-2")]
    assert max(order.index((name, "running")) for name in ("train", "train-2")) < min(ends)
    # The warm process is kept: nothing is imported again, and the same seed gives the same loss in another fork.
    again = run("training", cache=False, task_timeout_s=120)
    assert [again.tasks[name].parameters["Output"] for name in ("train", "train-2")] == losses


def test_tells_heavy_from_light(compiled: Callable[[str], Path], toys: Path, monkeypatch) -> None:
    monkeypatch.delenv("BENISON_SPAWN", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")

    def kinds(pipeline: str) -> set[str]:
        components = [task.component for task in read(compiled(pipeline)).tasks.values()]
        return {kind_of(one, closure_of(one.program, {"toys": toys})) for one in components}

    assert kinds("training") == {"light", "heavy"}
    assert kinds("measuring") == {"light"}
    assert kinds("surrounded") == {"light", "spawn"}
    monkeypatch.setenv("BENISON_SPAWN", "1")
    assert kinds("training") == kinds("measuring") == {"spawn"}
    assert os.environ["BENISON_SPAWN"] == "1"
