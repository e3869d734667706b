"""The tests that every store must pass, a store in memory, and one that stops in the middle.

A new store is held to the contract by a class of its own:

    class TestMyStore(StoreTests):
        @pytest.fixture
        def store(self, tmp_path): return MyStore(...)
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benison.core import digests
from benison.core.errors import IntegrityError, RegistryError
from benison.core.profiles import Profile, RowsProfile
from benison.core.signing_keys import PrivateKey, private_in
from benison.core.store import Hashing, Store, Writer, checked_key, top
from benison.core.verdicts import Verdict
from benison.registry.log import Champion, Logged
from benison.registry.manifest import Provenance
from benison.registry.registry import Registry

_UNUSUAL = ["a b/c", "a%20b", "a#b?c=d", "a~b@c+d", "\u00fc/\u6f22", "data-00000-of-00001", "a:b"]
_CLIMBING = ["../a", "a/../b", "/a", "a//b", "a/", "", ".", "a/./b", "a\\b", "a\nb", "a\x00b"]


class MemoryStore:
    """A store that forgets everything when the process ends."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def copy(self) -> Self:
        """Another store that holds the same, and goes its own way from here."""
        other = type(self)()
        with self._lock:
            other._objects.update(self._objects)
        return other

    def where(self, key: str) -> str:
        return f"memory/{key}"

    def put_if_absent(self, key: str, content: bytes | Path, digest: str | None = None) -> bool:
        raw = content if isinstance(content, bytes) else content.read_bytes()
        with self._lock:
            if self._checked(key) in self._objects:
                return False
            if digest is not None and digests.of_bytes(raw) != digest:
                raise IntegrityError(self.where(key), expected=digest, got=digests.of_bytes(raw))
            self._objects[key] = raw
            return True

    def get(self, key: str) -> bytes | None:
        return self._objects.get(self._checked(key))

    def copy_to(self, key: str, target: Writer) -> bool:
        raw = self.get(key)
        if raw is not None:
            target.write(raw)
        return raw is not None

    def delete(self, key: str) -> bool:
        with self._lock:
            return self._objects.pop(self._checked(key), None) is not None

    def list_after(self, prefix: str, after: str = "") -> Iterator[str]:
        with self._lock:
            keys = sorted(key for key in self._objects if key.startswith(prefix) and key > after)
        yield from keys

    def _checked(self, key: str) -> str:
        return checked_key(key, "memory")


class Stopped(Exception):
    """The power went out."""


class StoppingStore:
    """A store that stops at its nth operation, and at every one after it.

    Args:
        store: What it hands its operations on to.
        at: The operation to stop at, from 1.
        done: Whether that operation still takes effect, as when only its answer is lost.
    """

    def __init__(self, store: Store, at: int, *, done: bool) -> None:
        self._store, self._left, self._done = store, at, done

    @property
    def stopped(self) -> bool:
        """Whether it came so far."""
        return self._left <= 0

    def where(self, key: str) -> str:
        return self._store.where(key)

    def put_if_absent(self, key: str, content: bytes | Path, digest: str | None = None) -> bool:
        self._left -= 1
        if self._left > 0 or (self._left == 0 and self._done):
            won = self._store.put_if_absent(key, content, digest)
        if self.stopped:
            raise Stopped(key)
        return won

    def get(self, key: str) -> bytes | None:
        self._step(key)
        return self._store.get(key)

    def copy_to(self, key: str, target: Writer) -> bool:
        self._step(key)
        return self._store.copy_to(key, target)

    def delete(self, key: str) -> bool:
        self._left -= 1
        there = (self._left > 0 or (self._left == 0 and self._done)) and self._store.delete(key)
        if self.stopped:
            raise Stopped(key)
        return there

    def list_after(self, prefix: str, after: str = "") -> Iterator[str]:
        self._step(prefix)
        yield from self._store.list_after(prefix, after)

    def _step(self, what: str) -> None:
        self._left -= 1
        if self.stopped:
            raise Stopped(what)


NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SAID: dict[str, Any] = {"who": "ci", "when": NOON, "why": "nightly run"}


def digest(word: str) -> str:
    """A digest that depends on a word."""
    return digests.of_bytes(word.encode())


def package(folder: Path, word: str) -> Path:
    """A folder in the shape of a SavedModel whose bytes depend on a word."""
    (folder / "variables").mkdir(parents=True)
    (folder / "assets.extra").mkdir()
    (folder / "saved_model.pb").write_bytes(f"graph of {word}".encode())
    (folder / "variables" / "variables.index").write_bytes(f"index of {word}".encode())
    (folder / "variables" / "variables.data-00000-of-00001").write_bytes(word.encode() * 100)
    (folder / "assets.extra" / "features.json").write_bytes(b"{}")
    return folder


def profile(snapshot: str, spans: tuple[int, ...] = (1,)) -> dict[str, Any]:
    """The content of a snapshot's profile.json."""
    rows = RowsProfile(rows=9, first=None, last=None, positives=4, negatives=5, columns={})
    return Profile(snapshot, rows, dict.fromkeys(spans, rows)).to_json()


def provenance(word: str, spans: tuple[int, ...] = (1,)) -> Provenance:
    """Where such a package says that it came from."""
    return Provenance(
        commit="0123abc",
        bundle=digest("bundle"),
        snapshot=digest(f"snapshot of spans {spans}"),
        spans=spans,
        model_digest=digest(f"weights of {word}"),
        hyperparameters={"units": 16},
        evaluation=digest(f"evaluation of {word}"),
    )


def new_pem(curve: str = "secp256r1") -> str:
    """A private key that nobody has seen before."""
    made = ec.generate_private_key({"secp256r1": ec.SECP256R1, "secp384r1": ec.SECP384R1}[curve]())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def new_key(curve: str = "secp256r1") -> PrivateKey:
    """Likewise, ready to sign."""
    return private_in({"KEY": new_pem(curve)}, "KEY")


class Bench:
    """A registry and short ways to put versions into it, for the tests of whatever uses one."""

    def __init__(self, registry: Registry, folder: Path) -> None:
        self.registry, self.folder = registry, folder

    def package(self, word: str) -> Path:
        folder = self.folder / word
        return folder if folder.is_dir() else package(folder, word)

    def add(self, word: str, spans: tuple[int, ...] = (1,)) -> str:
        return self.registry.register(self.package(word), provenance(word, spans), **SAID)

    def bless(
        self,
        name: str,
        verdict: Verdict = Verdict.PASS,
        against: Champion | str | None = "",
        evaluation: str = "",
        *,
        superior: bool = False,
    ) -> Logged | None:
        champion = self.registry.state().champion
        compared = champion if isinstance(against, str) else against
        return self.registry.bless(
            name,
            verdict,
            reasons=() if verdict is Verdict.PASS else ("auc +0.01 < allowed +0.02",),
            evidence={"evaluation": digest(evaluation or f"{name} against {compared}"), "policy": digest("gate")},
            compared_with=compared,
            superior=superior,
            **SAID,
        )

    def crown(self, word: str, spans: tuple[int, ...] = (1,), *, superior: bool = False) -> Champion:
        """Registers, blesses and promotes."""
        added = self.add(word, spans)
        self.bless(added, superior=superior)
        logged = self.registry.promote(added, by_hand=False, **SAID)
        return Champion(logged.number, added)


class StoreTests:
    """What a store promises."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        """An empty store; each implementation gives its own."""
        raise NotImplementedError

    def test_gives_back_the_bytes_that_were_put(self, store: Store) -> None:
        content = bytes(range(256)) * 7
        assert store.put_if_absent("a/b.bin", content)
        assert store.get("a/b.bin") == content

    def test_keeps_an_empty_object(self, store: Store) -> None:
        assert store.put_if_absent("empty", b"")
        assert store.get("empty") == b""
        assert list(store.list_after("")) == ["empty"]

    def test_refuses_a_second_object_under_the_same_key_and_keeps_the_first(self, store: Store) -> None:
        assert store.put_if_absent("a", b"first")
        assert not store.put_if_absent("a", b"second")
        assert store.get("a") == b"first"

    def test_has_nothing_under_a_key_that_was_never_put(self, store: Store) -> None:
        sink = io.BytesIO()
        store.put_if_absent("folder/a", b"a")
        for key in ("folder/b", "folder", "folder/a/b", "other"):
            assert store.get(key) is None
            assert not store.copy_to(key, sink)
        assert sink.getvalue() == b""

    def test_puts_a_file_of_several_megabytes(self, store: Store, tmp_path: Path) -> None:
        source = tmp_path / "source.bin"
        source.write_bytes(bytes(range(256)) * 20_000)
        sink = Hashing()
        assert store.put_if_absent("large", source)
        assert store.copy_to("large", sink)
        assert sink.digest == digests.of_file(source)

    def test_makes_nothing_of_bytes_that_are_not_what_their_digest_says(self, store: Store, tmp_path: Path) -> None:
        source = tmp_path / "source.bin"
        source.write_bytes(b"changed")
        for content in (b"changed", source):
            with pytest.raises(IntegrityError):
                store.put_if_absent("a", content, digests.of_bytes(b"as it was"))
        assert store.get("a") is None
        assert list(store.list_after("")) == []
        assert store.put_if_absent("a", source, digests.of_bytes(b"changed"))

    def test_lists_keys_in_the_order_of_their_text(self, store: Store) -> None:
        keys = ["b/2", "b/10", "b.json", "a", "b/c/d", "b-1/x", "bb"]
        for key in keys:
            store.put_if_absent(key, b"")
        assert list(store.list_after("")) == sorted(keys)
        for after in [*keys, "0", "b", "b/", "b/c/", "b/c/d/e", "z", "b/\U0010ffff"]:
            assert list(store.list_after("", after)) == sorted(key for key in keys if key > after)

    def test_lists_only_what_is_below_a_folder_and_after_a_key(self, store: Store) -> None:
        for key in ("log/3", "log/1", "log/2", "logs/4", "lo/5"):
            store.put_if_absent(key, b"")
        assert list(store.list_after("log/")) == ["log/1", "log/2", "log/3"]
        assert list(store.list_after("log/", "log/2")) == ["log/3"]
        assert list(store.list_after("log/", "lo/9")) == ["log/1", "log/2", "log/3"]
        assert list(store.list_after("log/", "z")) == []
        assert list(store.list_after("none/")) == []

    def test_names_what_lies_directly_below_a_folder(self, store: Store) -> None:
        for key in ("m/a/1", "m/a/2", "m/a-b/1", "m/c", "m/a.json"):
            store.put_if_absent(key, b"")
        assert list(top(store, "m/")) == ["a-b/", "a.json", "a/", "c"]

    @pytest.mark.parametrize("key", _CLIMBING)
    def test_refuses_a_key_that_climbs_out_or_is_odd(self, store: Store, key: str) -> None:
        with pytest.raises(RegistryError):
            store.put_if_absent(key, b"")
        with pytest.raises(RegistryError):
            store.get(key)
        assert list(store.list_after("")) == []

    @pytest.mark.parametrize(
        "key", ["a b/c", "a%20b", "a#b?c=d", "a~b@c+d", "\u00fc/\u6f22", "data-00000-of-00001", "a:b"]
    )
    def test_keeps_the_names_that_files_may_have(self, store: Store, key: str) -> None:
        assert store.put_if_absent(key, b"content")
        assert not store.put_if_absent(key, b"other")
        assert list(store.list_after("")) == [key]
        assert store.get(key) == b"content"

    def test_deletes_one_object_and_says_whether_it_was_there(self, store: Store) -> None:
        for key in ("a/b/1", "a/b/2", "a/c"):
            store.put_if_absent(key, key.encode())
        assert store.delete("a/b/1")
        assert not store.delete("a/b/1")
        assert not store.delete("never")
        assert list(store.list_after("")) == ["a/b/2", "a/c"]
        assert store.get("a/b/1") is None
        assert store.put_if_absent("a/b/1", b"again")
        assert store.get("a/b/1") == b"again"

    def test_deleting_and_putting_beside_each_other_loses_nothing(self, store: Store) -> None:
        with ThreadPoolExecutor(4) as pool:
            for n in range(30):
                store.put_if_absent(f"folder/{n}/old", b"")
                going = pool.submit(store.delete, f"folder/{n}/old")
                coming = [pool.submit(store.put_if_absent, f"folder/{n}/{name}", b"new") for name in "abc"]
                assert going.result()
                assert all(each.result() for each in coming)
        assert len(list(store.list_after("folder/"))) == 90

    def test_gives_a_key_to_exactly_one_of_many_writers_at_once(self, store: Store) -> None:
        with ThreadPoolExecutor(8) as pool:
            for n in range(20):
                contents = [bytes([writer]) * 50_000 for writer in range(8)]
                won = list(pool.map(lambda content, n=n: store.put_if_absent(f"log/{n}", content), contents))
                assert won.count(True) == 1
                assert store.get(f"log/{n}") == contents[won.index(True)]

    def test_shows_a_reader_the_whole_object_or_none(self, store: Store) -> None:
        content = bytes(1_000_000)
        with ThreadPoolExecutor(1) as pool:
            for n in range(20):
                writing = pool.submit(store.put_if_absent, f"{n}", content)
                seen = {len(found) for _ in range(20) if (found := store.get(f"{n}")) is not None}
                assert writing.result()
                assert seen <= {len(content)}
