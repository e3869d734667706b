"""The model server in its image, under users that the image does not know."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

import benison
from benison.core.images import SERVE
from benison.delivery.request_log import read_since
from benison.registry.registry import Registry
from benison.registry.testing import NOON, SAID, provenance
from serving.tests import made
from serving.tests.made import ROW
from serving.tests.running import MODEL, Caller, until
from serving.tests.test_command import PROJECT

pytestmark = pytest.mark.containers
IMAGE = f"benison-{SERVE}:{benison.__version__}"
# As clusters run it: nothing is written but for what is mounted and /tmp, and no right is given.
CAREFUL = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")


@dataclass
class Registered:
    """A registry with a champion that answers half of x.

    Attributes:
        folder: Where it lies.
        champion: The champion's digest.
    """

    folder: Path
    champion: str


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Registered:
    folder = tmp_path_factory.mktemp("shop")
    registry = Registry.create(str(folder / "registry"), MODEL)
    champion = registry.register(made.scaling(folder / "package", 0.5), provenance("half"), **SAID)
    registry.promote(champion, force=True, **SAID)
    return Registered(folder / "registry", champion)


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextmanager
def serving(*options: str, command: tuple[str, ...] = ()) -> Iterator[tuple[str, Caller]]:
    """A container that serves, and whoever asks it; it is gone afterwards."""
    name = docker("run", "--detach", *CAREFUL, "--publish", "127.0.0.1::8080", *options, IMAGE, *command)
    try:
        caller = Caller(int(docker("port", name, "8080").rpartition(":")[2]))

        def is_ready() -> bool:
            assert docker("inspect", "--format", "{{.State.Running}}", name) == "true", said(name)
            return caller.is_ready()

        until(is_ready, 90)
        yield name, caller
    finally:
        docker("rm", "--force", name)


def said(name: str) -> str:
    done = subprocess.run(["docker", "logs", name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
    return done.stdout.decode()


def left(name: str) -> int:
    """Asks it to end by SIGTERM; its exit code, which is 137 where it had to be killed."""
    docker("stop", "--time", "30", name)
    return int(docker("inspect", "--format", "{{.State.ExitCode}}", name))


def test_a_registry_is_served_as_whatever_user_a_cluster_chooses(registered: Registered) -> None:
    mounted = ("--user", "4711:4711", "--volume", f"{registered.folder}:/registry:ro")
    command = ("python", "-m", "benison.serving", "--registry", "/registry", "--model", MODEL)
    with serving(*mounted, command=command) as (name, caller):
        answer = caller.predict(ROW)
        assert (answer.status, answer.scores) == (200, [0.25]), answer
        assert answer.headers["x-package"] == registered.champion
        assert left(name) == 0, said(name)
        assert "stopped" in said(name)


def test_a_project_is_served_without_a_word_and_its_requests_are_kept(registered: Registered, tmp_path: Path) -> None:
    project, log = tmp_path / "project", tmp_path / "requests"
    project.mkdir()
    log.mkdir()
    log.chmod(0o777)
    kept = {"registry": "/registry", "serving": {"requests": {"folder": "/requests"}}}
    (project / "benison.yaml").write_text(yaml.safe_dump({**PROJECT, **kept}))
    folders = {project: "/project:ro", registered.folder: "/registry:ro", log: "/requests"}
    mounted = [word for source, target in folders.items() for word in ("--volume", f"{source}:{target}")]
    with serving(*mounted) as (name, caller):
        answers = [caller.predict({**ROW, "x": x}) for x in (0.5, 1.0)]
        assert left(name) == 0, said(name)
    rows = [row for batch in read_since(log, NOON) for row in batch.to_pylist()]
    assert [row["score"] for row in rows] == [answer.scores[0] for answer in answers] == [0.25, 0.5]
    assert [row["features"]["x"] for row in rows] == [0.5, 1.0]
    assert {row["package"] for row in rows} == {registered.champion}
