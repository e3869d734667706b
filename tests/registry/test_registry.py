from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from benison.core import digests
from benison.core.errors import ConflictError, DataError, IntegrityError, RegistryError, StorageError
from benison.core.store import Writer
from benison.core.verdicts import Verdict
from benison.registry.log import Champion, Promote, Register
from benison.registry.registry import Registry
from benison.registry.stores import LocalStore
from benison.registry.testing import SAID, Bench, digest, package, provenance


def reopened(bench: Bench, tmp_path: Path) -> Registry:
    return Registry.open(str(tmp_path / "registry"), "census")


def stored(tmp_path: Path, digest_: str) -> Path:
    return tmp_path / "registry" / "census" / "packages" / digests.as_folder_name(digest_)


# Opening


def test_makes_a_missing_or_empty_folder_a_registry(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("missing", "empty", "missing"):
        Registry.create(str(tmp_path / name), "census")
        marker = json.loads((tmp_path / name / "registry.json").read_bytes())
        assert marker == {"kind": "registry", "format": 1}


def test_refuses_a_folder_that_is_no_registry_and_names_what_it_holds(tmp_path: Path) -> None:
    for name in ("b.txt", "a.csv", "d", "c.md", "e"):
        (tmp_path / name).write_bytes(b"")
    message = r"got a folder with a.csv, b.txt, c.md and 2 more\n\nhint: name the registry's own folder, or a new one"
    with pytest.raises(RegistryError, match=message):
        Registry.create(str(tmp_path), "census")
    with pytest.raises(RegistryError, match=r"expected a registry, which has a file registry.json, or an empty folder"):
        Registry.open(str(tmp_path), "census")
    assert not (tmp_path / "registry.json").exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"kind": "styles", "format": 1}'])
def test_refuses_a_marker_of_something_else(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "registry.json").write_bytes(content)
    with pytest.raises(RegistryError, match=r"registry.json: expected a registry's marker"):
        Registry.create(str(tmp_path), "census")


def test_refuses_a_registry_of_a_newer_version(tmp_path: Path) -> None:
    (tmp_path / "registry.json").write_bytes(b'{"kind": "registry", "format": 2}')
    with pytest.raises(RegistryError, match="got format 2\n\nhint: a newer version of Benison wrote it"):
        Registry.create(str(tmp_path), "census")


def test_does_not_open_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="expected a registry, got nothing there"):
        Registry.open(str(tmp_path / "missing"), "census")
    assert not (tmp_path / "missing").exists()


def test_names_the_nearest_model(bench: Bench, tmp_path: Path) -> None:
    bench.add("one")
    with pytest.raises(
        RegistryError, match="expected a model 'cencus', got none of that name\n\nhint: did you mean cen"
    ):
        Registry.open(str(tmp_path / "registry"), "cencus")


@pytest.mark.parametrize("model", ["", "..", "a/b", "Census", "1st", "a" * 64, "registry.json", "census\n"])
def test_refuses_a_model_name_that_cannot_be_a_folder(tmp_path: Path, model: str) -> None:
    with pytest.raises(RegistryError, match="model name: expected small letters, digits, - and _, a letter first"):
        Registry.create(str(tmp_path / "registry"), model)
    assert not (tmp_path / "registry").exists()


# Packages


def test_lays_a_package_out_as_it_is_served(bench: Bench, tmp_path: Path) -> None:
    added = bench.add("one")
    source = bench.package("one")
    assert added == digests.of_tree(source)
    assert digests.manifest_of(stored(tmp_path, added)) == digests.manifest_of(source)
    version = tmp_path / "registry" / "census" / "versions" / f"{digests.as_folder_name(added)}.json"
    manifest = json.loads(version.read_bytes())
    assert manifest["files"] == digests.manifest_of(source)
    assert manifest["registered"] == {"by": "ci", "when": "2026-11-20T12:00:00Z"}
    assert manifest["provenance"]["spans"] == [1]


def test_keeps_the_same_package_once_as_it_was_first_registered(bench: Bench) -> None:
    added = bench.add("one")
    again = bench.registry.register(
        bench.package("one"), provenance("two", (9,)), who="someone else", when=SAID["when"], why="again"
    )
    assert again == added
    assert [one.entry.action for one in bench.registry.log()] == ["register"]
    shown = bench.registry.show(added[7:19])
    assert shown.manifest.provenance == provenance("one")
    assert shown.manifest.by == "ci"


def test_keeps_models_apart(bench: Bench, tmp_path: Path) -> None:
    bench.crown("one")
    other = Bench(Registry.create(str(tmp_path / "registry"), "taxi"), tmp_path / "taxi")
    assert other.registry.state().champion is None
    with pytest.raises(RegistryError, match="nothing was registered so far"):
        other.registry.show("3")


def test_copies_a_version_out_as_it_was(bench: Bench, tmp_path: Path) -> None:
    added = bench.add("one")
    bench.registry.checkout(added, tmp_path / "out" / "model")
    assert digests.of_tree(tmp_path / "out" / "model") == added
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["model"]


def test_does_not_copy_over_what_is_there(bench: Bench, tmp_path: Path) -> None:
    added = bench.add("one")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_bytes(b"mine")
    with pytest.raises(RegistryError, match="out: expected an empty place to copy to, got something there"):
        bench.registry.checkout(added, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


def _flip(folder: Path) -> Path:
    path = folder / "variables" / "variables.index"
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)
    return path


def _lose(folder: Path) -> Path:
    (folder / "assets.extra" / "features.json").unlink()
    return folder / "assets.extra" / "features.json"


def _add(folder: Path) -> Path:
    (folder / "variables" / "extra.bin").write_bytes(b"")
    return folder / "variables" / "extra.bin"


def _cut(folder: Path) -> Path:
    os.truncate(folder / "saved_model.pb", 3)
    return folder / "saved_model.pb"


def _link(folder: Path) -> Path:
    path = folder / "variables" / "variables.index"
    path.rename(folder.parent / "elsewhere")
    path.symlink_to(folder.parent / "elsewhere")
    return path


@pytest.mark.parametrize(
    ("damage", "got"),
    [
        (_flip, "sha256:.*, got sha256:"),
        (_lose, "a file, got none"),
        (_add, "no such file, got a file that is none of its own"),
        (_cut, "sha256:.*, got sha256:"),
        (_link, "a plain file, got a symbolic link"),
    ],
)
def test_names_the_file_of_a_package_that_was_tampered_with(bench: Bench, tmp_path: Path, damage, got: str) -> None:
    bench.crown("one")
    new = bench.add("two")
    bench.bless(new)
    damaged = damage(stored(tmp_path, new))
    before = bench.registry.log()
    for use in (
        lambda: bench.registry.checkout(new, tmp_path / "out"),
        lambda: bench.registry.promote(new, force=True, **SAID),
        lambda: bench.registry.rollback(new, **SAID),
    ):
        with pytest.raises(IntegrityError, match=f"{damaged}: expected {got}"):
            use()
    assert bench.registry.log() == before
    assert not (tmp_path / "out").exists()
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_does_not_go_on_with_a_damaged_file_of_an_attempt_that_was_cut_short(bench: Bench, tmp_path: Path) -> None:
    new = digests.of_tree(bench.package("one"))
    torn = stored(tmp_path, new) / "variables" / "variables.index"
    torn.parent.mkdir(parents=True)
    torn.write_bytes(b"ind")
    with pytest.raises(IntegrityError, match=r"variables.index: expected sha256:"):
        bench.add("one")
    assert bench.registry.log() == ()


def test_names_a_manifest_that_is_missing_torn_or_of_another_package(bench: Bench, tmp_path: Path) -> None:
    one, two = bench.add("one"), bench.add("two")
    folder = tmp_path / "registry" / "census" / "versions"
    manifest = folder / f"{digests.as_folder_name(one)}.json"
    sound = manifest.read_bytes()
    for content, got in (
        (sound[:-9], "a document of kind version, got"),
        ((folder / f"{digests.as_folder_name(two)}.json").read_bytes(), f"the manifest of {one}, got that of {two}"),
        (sound.replace(b'"size": 12', b'"size": 13'), f"the manifest of {one}, got that of sha256"),
        (sound.replace(b"variables.index", b"../../evil.bin"), "a document of kind version, got"),
        (None, "a manifest, got none"),
    ):
        manifest.unlink() if content is None else manifest.write_bytes(content)
        with pytest.raises(IntegrityError, match=f"{manifest}: expected {got}"):
            bench.registry.checkout(one, tmp_path / "out")


def test_refuses_a_link_in_a_package(bench: Bench) -> None:
    (bench.package("one") / "variables" / "link").symlink_to("/etc/hostname")
    with pytest.raises(DataError, match="link: expected plain files and folders, got a link or a special file"):
        bench.add("one")
    assert bench.registry.log() == ()


@pytest.mark.parametrize("name", ["a\\b", "a\nb", "\x7f"])
def test_refuses_an_odd_file_name_in_a_package(bench: Bench, name: str) -> None:
    (bench.package("one") / name).write_bytes(b"")
    with pytest.raises(RegistryError, match=r"without . and .., control characters and backslashes"):
        bench.add("one")


def test_refuses_a_folder_that_is_no_saved_model(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    for got in ("no files", "1 files, but not that one"):
        with pytest.raises(DataError, match=f"expected a SavedModel: a folder with saved_model.pb, got {got}"):
            bench.registry.register(tmp_path / "notes", provenance("one"), **SAID)
        (tmp_path / "notes" / "a.txt").write_bytes(b"")


class _Watched(LocalStore):
    """Remembers what was put and what was copied out, in order."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.put: list[str] = []
        self.copied: list[str] = []

    def put_if_absent(self, key: str, content: bytes | Path, digest: str | None = None) -> bool:
        self.put.append(key)
        return super().put_if_absent(key, content, digest)

    def copy_to(self, key: str, target: Writer) -> bool:
        self.copied.append(key)
        return super().copy_to(key, target)


def test_copies_saved_model_last_both_ways_and_writes_the_manifest_after_it(tmp_path: Path) -> None:
    source = package(tmp_path / "nested", "nested")
    (source / "zz").mkdir()
    (source / "zz" / "saved_model.pb").write_bytes(b"inner")
    store = _Watched(tmp_path / "registry")
    registry = Registry(store, "census")
    added = registry.register(source, provenance("nested"), **SAID)
    folder, last = f"census/packages/{digests.as_folder_name(added)}", ["zz/saved_model.pb", "saved_model.pb"]
    assert store.put[3:] == [
        *(f"{folder}/{name}" for name in last),
        f"census/versions/{digests.as_folder_name(added)}.json",
        "census/log/000000000001.json",
    ]
    store.copied.clear()
    registry.checkout(added, tmp_path / "out")
    assert [key for key in store.copied if key.startswith(folder)][3:] == [f"{folder}/{name}" for name in last]


# Promotion


def test_promotes_the_first_blessed_version(bench: Bench) -> None:
    champion = bench.crown("one")
    assert champion == bench.registry.state().champion == Champion(3, digests.of_tree(bench.package("one")))
    entry = bench.registry.log()[-1].entry
    assert isinstance(entry, Promote)
    assert (entry.superior, entry.forced, entry.replaces, entry.compared_with) == (True, False, None, None)
    assert (entry.who, entry.when, entry.why) == ("ci", "2026-11-20T12:00:00Z", "nightly run")
    assert set(entry.evidence) == {"evaluation", "policy"}


def test_says_whom_a_promotion_replaces_and_was_compared_with(bench: Bench) -> None:
    first = bench.crown("one")
    second = bench.crown("two")
    entry = bench.registry.log()[-1].entry
    assert (entry.replaces, entry.compared_with) == (first, first)
    assert bench.registry.state().champion == second


def test_refuses_a_version_without_a_blessing(bench: Bench) -> None:
    one = bench.add("one")
    with pytest.raises(RegistryError, match=f"version {digests.short(one)}: expected a blessing, got no blessing"):
        bench.registry.promote(one, **SAID)
    assert bench.registry.state().champion is None


def test_refuses_a_version_whose_last_word_is_no(bench: Bench) -> None:
    one = bench.add("one")
    bench.bless(one, evaluation="first")
    bench.bless(one, Verdict.FAIL, evaluation="second")
    with pytest.raises(RegistryError, match=r"got not blessed: auc \+0.01 < allowed \+0.02\n\nhint: force it"):
        bench.registry.promote(one, **SAID)


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR])
def test_takes_nothing_but_pass_for_a_blessing(bench: Bench, verdict: Verdict) -> None:
    one = bench.add("one")
    bench.bless(one, verdict)
    with pytest.raises(RegistryError, match="expected a blessing"):
        bench.registry.promote(one, **SAID)
    assert bench.registry.state().challenger is None


def test_refuses_a_blessing_against_another_champion_and_names_both(bench: Bench) -> None:
    first = bench.crown("one")
    stale = bench.add("stale")
    bench.bless(stale)
    second = bench.crown("two")
    message = (
        f"version {digests.short(stale)}: expected champion {first.number} \\({digests.short(first.package)}\\), "
        f"which it was compared with, got champion {second.number} \\({digests.short(second.package)}\\)"
    )
    with pytest.raises(ConflictError, match=message):
        bench.registry.promote(stale, **SAID)
    assert bench.registry.state().champion == second


def test_refuses_a_blessing_against_the_same_package_under_another_number(bench: Bench) -> None:
    bench.crown("one")
    stale = bench.add("stale")
    bench.bless(stale)
    bench.crown("two")
    bench.registry.rollback(**SAID)
    with pytest.raises(ConflictError, match=r"expected champion 3 \("):
        bench.registry.promote(stale, **SAID)


def test_refuses_a_version_that_was_trained_on_older_spans(bench: Bench) -> None:
    bench.crown("new", (3, 4))
    old = bench.add("old", (2, 3))
    bench.bless(old)
    message = "expected training on spans up to 4 or newer, as the champion 3 .*, got spans up to 3"
    with pytest.raises(RegistryError, match=message):
        bench.registry.promote(old, **SAID)


def test_refuses_the_champion_itself_even_by_force(bench: Bench) -> None:
    bench.crown("one")
    for force in (False, True):
        with pytest.raises(RegistryError, match=r"got the champion already, 3 \(.*\)\n\nhint: nothing is to be done"):
            bench.registry.promote("champion", force=force, **SAID)


@pytest.mark.parametrize("words", [{"who": " "}, {"why": ""}, {"who": "\n"}])
def test_wants_to_know_who_and_why(bench: Bench, words: dict[str, str]) -> None:
    one = bench.add("one")
    bench.bless(one)
    with pytest.raises(RegistryError, match=f"{next(iter(words))}: expected some words, got none"):
        bench.registry.promote(one, force=True, **{**SAID, **words})


def test_records_force_and_what_it_overruled(bench: Bench) -> None:
    bench.crown("one")
    two = bench.add("two")
    bench.bless(two, Verdict.FAIL)
    bench.registry.promote(two, force=True, who="ann", when=SAID["when"], why="hot fix\x1b[31m")
    entry = bench.registry.log()[-1].entry
    assert isinstance(entry, Promote)
    assert entry.forced
    assert entry.overruled.endswith("expected a blessing, got not blessed: auc +0.01 < allowed +0.02")
    assert (entry.who, entry.why) == ("ann", "hot fix [31m")
    assert bench.registry.state().champion == Champion(6, two)


def test_does_not_record_force_where_nothing_was_overruled(bench: Bench) -> None:
    one = bench.add("one")
    bench.bless(one)
    entry = bench.registry.promote(one, force=True, **SAID).entry
    assert isinstance(entry, Promote)
    assert (entry.forced, entry.overruled, entry.by_hand) == (False, "", True)


def test_writes_every_moment_in_utc(bench: Bench) -> None:
    east = datetime(2026, 11, 20, 14, 30, tzinfo=timezone(timedelta(hours=2)))
    bench.registry.register(bench.package("one"), provenance("one"), who="ci", when=east, why="test")
    assert bench.registry.log()[0].entry.when == "2026-11-20T12:30:00Z"
    with pytest.raises(ValueError, match="a moment without a time zone"):
        bench.registry.promote(bench.add("two"), who="ci", when=datetime(2026, 11, 20), why="test")


def test_goes_by_numbers_where_a_clock_goes_backwards(bench: Bench) -> None:
    bench.crown("one")
    two = bench.add("two")
    bench.bless(two)
    bench.registry.promote(two, who="ci", when=datetime(1999, 1, 1, tzinfo=UTC), why="battery")
    assert bench.registry.state().champion == Champion(6, two)


def test_blesses_once_on_the_same_evidence(bench: Bench) -> None:
    one = bench.add("one")
    assert bench.bless(one, evaluation="a") is not None
    assert bench.bless(one, evaluation="a") is None
    assert bench.bless(one, Verdict.FAIL, evaluation="a") is not None
    assert bench.bless(one, evaluation="a") is not None
    assert bench.bless(one, evaluation="b") is not None
    assert [one.entry.action for one in bench.registry.log()].count("bless") == 4


# Rollback


def test_rolls_back_to_the_champion_before_under_a_higher_number(bench: Bench) -> None:
    first = bench.crown("one")
    second = bench.crown("two")
    logged = bench.registry.rollback(**SAID)
    assert bench.registry.state().champion == Champion(7, first.package)
    assert (logged.number, logged.entry.replaces) == (7, second)


def test_goes_further_back_each_time_and_never_to_what_was_rolled_back(bench: Bench) -> None:
    one, two, _ = bench.crown("one"), bench.crown("two"), bench.crown("three")
    bench.registry.rollback(**SAID)
    assert bench.registry.state().champion.package == two.package
    bench.registry.rollback(**SAID)
    assert bench.registry.state().champion.package == one.package
    message = r"rollback: expected a champion before this one, got champion 11 \(.*\) and none before\n\nhint: name a"
    with pytest.raises(RegistryError, match=message):
        bench.registry.rollback(**SAID)


def test_rolls_back_to_a_named_blessed_version(bench: Bench) -> None:
    bench.crown("one")
    blessed = bench.add("blessed")
    bench.bless(blessed)
    bench.crown("two")
    bench.registry.rollback(blessed, **SAID)
    assert bench.registry.state().champion.package == blessed


def test_does_not_roll_back_to_what_was_never_proven(bench: Bench) -> None:
    bench.crown("one")
    unproven = bench.add("unproven")
    bench.bless(unproven, Verdict.FAIL)
    with pytest.raises(RegistryError, match="expected a version that was champion or is blessed, got neither"):
        bench.registry.rollback(unproven, **SAID)


def test_does_not_roll_back_to_the_champion_nor_without_one(bench: Bench) -> None:
    with pytest.raises(RegistryError, match="rollback: expected a champion before this one, got champion none"):
        bench.registry.rollback(**SAID)
    one = bench.add("one")
    bench.bless(one)
    with pytest.raises(RegistryError, match="rollback: expected a champion to roll back from, got none"):
        bench.registry.rollback(one, **SAID)
    bench.registry.promote(one, **SAID)
    with pytest.raises(RegistryError, match="got the champion already"):
        bench.registry.rollback("champion", **SAID)


def test_rolls_back_once_when_asked_twice_with_a_number(bench: Bench) -> None:
    first, _, third = bench.crown("one"), bench.crown("two"), bench.crown("three")
    bench.registry.rollback(replacing=third.number, **SAID)
    with pytest.raises(ConflictError, match=r"rollback: expected champion 9, which is to go, got champion 10 \("):
        bench.registry.rollback(replacing=third.number, **SAID)
    assert bench.registry.state().champion.package != first.package


# Looking


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


# History


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


# A disk that is full


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
