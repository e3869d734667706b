from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from benison.core import digests
from benison.core.errors import IntegrityError, StorageError
from benison.core.verdicts import Verdict
from benison.registry.log import Register, utc
from benison.registry.registry import Registry
from benison.registry.testing import NOON, SAID, Bench, digest, profile, provenance


def reopened(bench: Bench, tmp_path: Path) -> Registry:
    return Registry.open(str(tmp_path / "registry"), "census")


def test_shows_all_that_is_known_of_a_version(bench: Bench) -> None:
    first = bench.crown("one")
    bench.crown("two")
    bench.registry.rollback(**SAID)
    shown = bench.registry.show("champion")
    assert shown.manifest.package == first.package
    assert shown.manifest.size == sum(path.stat().st_size for path in bench.package("one").rglob("*") if path.is_file())
    assert shown.aliases == ("champion", "reference")
    assert [one.number for one in shown.promotions] == [3, 7]
    assert (shown.version.registered, [number for number, _ in shown.version.blessings]) == (1, [2])


def test_lists_the_log_oldest_first_and_the_same_when_read_afresh(bench: Bench, tmp_path: Path) -> None:
    bench.crown("one")
    bench.crown("two")
    logged = bench.registry.log()
    assert [one.number for one in logged] == [1, 2, 3, 4, 5, 6]
    assert isinstance(logged[0].entry, Register)
    assert reopened(bench, tmp_path).log() == logged
    assert reopened(bench, tmp_path).state() == bench.registry.state()


def test_sees_what_others_write_meanwhile(bench: Bench, tmp_path: Path) -> None:
    other = Bench(Registry.create(str(tmp_path / "registry"), "census"), tmp_path / "packages")
    assert bench.registry.state().champion is None
    champion = other.crown("one")
    assert bench.registry.state().champion == champion


def test_names_the_log_entry_that_cannot_follow(bench: Bench, tmp_path: Path) -> None:
    bench.crown("one")
    log = tmp_path / "registry" / "census" / "log"
    last = json.loads((log / "000000000003.json").read_bytes())
    forged = {**last, "number": 4, "previous": digests.of_file(log / "000000000003.json")}
    (log / "000000000004.json").write_text(json.dumps(forged))
    with pytest.raises(
        IntegrityError, match=r"log entry 4: expected what can follow with champion 3 \(.*\), got promote"
    ):
        bench.registry.state()


def entry_of(tmp_path: Path, word: str) -> Path:
    return tmp_path / "registry" / "census" / "history" / f"{digests.as_folder_name(digest(word))}.json"


def test_keeps_each_snapshot_as_it_was_first_accepted(bench: Bench) -> None:
    for word in ("a", "b"):
        bench.registry.history.put(profile(digest(word)), NOON)
    first = bench.registry.history.entries()
    for word in ("a", "b"):
        bench.registry.history.put(profile(digest(word), spans=(7,)), NOON + timedelta(days=1))
    assert bench.registry.history.entries() == first
    assert {snapshot: json.loads(raw) for snapshot, raw in first.items()} == {
        digest(word): {
            "kind": "history_entry",
            "format": 1,
            "snapshot": digest(word),
            "accepted_at": utc(NOON),
            "profile": {"kind": "profile", "format": 1, **profile(digest(word))},
        }
        for word in ("a", "b")
    }


def test_names_an_entry_of_another_snapshot_than_its_name_says(bench: Bench, tmp_path: Path) -> None:
    for word in ("a", "b"):
        bench.registry.history.put(profile(digest(word)), NOON)
    entry_of(tmp_path, "a").write_bytes(entry_of(tmp_path, "b").read_bytes())
    with pytest.raises(IntegrityError, match=f"expected the snapshot that its name says, got {digest('b')}"):
        bench.registry.history.entries()


def test_names_an_entry_with_the_profile_of_another_snapshot(bench: Bench, tmp_path: Path) -> None:
    bench.registry.history.put(profile(digest("a")), NOON)
    entry = json.loads(entry_of(tmp_path, "a").read_bytes())
    entry["profile"]["snapshot"] = digest("b")
    entry_of(tmp_path, "a").write_text(json.dumps(entry))
    with pytest.raises(IntegrityError, match=f"expected the snapshot that its name says, got {digest('b')}"):
        bench.registry.history.entries()


def test_names_an_entry_that_is_torn(bench: Bench, tmp_path: Path) -> None:
    bench.registry.history.put(profile(digest("a")), NOON)
    entry_of(tmp_path, "a").write_bytes(entry_of(tmp_path, "a").read_bytes()[:-2])
    with pytest.raises(IntegrityError, match=f"{entry_of(tmp_path, 'a').name}: expected a document of kind history"):
        bench.registry.history.entries()


def test_says_that_the_disk_is_full_and_stays_as_it_was(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion = bench.crown("one")
    two = bench.package("two")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match="got a full disk\n\nhint: make room"):
            bench.registry.register(two, provenance("two"), **SAID)
        with pytest.raises(StorageError, match="got a full disk"):
            bench.registry.bless(
                "champion",
                Verdict.PASS,
                reasons=(),
                evidence={"evaluation": digest("x"), "policy": digest("y")},
                compared_with=None,
                **SAID,
            )
    assert reopened(bench, tmp_path).state().champion == champion
    assert len(reopened(bench, tmp_path).log()) == 3
    bench.crown("two")
