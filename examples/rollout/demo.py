"""A bad and a good challenger on their way to live traffic: ``make demo-rollout``.

Trains a first champion and two challengers on the census, one of them as right and slower; serves the champion to
steady requests; then rolls both challengers out. Offline nothing speaks against either. Live, the slow one is seen
while it gets copies of requests only, and goes; the other one gets all traffic.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from traffic import Traffic, columns_of, free_port, rows_of

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / "build" / "demo-rollout"
PROJECT = WORK / "census"
BENISON = [sys.executable, "-m", "benison"]
PER_SECOND = 60.0
MODEL = "census_income"
SETTINGS = """
serving:
  port: {port}
  requests: {{folder: {requests}}}

rollout:
  strategy: canary
  shadow: {{percent: 100, minutes: 0.4}}
  steps:
    - {{percent: 20, minutes: 0.2}}
    - {{percent: 50, minutes: 0.3}}
  watch_minutes: 0.1
  block_seconds: 0.5
  guardrails:
    - {{metric: error_rate, tolerance: 0.05, at_most: 0.2}}
    - {{metric: slow_share, over_ms: 60, tolerance: 0.1}}
  extend_minutes: 1
"""


def main() -> None:
    """The whole story; exits with 1 where it does not end as told."""
    shutil.rmtree(WORK, ignore_errors=True)
    port = free_port()
    _project(port)
    _say("a first champion, a challenger that is as right and slower, and a good one")
    _run("--span", "1")
    _benison("registry", "promote", "challenger", "--why", "the first one")
    slow = _challenger("--span", "2", model=HERE / "slow_model.py")
    good = _challenger("--span", "2", model=ROOT / "examples" / "census" / "model.py")
    server = _serve(port)
    traffic = Traffic(port, MODEL, rows_of(PROJECT / "data" / "span-2.csv.gz", columns_of(PROJECT, MODEL)), PER_SECOND)
    try:
        traffic.start()
        _say(f"the champion answers {PER_SECOND:g} requests a second; now the slow challenger")
        bad = _rollout(slow, "it did well offline")
        _say("and the good one")
        fine = _rollout(good, "it did well offline too")
    finally:
        answers = traffic.stop()
        server.terminate()
        server.wait()
    _say(f"answers by HTTP status: {dict(answers)}")
    _benison("rollout", "log")
    if (bad, fine) != (1, 0) or set(answers) != {"200"}:
        sys.exit(1)


def _project(port: int) -> None:
    shutil.copytree(ROOT / "examples" / "census", PROJECT, ignore=shutil.ignore_patterns("runs", "registry"))
    said = PROJECT / "benison.yaml"
    settings = SETTINGS.format(port=port, requests=json.dumps(str(WORK / "requests")))
    # A few epochs do: what is to be seen comes after training.
    said.write_text(said.read_text().replace("epochs: 30", "epochs: 4") + settings)


def _challenger(*options: str, model: Path) -> str:
    """Trains with a model file; the digest of the package that was blessed."""
    shutil.copyfile(model, PROJECT / "model.py")
    _run(*options)
    log = subprocess.run([*BENISON, "registry", "log", "--json", "-p", str(PROJECT)], check=True, capture_output=True)
    entries = [json.loads(line) for line in log.stdout.splitlines()]
    return str(next(entry["package"] for entry in reversed(entries) if entry["action"] == "bless"))


def _run(*options: str) -> None:
    done = subprocess.run([*BENISON, "run", str(PROJECT), *options], check=True, capture_output=True, text=True)
    print("  " + next(line for line in done.stdout.splitlines() if line.startswith("verdict:")), flush=True)


def _rollout(package: str, why: str) -> int:
    return subprocess.run([*BENISON, "rollout", "start", package, "--why", why, "-p", str(PROJECT)]).returncode


def _benison(*words: str) -> None:
    subprocess.run([*BENISON, *words, "-p", str(PROJECT)], check=True)


def _serve(port: int) -> subprocess.Popen[bytes]:
    """A server that is ready."""
    own = ROOT / ".serve" / "bin" / "python"
    python = str(own) if own.exists() else sys.executable
    server = subprocess.Popen([python, "-m", "benison.serving", "-p", str(PROJECT)])
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/health/ready", timeout=1):
                return server
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
    server.terminate()
    raise SystemExit("the server did not become ready")


def _say(text: str) -> None:
    print(f"\n== {text}", flush=True)


if __name__ == "__main__":
    main()
