"""Eight real processes at once: one winner in each round, no gap, nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from benison.core.errors import BenisonError
from benison.registry.registry import Registry
from benison.registry.testing import Bench, provenance
from benison.registry.verification import verify
from tests.registry.crowds import Crowd, race
from tests.sources.s3_server import new_bucket, s3_server

PROCESSES = 8
REGISTRARS = 4

_REGISTRAR = """
import sys
from pathlib import Path
from benison.registry.registry import Registry
from benison.registry.testing import SAID, provenance

print("ready", flush=True)
for order in sys.stdin:
    registry = Registry.create(sys.argv[1], "census")
    print(registry.register(Path(sys.argv[2]), provenance("one"), **SAID), flush=True)
"""


@pytest.mark.slow
def test_has_one_winner_when_eight_processes_promote_at_once(tmp_path: Path) -> None:
    race(str(tmp_path / "registry"), tmp_path, PROCESSES, rounds=30)


@pytest.mark.slow
def test_has_one_winner_in_a_bucket_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_server() as endpoint:
        race(new_bucket(endpoint, "models", monkeypatch).uri("registry"), tmp_path, PROCESSES, rounds=10)


def test_registers_a_package_once_when_several_processes_do_it_at_once(tmp_path: Path) -> None:
    bench = Bench(Registry.create(str(tmp_path / "other"), "census"), tmp_path)
    with Crowd(REGISTRARS, _REGISTRAR, str(tmp_path / "registry"), str(bench.package("one"))) as crowd:
        answers = crowd.all_at_once("go")
    assert len(set(answers)) == 1
    registry = Registry.open(str(tmp_path / "registry"), "census")
    assert [one.entry.action for one in registry.log()] == ["register"]
    assert registry.show(answers[0]).manifest.provenance == provenance("one")
    assert verify(registry).sound


def test_gives_up_where_a_store_never_grants_a_place(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that says 'taken' for ever, and shows nothing new, is a fault, not a crowd."""
    bench.crown("one")
    other = bench.add("two")
    monkeypatch.setattr("benison.registry.promotion_log._ATTEMPTS", 3)
    log = bench.folder.parent / "registry" / "census" / "log"
    (log / "000000000005.json").mkdir()
    with pytest.raises(BenisonError, match=r"000000000005.json"):
        bench.bless(other)
