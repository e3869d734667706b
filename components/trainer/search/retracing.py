"""What TensorFlow says of a function that is traced anew for each trial, whose model is another one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


def _is_said_of_something_else(record: logging.LogRecord) -> bool:
    return "triggered tf.function retracing" not in record.getMessage()


@contextmanager
def unremarked() -> Iterator[None]:
    """Keeps it from the log, where it would send people to look for a fault."""
    logger = logging.getLogger("tensorflow")
    logger.addFilter(_is_said_of_something_else)
    try:
        yield
    finally:
        logger.removeFilter(_is_said_of_something_else)
