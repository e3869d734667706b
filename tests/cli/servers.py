"""A small project that is sent to a Kubeflow on loopback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from benison.core import documents
from tests.pipelines import small_project
from tests.submit.kfp_server import KfpServer

ROLLED_OUT = ("promoted", "shadowed", "rolled_back", "aborted")
SCHEMAS = Path(__file__).parents[2] / "schemas"
IMAGES = "registry.example.org/ml"


def project_for(server: KfpServer, folder: Path) -> Path:
    """A project whose runs go to the server."""
    project = small_project.make(folder / "project")
    kubeflow = {"endpoint": server.address, "pipeline_root": f"file://{folder}/root", "images": IMAGES}
    change(project, registry="s3://models/registry", targets={"kubeflow": kubeflow})
    return project


def change(folder: Path, **said: Any) -> None:
    """Says other things in its benison.yaml."""
    config = yaml.safe_load((folder / "benison.yaml").read_text())
    config["data"]["path"] = "s3://models/span-{span}.csv"
    (folder / "benison.yaml").write_text(yaml.safe_dump({**config, **said}))


def ends(run: dict[str, Any], root: Path, word: str) -> None:
    """The second look finds that the run has ended."""
    state = "SUCCEEDED" if run["state"] == "RUNNING" else "RUNNING"
    run["state"] = state
    names = ("rollout" if word in ROLLED_OUT else "pusher", "root-driver")
    run["run_details"]["task_details"] = [{"display_name": name, "state": state} for name in names]
    if state == "SUCCEEDED" and word in ROLLED_OUT:
        folder = root / "continuous-delivery" / run["run_id"] / "rollout" / "1f" / "record"
        folder.mkdir(parents=True)
        said = json.loads((SCHEMAS / "examples" / "valid" / "rollout.json").read_text())
        (folder / "rollout.json").write_text(json.dumps({**said, "outcome": word}))
    elif state == "SUCCEEDED":
        said = {"outcome": word, "reason": "a test", "package": None, "number": None, "registry": "none"}
        pushed = {**said, "champion_before": None, "champion_after": None}
        folder = root / "continuous-training" / run["run_id"] / "pusher" / "1f" / "pushed_model"
        documents.write(folder / "pushed.json", "pushed", pushed)
