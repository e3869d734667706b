from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from benison.core import digests
from benison.core.errors import IntegrityError, StorageError
from benison.core.verdicts import Verdict
from benison.registry.log import Register
from benison.registry.registry import Registry
from benison.registry.testing import SAID, Bench, digest, provenance


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


def profile(word: str) -> tuple[str, bytes]:
    snapshot = digest(word)
    content = {"kind": "profile", "format": 1, "snapshot": snapshot, "spans": [1], "rows": 9, "features": {}}
    return snapshot, json.dumps(content).encode()


def test_keeps_the_first_profile_of_each_snapshot(bench: Bench) -> None:
    kept = dict(profile(word) for word in ("a", "b"))
    for snapshot, content in kept.items():
        bench.registry.put_history(snapshot, content)
        bench.registry.put_history(snapshot, content + b"\n")
    assert bench.registry.history() == kept


def test_names_a_profile_that_is_not_what_its_name_says(bench: Bench) -> None:
    (snapshot, _), (_, other) = profile("a"), profile("b")
    bench.registry.put_history(snapshot, other)
    with pytest.raises(IntegrityError, match="json: expected the profile that its name says, got sha256:"):
        bench.registry.history()


def test_names_a_profile_that_is_torn(bench: Bench) -> None:
    snapshot, content = profile("a")
    bench.registry.put_history(snapshot, content[:-1])
    with pytest.raises(
        IntegrityError, match=f"{digests.as_folder_name(snapshot)}.json: expected a document of kind pro"
    ):
        bench.registry.history()


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
