"""The registry beside a model of it in memory that knows nothing of logs: two lists and a few names."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from benison.core import chain
from benison.core.errors import RefusedError, RegistryError
from benison.core.verdicts import Verdict
from benison.registry.log import Champion
from benison.registry.registry import Registry
from benison.registry.testing import SAID, Bench, MemoryStore
from benison.registry.verification import verify

WORDS = st.sampled_from(["one", "two", "three", "four"])


class RegistryMachine(RuleBasedStateMachine):
    """What a person would expect, told in the plainest way, against what the log comes to."""

    @initialize(segment=st.sampled_from([3, 1000]))
    def start(self, segment: int) -> None:
        chain.SEGMENT = segment
        self.folder = Path(tempfile.mkdtemp())
        self.store = MemoryStore()
        self.bench = Bench(Registry(self.store, "census"), self.folder)
        self.digest: dict[str, str] = {}
        self.spans: dict[str, int] = {}
        self.length = 0
        self.word: dict[str, tuple[bool, Champion | None]] = {}
        self.back: list[Champion] = []
        self.ever: set[str] = set()
        self.rolled_back: set[str] = set()
        self.challenger: str | None = None
        self.evaluations = 0

    def teardown(self) -> None:
        chain.SEGMENT = 1000
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def champion(self) -> Champion | None:
        return self.back[-1] if self.back else None

    @rule(word=WORDS, span=st.integers(1, 3))
    def register(self, word: str, span: int) -> None:
        package = self.bench.add(word, (span,))
        if word not in self.digest:
            self.digest[word], self.spans[package] = package, span
            self.length += 1
        assert self.digest[word] == package

    @rule(word=WORDS, verdict=st.sampled_from([Verdict.PASS, Verdict.FAIL]), stale=st.booleans())
    def bless(self, word: str, verdict: Verdict, stale: bool) -> None:
        if word not in self.digest:
            return
        package, against = self.digest[word], None if stale else self.champion
        self.evaluations += 1
        self.bench.bless(package, verdict, against=against, evaluation=f"{self.evaluations}")
        self.length += 1
        self.word[package] = verdict is Verdict.PASS, against
        if verdict is Verdict.PASS and (self.champion is None or self.champion.package != package):
            self.challenger = package
        elif verdict is not Verdict.PASS and self.challenger == package:
            self.challenger = None

    @rule(word=WORDS, force=st.booleans())
    def promote(self, word: str, force: bool) -> None:
        if word not in self.digest:
            return
        package = self.digest[word]
        blessed, against = self.word.get(package, (False, None))
        older = self.champion is not None and self.spans[package] < self.spans[self.champion.package]
        allowed = force or (blessed and against == self.champion and not older and package not in self.rolled_back)
        try:
            logged = self.bench.registry.promote(package, force=force, **SAID)
        except (RegistryError, RefusedError):
            assert not allowed or (self.champion is not None and self.champion.package == package)
            return
        assert allowed
        self._crown(package, logged.number, [*self.back])

    @rule()
    def roll_back(self) -> None:
        try:
            logged = self.bench.registry.rollback(**SAID)
        except RegistryError:
            assert len(self.back) < 2
            return
        self._roll_back(self.back[-2].package, logged.number, self.back[:-2])

    @precondition(lambda self: self.back)
    @rule(word=WORDS)
    def roll_back_to(self, word: str) -> None:
        if word not in self.digest:
            return
        package = self.digest[word]
        allowed = package in self.ever or self.word.get(package, (False, None))[0]
        try:
            logged = self.bench.registry.rollback(package, **SAID)
        except (RegistryError, RefusedError):
            assert not allowed or self.back[-1].package == package
            return
        assert allowed
        before = [one.package for one in self.back[:-1]]
        cut = len(before) - before[::-1].index(package) - 1 if package in before else len(before)
        self._roll_back(package, logged.number, self.back[:cut])

    def _roll_back(self, package: str, number: int, below: list[Champion]) -> None:
        left = self.back[-1].package
        self._crown(package, number, below)
        self.rolled_back.add(left)

    def _crown(self, package: str, number: int, below: list[Champion]) -> None:
        self.length += 1
        assert number == self.length
        self.back = [*below, Champion(number, package)]
        self.ever.add(package)
        self.rolled_back.discard(package)
        if self.challenger == package:
            self.challenger = None

    @rule()
    def open_afresh(self) -> None:
        self.bench.registry = Registry(self.store, "census")

    @invariant()
    def agrees(self) -> None:
        state = self.bench.registry.state()
        assert state.champion == self.champion
        assert state.challenger == self.challenger
        assert state.rolled_back == self.rolled_back
        assert set(state.versions) == set(self.digest.values())
        assert state.number == self.length == len(self.bench.registry.log())
        assert [reign.champion for reign in state.line] == self.back
        found = verify(self.bench.registry)
        assert (found.problems, found.unfinished) == ((), ())


TestRegistryMachine = RegistryMachine.TestCase
TestRegistryMachine.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
