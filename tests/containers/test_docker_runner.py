"""The pipeline and the images as KFP's own engine for one machine runs them, without any of ours."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benison.registry.registry import Registry
from tests.pipelines import small_project

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.containers
@pytest.mark.timeout(900)
def test_kfps_own_runner_trains_judges_and_replaces_a_champion(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    for folder in tmp_path.parents[:2]:
        folder.chmod(0o755)
    (tmp_path / "registry").mkdir()
    (tmp_path / "registry").chmod(0o777)
    small_project.make(tmp_path / "project")
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / ".kfp" / "docker")])}
    child = [sys.executable, str(Path(__file__).with_name("docker_runner.py")), str(tmp_path)]
    done = subprocess.run(child, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert json.loads(done.stdout.splitlines()[-1]) == ["pushed", "pushed"]
    state = Registry.open(str(tmp_path / "registry"), "small").state()
    first, second = state.versions.values()
    assert state.champion is not None and state.champion.package == second.entry.package != first.entry.package
