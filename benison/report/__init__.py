"""The run's report: one HTML file that needs nothing else, and the scorecard in the terminal."""

from __future__ import annotations

from pathlib import Path

from benison.core.files import write_atomically
from benison.report import gather, page

FILE = "report.html"

__all__ = ["FILE", "gather", "page", "write"]


def write(run_folder: Path) -> Path:
    """Writes a run's report beside its record.

    Args:
        run_folder: A folder with run.json.

    Returns:
        The report's path, ``<run_folder>/report.html``.

    Raises:
        DataError: The folder holds no record of a run.
        StorageError: The folder cannot be written.
    """
    path = run_folder / FILE
    write_atomically(path, page.render(gather.gather(run_folder)).encode())
    return path
