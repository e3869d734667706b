"""The run's report and model card: HTML files that need nothing else; and the scorecard in the terminal."""

from __future__ import annotations

from pathlib import Path

from benison.core.files import write_atomically
from benison.report import card, gather, page
from benison.report.page import FILE

__all__ = ["FILE", "card", "gather", "page", "write"]


def write(run_folder: Path) -> Path:
    """Writes a run's report beside its record, and the card of the model that it trained, if it trained one.

    Args:
        run_folder: A folder with run.json.

    Returns:
        The report's path, ``<run_folder>/report.html``.

    Raises:
        DataError: The folder holds no record of a run.
        StorageError: The folder cannot be written.
    """
    path, evidence = run_folder / FILE, gather.gather(run_folder)
    if evidence.card is not None:
        write_atomically(run_folder / card.FILE, card.render(evidence, evidence.card, back=FILE).encode())
    write_atomically(path, page.render(evidence).encode())
    return path
