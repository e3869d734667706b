"""What a run says while it goes on, where nobody draws."""

import pytest

from benison.cli.progress import Progress
from benison.engines.local import TaskEvent


def test_why_a_task_did_not_run_is_left_to_the_scorecard(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    progress.observe(TaskEvent("trainer", "failed", 3.0, "model.py:14: no such layer"))
    progress.observe(TaskEvent("evaluator", "not_run", None, "needs trainer, which failed"))
    said = capsys.readouterr().err
    assert "trainer              failed        3.0 s: model.py:14: no such layer" in said
    assert "not_run" in said and "needs trainer" not in said
