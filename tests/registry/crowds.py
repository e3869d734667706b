"""Processes that wait for a word and then all act at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO, cast

from benison.registry.log import Bless, Champion, Logged, Promote, Register
from benison.registry.registry import Registry
from benison.registry.verification import verify

PROMOTER = """
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


class Crowd:
    """Processes of a program that reads words from its input and answers each on one line.

    Args:
        many: How many.
        program: What each runs; the last of its arguments is its own name.
        arguments: Its first ones.
    """

    def __init__(self, many: int, program: str, *arguments: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
        self.members = [
            subprocess.Popen(
                [sys.executable, "-c", program, *arguments, f"process {number}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
            )
            for number in range(many)
        ]
        assert self._answers() == ["ready"] * many

    def all_at_once(self, word: str) -> list[str]:
        for member in self.members:
            self._tell(member, word)
        return self._answers()

    def one_by_one(self, word: str) -> list[str]:
        answers = []
        for member in self.members:
            self._tell(member, word)
            answers.append(cast(IO[str], member.stdout).readline().strip())
        return answers

    def _tell(self, member: subprocess.Popen[str], word: str) -> None:
        stdin = cast(IO[str], member.stdin)
        stdin.write(f"{word}\n")
        stdin.flush()

    def _answers(self) -> list[str]:
        return [cast(IO[str], member.stdout).readline().strip() for member in self.members]

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_: object) -> None:
        for member in self.members:
            member.communicate(timeout=60)


def race(uri: str, folder: Path, many: int, rounds: int, *, blessings_race_too: bool = True) -> int:
    """In each round every process has a blessed challenger, and all promote at once: one wins, and nothing is lost.

    Args:
        uri: Of a registry that is not there.
        folder: For packages.
        many: Processes.
        rounds: Rounds.
        blessings_race_too: Whether the challengers are blessed at once too, all of which get in, or one by one.

    Returns:
        How many entries the log has.
    """
    winners = []
    with Crowd(many, PROMOTER, uri, str(folder / "packages")) as crowd:
        for _ in range(rounds):
            blessed = crowd.all_at_once("bless") if blessings_race_too else crowd.one_by_one("bless")
            assert len({int(answer) for answer in blessed}) == many
            answers = crowd.all_at_once("promote")
            won = [int(answer) for answer in answers if answer.isdigit()]
            assert len(won) == 1, answers
            assert sum("lost: version" in answer for answer in answers) == many - 1, answers
            winners += won
    registry = Registry.open(uri, "census")
    logged = registry.log()
    assert [one.number for one in logged] == list(range(1, 2 * many + rounds * (many + 1) + 1))
    assert [one.number for one in logged if isinstance(one.entry, Promote)] == winners
    assert count(logged, Register) == 2 * many
    assert count(logged, Bless) == rounds * many
    assert len({one.writer for one in logged}) == len(logged)
    last = logged[winners[-1] - 1].entry
    assert isinstance(last, Promote)
    assert registry.state().champion == Champion(winners[-1], last.package)
    found = verify(registry)
    assert (found.problems, found.unfinished, found.versions) == ((), (), 2 * many)
    return len(logged)


def count(logged: tuple[Logged, ...], kind: type) -> int:
    return sum(isinstance(one.entry, kind) for one in logged)
