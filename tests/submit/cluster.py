"""What stands for a cluster's nodes: the local engine, in a process of its own for each run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


class Cluster:
    """Carries out runs.

    Args:
        scratch: Where.
    """

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, run: str, spec: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
        folder = self.scratch / run
        folder.mkdir(parents=True)
        ir = folder / "ir.yaml"
        ir.write_text(yaml.safe_dump(spec))
        words = [str(ir), str(folder / "runs"), "tests/engines/toys", json.dumps(parameters)]
        self._processes[run] = subprocess.Popen([sys.executable, "-m", "tests.engines.drive", *words])

    def record(self, run: str) -> Any:
        """run.json as it is; None before there is one."""
        found = next((self.scratch / run / "runs").glob("*/run.json"), None)
        if found is None and self._processes[run].poll():
            raise ValueError("the engine ended without a record")
        return json.loads(found.read_bytes()) if found else None

    def launch(self, run: str, root: Path) -> None:
        """What KFP's launcher does with the artifacts of tasks."""
        for task, made in self.record(run)["tasks"].items():
            for name, output in made["outputs"].items():
                source, place = self.scratch / run / "runs" / output["path"], root / task / str(uuid.uuid4())
                if source.is_dir():
                    shutil.copytree(source, place / name)
                elif source.is_file():
                    place.mkdir(parents=True)
                    shutil.copyfile(source, place / name)

    def end(self) -> None:
        for process in self._processes.values():
            process.terminate()
            process.wait()
