"""The same pipeline under kfp.local comes to the same."""

import json
import os
from pathlib import Path

import pytest
from kfp import local

from tests.engines import pipelines
from tests.engines.conftest import Run

COUNT = 7


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::FutureWarning")
def test_gives_what_kfp_local_gives(run: Run, toys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(toys.parent), str(Path(__file__).parents[2])]))
    record = run("measuring", {"count": COUNT})
    root = tmp_path / "kfp"
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=str(root), raise_on_error=True)
    task = pipelines.measuring(count=COUNT)
    assert task.outputs == {"verdict": record.verdict}
    reports = {path.parent.name: json.loads(path.read_text()) for path in root.rglob("executor_output.json")}
    assert reports.keys() == record.tasks.keys()
    for name, ours in record.tasks.items():
        theirs = reports[name].get("parameterValues", {})
        assert theirs == {key: value for key, value in ours.parameters.items() if key != "text"}
        metadata = {key: found["artifacts"][0]["metadata"] for key, found in reports[name].get("artifacts", {}).items()}
        assert metadata == {key: output.metadata for key, output in ours.outputs.items()}
    assert next(root.rglob("measure/text")).read_text() == record.tasks["measure"].parameters["text"]
    [values] = root.rglob("values.txt")
    assert values.read_bytes() == (record.output("make", "data") / "values.txt").read_bytes()
