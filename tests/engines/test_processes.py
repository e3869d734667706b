import os
import subprocess
import sys

import pytest

from benison.engines.processes import MARK, kill_marked


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the environment of processes")
def test_kills_what_carries_the_mark_and_no_other() -> None:
    def sleep(mark: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["sleep", "1000"], env={**os.environ, MARK: mark}, start_new_session=True)

    # Of these, one is a prefix of the other.
    hit, missed = sleep("a-1"), sleep("a-12")
    try:
        kill_marked("a-1")
        assert hit.wait() == -9
        assert missed.poll() is None
    finally:
        missed.kill()
        missed.wait()
