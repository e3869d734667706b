"""Where the rules require a signature nothing goes through without one: promotion, rollback, serving, verification."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from benison.config import Release
from benison.config.signatures import Signatures
from benison.core import digests
from benison.core.errors import IntegrityError, RefusedError, RegistryError
from benison.registry import retention
from benison.registry.lineage import lineage
from benison.registry.log import Govern, Promote, Rollback
from benison.registry.registry import Registry
from benison.registry.serving_folder import follow, materialize
from benison.registry.sign import Signed, sign, take_in
from benison.registry.testing import NOON, SAID, Bench, MemoryStore, new_key
from benison.registry.verification import verify
from tests.registry.test_serving_folder import Steps

KEY, OTHER = new_key(), new_key("secp384r1")
MINE = digests.short(KEY.public.fingerprint)
ONLY_KEY = Signatures((KEY.public,), required=True)
REFUSED = f"expected a signature by key {MINE}, which the rules of release require, got "


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Registry(MemoryStore(), "census"), tmp_path / "packages")


def govern(bench: Bench, signatures: Signatures = ONLY_KEY) -> None:
    bench.registry.govern(Release(signatures=signatures), **SAID)


def blessed(bench: Bench, word: str) -> str:
    package = bench.add(word)
    bench.bless(package)
    return package


def raw_of(bench: Bench, where: str) -> bytes:
    return bench.registry.store.get(where.removeprefix("memory/")) or b""


def replaced(bench: Bench, where: str, raw: bytes | None) -> None:
    """Another content in the place of an object; None: it is gone."""
    key = where.removeprefix("memory/")
    assert bench.registry.store.delete(key)
    if raw is not None:
        bench.registry.store.put_if_absent(key, raw)


def damaged(bench: Bench, package: str, change: Callable[[bytes], bytes]) -> None:
    """Puts a changed copy of a version's signature beside it, under its right name, and takes the sound one away."""
    files, copy = bench.registry.signing.files, bench.registry.state().copy(package)
    (digest,) = files.of(copy)
    raw = files.get(copy, digest)
    replaced(bench, files.where(copy, digest), None)
    files.put(copy, change(raw))


def test_a_version_is_promoted_once_a_trusted_key_has_signed_it(bench: Bench) -> None:
    govern(bench)
    one = blessed(bench, "one")
    with pytest.raises(RefusedError, match=rf"{REFUSED}none\n\nhint: sign it:  benison registry sign .*--key"):
        bench.registry.promote(one, **SAID)
    signed = sign(bench.registry, one, KEY)
    assert (signed.made, signed.believed, signed.found.key) == (True, True, KEY.public.fingerprint)
    entry = bench.registry.promote(one, **SAID).entry
    assert isinstance(entry, Promote)
    assert entry.evidence["signature"] == signed.found.digest
    assert entry.evidence["policy"]
    assert digests.of_bytes(raw_of(bench, signed.where)) == signed.found.digest


def test_the_package_and_its_digest_stay_as_they_are(bench: Bench) -> None:
    one = bench.add("one")
    before = bench.registry.packages.verify(bench.registry.state().copy(one))
    sign(bench.registry, one, KEY)
    assert bench.registry.packages.verify(bench.registry.state().copy(one)) == before


def test_the_same_key_signs_once_and_another_one_beside_it(bench: Bench) -> None:
    one = bench.add("one")
    first = sign(bench.registry, one, KEY)
    assert sign(bench.registry, one, KEY) == Signed(one, first.found, first.where, made=False, trusted=())
    assert sign(bench.registry, one, OTHER).made
    assert len(bench.registry.show(one).signatures) == 2


def test_force_does_not_get_round_it(bench: Bench) -> None:
    govern(bench)
    for package in (blessed(bench, "one"), bench.add("unproven")):
        with pytest.raises(RefusedError, match=f"{REFUSED}none"):
            bench.registry.promote(package, force=True, **SAID)
    assert bench.registry.state().champion is None
    assert not sign(bench.registry, package, KEY).found.wrong
    assert bench.registry.promote(package, force=True, **SAID)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda raw: raw[:-20], "one by key that it does not name, which is not trusted here, that does not hold: "),
        (lambda raw: b"", "one by key that it does not name, .* does not hold: "),
        (
            lambda raw: raw.replace(b'"payload":"ey', b'"payload":"ez'),
            f"one by key {MINE}, trusted, that does not hold: no trusted key made it of these bytes",
        ),
        (
            lambda raw: raw.replace(KEY.public.fingerprint[7:].encode(), OTHER.public.fingerprint[7:].encode()),
            f"one by key {digests.short(OTHER.public.fingerprint)}, which is not trusted here",
        ),
    ],
    ids=["torn", "empty", "other statement", "other key"],  # keys are new in each process
)
def test_a_damaged_signature_is_none(bench: Bench, change: Callable[[bytes], bytes], told: str) -> None:
    govern(bench)
    one = blessed(bench, "one")
    sign(bench.registry, one, KEY)
    damaged(bench, one, change)
    with pytest.raises(RefusedError, match=REFUSED + told):
        bench.registry.promote(one, **SAID)
    sign(bench.registry, one, KEY)
    bench.registry.promote(one, **SAID)


def test_a_file_that_was_changed_under_its_name_is_none(bench: Bench) -> None:
    govern(bench)
    one = blessed(bench, "one")
    where = sign(bench.registry, one, KEY).where
    replaced(bench, where, raw_of(bench, where) + b" ")
    with pytest.raises(RefusedError, match=f"{REFUSED}one by key .*that does not hold: its file is sha256:"):
        bench.registry.promote(one, **SAID)
    assert any("its file is sha256:" in problem for problem in verify(bench.registry).problems)


def test_a_key_that_is_not_trusted_does_not_count(bench: Bench) -> None:
    govern(bench)
    one = blessed(bench, "one")
    signed = sign(bench.registry, one, OTHER)
    assert not signed.believed
    theirs = digests.short(OTHER.public.fingerprint)
    with pytest.raises(RefusedError, match=f"{REFUSED}one by key {theirs}, which is not trusted here\n"):
        bench.registry.promote(one, **SAID)
    govern(bench, Signatures((KEY.public, OTHER.public), required=True))
    bench.registry.promote(one, **SAID)


def test_the_signature_of_another_package_or_of_an_older_version_does_not_count(bench: Bench) -> None:
    govern(bench)
    old, new = blessed(bench, "old"), blessed(bench, "new")
    sign(bench.registry, old, KEY)
    files, state = bench.registry.signing.files, bench.registry.state()
    (digest,) = files.of(state.copy(old))
    files.put(state.copy(new), files.get(state.copy(old), digest))
    told = f"{REFUSED}one by key {MINE}, trusted, that does not hold: it is of another saved_model.pb and 2 more"
    with pytest.raises(RefusedError, match=told):
        bench.registry.promote(new, **SAID)
    (problem,) = verify(bench.registry).problems
    assert problem.startswith(f"{files.where(state.copy(new), digest)}: expected a signature of this package, got one")


def test_a_statement_of_fewer_files_than_the_package_has_does_not_count(bench: Bench) -> None:
    govern(bench)
    one = blessed(bench, "one")
    copy = bench.registry.state().copy(one)
    manifest = bench.registry.packages.require(copy)
    bench.registry.signing.sign(copy, replace(manifest, files=manifest.files[:-1]), KEY)
    with pytest.raises(RefusedError, match=r"that does not hold: it leaves out variables/variables\.index"):
        bench.registry.promote(one, **SAID)


def test_a_flipped_bit_in_the_package_is_not_signed_over(bench: Bench) -> None:
    govern(bench)
    one = blessed(bench, "one")
    where = f"census/packages/{digests.as_folder_name(one)}/variables/variables.index"
    replaced(bench, where, bytes([raw_of(bench, where)[0] ^ 1]) + raw_of(bench, where)[1:])
    with pytest.raises(IntegrityError, match=r"variables\.index"):
        sign(bench.registry, one, KEY)
    assert bench.registry.signing.files.of(bench.registry.state().copy(one)) == []


def test_a_rollback_needs_one_too(bench: Bench) -> None:
    one = bench.crown("one")
    bench.crown("two")
    govern(bench)
    with pytest.raises(RefusedError, match=f"{REFUSED}none"):
        bench.registry.rollback(**SAID)
    sign(bench.registry, one.package, KEY)
    entry = bench.registry.rollback(**SAID).entry
    assert isinstance(entry, Rollback)
    assert set(entry.evidence) == {"signature"}


def test_a_key_that_is_trusted_no_longer_stops_what_it_signed(bench: Bench, tmp_path: Path) -> None:
    govern(bench)
    one = blessed(bench, "one")
    sign(bench.registry, one, KEY)
    bench.registry.promote(one, **SAID)
    materialize(bench.registry, tmp_path / "srv")
    govern(bench, Signatures((OTHER.public,), required=True))
    with pytest.raises(RefusedError, match="which is not trusted here"):
        bench.registry.checkout_to_serve("champion", tmp_path / "out")
    assert verify(bench.registry).problems
    bench.registry.checkout("champion", tmp_path / "out")


def test_the_serving_folder_stays_as_it_is(bench: Bench, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    one = bench.crown("one")
    materialize(bench.registry, tmp_path)
    two = bench.crown("two")
    govern(bench)
    with pytest.raises(RefusedError, match=f"{REFUSED}none"):
        materialize(bench.registry, tmp_path)
    assert [path.name for path in (tmp_path / "census").iterdir()] == [str(one.number)]
    steps = Steps(lambda: None, lambda: sign(bench.registry, two.package, KEY), lambda: None)
    follow(Registry(bench.registry.store, "census"), tmp_path, 2, 5, steps)
    assert REFUSED in caplog.text
    assert (tmp_path / "census" / str(two.number)).is_dir()


def test_whoever_opens_the_registry_may_ask_for_more_than_the_log_and_never_for_less(bench: Bench) -> None:
    """Who can write to the log could name a key of his own there."""
    one = blessed(bench, "one")
    sign(bench.registry, one, OTHER)
    govern(bench, Signatures((OTHER.public,), required=True))
    pinned = Registry(bench.registry.store, "census", ONLY_KEY)
    with pytest.raises(RefusedError, match=REFUSED):
        pinned.promote(one, **SAID)
    lax = Registry(bench.registry.store, "census", Signatures((KEY.public,), required=False))
    lax.promote(one, **SAID)
    govern(bench)
    with pytest.raises(RefusedError, match=REFUSED):
        lax.require_signature(one)


def test_signatures_that_are_not_required_are_told_and_kept_as_evidence(bench: Bench) -> None:
    govern(bench, Signatures((KEY.public,), required=False))
    one, two = blessed(bench, "one"), bench.add("two")
    assert "signature" not in bench.registry.promote(one, **SAID).entry.evidence  # type: ignore[attr-defined]
    bench.bless(two)
    signed = sign(bench.registry, two, KEY)
    assert bench.registry.promote(two, **SAID).entry.evidence["signature"] == signed.found.digest  # type: ignore[attr-defined]


def test_the_rules_are_read_back_from_the_log_and_from_its_snapshot(bench: Bench) -> None:
    govern(bench)
    entry = Registry(bench.registry.store, "census").log()[-1].entry
    assert isinstance(entry, Govern)
    assert entry.release.signatures == ONLY_KEY
    assert Registry(bench.registry.store, "census").state().release == Release(signatures=ONLY_KEY)
    assert str(ONLY_KEY) == f"signatures required, by {MINE}"


def test_rules_without_keys_are_written_as_they_always_were(bench: Bench) -> None:
    bench.registry.govern(Release(valid_days=7), **SAID)
    raw = json.loads(raw_of(bench, "census/log/000000000001.json"))
    assert raw["entry"]["release"].keys() == {"delivery", "approval", "valid_days", "force"}


def test_a_signature_that_was_made_elsewhere_is_taken_in_if_it_holds(bench: Bench) -> None:
    govern(bench)
    one, two = bench.add("one"), bench.add("two")
    signed = sign(bench.registry, one, KEY)
    raw = raw_of(bench, signed.where)
    replaced(bench, signed.where, None)
    assert take_in(bench.registry, one, raw).found == signed.found
    with pytest.raises(RegistryError, match=r"the signature: expected one of version .* trusted, that does not hold"):
        take_in(bench.registry, two, raw)
    stranger = raw_of(bench, sign(bench.registry, two, OTHER).where)
    hint = f"\n\nhint: trusted here: key {MINE}; release.signatures.trusted in benison.yaml says so"
    with pytest.raises(RegistryError, match=f"got one by key .*, which is not trusted here{hint}"):
        take_in(bench.registry, two, stranger)


def test_verification_names_a_signature_that_the_log_names_and_that_is_gone(bench: Bench) -> None:
    govern(bench)
    one = blessed(bench, "one")
    signed = sign(bench.registry, one, KEY)
    bench.registry.promote(one, **SAID)
    assert (verify(bench.registry).problems, verify(bench.registry).signatures) == ((), 1)
    replaced(bench, signed.where, None)
    gone, unsigned = verify(bench.registry).problems
    assert gone == f"{signed.where}: expected the signature that the log names, got none"
    assert unsigned.startswith(f"version {digests.short(one)}: {REFUSED}none")


def test_signatures_go_with_their_package_and_come_back_with_none(bench: Bench) -> None:
    one = bench.add("one")
    signed = sign(bench.registry, one, KEY)
    bench.registry.retire(one, **SAID)
    when = NOON + timedelta(days=30)
    retention.carry_out(bench.registry, retention.plan(bench.registry, retention.Keep(), when), who="cron", when=when)
    assert not raw_of(bench, signed.where)
    bench.add("one")
    assert bench.registry.show(one).signatures == ()
    assert verify(bench.registry).sound


def test_what_a_collection_left_of_signatures_is_swept(bench: Bench) -> None:
    one = bench.add("one")
    copy = bench.registry.state().copy(one)
    sign(bench.registry, one, KEY)
    logged = bench.registry.retire(one, **SAID)
    assert logged is not None
    files = bench.registry.signing.files
    raw = files.get(copy, files.of(copy)[0])
    bench.registry.collect(one, logged.number, **SAID)
    files.put(copy, raw)
    assert verify(bench.registry).leftover == (one,)
    assert retention.plan(bench.registry, retention.Keep(), NOON).leftover == (copy,)


def test_the_lineage_tells_who_signed(bench: Bench) -> None:
    govern(bench)
    one = bench.add("one")
    for key in (KEY, OTHER):
        sign(bench.registry, one, key)
    steps = {step.said: step for step in lineage(bench.registry, one, verify=True) if step.what == "signature"}
    other = f"by key {digests.short(OTHER.public.fingerprint)}, which is not trusted here"
    assert {said: step.looked for said, step in steps.items()} == {f"by key {MINE}, trusted": True, other: False}
    assert not [step for step in steps.values() if step.wrong]
    two = bench.add("two")
    sign(bench.registry, two, KEY)
    damaged(bench, two, lambda raw: raw[:-1])
    (step,) = (step for step in lineage(bench.registry, two) if step.what == "signature")
    assert step.wrong.startswith("Expecting ")
