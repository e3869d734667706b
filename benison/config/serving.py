"""serving: in benison.yaml: a folder that model servers watch. All of it is optional."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benison.core.errors import DataError
from benison.core.locations import local_path
from benison.core.sections import Section


@dataclass(frozen=True)
class Serving:
    """Where the champion is laid out for a server that loads from a folder, such as TensorFlow Serving.

    Attributes:
        folder: An absolute path, below which the model has a folder of its own; None: there is none.
        keep: How many versions stay there, the champion among them.
    """

    folder: Path | None = None
    keep: int = 2


def serving_of(section: Section) -> Serving:
    """Reads ``serving:``.

    Raises:
        ConfigError: Something in it is not understood.
    """
    said = section.take("folder", str, "")
    serving = Serving(_folder(section, said) if said else None, section.whole("keep", 2, low=1))
    section.close()
    if "keep" in section.content and not said:
        raise section.error("folder", "the folder that servers watch", "none", "write  folder: /srv/models")
    return serving


def _folder(section: Section, said: str) -> Path:
    try:
        return local_path(said, "serving.folder")
    except DataError as error:
        hint = "tasks run elsewhere than where the file lies, so begin it with /"
        raise section.error("folder", error.expected, error.got, hint) from error
