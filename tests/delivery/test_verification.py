"""What `benison registry verify` says of rollouts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benison.core import digests
from benison.delivery import verification
from benison.delivery.rollout_log import RolloutLog
from benison.registry.registry import Registry
from tests.delivery.test_rollout_log import FINISH, SHIFT, START


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry with one rollout that is over."""
    registry = Registry.create(str(tmp_path), "census")
    record = registry.evidence.put(b"{}")
    log = RolloutLog(registry.store, "census")
    for entry in (START, SHIFT, replace(FINISH, evidence={"rollout": record})):
        log.append(lambda state, entry=entry: entry)  # type: ignore[misc]
    assert record == digests.of_bytes(b"{}")
    return registry


def test_rollouts_that_are_as_they_were_written_are_sound(registry: Registry) -> None:
    assert verification.problems(registry) == ()


def test_a_changed_entry_is_named(registry: Registry, tmp_path: Path) -> None:
    file = tmp_path / "census" / "rollouts" / "000000000002.json"
    file.write_bytes(file.read_bytes().replace(b"trying", b"faking"))
    found = verification.problems(registry)
    assert len(found) == 1
    assert "rollouts/000000000003.json: expected the entry before it to be" in found[0]


def test_a_record_that_is_gone_or_changed_is_named(registry: Registry, tmp_path: Path) -> None:
    (file,) = (tmp_path / "census" / "evidence").iterdir()
    file.write_bytes(b"{ }")
    assert [file.name in line for line in verification.problems(registry)] == [True]
    file.unlink()
    record = digests.of_bytes(b"{}")
    assert verification.problems(registry) == (f"{record}: expected the record of a rollout, got none",)
