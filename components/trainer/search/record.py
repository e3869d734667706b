"""record: what a search has come to, in a folder or an object store, for the retry of a task that was taken away."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from benison.components.trainer.search.trial import Trial
from benison.core import digests
from benison.core.errors import BenisonError
from benison.sources.blobs import Blobs, blobs_at

FILE = "trials.json"
_log = logging.getLogger(__name__)


@dataclass
class Progress:
    """How far a search has come.

    Attributes:
        trials: Those that are done.
        seconds: The time that it took, in all attempts at the task.
        begun: The hyperparameters of the trial that runs; None: none does.
        ended_by: Why there are no more; None: there may be.
    """

    trials: list[Trial] = field(default_factory=list)
    seconds: float = 0.0
    begun: Mapping[str, Any] | None = None
    ended_by: str | None = None


class Record:
    """The progress of one search, by the digest of all that it depends on.

    The file names its own content's digest, so that a changed one is known as such.

    Args:
        blobs: Where it lies; None: nowhere, and a retry begins anew.
        key: The digest of what the search depends on.
    """

    def __init__(self, blobs: Blobs | None, key: str) -> None:
        self._blobs, self._key = blobs, key

    def read(self) -> Progress:
        """What was written last, or that of a search which begins."""
        content = self._blobs.get(FILE) if self._blobs else None
        if content is None or self._blobs is None:
            return Progress()
        try:
            return self._progress(content)
        except (ValueError, KeyError, TypeError) as error:
            _log.warning("the record of trials %s is not used: %s", self._blobs.where(FILE), error)
            return Progress()

    def write(self, progress: Progress) -> None:
        """Writes it in the place of what was there."""
        if self._blobs:
            told = {"key": self._key, **asdict(progress)}
            self._blobs.put(FILE, json.dumps({"digest": digests.of_json(told), "told": told}).encode())

    def clear(self) -> None:
        """Removes it; nobody needs it once the training is done."""
        try:
            if self._blobs:
                self._blobs.remove(FILE)
        except BenisonError as error:
            _log.warning("the record of trials could not be removed: %s", error)

    def _progress(self, content: bytes) -> Progress:
        whole = json.loads(content)
        if digests.of_json(whole["told"]) != whole["digest"]:
            raise ValueError("its content is not what was written")
        told = dict(whole["told"])
        if told.pop("key") != self._key:
            raise ValueError("it is of another search")
        return Progress(**{**told, "trials": [Trial(**trial) for trial in told["trials"]]})


def record_at(root: str, key: str) -> Record:
    """The record of a search below a place; kept nowhere where the place is empty.

    Raises:
        DataError: The place is neither a folder nor one of an object store.
    """
    return Record(blobs_at(root, digests.as_folder_name(key), "checkpoint_root") if root else None, key)
