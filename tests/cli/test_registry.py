"""benison registry, as a user calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from benison import config
from benison.cli import project as projects
from benison.config import Release
from benison.core import digests
from benison.core.verdicts import Verdict
from benison.delivery.rollout_log import RolloutLog
from benison.registry.registry import Registry
from benison.registry.testing import SAID, Bench, digest
from benison.triggers.entries import Watch
from benison.triggers.ledger import Ledger
from tests.cli.commands import Answer, call
from tests.delivery.test_rollout_log import START
from tests.test_config_model_card import FRAME

Captured = pytest.CaptureFixture[str]
Asked = Callable[..., Answer]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A project with two champions, one after the other."""
    (tmp_path / config.FILE).write_text(yaml.safe_dump({**FRAME, "serving": {"folder": str(tmp_path / "srv")}}))
    bench = Bench(Registry.create(str(tmp_path / "registry"), "census"), tmp_path / "packages")
    bench.crown("one")
    bench.crown("two")
    return bench


@pytest.fixture
def registry(bench: Bench, tmp_path: Path, capsys: Captured) -> Asked:
    def answered(*words: object) -> Answer:
        return call(capsys, "registry", *words, "-p", tmp_path)

    return answered


def numbers(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "census").iterdir())


def test_a_rollback_reaches_the_serving_folder(registry: Asked, tmp_path: Path) -> None:
    answer = registry("rollback", "--why", "complaints")
    assert answer.code == 0
    assert answer.out.splitlines()[1].startswith(f"{tmp_path / 'srv' / 'census' / '7'}: champion 7 (")
    assert numbers(tmp_path / "srv") == ["7"]
    again = registry("materialize")
    assert again.out.endswith(", there already\n")


def test_a_promotion_by_hand_reaches_it_too(registry: Asked, bench: Bench, tmp_path: Path) -> None:
    bench.bless(bench.add("three"))
    refused = registry("promote", "challenger", "--why", "because")
    assert (refused.code, refused.out) == (1, "")
    assert "got one by another policy than the one in force" in refused.err
    assert registry("promote", "challenger", "--why", "because", "--force").code == 0
    assert numbers(tmp_path / "srv") == ["9"]


def test_another_folder_may_be_named(registry: Asked, bench: Bench, tmp_path: Path) -> None:
    for word in ("three", "four"):
        registry("materialize", "--serving", tmp_path / "other", "--keep", 1)
        bench.crown(word)
    answer = registry("materialize", "--serving", tmp_path / "other", "--keep", 1)
    assert (answer.code, numbers(tmp_path / "other")) == (0, ["12"])
    assert answer.out.endswith("removed version 9\n")
    assert not (tmp_path / "srv").exists()


def test_without_a_folder_it_says_where_to_name_one(registry: Asked, tmp_path: Path) -> None:
    (tmp_path / config.FILE).write_text(yaml.safe_dump(FRAME))
    answer = registry("materialize")
    assert (answer.code, answer.out) == (2, "")
    assert "--serving: expected the folder that servers watch, got none" in answer.err


def test_a_registry_of_another_place_may_be_named(registry: Asked, tmp_path: Path) -> None:
    answer = registry("log", "--registry", "ftp://nowhere")
    assert answer.code == 2
    assert "registry_uri: expected an absolute path" in answer.err


def test_an_approval_makes_the_challenger_champion(
    registry: Asked, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.registry.govern(Release(approval="required"), **SAID)
    policy = config.read(tmp_path).gate.digest
    three = bench.add("three")
    champion = bench.registry.state().champion
    evidence = {"evaluation": digest("evaluation"), "policy": policy}
    bench.registry.bless(
        three,
        Verdict.PASS,
        reasons=(),
        evidence=evidence,
        compared_with=champion,
        **{**SAID, "when": datetime.now(UTC)},
    )
    monkeypatch.setattr(projects, "who", lambda: "ci@laptop")
    refused = registry("approve", "--why", "fine")
    assert refused.code == 1
    assert "expected somebody else than who trained it" in refused.err
    monkeypatch.setattr(projects, "who", lambda: "ann@laptop")
    answer = registry("approve", "--why", "fine")
    assert answer.code == 0
    assert [line.split()[2] for line in answer.out.splitlines()[:2]] == ["approve", "promote"]
    assert numbers(tmp_path / "srv") == ["11"]
    assert "the blessing of entry 9" in registry("log").out
    assert "direct, approval required, 30 days, force allowed" in registry("log").out


def test_versions_are_listed_with_their_stage(registry: Asked, bench: Bench) -> None:
    bench.bless(bench.add("three"))
    bench.add("four", (1, 2))
    lines = [line.split(maxsplit=3)[2:] for line in registry("list").out.splitlines()]
    assert lines == [
        ["archived", "PASS          spans 1  reference"],
        ["production", "PASS          spans 1  champion"],
        ["staging", "PASS          spans 1  challenger"],
        ["development", "not judged    spans 1, 2"],
    ]


def test_old_versions_go_in_two_steps(registry: Asked, bench: Bench) -> None:
    third = bench.add("three")
    bench.add("four")
    words = ("gc", "--keep", 1, "--champions", 1, "--grace", 0)
    dry = registry(*words)
    assert dry.out.splitlines()[0] == f"retire {digests.short(third)}: 1 versions are newer"
    assert dry.out.splitlines()[-1] == "nothing was done: --yes does it"
    assert registry(*words, "--yes").out.splitlines()[-1] == "done: 0 deleted, 1 retired"
    again = registry(*words, "--yes").out.splitlines()
    assert again[0].startswith(f"delete {digests.short(third)}: retired by entry ")
    assert again[-1] == "done: 1 deleted, 0 retired"
    assert registry("list").out.splitlines()[2].endswith("archived     not judged    spans 1  files deleted")
    assert registry("verify").code == 0
    shown = registry("show", digests.short(third))
    assert (shown.code, "its files were deleted" in shown.err) == (2, True)


def test_a_version_in_use_is_not_retired(registry: Asked) -> None:
    refused = registry("retire", "champion", "--why", "tired of it")
    assert (refused.code, refused.out) == (1, "")
    assert "expected a version that no alias stands for, got the champion" in refused.err


@pytest.mark.parametrize(("said", "code"), [("1GB", 0), ("1.5 kb", 0), ("many", 2), ("-1", 2)])
def test_sizes_are_written_as_people_write_them(registry: Asked, said: str, code: int) -> None:
    assert registry("gc", "--keep-size", said).code == code


def test_the_lineage_of_a_version_and_whether_it_holds(registry: Asked) -> None:
    answer = registry("lineage")
    assert (answer.code, answer.out.splitlines()[0]) == (0, f"{'commit':12}{'':73}{'':7}0123abc")
    assert "as number 6, up to now" in answer.out
    wrong = registry("lineage", "--verify")
    assert (wrong.code, "it is not there" in wrong.out) == (1, True)
    assert [line.split()[2] for line in wrong.out.splitlines() if line.startswith("package")] == ["holds"]


def test_the_lineage_of_a_version_for_others_tools(registry: Asked) -> None:
    answer = registry("lineage", "--format", "intoto")
    assert answer.code == 0
    assert json.loads(answer.out)["predicateType"] == "https://slsa.dev/provenance/v1"


@pytest.mark.parametrize("log", ["rollouts", "triggers"])
def test_a_damaged_log_beside_the_promotion_log_is_told(
    registry: Asked, bench: Bench, tmp_path: Path, log: str
) -> None:
    said = {"who": "ci", "when": "2026-11-20T12:00:00Z", "why": "w"}
    RolloutLog(bench.registry.store, "census").append(lambda state: START)
    Ledger(bench.registry.store, "census").append(lambda state: Watch(source="data", key="k", **said))
    assert registry("verify").code == 0
    (file,) = (tmp_path / "registry" / "census" / log).iterdir()
    file.write_text("{")
    answer = registry("verify")
    assert (answer.code, "not all as the log says" in answer.out) == (1, True)
    assert f"WRONG: {file}" in answer.out
