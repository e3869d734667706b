"""What a run on a cluster came to: the word that its last task left under the pipeline root."""

from __future__ import annotations

from dataclasses import dataclass

from benison.core.errors import BrokenError
from benison.core.store import read_document
from benison.registry.stores import store_at
from benison.submit.runs import Server, Watched


@dataclass(frozen=True)
class Word:
    """Where the word of a pipeline stands.

    Attributes:
        task: Whose it is.
        artifact: In which of the task's.
        kind: Of the document; its file is named so.
        refusals: The words that say no.
        key: Of the document, under which the word stands.
    """

    task: str
    artifact: str
    kind: str
    refusals: tuple[str, ...]
    key: str = "outcome"

    @property
    def file(self) -> str:
        return f"{self.kind}.json"


PUSHED = Word("pusher", "pushed_model", "pushed", ("blocked",))
ROLLED_OUT = Word("rollout", "record", "rollout", ("rolled_back", "aborted"))
WATCHED = Word("monitor", "record", "monitoring", ("FAIL",), key="verdict")


@dataclass(frozen=True)
class Outcome:
    """What a run came to: a word, and whether it says no."""

    word: str
    refused: bool


def of_run(server: Server, watched: Watched, run: str) -> Outcome | None:
    """What a run that succeeded came to; None where its pipeline ends with no word.

    Raises:
        BrokenError: Its word is not there.
        StorageError: The place of it cannot be read.
    """
    word = next((one for one in (PUSHED, ROLLED_OUT, WATCHED) if one.task in watched.tasks), None)
    if word is None:
        return None
    said = read(server.artifact(watched, run, word.task, word.artifact), word)
    return Outcome(said, said in word.refusals)


def read(folder: str, word: Word = PUSHED) -> str:
    """The outcome of a run that succeeded.

    Args:
        folder: Below which its document lies.
        word: Whose it is.

    Returns:
        pushed, held, unchanged, superseded or blocked; of a rollout promoted, shadowed, rolled_back or aborted; of a
        look at live traffic PASS, FAIL or INCONCLUSIVE.

    Raises:
        BrokenError: There is none, or there are several that differ.
        StorageError: The place cannot be read.
    """
    store = store_at(folder, "pipeline_root")
    keys = [key for key in store.list_after("") if f"/{key}".endswith(f"/{word.file}")]
    documents = [found[0] for key in keys if (found := read_document(store, key, word.kind))]
    outcomes = sorted({document[word.key] for document in documents})
    if len(outcomes) != 1:
        hint = "look at the run's page; the registry's log says who is champion"
        raise BrokenError(folder, expected=f"one {word.file}", got=", ".join(outcomes) or "none", hint=hint)
    return str(outcomes[0])
