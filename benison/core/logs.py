"""Logs go to stderr, one line each; data goes to stdout."""

from __future__ import annotations

import logging
import sys


def configure(*, verbose: bool = False) -> None:
    """Sends Benison's log to stderr, whatever the libraries configured before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("benison").setLevel(logging.DEBUG if verbose else logging.INFO)
