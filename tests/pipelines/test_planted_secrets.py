"""A model.py that prints secrets in every way there is, and fails with one: nobody reads them afterwards."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines import small_project

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
TOKEN, PASSWORD, OF_THE_MACHINE = "gh" + "p_" + "a1B2" * 9, "hunter" + "2hunter2", "drawn-by-lot-1234"
# Put together as it runs, since the project itself is an artifact, whose bytes are kept as they are.
MODEL = f"""\
import logging
import os
import subprocess
import sys

TOKEN, PASSWORD = "gh" + "p_" + "{TOKEN[4:]}", "hunter" + "{PASSWORD[6:]}"


def build_model(features, hyperparameters):
    print("signed in by", TOKEN, flush=True)
    # pragma: allowlist nextline secret -- made up
    logging.getLogger("benison.own").warning("db at postgresql://ada:%s@db/sales", PASSWORD)
    os.write(2, f"password={{PASSWORD}}\\n".encode())
    subprocess.run([sys.executable, "-c", "import os; print(os.environ['PLANTED_API_KEY'])"], check=True)
    try:
        raise KeyError(os.environ["PLANTED_API_KEY"])
    except KeyError as error:
        # pragma: allowlist nextline secret -- made up
        raise RuntimeError(f"no answer from https://ada:{{PASSWORD}}@models.example.org with {{TOKEN}}") from error
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    project = small_project.make(tmp_path_factory.mktemp("planted") / "project")
    (project / "model.py").write_text(MODEL)
    environment = {**os.environ, "PLANTED_API_KEY": OF_THE_MACHINE}
    command = [sys.executable, "-m", "benison", "run", str(project)]
    return project, subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_no_planted_secret_is_in_any_file_of_the_run_or_in_what_was_printed(
    done: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    project, command = done
    read = {str(path): path.read_bytes() for path in (project / "runs").rglob("*") if path.is_file()}
    assert any(path.endswith("trainer/log.txt") for path in read)
    said = {**read, "stdout": command.stdout.encode(), "stderr": command.stderr.encode()}
    planted = [TOKEN.encode(), PASSWORD.encode(), OF_THE_MACHINE.encode()]
    assert [(where, secret) for where, content in said.items() for secret in planted if secret in content] == []


def test_what_was_said_still_helps(done: tuple[Path, "subprocess.CompletedProcess[str]"]) -> None:
    project, command = done
    told = "no answer from https://ada:***@models.example.org with ghp_***"
    assert command.returncode == 2, command.stderr
    assert "model.py" in command.stderr and told in command.stderr
    (folder,) = (project / "runs").glob("2*")
    error = json.loads((folder / "run.json").read_text())["tasks"]["trainer"]["error"]
    assert told in error["message"] and "***PLANTED_API_KEY***" in error["traceback"]
    log = (folder / "tasks" / "trainer" / "log.txt").read_text()
    lines = ["signed in by ghp_***", "postgresql://ada:***@db/sales", "password=***", "***PLANTED_API_KEY***", told]
    assert [line for line in lines if line not in log] == []
    assert told in " ".join((folder / "report.html").read_text().split())
