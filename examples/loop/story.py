"""The story as the registry's logs tell it, and what of it has to be so."""

from __future__ import annotations

import json
import time
from pathlib import Path

from oncall import OnCall

from benison.alerts.alert_log import AlertLog
from benison.alerts.state import Alert
from benison.core.chain import Chain
from benison.delivery.rollout_log import RolloutLog
from benison.delivery.state import Past
from benison.monitoring.window_log import KIND
from benison.registry.registry import Registry
from benison.triggers.entries import Finished, Run
from benison.triggers.ledger import Ledger
from benison.triggers.state import Ended


class Story:
    """What happened so far.

    Args:
        project: The project's folder.
        model: The model's name.
        oncall: Who is told.
    """

    def __init__(self, project: Path, model: str, oncall: OnCall) -> None:
        self._project, self._model, self._oncall = project, model, oncall
        self._began, self._checks = time.monotonic(), list[tuple[str, bool]]()

    @property
    def _registry(self) -> Registry:
        return Registry.open(str(self._project / "registry"), self._model)

    @property
    def _log(self) -> AlertLog:
        return AlertLog(self._registry.store, self._model)

    def champion(self) -> str:
        """Number and digest of who is champion now."""
        return str(self._registry.state().champion)

    def judged(self) -> int:
        """How many windows are."""
        links = list(Chain(self._registry.store, f"{self._model}/windows", KIND).links_after())
        return len(links)

    def watches_data(self) -> bool:
        """Whether the trigger manager has seen what data there are already."""
        return bool(self._ledger.state().seen)

    @property
    def _ledger(self) -> Ledger:
        return Ledger(self._registry.store, self._model)

    def alerts(self) -> list[Alert]:
        """Every alert, oldest first."""
        return list(self._log.state().alerts.values())

    def open_alerts(self) -> list[Alert]:
        """Those that are open."""
        return list(self._log.state().open)

    def messages(self) -> list[tuple[str, str]]:
        """What the one on call was told."""
        return self._oncall.messages

    def runs_over(self) -> list[Ended]:
        """Runs that the trigger manager started and saw the end of."""
        said = self._ledger.entries()
        runs = {number: entry for number, entry in said if isinstance(entry, Run)}
        return [Ended(one.run, runs[one.run], one) for _, one in said if isinstance(one, Finished)]

    def rollouts_over(self) -> list[Past]:
        """Rollouts that ended, oldest first."""
        return list(RolloutLog(self._registry.store, self._model).state().past.values())

    def rolled_out(self, before: str) -> None:
        """The challenger had shadow, canary and all traffic, and nothing else made it champion."""
        past = self.rollouts_over()
        path = [f"copies of {one.shadow:g}%" if one.shadow else f"{one.percent:g}%" for one in past[-1].shifts]
        self.say(f"rollout {past[-1].id}: {', '.join(path)}: {past[-1].finish.outcome}; champion {self.champion()}")
        self.check(
            "the rollout made the challenger champion",
            past[-1].finish.outcome == "promoted" and self.champion() != before,
        )
        self.check("by copies first, then by steps, then all", path == ["copies of 100%", "20%", "50%", "100%"])

    def recovered(self) -> None:
        """One alert, of the column that changed, one run, nobody woken."""
        found, runs = self.alerts(), self.runs_over()
        self.say(f"alert {found[0].id} recovered at {found[0].recovered}; the one on call was not needed")
        self.check("one alert, drift of workclass", [one.key for one in found] == [("drift", "workclass")])
        self.check("one run", len(runs) == 1)
        self.check("for the alert and the data that came", len(runs[0].run.causes) == 2)
        self.check("nobody was woken", not self.messages())

    def broken(self, column: str, before: str) -> None:
        """The one on call was told once, the training was blocked by a check of that column, the champion stays."""
        for title, text in self.messages():
            self.say(f"on call: {title} | {text.splitlines()[0]}")
        run = self.runs_over()[-1]
        blocked = self._blocked_by(Path(run.finish.page).parent)
        self.say(f"run {run.number}, since {run.run.why}: {run.finish.outcome} by {', '.join(blocked) or 'nothing'}")
        self.check("one message, of what is missing", [title for title, _ in self.messages()] == [self._title(column)])
        self.check("alerts of missing values start no run", len(self.runs_over()) == 2 and len(run.run.causes) == 1)
        self.check("data validation blocked it by name", run.finish.outcome == "blocked" and bool(blocked))
        self.check("the champion stays", self.champion() == before)

    def _title(self, column: str) -> str:
        alert = next(one for one in self.alerts() if one.key == ("missing", column))
        return f"{self._model}: critical: missing of {column} (alert {alert.id})"

    def _blocked_by(self, folder: Path) -> list[str]:
        """Hard data checks of a run that did not pass."""
        (file,) = folder.rglob("anomalies/checks.json")
        found = json.loads(file.read_text())["checks"]
        return [
            f"{one['name']} {one['subject']}" for one in found if one["tier"] == "hard" and one["verdict"] != "PASS"
        ]

    def title(self, words: str) -> None:
        """A part of the story begins."""
        print(f"\n== {words}", flush=True)

    def say(self, words: str) -> None:
        """A line of it."""
        print(f"{time.monotonic() - self._began:6.1f} s  {words}", flush=True)

    def check(self, what: str, holds: bool) -> None:
        """Something that has to be so."""
        self._checks.append((what, holds))

    def is_as_told(self) -> bool:
        """Says what of it was so; whether all was."""
        self.title("what had to be so")
        for what, holds in self._checks:
            print(f"  {'yes' if holds else 'NO '}  {what}", flush=True)
        return all(holds for _, holds in self._checks)
