"""cloudbuild.yaml: what the service would read, what its names lead to, and its steps carried out in order."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
import yaml
from google.protobuf.json_format import ParseError

from benison import __version__
from benison.cli import init_ci
from benison.core.images import IMAGES, SERVE
from tests.containers import cloud_build
from tests.containers.cloud_build import BUILDERS, BUILT_IN
from tests.pipelines import small_project

ROOT = Path(__file__).parents[2]
FILE = ROOT / "cloudbuild.yaml"
GROUPS = ("deliver", "data", "train", "evaluate", SERVE)
GIVEN = {"PROJECT_ID": "acme", "COMMIT_SHA": "f" * 40, "SHORT_SHA": "f" * 7}


def test_the_service_knows_every_field() -> None:
    build = cloud_build.parsed(FILE)
    assert [step.id for step in build.steps][:2] == ["check", "test"] and len(build.steps) == 14


def test_a_field_that_it_does_not_know_would_be_told(tmp_path: Path) -> None:
    file = tmp_path / "cloudbuild.yaml"
    file.write_text(FILE.read_text().replace("waitFor: [check]", "waitsFor: [check]"))
    with pytest.raises(ParseError, match="waitsFor"):
        cloud_build.parsed(file)


def test_every_step_stands_after_those_it_waits_for_and_nothing_is_pushed_before_the_tests() -> None:
    steps = list(cloud_build.in_order(cloud_build.steps(cloud_build.parsed(FILE), GIVEN)))
    after = {step.id: set(step.after) for step in steps}
    assert {"test", *GROUPS} == after["push"]
    assert after["upload"] == {"compile", "smoke"} and after["promote"] == {"upload"}


def test_every_name_in_it_leads_somewhere() -> None:
    build = cloud_build.parsed(FILE)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    stages = set(re.findall(r" AS ([a-z-]+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    for step in cloud_build.steps(build, GIVEN):
        assert step.image in BUILDERS or step.image == "python:3.13-trixie", step.image
        if step.words[0] == "make":
            assert step.words[1] in targets
        for word in step.words[1:]:
            if re.match(r"(containers|examples)/", word):
                assert (ROOT / word).exists(), word
        if "containers/cloud_build_image.sh" in step.words:
            assert step.words[-1] in stages
    used = set(re.findall(r"\$\{(\w+)\}", FILE.read_text()))
    assert used <= BUILT_IN | set(build.substitutions) and set(build.substitutions) <= used


def test_the_same_groups_are_built_kept_pushed_and_promoted() -> None:
    assert set(GROUPS) == {*IMAGES, SERVE} - {"train-gpu"}
    wanted = " ".join(GROUPS)
    assert f"GROUPS = {wanted}\n" in (ROOT / "Makefile").read_text()
    for name in ("cloudbuild.yaml", "containers/cloud_build_push.sh", "containers/cloud_build_promote.sh"):
        assert re.findall(r"for group in (.*?);", (ROOT / name).read_text()) == [wanted], name


def test_there_is_no_secret_in_it_and_what_it_needs_of_the_service_is_little() -> None:
    content = yaml.safe_load(FILE.read_text())
    assert set(content) == {"substitutions", "steps", "options", "timeout"}
    assert not re.search(r"(?i)secret|password|token|key", FILE.read_text())


@pytest.mark.parametrize("name", ["cloudbuild.yaml", "cloudbuild-model.yaml"])
def test_the_service_knows_every_field_of_a_projects_builds(tmp_path: Path, name: str) -> None:
    folder = small_project.make(tmp_path / "small")
    init_ci.add(folder, "cloudbuild")
    build = cloud_build.parsed(folder / name)
    image = f"europe-docker.pkg.dev/PROJECT/REPOSITORY/benison:{__version__}"
    assert build.substitutions["_BENISON_IMAGE"] == image
    found = cloud_build.steps(build, GIVEN)
    assert {step.image for step in found} <= {image, *BUILDERS}
    assert list(cloud_build.in_order(found)) == found


@contextmanager
def docker_registry(folder: Path) -> Iterator[str]:
    """Docker's own registry, on loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"localhost:{free.getsockname()[1]}"
    storage = {"filesystem": {"rootdirectory": str(folder)}, "delete": {"enabled": True}}
    config = folder / "config.yml"
    config.write_text(yaml.safe_dump({"version": 0.1, "storage": storage, "http": {"addr": address}}))
    program = shutil.which("docker-registry")
    assert program, "Debian's package docker-registry is needed"
    process = subprocess.Popen(
        [program, "serve", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    listens = Event()
    thread = Thread(target=_read, args=(process, listens))
    thread.start()
    try:
        assert listens.wait(30), "it does not listen"
        yield address
    finally:
        process.terminate()
        process.wait()
        thread.join()


def _read(process: subprocess.Popen[str], listens: Event) -> None:
    """Takes in all that it says, so that it never waits for a reader."""
    assert process.stderr
    with process.stderr as said:
        for line in said:
            if "listening on" in line:
                listens.set()


@contextmanager
def templates() -> Iterator[tuple[str, list[bytes]]]:
    """A repository of templates on loopback: what it was sent."""
    sent: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            sent.append(self.rfile.read(int(self.headers["Content-Length"])))
            answer = b"continuous-training/sha256:" + b"1" * 64
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", sent
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.containers
@pytest.mark.timeout(1500)
def test_its_steps_run_one_after_another(tmp_path: Path) -> None:
    """All but make check and make test, which run beside this one; the registries stand on loopback."""
    work, storage = tmp_path / "workspace", tmp_path / "registry"
    storage.mkdir()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(work)], check=True)
    (work / ".venv").symlink_to(ROOT / ".venv")
    certificates = os.environ.get("SSL_CERT_FILE")
    if certificates:
        shutil.copyfile(certificates, work / ".ca-bundle.crt")
    base = os.environ.get("BENISON_BASE", "benison-base:trixie")
    more = {"BUILD_ARGS": "--network=host" if certificates else "", "PYTHONPATH": str(work)}
    with docker_registry(storage) as registry, templates() as (host, sent):
        own = {"_REPOSITORY": f"{registry}/benison", "_TEMPLATES": host, "_BASE": base, "_BUILDKIT": "0"}
        steps = cloud_build.steps(cloud_build.parsed(FILE), {**GIVEN, **own, "TAG_NAME": "9.9.9"})
        for step in cloud_build.in_order(steps):
            if step.words[0] != "make":
                cloud_build.carried_out(step, work, **more)
        pushed = {path.name: path.read_text().strip() for path in (work / "build" / "images").iterdir()}
        assert set(pushed) == set(GROUPS)
        for group, reference in pushed.items():
            # The tag leads to the very digest that was tried.
            assert _digest(registry, f"benison/benison-{group}", "9.9.9") == reference.partition("@")[2]
    compiled = (work / "build" / "compiled" / "continuous_training.vertex.yaml").read_text()
    assert [group for group, reference in pushed.items() if reference not in compiled] == [SERVE]
    training, delivery = sent
    assert all(b"commit-fffffff,9.9.9" in one for one in sent) and pushed["train"].encode() in training
    assert b"continuous-delivery" in delivery and pushed["deliver"].encode() in delivery


def _digest(registry: str, name: str, tag: str) -> str:
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    request = urllib.request.Request(f"http://{registry}/v2/{name}/manifests/{tag}", headers={"Accept": kind})
    with urllib.request.urlopen(request, timeout=20) as answer:
        json.load(answer)
        return str(answer.headers["Docker-Content-Digest"])


def test_the_servers_image_is_named_by_no_pipeline(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "serve").write_text(f"r.example.org/benison-serve@sha256:{'1' * 64}\n")
    assert _compile(tmp_path).returncode == 0
    written = sorted((tmp_path / "compiled").iterdir())
    assert [path.name for path in written] == sorted(path.name for path in (ROOT / "pipelines" / "compiled").iterdir())
    assert not [path for path in written if "r.example.org" in path.read_text()]


@pytest.mark.parametrize("reference", ["benison-data:0.1.0", "a/b@sha256:12", ""])
def test_an_image_without_a_digest_is_refused(tmp_path: Path, reference: str) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "data").write_text(reference)
    done = _compile(tmp_path)
    assert done.returncode == 1 and "expected a group's REPOSITORY/NAME@sha256:..., got" in done.stderr


def test_a_pipeline_that_is_not_what_the_repository_holds_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "data").write_text(f"r.example.org/benison-data@sha256:{'1' * 64}\n")
    assert _compile(tmp_path).returncode == 0
    shutil.copytree(ROOT / "pipelines" / "compiled", tmp_path / "pipelines" / "compiled")
    golden = tmp_path / "pipelines" / "compiled" / "continuous_training.vertex.yaml"
    golden.write_text(golden.read_text().replace("benison-train:", "benison-trian:"))
    done = _compile(tmp_path, cwd=tmp_path)
    assert done.returncode == 1 and "continuous_training.vertex.yaml: not pipelines/compiled" in done.stderr


def _compile(folder: Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    words = [str(ROOT / ".venv/bin/python"), str(ROOT / "containers" / "compile_release.py")]
    return subprocess.run(
        [*words, str(folder / "images"), str(folder / "compiled")],
        cwd=cwd, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
