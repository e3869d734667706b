"""Eight real processes at once: one winner in each round, no gap, nothing lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benison.core.errors import BenisonError
from benison.registry.log import Bless, Champion, Promote, Register
from benison.registry.registry import Registry
from benison.registry.testing import Bench, provenance
from benison.registry.verification import verify
from tests.sources.s3_server import new_bucket, s3_server

PROCESSES = 8

_PROMOTER = """
import sys
from pathlib import Path
from benison.core.errors import ConflictError, RefusedError
from benison.registry.registry import Registry
from benison.registry.testing import SAID, Bench

bench = Bench(Registry.create(sys.argv[1], "census"), Path(sys.argv[2]))
own = [bench.add(f"{sys.argv[3]}, {which}") for which in ("left", "right")]
print("ready", flush=True)
for order in sys.stdin:
    champion = bench.registry.state().champion
    if order == "bless\\n":
        challenger = own[champion is not None and champion.package == own[0]]
        answer = bench.bless(challenger).number
    else:
        try:
            answer = bench.registry.promote(challenger, by_hand=False, **SAID).number
        except (ConflictError, RefusedError) as error:
            answer = f"lost: {str(error).splitlines()[0]}"
    print(answer, flush=True)
"""

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


class Crowd:
    """Processes that wait for a word and then all act at once."""

    def __init__(self, program: str, *arguments: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
        self.members = [
            subprocess.Popen(
                [sys.executable, "-c", program, *arguments, f"process {number}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
            )
            for number in range(PROCESSES)
        ]
        assert self._answers() == ["ready"] * PROCESSES

    def all_at_once(self, word: str) -> list[str]:
        for member in self.members:
            member.stdin.write(f"{word}\n")
            member.stdin.flush()
        return self._answers()

    def _answers(self) -> list[str]:
        return [member.stdout.readline().strip() for member in self.members]

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_: object) -> None:
        for member in self.members:
            member.communicate(timeout=60)


def test_has_one_winner_when_eight_processes_promote_at_once(tmp_path: Path) -> None:
    promoted_at_once(str(tmp_path / "registry"), tmp_path, rounds=30)


@pytest.mark.slow
def test_has_one_winner_in_a_bucket_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_server() as endpoint:
        promoted_at_once(new_bucket(endpoint, "models", monkeypatch).uri("registry"), tmp_path, rounds=10)


def promoted_at_once(uri: str, folder: Path, rounds: int) -> None:
    winners = []
    with Crowd(_PROMOTER, uri, str(folder / "packages")) as crowd:
        for _ in range(rounds):
            assert len({int(answer) for answer in crowd.all_at_once("bless")}) == PROCESSES
            answers = crowd.all_at_once("promote")
            won = [int(answer) for answer in answers if answer.isdigit()]
            assert len(won) == 1
            assert sum("lost: version" in answer for answer in answers) == PROCESSES - 1
            winners += won
    registry = Registry.open(uri, "census")
    logged = registry.log()
    assert [one.number for one in logged] == list(range(1, 2 * PROCESSES + rounds * (PROCESSES + 1) + 1))
    assert [one.number for one in logged if isinstance(one.entry, Promote)] == winners
    assert sum(isinstance(one.entry, Register) for one in logged) == 2 * PROCESSES
    assert sum(isinstance(one.entry, Bless) for one in logged) == rounds * PROCESSES
    assert len({one.writer for one in logged}) == len(logged)
    assert registry.state().champion == Champion(winners[-1], logged[winners[-1] - 1].entry.package)
    found = verify(registry)
    assert (found.problems, found.unfinished, found.versions) == ((), (), 2 * PROCESSES)


def test_registers_a_package_once_when_eight_processes_do_it_at_once(tmp_path: Path) -> None:
    bench = Bench(Registry.create(str(tmp_path / "other"), "census"), tmp_path)
    with Crowd(_REGISTRAR, str(tmp_path / "registry"), str(bench.package("one"))) as crowd:
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
