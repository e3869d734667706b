"""Logs go to stderr, one line each; data goes to stdout."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from benison.core.secrets import redacted


class Formatter(logging.Formatter):
    """Lines of a log, and tracebacks below them, without the secrets in them."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


def configure(*, verbose: bool = False) -> None:
    """Sends Benison's log to stderr, whatever the libraries configured before; neither it nor crashes show secrets."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # What libraries merely remark on, of missing accelerators or of one another, is nothing a user can act on.
    root.setLevel(logging.ERROR)
    logging.getLogger("benison").setLevel(logging.DEBUG if verbose else logging.INFO)
    sys.excepthook = show_crash


def show_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Prints a traceback to stderr, without secrets; stands for Python's own hook."""
    print(redacted("".join(traceback.format_exception(kind, error, trace))), end="", file=sys.stderr, flush=True)


@contextmanager
def quiet_imports() -> Iterator[None]:
    """Keeps TensorFlow and what it brings along from talking while they are imported.

    Newer versions write to the file descriptor itself, whatever level they are told. What was said is shown after all
    if an import fails.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings(), _held_back(2):
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _held_back(descriptor: int) -> Iterator[None]:
    """Keeps what is written to a file descriptor, and lets it through only where an exception follows."""
    with tempfile.TemporaryFile() as kept, os.fdopen(os.dup(descriptor), "wb") as shown:
        os.dup2(kept.fileno(), descriptor)
        try:
            yield
        except BaseException:
            kept.seek(0)
            shown.write(kept.read())
            raise
        finally:
            os.dup2(shown.fileno(), descriptor)
