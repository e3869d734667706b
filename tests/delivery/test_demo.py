"""The demonstration of a rollout: a real server, real requests, real time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[2] / "examples" / "rollout" / "demo.py"


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_slow_challenger_goes_back_and_the_good_one_gets_all_traffic() -> None:
    done = subprocess.run([sys.executable, str(DEMO)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "rolled_back, slow_share over 60 ms" in done.stdout
    assert "promoted, watched for 0.1 minutes with all traffic" in done.stdout
    assert "answers by HTTP status: {'200':" in done.stdout


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_loop_closes_by_itself_and_stops_where_it_must() -> None:
    demo = DEMO.parents[1] / "loop" / "demo.py"
    done = subprocess.run([sys.executable, str(demo)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "  NO " not in done.stdout
