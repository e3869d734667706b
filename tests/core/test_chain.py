from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benison.core import chain as module
from benison.core import digests
from benison.core.chain import Chain
from benison.core.errors import ConflictError, IntegrityError, RegistryError, StorageError
from benison.core.store import Store
from benison.registry.stores import LocalStore
from benison.registry.testing import MemoryStore

PACKAGE = "sha256:" + "a" * 64
NONE: dict[str, Any] = {"replaces": None, "compared_with": None, "evidence": {}}


def said(why: str) -> dict[str, Any]:
    when = "2026-11-20T12:00:00Z"
    return {"action": "register", "package": PACKAGE, "who": "ci", "when": when, "why": why, "spans": [1], **NONE}


def chain(store: Store) -> Chain:
    return Chain(store, "census/log", "log_entry")


def grown(store: Store, length: int) -> Chain:
    log, head = chain(store), None
    for n in range(length):
        head = log.append(said(f"entry {n + 1}"), head)
    return log


def file(root: Path, number: int) -> Path:
    return root / "census" / "log" / f"{number:012d}.json"


def test_numbers_entries_from_one_without_gaps(tmp_path: Path) -> None:
    links = grown(LocalStore(tmp_path), 3).links_after()
    assert [(link.number, link.content["why"]) for link in links] == [(1, "entry 1"), (2, "entry 2"), (3, "entry 3")]
    assert sorted(path.name for path in file(tmp_path, 1).parent.iterdir()) == [
        "000000000001.json",
        "000000000002.json",
        "000000000003.json",
    ]


def test_seals_each_entry_with_the_digest_of_the_one_before(tmp_path: Path) -> None:
    links = grown(LocalStore(tmp_path), 3).links_after()
    assert links[0].previous is None
    for number in (1, 2):
        assert links[number].previous == digests.of_file(file(tmp_path, number)) == links[number - 1].digest
    assert len({link.writer for link in links}) == 3


def test_reads_only_what_is_new() -> None:
    store = MemoryStore()
    log = grown(store, 3)
    links = log.links_after()
    assert log.links_after(links[1]) == links[2:]
    assert log.links_after(links[2]) == []


def test_loses_to_a_writer_that_was_first() -> None:
    store = MemoryStore()
    head = grown(store, 1).links_after()[-1]
    chain(store).append(said("first"), head)
    with pytest.raises(
        ConflictError, match=r"000000000002.json: expected the next place in the log to be free, got an"
    ):
        chain(store).append(said("second"), head)
    assert [link.content["why"] for link in chain(store).links_after()] == ["entry 1", "first"]


class _Stuttering(MemoryStore):
    """Answers 'taken' to every request, also to the one that had won."""

    def put_if_absent(self, key: str, content: bytes | Path, digest: str | None = None) -> bool:
        super().put_if_absent(key, content, digest)
        return False


def test_has_won_where_its_own_entry_lies_although_the_store_says_taken() -> None:
    store = _Stuttering()
    first = chain(store).append(said("won"), None)
    assert chain(store).links_after() == [first]
    with pytest.raises(ConflictError):
        chain(store).append(said("lost"), None)


def test_names_an_entry_that_is_missing(tmp_path: Path) -> None:
    log = grown(LocalStore(tmp_path), 3)
    file(tmp_path, 2).unlink()
    with pytest.raises(
        IntegrityError, match=r"000000000002.json: expected an entry, since later ones are there, got none"
    ):
        log.links_after()


@pytest.mark.parametrize("kept", [0, 1, 40, -2])
def test_names_an_entry_that_is_torn(tmp_path: Path, kept: int) -> None:
    log = grown(LocalStore(tmp_path), 3)
    file(tmp_path, 2).write_bytes(file(tmp_path, 2).read_bytes()[:kept])
    with pytest.raises(IntegrityError, match=r"000000000002.json: expected a document of kind log_entry, got"):
        log.links_after()


def test_names_the_entry_after_one_that_was_changed(tmp_path: Path) -> None:
    log = grown(LocalStore(tmp_path), 3)
    file(tmp_path, 2).write_bytes(file(tmp_path, 2).read_bytes().replace(b'"who": "ci"', b'"who": "me"'))
    with pytest.raises(IntegrityError, match=r"000000000003.json: expected the entry before it to be sha256:"):
        log.links_after()


@pytest.mark.parametrize("content", [b"[]", b"{}", b"null", b'{"kind": "log_entry", "format": 1}', b"\xff\xfe", b"NaN"])
def test_names_an_entry_that_is_none(tmp_path: Path, content: bytes) -> None:
    log = grown(LocalStore(tmp_path), 1)
    file(tmp_path, 2).write_bytes(content)
    with pytest.raises(IntegrityError, match=r"000000000002.json: expected a document of kind log_entry"):
        log.links_after()


@pytest.mark.parametrize("name", ["notes.txt", "000000000001.json.bak", "1.json", "old/000000000001.json", ".DS_Store"])
def test_names_a_foreign_file(tmp_path: Path, name: str) -> None:
    log = grown(LocalStore(tmp_path), 2)
    foreign = tmp_path / "census" / "log" / name
    foreign.parent.mkdir(exist_ok=True)
    foreign.write_bytes(b"")
    with pytest.raises(IntegrityError, match=f"{name}: expected only entries of the log, named 000000000001.json"):
        log.links_after()


def test_names_an_entry_in_the_place_of_another(tmp_path: Path) -> None:
    log = grown(LocalStore(tmp_path), 1)
    file(tmp_path, 2).write_bytes(file(tmp_path, 1).read_bytes())
    with pytest.raises(IntegrityError, match=r"000000000002.json: expected entry 2, got entry 1"):
        log.links_after()


def test_says_that_an_entry_is_from_a_newer_version(tmp_path: Path) -> None:
    log = grown(LocalStore(tmp_path), 1)
    newer = {**json.loads(file(tmp_path, 1).read_bytes()), "format": 2, "number": 2, "colour": "blue"}
    file(tmp_path, 2).write_text(json.dumps(newer))
    with pytest.raises(RegistryError, match=r"000000000002.json: expected .* format 1, got format 2\n\nhint: a newer"):
        log.links_after()


class _Lagging(MemoryStore):
    """Lists without the entry before the last, as a listing may that was under way while two entries came."""

    def list_after(self, prefix: str, after: str = "") -> Any:
        keys = list(super().list_after(prefix, after))
        yield from [*keys[:-2], *keys[-1:]]


def test_is_not_misled_by_a_listing_that_missed_an_entry() -> None:
    log = grown(_Lagging(), 4)
    assert [link.number for link in log.links_after()] == [1, 2, 3, 4]


class Counting:
    """A store that counts what is got from it."""

    def __init__(self, store: Store) -> None:
        self.store, self.got = store, 0

    def get(self, key: str) -> bytes | None:
        self.got += 1
        return self.store.get(key)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


class _Unlisted(Counting):
    """Must not be listed."""

    def list_after(self, prefix: str, after: str = "") -> Any:
        raise AssertionError(f"{prefix} was listed")


def test_whoever_has_read_all_is_told_so_without_listing_the_log() -> None:
    store = MemoryStore()
    head = grown(store, 3).links_after()[-1]
    assert chain(_Unlisted(store)).links_after(head) == []


def test_nobody_fills_the_hole_of_an_entry_that_vanished_behind_the_one_read_last(tmp_path: Path) -> None:
    log = grown(LocalStore(tmp_path), 3)
    head = log.links_after()[0]
    file(tmp_path, 2).unlink()
    assert log.links_after(head) == []
    missing = f"{file(tmp_path, 2)}: expected an entry, since later ones are there, got none"
    with pytest.raises(IntegrityError, match=missing):
        log.append(said("in its place"), head)
    assert not file(tmp_path, 2).exists()


@pytest.fixture
def segments_of_five(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEGMENT", 5)


@pytest.mark.usefixtures("segments_of_five")
@pytest.mark.parametrize(("length", "got"), [(4, 4), (5, 5), (6, 2), (23, 7), (25, 5)])
def test_a_long_log_is_read_in_few_requests(length: int, got: int) -> None:
    store = MemoryStore()
    written = grown(store, length).links_after()
    counting = Counting(store)
    assert chain(counting).links_after() == written == chain(store).links_after(segments=False)
    assert counting.got == got


@pytest.mark.usefixtures("segments_of_five")
def test_whoever_reads_on_from_the_middle_of_a_segment_goes_on_there() -> None:
    store = MemoryStore()
    links = grown(store, 23).links_after()
    for known in (1, 4, 5, 12, 22):
        assert chain(store).links_after(links[known - 1]) == links[known:]


@pytest.mark.usefixtures("segments_of_five")
def test_many_writers_leave_whole_segments() -> None:
    store, head = MemoryStore(), None
    for n in range(12):
        head = chain(store).append(said(f"entry {n + 1}"), head)
    assert [key[-8:] for key in store.list_after("census/log_segments/")] == ["005.json", "010.json"]
    assert len(chain(store).links_after()) == 12
    chain(store).verify()


@pytest.mark.usefixtures("segments_of_five")
def test_a_log_without_one_of_its_segments_is_read_all_the_same() -> None:
    for missing in (5, 10, 15):
        store = MemoryStore()
        links = grown(store, 17).links_after()
        store.delete(f"census/log_segments/{missing:012d}.json")
        assert chain(store).links_after() == links


@pytest.mark.usefixtures("segments_of_five")
def test_a_segment_that_was_changed_is_named(tmp_path: Path) -> None:
    grown(LocalStore(tmp_path), 12)
    segment = tmp_path / "census" / "log_segments" / "000000000005.json"
    segment.write_text(segment.read_text().replace("entry 5", "entry x"))
    with pytest.raises(IntegrityError, match=r"000000000006.json|000000000010.json: expected the entry before it"):
        chain(LocalStore(tmp_path)).links_after()
    with pytest.raises(
        IntegrityError, match=r"log_segments/000000000005.json: expected a copy of entry 5, got something"
    ):
        chain(LocalStore(tmp_path)).verify()
    segment.write_text("{}")
    with pytest.raises(
        IntegrityError, match=r"log_segments/000000000005.json: expected a document of kind log_segment"
    ):
        chain(LocalStore(tmp_path)).links_after()


@pytest.mark.usefixtures("segments_of_five")
def test_an_entry_that_is_gone_is_missed_though_a_segment_has_it(tmp_path: Path) -> None:
    grown(LocalStore(tmp_path), 12)
    file(tmp_path, 3).unlink()
    with pytest.raises(IntegrityError, match=r"000000000003.json: expected an entry, since later ones are there"):
        chain(LocalStore(tmp_path)).verify()


@pytest.mark.usefixtures("segments_of_five")
def test_an_entry_is_added_even_where_its_segment_cannot_be() -> None:
    store = MemoryStore()

    class Full(Counting):
        def put_if_absent(self, key: str, content: bytes, digest: str | None = None) -> bool:
            if "segments" in key:
                raise StorageError(key, expected="room", got="a full disk")
            return store.put_if_absent(key, content, digest)

    grown(Full(store), 6)
    assert len(chain(store).links_after()) == 6
