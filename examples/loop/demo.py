"""A loop that closes by itself, and one that stops where it must: ``make demo-loop``.

A champion serves people of the census. Then others come: an alert is raised, a run is triggered, its challenger goes
through gate, shadow and canary, becomes champion, and the alert recovers. Then a feed breaks: the one on call is told
once, the training that the new data start is blocked by data validation, and the champion stays.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.append(str(HERE.parent / "rollout"))

from oncall import OnCall  # noqa: E402
from population import BROKEN, Census, Person, write  # noqa: E402
from story import Story  # noqa: E402
from traffic import Traffic, asked_of, columns_of, free_port  # noqa: E402

WORK = ROOT / "build" / "demo-loop"
PROJECT = WORK / "census"
MODEL = "census_income"
BENISON = [sys.executable, "-m", "benison"]
PER_SECOND, TOGETHER = 25.0, 8
# Before a window is judged by those before it, 23 have to be known.
LEARNING = 25
_T = TypeVar("_T")


@dataclass
class Live:
    """What runs all the time: the server, the monitor, the trigger manager, the rollouts, and whoever asks."""

    traffic: Traffic
    columns: dict[str, str]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def ask_of(self, people: list[Person]) -> None:
        """From now on these ask."""
        self.traffic.rows = asked_of(people, self.columns)

    def stop(self) -> dict[str, int]:
        """Ends all of it; how many answers there were, by HTTP status."""
        answers = dict(self.traffic.stop())
        for one in reversed(self.processes):
            one.terminate()
        for one in self.processes:
            one.wait(60)
        return answers


def main() -> None:
    """The whole story; exits with 1 where it does not end as told."""
    began = time.monotonic()
    shutil.rmtree(WORK, ignore_errors=True)
    port, oncall, census = free_port(), OnCall(), Census(ROOT / "examples" / "census" / "data")
    _project(port)
    write(census.employees(10_000), PROJECT / "data" / "span-1.csv.gz")
    story = Story(PROJECT, MODEL, oncall)
    _first_champion(story)
    live = _live(port, oncall, census.employees(4_000))
    try:
        _shift(story, census, live)
        _break(story, census, live)
    finally:
        answers = live.stop()
        oncall.stop()
    page = WORK / "timeline.html"
    _benison("registry", "timeline", "--out", str(page))
    story.say(f"answers by HTTP status: {answers}; {time.monotonic() - began:.0f} s in all; {page}")
    story.check("every request was answered", set(answers) == {"200"})
    sys.exit(0 if story.is_as_told() else 1)


def _first_champion(story: Story) -> None:
    story.title("a champion, trained on employees alone")
    _benison("run", str(PROJECT))
    _benison("registry", "promote", "challenger", "--why", "the first one", "-p", str(PROJECT))
    story.say(f"champion {story.champion()}")


def _live(port: int, oncall: OnCall, people: list[Person]) -> Live:
    columns = columns_of(PROJECT, MODEL)
    live = Live(Traffic(port, MODEL, asked_of(people, columns), PER_SECOND, TOGETHER), columns)
    live.processes.append(_serve(port))
    live.traffic.start()
    said = {**os.environ, "ONCALL_URL": oncall.address}
    live.processes.append(_start("monitor", "run", "--every", "1", env=said))
    live.processes.append(_start("trigger", "run", "--every", "1", "--port", "0"))
    live.processes.append(_start("rollout", "run", "--every", "1"))
    return live


def _shift(story: Story, census: Census, live: Live) -> None:
    """Others come, and the loop closes."""
    before = story.champion()
    _until(lambda: story.judged() >= LEARNING and story.watches_data(), 900, "windows to learn from")
    story.say(f"{story.judged()} windows of 3 seconds are judged; alerts so far: {len(story.alerts())}")
    story.title("three in ten are self-employed from now on; none was in training")
    live.ask_of(census.everybody(2_000))
    alert = _until(lambda: next(iter(story.alerts()), None), 120, "an alert")
    story.say(f"alert {alert.id}, {alert.severity}: {alert.raised.why}")
    write(census.everybody(10_000), PROJECT / "data" / "span-2.csv.gz")
    run = _until(lambda: next(iter(story.runs_over()), None), 900, "a run that is over")
    story.say(f"run {run.number}, since {run.run.why}: {run.finish.outcome}")
    story.check("the run came to a challenger that waits for its rollout", run.finish.outcome == "held")
    _until(story.rollouts_over, 600, "a rollout that is over")
    story.rolled_out(before)
    _until(lambda: not story.open_alerts(), 120, "the alert to recover")
    story.recovered()


def _break(story: Story, census: Census, live: Live) -> None:
    """A feed breaks, and nothing goes through."""
    before = story.champion()
    story.title(f"the feed breaks: nine rows in ten have no {BROKEN}")
    live.ask_of(census.broken(census.everybody(1_500)))
    _until(lambda: [title for title, _ in story.messages() if BROKEN in title], 120, "a message to the one on call")
    write(census.broken(census.everybody(4_000)), PROJECT / "data" / "span-3.csv.gz")
    _until(lambda: len(story.runs_over()) > 1, 900, "the second run to end")
    story.broken(BROKEN, before)


def _project(port: int) -> None:
    left = shutil.ignore_patterns("runs", "registry", "span-*")
    shutil.copytree(ROOT / "examples" / "census", PROJECT, ignore=left)
    said = PROJECT / "benison.yaml"
    settings = (HERE / "benison.yaml").read_text().format(port=port, requests=json.dumps(str(WORK / "requests")))
    # A few epochs do: what is to be seen comes after training.
    said.write_text(said.read_text().replace("epochs: 30", "epochs: 4") + settings)


def _benison(*words: str) -> None:
    where = [] if words[0] == "run" or "-p" in words else ["-p", str(PROJECT)]
    done = subprocess.run([*BENISON, *words, *where], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"benison {' '.join(words)}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


def _start(*words: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    with (WORK / f"{words[0]}.log").open("wb") as log:
        return subprocess.Popen([*BENISON, *words, "-p", str(PROJECT)], stdout=log, stderr=log, env=env)


def _serve(port: int) -> subprocess.Popen[bytes]:
    """A server that is ready."""
    own = ROOT / ".serve" / "bin" / "python"
    python = str(own) if own.exists() else sys.executable
    with (WORK / "serve.log").open("wb") as log:
        server = subprocess.Popen([python, "-m", "benison.serving", "-p", str(PROJECT)], stdout=log, stderr=log)

    def ready() -> bool:
        if server.poll() is not None:
            raise SystemExit(f"the server ended; see {WORK / 'serve.log'}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/health/ready", timeout=1):
                return True
        except OSError:
            return False

    _until(ready, 300, "the server")
    return server


def _until(found: Callable[[], _T | None], seconds: float, what: str) -> _T:
    """What is found, as soon as there is something."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if something := found():
            return something
        time.sleep(0.3)
    raise SystemExit(f"waited {seconds:g} s for {what}; logs are in {WORK}")


if __name__ == "__main__":
    main()
