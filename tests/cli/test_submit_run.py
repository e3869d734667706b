"""benison submit --wait with nothing left out: data and registry in a bucket, training, gate, exit code."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.cli.commands import call
from tests.pipelines import small_project
from tests.sources.s3_server import new_bucket, s3_server
from tests.submit.cluster import Cluster
from tests.submit.kfp_server import KfpServer
from tests.submit.loopback import serving


@pytest.mark.slow
def test_a_cluster_makes_a_champion_and_the_command_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = small_project.make(tmp_path / "project")
    with s3_server() as address, serving(KfpServer(Cluster(tmp_path / "cluster"), carries_out=True)) as server:
        bucket = new_bucket(address, "models", monkeypatch)
        for span in (1, 2):
            bucket.put(f"data/span-{span}.csv", folder / "data" / f"span-{span}.csv")
        config = yaml.safe_load((folder / "benison.yaml").read_text())
        config["data"]["path"] = bucket.uri("data/span-{span}.csv")
        root = f"file://{tmp_path}/root"
        kubeflow = {"endpoint": server.address, "pipeline_root": root, "images": "registry.example.org/ml"}
        said = {**config, "registry": bucket.uri("registry"), "targets": {"kubeflow": kubeflow}}
        (folder / "benison.yaml").write_text(yaml.safe_dump(said))
        words = ("submit", "-p", folder, "--target", "kubeflow", "--wait", "--every", "0.5")
        done = call(capsys, *words, "--span", 1)
        assert (done.code, done.out.splitlines()[-1]) == (0, "verdict: pushed"), done.err
        champion = call(capsys, "registry", "list", "-p", folder)
        assert champion.code == 0 and "champion" in champion.out
        said["gate"]["min_rows"] = 100_000
        (folder / "benison.yaml").write_text(yaml.safe_dump(said))
        done = call(capsys, *words)
        assert (done.code, done.out.splitlines()[-1]) == (1, "verdict: blocked"), done.err
