"""Tasks in the images that `make images` has built, by Docker."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kfp import compiler

from benison.core.errors import BrokenError
from benison.core.images import DELIVER
from benison.engines.containers import Containers
from benison.engines.ir_reading import read
from benison.engines.local import LocalEngine, Mounts, RunRecord, RunRequest
from benison.engines.pool import Ended
from tests.cli.commands import call
from tests.engines import contained
from tests.pipelines import small_project

Run = Callable[..., RunRecord]
SPECS = Path(__file__).resolve().parents[2] / "pipelines" / "compiled"
with_images = pytest.mark.containers


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """A folder that tasks may read."""
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "text").write_text("given")
    return folder


@pytest.fixture
def run(tmp_path: Path, given: Path) -> Iterator[Run]:
    with LocalEngine(mounts=Mounts(read=(given,))) as engine:

        def run_named(name: str, image: str = DELIVER, limit_s: float | None = None, **parameters: Any) -> RunRecord:
            ir = tmp_path / f"{name}.yaml"
            compiler.Compiler().compile(getattr(contained, name), str(ir))
            ir.write_text(ir.read_text().replace(f"image: {DELIVER}", f"image: {image}"))
            return engine.run(RunRequest(ir, parameters, tmp_path / "runs", task_timeout_s=limit_s))

        yield run_named


def left() -> list[str]:
    """Containers of the engine that are still there."""
    said = subprocess.run(
        ["docker", "ps", "--all", "--format", "{{.Names}}", "--filter", "name=^benison-"],
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in said.stdout.split() if re.fullmatch(r"benison-[0-9a-f]{12}-\d+", name)]


@with_images
def test_a_task_reads_what_is_mounted_and_is_nobody(run: Run, given: Path) -> None:
    record = run("looking", path=str(given / "text"))
    assert record.state == "succeeded", record.tasks["look"].error
    assert record.tasks["look"].parameters["found"] == "given, read only, user True, root False"
    assert (given / "text").read_text() == "given"
    assert run("looking", path=str(given / "text")).tasks["look"].state == "reused"
    assert left() == []


@with_images
def test_more_memory_than_its_limit_is_said_as_that(run: Run) -> None:
    assert run("filling", megabytes=20).tasks["fill"].parameters["Output"] == 20_000_000
    error = run("filling", megabytes=900).tasks["fill"].error
    assert error is not None and error.exit_code == 3
    assert "task fill: expected a need of no more than the 200 MB that its container may use, got more" in error.message
    assert "raise  memory  under targets.local" in error.hint
    assert left() == []


@with_images
def test_a_task_that_takes_too_long_is_ended_with_its_container(run: Run) -> None:
    error = run("staying", limit_s=3, seconds=120).tasks["stay"].error
    assert error is not None and "expected an end within 3 s, got none" in error.message
    assert left() == []


@pytest.fixture
def other() -> Iterator[str]:
    """An image that was built of other code."""
    name = "benison-deliver-of-another-time:1"
    find = "import benison.core.images as images; print(images.__file__)"
    recipe = f"FROM {DELIVER}\nUSER 0\nRUN echo '# later' >> $(python -c '{find}')\nUSER 10001\n"
    subprocess.run(["docker", "build", "--tag", name, "-"], input=recipe.encode(), check=True, capture_output=True)
    yield name
    subprocess.run(["docker", "image", "rm", "--force", name], check=True, capture_output=True)


@with_images
def test_an_image_of_other_code_runs_nothing(run: Run, other: str) -> None:
    assert run("telling").tasks["tell"].parameters["Output"] == "deliver"
    error = run("telling", image=other).tasks["tell"].error
    assert error is not None and f"image {other}: expected the code of this command" in error.message
    assert "make images" in error.hint


@with_images
def test_a_project_comes_to_the_same_verdict_as_in_processes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = small_project.make(tmp_path / "project")
    answer = call(capsys, "run", str(project), "--span", "1", "--containers")
    assert answer.code == 0 and "verdict: pushed" in answer.out + answer.err
    again = call(capsys, "run", str(project), "--span", "1", "--containers")
    assert again.code == 0 and "reused" in again.out + again.err
    assert call(capsys, "registry", "verify", "-p", str(project)).code == 0
    assert left() == []


def test_an_image_that_is_not_there_is_named(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "bin" / "docker"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\ntest "$1" = version && echo 29.0 && exit 0\necho "No such image" >&2\nexit 1\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(BrokenError, match=r"image benison-none:1: expected an image on this machine, got none") as told:
        run("looking", image="benison-none:1", path="/x")
    assert "make images" in told.value.hint


def test_without_docker_or_its_daemon_nothing_starts(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokenError, match="docker: expected Docker, to run tasks in containers, got no such command"):
        run("looking", path="/x")
    stopped = tmp_path / "docker"
    stopped.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n")
    stopped.chmod(0o755)
    with pytest.raises(BrokenError, match="got Cannot connect to the Docker daemon") as told:
        run("looking", path="/x")
    assert "start its daemon" in told.value.hint
    assert not (tmp_path / "runs").exists()


def test_a_variable_for_one_component_is_named_to_its_container_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text('#!/bin/sh\necho "$@"\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("RELEASE_KEY", "made up")
    pipeline = read(SPECS / "continuous_training.local.yaml")
    engine, told = Containers(Mounts(variables={"pusher": ("RELEASE_KEY", "NOT_SET")})), {}
    for name in ("trainer", "pusher"):
        engine.submit("light", tmp_path / "task", tmp_path / name, pipeline.tasks[name].component)
        while not any(isinstance(event, Ended) for event in engine.wait(60)):
            pass
        told[name] = (tmp_path / name).read_text()
    engine.close()
    assert {name: "--env RELEASE_KEY" in words for name, words in told.items()} == {"trainer": False, "pusher": True}
    assert "NOT_SET" not in told["pusher"]
    assert "made up" not in told["pusher"]
