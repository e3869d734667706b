"""benison registry mirror, as a user calls it: the log, a bucket and Vertex AI's API, both on loopback."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from benison import config
from benison.config.mirror import VertexMirror
from benison.core import digests
from benison.registry.testing import Bench, MemoryStore
from tests.cli.commands import Answer, call
from tests.mirror.bucket_server import bucket
from tests.mirror.model_server import ARTIFACTS, ModelServer
from tests.test_config_model_card import FRAME

Asked = Callable[..., Answer]


@pytest.fixture
def asked(bench: Bench, place: VertexMirror, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Asked:
    vertex = {
        "project": "acme",
        "location": "europe-west4",
        "artifacts": ARTIFACTS,
        "image": place.container.image,
        "api": place.api,
    }
    (tmp_path / config.FILE).write_text(yaml.safe_dump({**FRAME, "mirror": {"vertex": vertex}}))
    return lambda *words: call(capsys, "registry", "mirror", *words, "-p", tmp_path)


@pytest.fixture
def folder(server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryStore]:
    """What lies in the bucket's folder that benison.yaml names."""
    with bucket(server.artifacts, "mirrored/") as address:
        said = {"gcs_base_url": address, "disable_oauth": True}
        key = dict.fromkeys(("client_email", "private_key", "private_key_id"), "")
        (tmp_path / "gcs.json").write_text(json.dumps({**said, **key}))
        monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT_PATH", str(tmp_path / "gcs.json"))
        monkeypatch.setenv("GOOGLE_ALLOW_HTTP", "true")
        yield server.artifacts


@pytest.fixture
def signals() -> Iterator[None]:
    """The handlers of signals are those of before when the test ends."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_champion_is_copied_uploaded_and_named(
    asked: Asked, bench: Bench, server: ModelServer, folder: MemoryStore
) -> None:
    package = bench.crown("one").package
    below = f"census/packages/{digests.as_folder_name(package)}/"
    folder.put_if_absent(f"{below}variables/variables.index", b"index of one")  # by one that was cut short
    server.polls = 0
    first, again = asked(), asked()
    assert (first.code, first.err) == (0, "")
    short = digests.short(package)
    assert first.out == f"version 1 ({short}): uploaded\nversion 1 ({short}): aliases champion, default\n"
    assert (again.code, again.out) == (0, "nothing was to be done\n")
    assert server.aliases() == {"default": "1", "champion": "1"}
    assert [key.removeprefix(below) for key in folder.list_after(below)] == [
        "assets.extra/features.json",
        "saved_model.pb",
        "variables/variables.data-00000-of-00001",
        "variables/variables.index",
    ]


def test_following_ends_by_a_signal_even_while_an_upload_is_waited_for(
    asked: Asked, bench: Bench, server: ModelServer, folder: MemoryStore, signals: None
) -> None:
    bench.crown("one")
    server.polls, server.stopping = 1000, lambda: os.kill(os.getpid(), signal.SIGTERM)
    assert asked("--follow", 60) == (0, "", "")
    assert len(server.operations) == 1


def test_without_a_word_in_benison_yaml_it_says_where_to_say_it(asked: Asked, tmp_path: Path) -> None:
    (tmp_path / config.FILE).write_text(yaml.safe_dump(FRAME))
    answer = asked()
    assert (answer.code, answer.out) == (2, "")
    assert "benison.yaml (mirror.vertex): expected where to mirror to, got none\n\nhint: say project" in answer.err


def test_without_googles_library_it_is_told_what_to_install(
    asked: Asked, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.add("one")
    monkeypatch.setitem(sys.modules, "google.cloud.aiplatform_v1", None)
    monkeypatch.delattr("google.cloud.aiplatform_v1")
    for name in [name for name in sys.modules if name.startswith("benison.mirror")]:
        monkeypatch.delitem(sys.modules, name)
    answer = asked()
    assert answer.code == 2
    assert "expected google-cloud-aiplatform, got none\n\nhint: install it: pip install 'benison[vertex]'" in answer.err


def test_an_api_that_does_not_let_us_in_is_bad_input(asked: Asked, server: ModelServer, bench: Bench) -> None:
    bench.crown("one")
    server.fails = 403
    answer = asked()
    assert (answer.code, answer.out) == (2, "")
    assert "hint: ask for roles/aiplatform.user in the project" in answer.err
