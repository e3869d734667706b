import os
import subprocess
import sys

import pytest

SAYS = "import os; from benison.core import logs\nwith logs.quiet_imports():\n    os.write(2, b'remark')\n"


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ})


def test_what_libraries_write_while_they_are_imported_stays_off_stderr() -> None:
    done = run(SAYS + "os.write(2, b'after')")
    assert (done.returncode, done.stderr) == (0, "after")


@pytest.mark.parametrize("error", ["ImportError('no such library')", "KeyboardInterrupt()"])
def test_it_is_shown_where_an_import_fails(error: str) -> None:
    done = run(f"{SAYS}    raise {error}")
    assert done.returncode != 0
    assert done.stderr.startswith("remark")


@pytest.mark.parametrize(
    "code",
    [
        "logging.getLogger('benison').warning('with %s', TOKEN)",
        "try:\n    raise OSError(TOKEN)\nexcept OSError:\n    logging.getLogger('benison').exception('it broke')",
        "raise OSError(TOKEN)",
    ],
)
def test_neither_a_log_nor_a_crash_shows_a_token(code: str) -> None:
    token = "gh" + "p_" + "a1B2" * 9
    done = run(f"import logging\nfrom benison.core import logs\nTOKEN = {token!r}\nlogs.configure()\n{code}")
    assert "ghp_***" in done.stderr and token not in done.stderr
    assert done.returncode == (code.startswith("raise"))
