"""What all tests share."""

import gc
import os

from hypothesis import settings

# TensorFlow's remarks on the machine would fill the log of a test run.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# The same examples on every machine, and no time limits, which a busy machine would break.
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.load_profile("repeatable")


def pytest_collection_finish() -> None:
    """What was imported stays to the end: garbage is found without looking through it, which takes half a second."""
    gc.collect()
    gc.freeze()


def pytest_runtest_teardown() -> None:
    """Forked work thaws what was frozen; the imports go back, with what little the test left."""
    if not gc.get_freeze_count():
        gc.freeze()
