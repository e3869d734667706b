"""Routers, and whoever has figures of them, whose clients are not installed."""

from __future__ import annotations

import sys
from pathlib import Path
from subprocess import run

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import importlib.abc, sys

class Without(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in ("kubernetes", "google.cloud.aiplatform_v1", "google.cloud.aiplatform"):
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Without())
from benison.components.rollout.figures import figures_of
from benison.config.provider import CloudMonitoring
from benison.config.rollout import Rollout
from benison.config.traffic import Kserve, Vertex
from benison.core.errors import InputError
from benison.delivery.routers import Parties, opening

traffic = {
    "kserve": Kserve(service="census", packages="gs://acme", namespace="models", context=""),
    "vertex": Vertex(project="acme", location="europe-west4", endpoint="1", api=""),
}[sys.argv[1]]
try:
    figures_of(Rollout("canary", (), 1.0, (), traffic=traffic, metrics=CloudMonitoring() if sys.argv[2:] else None))
    opening(None)(traffic, Parties("sha256:" + "0" * 64, "sha256:" + "1" * 64))
except InputError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["kserve"], "expected kubernetes, which speaks to KServe's cluster, got none\n\nhint: pip install kubernetes"),
        (["vertex"], "rollout.traffic: expected google-cloud-aiplatform, which speaks to Vertex AI, got none"),
        (
            ["vertex", "figures"],
            "rollout.metrics: expected google-cloud-aiplatform, which speaks to Vertex AI, got n",
        ),
    ],
)
def test_what_is_to_be_installed_is_said(asked: list[str], said: str) -> None:
    done = run([sys.executable, "-W", "ignore", "-c", PROGRAM, *asked], cwd=ROOT, capture_output=True, text=True)
    assert said in done.stdout, done.stderr
