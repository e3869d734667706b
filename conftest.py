"""What all tests share."""

import gc
import os

from hypothesis import settings

# TensorFlow's remarks on the machine would fill the log of a test run.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# The same examples on every machine, and no time limits, which a busy machine would break.
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.load_profile("repeatable")


class _Imports:
    """What was imported stays to the end: garbage is found without looking through it, which takes half a second.

    Forked work thaws what is frozen. That is noted where it happens: to ask for it after each test would count millions
    of objects.
    """

    def __init__(self) -> None:
        self._thaw, self._thawed = gc.unfreeze, False
        gc.unfreeze = self._unfreeze

    def freeze_anew(self) -> None:
        """The imports go back, with what little a test left."""
        if self._thawed:
            gc.freeze()
        self._thawed = False

    def _unfreeze(self) -> None:
        self._thaw()
        self._thawed = True


_imports = _Imports()


def pytest_collection_finish() -> None:
    """Everything that tests need is imported."""
    gc.collect()
    gc.freeze()


def pytest_runtest_teardown() -> None:
    """Leaves the next test a process as this one found it."""
    _imports.freeze_anew()
