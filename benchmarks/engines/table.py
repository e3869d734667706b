"""One pipeline by four engines: what each comes to, span after span.

    python -m benchmarks.engines.table    # all; containers want `make images`, whole wants `make whole-image`
    python -m benchmarks.engines.table --engines local kubeflow vertex

The local engine runs it in processes and in containers. Kubeflow and Vertex are servers on loopback that hold what our
clients post to the platforms' protos and run it as it came. Printed are, of each engine and span, the verdict and the
digests of snapshot, model, policy and decision: every check on data and model with what was observed. Exits with 1
where engines of one stack differ in anything. Containers have the current stack, whose models are others than the older
one's: what they come to is compared with `whole`, the local engine's processes in the one image that has everything,
and with the other engines in policy and verdict.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from benison import __version__
from benison.cli import project as projects
from benison.cli import sending
from benison.config.destinations import Destination
from benison.core import digests
from benison.registry.registry import Registry
from benison.submit import outcome
from benison.submit.follow import follow
from benison.submit.kubeflow import Kubeflow
from benison.submit.runs import Server
from benison.submit.vertex import Vertex
from tests.pipelines import small_project
from tests.sources.s3_server import new_bucket, s3_server
from tests.submit.cluster import Cluster
from tests.submit.kfp_server import KfpServer
from tests.submit.loopback import serving
from tests.submit.vertex_server import UNIVERSE, VertexServer, write_key

SPANS = (1, 2)
IMAGES = "registry.example.org/ml"
NAMES = ("snapshot", "model", "policy", "decision")
WHOLE = f"benison:{__version__}"
# Engines of the current stack; the others have that of this environment.
CURRENT = ("containers", "whole")
# By span: the verdict, and digests as `NAMES` says.
Found = dict[int, tuple[str, ...]]


def local(folder: Path, *more: str) -> Found:
    """In processes, or with ``--containers`` in containers."""
    return _run(folder, [sys.executable], *more)


def _run(folder: Path, python: Sequence[str], *more: str) -> Found:
    project = _project(folder, {})
    found: Found = {}
    for span in SPANS:
        words = ["-m", "benison", "run", str(project), "--span", str(span), *more]
        done = subprocess.run([*python, *words], capture_output=True, text=True)
        said = [line for line in done.stdout.splitlines() if line.startswith("verdict: ")]
        if not said:
            raise SystemExit(done.stdout + done.stderr)
        found[span] = (said[-1].split()[1], *_digests(project))
    return found


def containers(folder: Path) -> Found:
    return local(folder, "--containers")


def whole(folder: Path) -> Found:
    """In processes on the current stack: all of them in one container of the image with everything."""
    user = f"{os.getuid()}:{os.getgid()}"
    return _run(folder, ["docker", "run", "--rm", "--user", user, "--volume", f"{folder}:{folder}", WHOLE, "python"])


def kubeflow(folder: Path) -> Found:
    with serving(KfpServer(Cluster(folder / "cluster"), carries_out=True)) as server:
        os.environ["HOME"] = str(folder)
        return _sent(folder, lambda: Kubeflow(Destination(endpoint=server.address)), root=f"file://{folder}/root")


def vertex(folder: Path) -> Found:
    os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(write_key(folder / "key.json"))
    os.environ["GOOGLE_CLOUD_UNIVERSE_DOMAIN"] = UNIVERSE
    with serving(VertexServer(Cluster(folder / "cluster"), carries_out=True)) as server:
        place = Destination(endpoint=server.address, project="acme", location="europe-west4")
        return _sent(folder, lambda: Vertex(place), root="gs://acme/root")


ENGINES: dict[str, Callable[[Path], Found]] = {
    "local": local,
    "containers": containers,
    "whole": whole,
    "kubeflow": kubeflow,
    "vertex": vertex,
}


def _project(folder: Path, said: dict[str, Any]) -> Path:
    """The same project for all: what differs lies beside it, where a bundle does not look."""
    project = small_project.make(folder / "project")
    config = yaml.safe_load((project / "benison.yaml").read_text())
    (project / "benison.yaml").write_text(yaml.safe_dump({**config, **said}))
    return project


def _sent(folder: Path, client: Callable[[], Server], *, root: str) -> Found:
    """Through the platform's client to its server on loopback, data and registry in a bucket."""
    with s3_server() as address, pytest.MonkeyPatch.context() as patch:
        bucket = new_bucket(address, "models", patch)
        target = {"pipeline_root": f"file://{folder}/root", "images": IMAGES}
        project = _project(folder, {"registry": bucket.uri("registry"), "targets": {"kubeflow": target}})
        config = yaml.safe_load((project / "benison.yaml").read_text())
        for span in SPANS:
            bucket.put(f"data/span-{span}.csv", project / "data" / f"span-{span}.csv")
        config["data"]["path"] = bucket.uri("data/span-{span}.csv")
        (project / "benison.yaml").write_text(yaml.safe_dump(config))
        server, found = client(), dict[int, tuple[str, ...]]()
        for span in SPANS:
            opened = projects.find(project)
            request = sending.request_of(
                opened, opened.config.targets["kubeflow"], sending.PIPELINE, span, f"span-{span}"
            )
            request = dataclasses.replace(request, root=root)
            run = server.submit(request).run
            ended = follow(server, request, run, lambda *_: None, 0.5)
            word = outcome.of_run(server, request, run) if ended.state == "succeeded" else None
            found[span] = (word.word if word else ended.message or ended.state, *_digests(project))
        return found


def _digests(project: Path) -> tuple[str, ...]:
    """Of the version that was registered last."""
    opened = projects.find(project)
    registry = Registry.open(opened.registry, opened.config.name)
    version = list(registry.state().versions.values())[-1]
    blessing = version.blessings[-1][1]
    for reason in blessing.reasons:
        print(f"{version.entry.spans}: {reason}", file=sys.stderr)
    evidence = blessing.evidence
    checks = {name: _document(registry, evidence[name])["checks"] for name in ("checks", "evaluation")}
    origin = registry.show(version.entry.package).manifest.provenance
    return origin.snapshot, origin.model_digest, evidence["policy"], digests.of_json(checks)


def _document(registry: Registry, digest: str) -> Any:
    return json.loads(registry.evidence.get(digest) or b"{}")


def _lines(engine: str, found: Found) -> list[str]:
    return [
        f"| {engine} | {span} | {word} | {' | '.join(digests.short(one) for one in told)} |"
        for span, (word, *told) in found.items()
    ]


def _agree(found: Mapping[str, Found]) -> bool:
    """Whether engines of one stack agree in everything, and all of them in the verdict and the policy."""
    current = [list(found[name].values()) for name in CURRENT if name in found]
    older = [list(one.values()) for name, one in found.items() if name not in CURRENT]
    across = [[(word, told[NAMES.index("policy")]) for word, *told in one] for one in (*current, *older)]
    return all(one == group[0] for group in (current, older, across) for one in group)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    said = parser.parse_args()
    print(f"| engine | span | verdict | {' | '.join(NAMES)} |\n|{'---|' * (3 + len(NAMES))}", flush=True)
    found: dict[str, Found] = {}
    for engine in said.engines:
        with tempfile.TemporaryDirectory() as folder:
            found[engine] = ENGINES[engine](Path(folder))
        print("\n".join(_lines(engine, found[engine])), flush=True)
    sys.exit(0 if _agree(found) else 1)


if __name__ == "__main__":
    main()
