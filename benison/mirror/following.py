"""Mirroring again and again, until it is told to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from benison.core.errors import BenisonError

if TYPE_CHECKING:
    from benison.mirror.mirror import Step

_LOG = logging.getLogger(__name__)


class Stopped(Exception):
    """It was told to stop while it waited."""


def pausing(stop: threading.Event) -> Callable[[float], None]:
    """Waits for some seconds, as long as nobody says stop: an upload may take half an hour."""

    def pause(seconds: float) -> None:
        if stop.wait(seconds):
            raise Stopped

    return pause


def follow(look: Callable[[], Iterable[Step]], seconds: float, stop: threading.Event) -> None:
    """Mirrors again and again, until it is told to stop; what goes wrong is logged, and tried again.

    Args:
        look: Mirrors once; it may end with `Stopped`.
        seconds: Between two looks.
        stop: Set: it returns.
    """
    while not stop.is_set():
        try:
            for step in look():
                if step.done:
                    _LOG.info("version %s (%s): %s", step.version, step.package, step.what)
        except Stopped:
            return
        except (BenisonError, OSError) as error:
            _LOG.error("%s", error)
        stop.wait(seconds)
