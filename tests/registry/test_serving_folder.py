"""A folder as TensorFlow Serving reads it: the highest number is the champion, each is whole or not there."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benison.core import digests
from benison.core.errors import IntegrityError, RegistryError, StorageError
from benison.registry.registry import Registry
from benison.registry.serving_folder import follow, materialize
from benison.registry.testing import SAID, Bench


def versions(serving: Path) -> dict[int, str]:
    """What a server finds: by number the digest of what lies there."""
    return {int(path.name): digests.of_tree(path) for path in (serving / "census").iterdir() if path.name.isdigit()}


def test_the_champion_lies_under_its_number(bench: Bench, tmp_path: Path) -> None:
    one = bench.crown("one")
    served = materialize(bench.registry, tmp_path / "srv")
    assert (served.folder, served.champion, served.made) == (tmp_path / "srv/census/3", one, True)
    assert versions(tmp_path / "srv") == {3: one.package}
    assert not materialize(bench.registry, tmp_path / "srv").made
    assert [path.name for path in (tmp_path / "srv/census").iterdir()] == ["3"]


def test_a_rollback_raises_the_number(bench: Bench, tmp_path: Path) -> None:
    one, two = bench.crown("one"), bench.crown("two")
    materialize(bench.registry, tmp_path)
    bench.registry.rollback(**SAID)
    assert materialize(bench.registry, tmp_path).made
    assert versions(tmp_path) == {two.number: two.package, 7: one.package}


def test_so_many_versions_stay_and_what_is_no_version_does_too(bench: Bench, tmp_path: Path) -> None:
    champions = []
    (tmp_path / "census" / "notes").mkdir(parents=True)
    (tmp_path / "census" / "models.config").write_text("mine")
    for word in ("one", "two", "three", "four"):
        champions.append(bench.crown(word))
        last = materialize(bench.registry, tmp_path, keep=2)
    assert versions(tmp_path) == {one.number: one.package for one in champions[-2:]}
    assert last.removed == (champions[1].number,)
    assert {path.name for path in (tmp_path / "census").iterdir()} >= {"notes", "models.config"}


def test_one_version_may_be_all_that_stays(bench: Bench, tmp_path: Path) -> None:
    bench.crown("one")
    materialize(bench.registry, tmp_path)
    two = bench.crown("two")
    materialize(bench.registry, tmp_path, keep=1)
    assert versions(tmp_path) == {two.number: two.package}


def test_a_higher_number_of_somebody_else_s_is_not_removed(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "census" / "1764000000").mkdir(parents=True)
    bench.crown("one")
    materialize(bench.registry, tmp_path, keep=1)
    assert {path.name for path in (tmp_path / "census").iterdir()} == {"3", "1764000000"}


def test_without_a_champion_there_is_nothing_to_serve(bench: Bench, tmp_path: Path) -> None:
    bench.add("one")
    with pytest.raises(RegistryError, match="census: expected a champion to serve, got none"):
        materialize(bench.registry, tmp_path)


def test_what_was_changed_in_its_place_is_named(bench: Bench, tmp_path: Path) -> None:
    bench.crown("one")
    served = materialize(bench.registry, tmp_path)
    (served.folder / "saved_model.pb").write_bytes(b"another")
    with pytest.raises(IntegrityError, match=r"census/3: expected sha256:.*(?s:.)*hint: it was changed after"):
        materialize(bench.registry, tmp_path)


def test_a_damaged_package_never_comes_there(bench: Bench, tmp_path: Path) -> None:
    one = bench.crown("one")
    materialize(bench.registry, tmp_path)
    two = bench.crown("two")
    package = bench.folder.parent / "registry/census/packages" / digests.as_folder_name(two.package)
    (package / "variables/variables.index").write_bytes(b"flipped")
    with pytest.raises(IntegrityError, match=r"variables.index"):
        materialize(bench.registry, tmp_path)
    assert versions(tmp_path) == {3: one.package}


def test_a_file_in_the_place_of_the_folder_is_told(bench: Bench, tmp_path: Path) -> None:
    bench.crown("one")
    (tmp_path / "srv").write_bytes(b"")
    with pytest.raises(StorageError, match="a file in the place of a folder"):
        materialize(bench.registry, tmp_path / "srv")


def test_many_at_once_make_one_version(bench: Bench, tmp_path: Path) -> None:
    one = bench.crown("one")
    with ThreadPoolExecutor(8) as pool:
        served = list(pool.map(lambda _: materialize(bench.registry, tmp_path), range(16)))
    assert {each.champion for each in served} == {one}
    assert versions(tmp_path) == {3: one.package}
    assert [path.name for path in (tmp_path / "census").iterdir()] == ["3"]


class Steps(threading.Event):
    """Instead of waiting, something happens; after the last thing it is time to stop."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        super().__init__()
        self._steps = list(steps)

    def wait(self, timeout: float | None = None) -> bool:
        if self._steps:
            self._steps.pop(0)()
        else:
            self.set()
        return self.is_set()


def test_it_follows_promotions_and_rollbacks_and_outlives_trouble(
    bench: Bench, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = bench.folder.parent / "registry/census/log"
    seen: list[dict[int, str]] = []

    def look() -> None:
        seen.append(versions(tmp_path))

    def lost() -> None:
        bench.registry.rollback(**SAID)
        (log / "000000000007.json").rename(tmp_path / "kept")
        (log / "000000000007.json").write_bytes(b"torn")

    def found() -> None:
        (tmp_path / "kept").replace(log / "000000000007.json")

    steps = Steps(lambda: bench.crown("one"), look, lambda: bench.crown("two"), look, lost, found, look)
    follow(Registry.create(str(log.parents[1]), "census"), tmp_path, 3, 5, steps)
    assert [max(each) for each in seen] == [3, 6, 7]
    assert seen[-1][7] == seen[0][3]
    assert "000000000007.json" in caplog.text


def test_what_a_killed_process_left_is_swept_and_what_another_works_at_is_not(bench: Bench, tmp_path: Path) -> None:
    bench.crown("one")
    for name in (".1.abcd_123", ".3.zzzzzzzz", ".3.in_use_1", ".hidden", ".3.txt"):
        (tmp_path / "census" / name / "package").mkdir(parents=True)
    handle = os.open(tmp_path / "census" / ".3.in_use_1", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    materialize(bench.registry, tmp_path)
    assert {path.name for path in (tmp_path / "census").iterdir()} == {"3", ".3.in_use_1", ".hidden", ".3.txt"}
    os.close(handle)
    materialize(bench.registry, tmp_path)
    assert {path.name for path in (tmp_path / "census").iterdir()} == {"3", ".hidden", ".3.txt"}


def test_where_there_are_no_locks_nothing_is_swept(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    one = bench.crown("one")
    (tmp_path / "census" / ".1.abcd_123").mkdir(parents=True)
    materialize(bench.registry, tmp_path)
    assert versions(tmp_path) == {3: one.package}
    assert (tmp_path / "census" / ".1.abcd_123").is_dir()


def test_a_signal_ends_the_command_that_follows(bench: Bench, tmp_path: Path) -> None:
    bench.crown("one")
    program = (
        "import sys; from benison.cli.registry_changing import stopped_by_signal; stop = stopped_by_signal();"
        "print('ready', flush=True); print(stop.wait(60))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=60)[0] == "True\n"
