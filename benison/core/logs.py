"""Logs go to stderr, one line each; data goes to stdout."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


def configure(*, verbose: bool = False) -> None:
    """Sends Benison's log to stderr, whatever the libraries configured before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # What libraries merely remark on, of missing accelerators or of one another, is nothing a user can act on.
    root.setLevel(logging.ERROR)
    logging.getLogger("benison").setLevel(logging.DEBUG if verbose else logging.INFO)


@contextmanager
def quiet_imports() -> Iterator[None]:
    """Keeps TensorFlow and what it brings along from talking while they are imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
