"""Full disks, answers that never come, clocks that disagree: the state stays what the log says, and goes on."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from benison.core.errors import StorageError
from benison.core.store import Store
from benison.registry import buckets
from benison.registry.registry import Registry
from benison.registry.testing import NOON, SAID, Bench, MemoryStore
from benison.registry.verification import verify
from tests.sources.s3_server import Unanswered, new_bucket, s3_server

_NUMBERS = itertools.count()
ACTS: dict[str, Callable[[Bench], object]] = {
    "register": lambda bench: bench.add("three"),
    "bless": lambda bench: bench.bless("challenger", evaluation="again"),
    "promote": lambda bench: bench.registry.promote("challenger", **SAID),
    "rollback": lambda bench: bench.registry.rollback(replacing=6, **SAID),
    "retire": lambda bench: bench.registry.retire(bench.add("old"), **SAID),
}


def prepared(store: Store, folder: Path) -> Bench:
    bench = Bench(Registry(store, "census"), folder)
    bench.crown("one")
    bench.crown("two")
    bench.add("old")
    bench.bless(bench.add("next"))
    return bench


class Full(MemoryStore):
    """A store that has room for so many more objects.

    Attributes:
        room: For how many.
    """

    room = 1000

    def put_if_absent(self, key: str, content: bytes | Path, digest: str | None = None) -> bool:
        self.room -= 1
        if self.room < 0:
            raise StorageError(self.where(key), expected="a folder with room that can be written", got="a full disk")
        return super().put_if_absent(key, content, digest)


@pytest.mark.parametrize("name", ACTS)
def test_a_disk_that_is_full_at_any_write_leaves_the_old_state(tmp_path: Path, name: str) -> None:
    whole = Full()
    prepared(whole, tmp_path)
    for room in itertools.count():
        store = whole.copy()
        bench = Bench(Registry(store, "census"), tmp_path)
        old, store.room = bench.registry.state(), room
        try:
            ACTS[name](bench)
        except StorageError as error:
            assert "got a full disk" in str(error)
        else:
            break
        assert Registry(store, "census").state() == old
        store.room = 1000
        ACTS[name](Bench(Registry(store, "census"), tmp_path))
        found = verify(Registry(store, "census"))
        assert (found.problems, found.unfinished) == ((), ())
    assert room > 0


_ON_A_SMALL_DISK = """
import sys
from pathlib import Path
from benison.core.errors import StorageError
from benison.registry.registry import Registry
from benison.registry.serving_folder import materialize
from benison.registry.testing import SAID, Bench, provenance
from benison.registry.verification import verify

disk = Path(sys.argv[1])
bench = Bench(Registry.create(str(disk / "registry"), "census"), Path(sys.argv[2]))
bench.crown("one")
served = materialize(bench.registry, disk / "srv")
(bench.package("two") / "variables" / "variables.data-00000-of-00001").write_bytes(bytes(600_000))
before = bench.registry.log()
try:
    bench.add("two")
except StorageError as error:
    print(str(error).splitlines()[0])
(disk / "fill").write_bytes(bytes(200_000))
bench.crown("three")
(bench.package("four") / "variables" / "variables.data-00000-of-00001").write_bytes(bytes(150_000))
bench.crown("four")
try:
    materialize(bench.registry, disk / "srv")
except StorageError as error:
    print(str(error).splitlines()[0])
print(sorted(path.name for path in (disk / "srv/census").iterdir()), verify(bench.registry).problems)
(disk / "fill").unlink()
print(materialize(bench.registry, disk / "srv").made)
"""


def test_a_real_disk_that_is_full_is_named_and_nothing_half_is_seen(tmp_path: Path) -> None:
    mount = 'mount -t tmpfs -o size=600k none "$1" 2>/dev/null || exit 77; exec "$2" -c "$3" "$1" "$4"'
    (tmp_path / "disk").mkdir()
    asked = ["sh", "-c", mount, "sh", tmp_path / "disk", sys.executable, _ON_A_SMALL_DISK, tmp_path / "packages"]
    ended = subprocess.run(["unshare", "-rm", *map(str, asked)], capture_output=True, text=True)
    if ended.returncode == 77 or "unshare" in ended.stderr:
        pytest.skip("this machine lets nobody mount a small disk")
    assert ended.returncode == 0, ended.stderr
    registered, served, left, made = ended.stdout.splitlines()
    assert registered.endswith("expected a folder with room that can be written, got a full disk")
    assert served.endswith("expected a folder with room that can be written, got a full disk")
    assert (left, made) == ("['3'] ()", "True")


def test_two_clocks_that_are_apart_and_go_backwards_do_not_disturb_the_order(tmp_path: Path) -> None:
    store = MemoryStore()
    fast, slow = (Bench(Registry(store, "census"), tmp_path) for _ in range(2))
    one = fast.crown("one")
    for number, hours in enumerate((20, -20, 3, -3)):
        writer: Bench = (fast, slow)[number % 2]
        said: dict[str, Any] = {"who": "ci", "when": NOON + timedelta(hours=hours), "why": "test"}
        package = writer.add(f"{number}")
        writer.bless(package)
        last = writer.registry.promote(package, by_hand=False, **said)
    state = Registry(store, "census").state()
    assert state.champion is not None
    assert (state.champion.number, state.number) == (last.number, 15)
    assert fast.registry.rollback(one.package, who="ci", when=NOON - timedelta(days=900), why="battery").number == 16
    assert verify(Registry(store, "census")).sound


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> tuple[MemoryStore, Path]:
    """What each bucket begins with, and its packages."""
    store, folder = MemoryStore(), tmp_path_factory.mktemp("packages")
    prepared(store, folder)
    return store, folder


@pytest.fixture
def unanswered() -> Unanswered:
    return Unanswered()


@pytest.fixture
def uri(unanswered: Unanswered, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with s3_server(unanswered) as endpoint:
        yield new_bucket(endpoint, f"slow-{next(_NUMBERS)}", monkeypatch).uri("registry")


@pytest.mark.parametrize("retries", [0, 2])
@pytest.mark.parametrize("name", ACTS)
def test_a_bucket_that_wrote_and_never_answered(
    uri: str,
    unanswered: Unanswered,
    ready: tuple[MemoryStore, Path],
    name: str,
    retries: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whether the client asks again, and is told 'taken', or gives up: the change is made once."""
    monkeypatch.setattr(buckets, "CLIENT_RETRIES", {"max_retries": retries})
    store, (kept, folder) = buckets.BucketStore(uri), ready
    for key in kept.list_after(""):
        assert store.put_if_absent(key, kept.get(key) or b"")
    bench = Bench(Registry(store, "census"), folder)
    began = len(bench.registry.log())
    unanswered.left = 1
    try:
        ACTS[name](bench)
    except StorageError as error:
        assert retries == 0, error
        assert "registry/census/" in str(error)
    assert len(unanswered.done) == 1
    again = Bench(Registry(buckets.BucketStore(uri), "census"), folder)
    if len(again.registry.log()) == began:
        ACTS[name](again)
    assert len(again.registry.log()) == began + 1
    found = verify(again.registry)
    assert (found.problems, found.unfinished) == ((), ())
