"""The chain of a version, and what looking at its bytes comes to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benison.config import Release
from benison.core import digests
from benison.core.errors import IntegrityError, RegistryError
from benison.core.verdicts import Verdict
from benison.registry.lineage import Step, lineage
from benison.registry.testing import SAID, Bench, digest
from benison.registry.verification import verify


def blessed(bench: Bench, word: str) -> str:
    """Registered and blessed, with an evaluation that the registry keeps."""
    package = bench.add(word)
    file = bench.folder / f"evaluation of {word}"
    file.write_text(word)
    evidence = {"evaluation": bench.registry.evidence.put(file), "policy": digest("gate")}
    champion = bench.registry.state().champion
    said: dict[str, Any] = {"reasons": (), "evidence": evidence, "compared_with": champion, **SAID}
    bench.registry.bless(package, Verdict.PASS, **said)
    return package


def kept(bench: Bench, digest_: str) -> Path:
    return bench.folder.parent / "registry/census/evidence" / f"{digests.as_folder_name(digest_)}.json"


def by_what(steps: list[Step]) -> dict[str, Step]:
    return {step.what: step for step in steps}


def test_from_commit_to_the_times_as_champion(bench: Bench) -> None:
    one = blessed(bench, "one")
    bench.registry.promote(one, **SAID)
    bench.registry.govern(Release(approval="required"), **SAID)
    two = blessed(bench, "two")
    bench.registry.approve(two, who="ann", when=SAID["when"], why="read the report")
    bench.registry.promote(two, by_hand=False, **SAID)
    bench.registry.rollback(**SAID)
    steps = lineage(bench.registry, two)
    assert [step.what for step in steps] == [
        *("commit", "bundle", "data", "weights", "package", "evaluation", "gate", "approval", "champion"),
    ]
    found = by_what(steps)
    assert found["commit"].said == "0123abc"
    assert found["data"].digest == digest("snapshot of spans (1,)")
    assert found["package"].digest == two
    assert found["gate"].digest == digest("gate")
    assert "PASS, beside champion 3 (" in found["gate"].said
    assert found["approval"].said.startswith("of entry 6: entry 7, 2026-11-20T12:00:00Z, ann: read the report")
    assert found["champion"].said.startswith("as number 8, until entry 9: ")
    assert [step.said[:22] for step in lineage(bench.registry, one) if step.what == "champion"] == [
        "as number 3, until ent",
        "as number 9, up to now",
    ]


def test_whoever_looks_holds_every_byte_to_its_digest(bench: Bench) -> None:
    bench.registry.promote(blessed(bench, "one"), **SAID)
    steps = lineage(bench.registry, "champion", verify=True)
    assert {step.what for step in steps if step.looked} == {"package", "evaluation", "log"}
    assert not [step for step in steps if step.wrong]


@pytest.mark.parametrize("harm", ["change", "remove"])
def test_evidence_that_was_changed_or_is_gone_is_named(bench: Bench, harm: str) -> None:
    one = blessed(bench, "one")
    file = kept(bench, digests.of_bytes(b"one"))
    file.write_bytes(b"better") if harm == "change" else file.unlink()
    wrong = by_what(lineage(bench.registry, one, verify=True))["evaluation"].wrong
    assert wrong == "it is not there" if harm == "remove" else str(file) in wrong
    assert bool(verify(bench.registry).problems) is (harm == "change")


def test_a_changed_package_or_log_is_named(bench: Bench) -> None:
    one = blessed(bench, "one")
    root = bench.folder.parent / "registry/census"
    (root / "packages" / digests.as_folder_name(one) / "saved_model.pb").write_bytes(b"another")
    assert "saved_model.pb" in by_what(lineage(bench.registry, one, verify=True))["package"].wrong
    entry = root / "log/000000000001.json"
    entry.write_text(entry.read_text().replace("nightly", "weekly"))
    assert "000000000002.json" in by_what(lineage(bench.registry, one, verify=True))["log"].wrong


def test_a_document_lies_there_once(bench: Bench, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"the same")
        assert bench.registry.evidence.put(tmp_path / name) == digests.of_bytes(b"the same")
    assert bench.registry.evidence.get(digests.of_bytes(b"the same")) == b"the same"
    assert bench.registry.evidence.get(digest("never kept")) is None
    kept(bench, digests.of_bytes(b"the same")).write_bytes(b"other")
    with pytest.raises(IntegrityError, match="it was changed after it was kept"):
        bench.registry.evidence.get(digests.of_bytes(b"the same"))


def test_of_an_unknown_version_there_is_none(bench: Bench) -> None:
    with pytest.raises(RegistryError, match="nothing was registered so far"):
        lineage(bench.registry, "123456")
