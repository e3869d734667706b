"""The ledger of one model's triggers: cause, decision, run, outcome, and why. It lies beside the promotion log."""

from __future__ import annotations

from benison.core.chain import Chain
from benison.core.folded_log import FoldedLog
from benison.core.store import Store
from benison.triggers import entries
from benison.triggers.entries import Entry
from benison.triggers.state import State, follow


class Ledger(FoldedLog[State, Entry]):
    """The ledger, and what has to be run.

    Args:
        store: Where it lies.
        model: The model's name.
    """

    def __init__(self, store: Store, model: str) -> None:
        chain = Chain(store, f"{model}/triggers", entries.KIND)
        super().__init__(
            chain, entries.KIND, State(), follow, entries.to_json, lambda link: entries.from_json(link.content)
        )
