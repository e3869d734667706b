"""A service that is killed after it said yes to a notice: what that was of is run once, by the next service."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benison.registry.stores import LocalStore
from benison.triggers.entries import Cause, Run
from benison.triggers.ledger import Ledger
from benison.triggers.tests.test_doors import SECRET, post, signed

SERVICE = """
import sys, threading
from pathlib import Path
from benison.config.data import data_of
from benison.config.triggers import Webhook
from benison.core.sections import Section
from benison.registry.stores import LocalStore
from benison.triggers.doors import Pushes
from benison.triggers.service import Service
from benison.triggers.sources import DataFiles
from benison.triggers.tests.world import World, Yard

root, held = Path(sys.argv[1]), sys.argv[3]
world = World(LocalStore(root / "registry"), Yard(root / "yard", "pushed"))
world.sources = [DataFiles(data_of(Section("benison.yaml", {"path": "rows.csv"})), root)]
manager = world.manager()
looks = []
def look():
    looks.append(1)
    if held == "held" and len(looks) > 1:
        threading.Event().wait()
    return manager.look()
def state():
    print("looked", flush=True)
    return world.ledger.state()
doors = [Pushes(Webhook("github", "S"), sys.argv[2].encode())]
Service(look, state, doors, every_s=600).serve("127.0.0.1", 0, lambda said: print(said, flush=True))
"""


@contextmanager
def served(root: Path, held: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A service that has looked once."""
    words = [sys.executable, "-c", SERVICE, str(root), SECRET, held]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().strip()
            assert process.stdout.readline() == "looked\n"
            yield address, process
        finally:
            process.kill()


@pytest.mark.parametrize("held", ["held", "free"])
def test_what_a_notice_was_of_is_run_once_although_the_service_is_killed_after_its_answer(
    tmp_path: Path, held: str
) -> None:
    rows, body = tmp_path / "rows.csv", b"{}"
    rows.write_text("a\n1\n")
    with served(tmp_path, held) as (address, process):
        rows.write_text("a\n1\n2\n")
        assert post(f"{address}/hooks/github", body, {**signed(body), "X-GitHub-Delivery": "d1"}) == 202
        process.send_signal(signal.SIGKILL)
        process.wait()
    for _ in range(2):
        with served(tmp_path, "free"):
            pass
    said = [entry for _, entry in Ledger(LocalStore(tmp_path / "registry"), "census").entries()]
    (cause,) = [entry for entry in said if isinstance(entry, Cause)]
    (run,) = [entry for entry in said if isinstance(entry, Run)]
    assert cause.source == "data" and len(run.causes) == 1
    assert [path.name for path in (tmp_path / "yard").iterdir()] == [f"{run.key}-training"]
