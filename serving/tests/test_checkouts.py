"""Folders of loaded packages: they go with their server, and at the next start where it was killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benison.serving import checkouts
from benison.serving.checkouts import Checkout

HOLDS = """
import os
from benison.serving.checkouts import Checkout
made = Checkout()
print(made.folder, flush=True)
os.read(0, 1)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_what_a_killed_server_left_goes_and_what_another_one_holds_stays(temporary: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(temporary)}
    server = subprocess.Popen(
        [sys.executable, "-c", HOLDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    )
    assert server.stdout is not None and server.stdin is not None
    folder = Path(server.stdout.readline().strip())
    (folder / "package").mkdir()
    checkouts.sweep()
    assert (folder / "package").is_dir()
    server.send_signal(signal.SIGKILL)
    server.wait()
    assert folder.is_dir(), "killed: nobody removed it"
    checkouts.sweep()
    assert not folder.exists()
    server.stdin.close()
    server.stdout.close()


def test_a_folder_goes_with_its_object_or_when_it_is_closed() -> None:
    one, other = Checkout(), Checkout()
    folders = [one.folder, other.folder]
    checkouts.sweep()
    assert all(folder.is_dir() for folder in folders)
    one.close()
    one.close()
    del other
    assert not any(folder.exists() for folder in folders)


def test_folders_of_others_are_left_alone(temporary: Path) -> None:
    unheld, elsewhere = temporary / "benison-serving-mine", temporary / "elsewhere"
    unheld.mkdir()
    elsewhere.mkdir()
    (elsewhere / "held").touch()
    (temporary / "benison-serving-link").symlink_to(elsewhere)
    checkouts.sweep()
    assert unheld.is_dir() and (elsewhere / "held").exists()
