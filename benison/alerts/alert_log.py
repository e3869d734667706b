"""The alert log of one model: what was wrong with its traffic, when, and who was told."""

from __future__ import annotations

from benison.alerts import entries
from benison.alerts.entries import Entry
from benison.alerts.state import AlertState, follow
from benison.core.chain import Chain, Link
from benison.core.folded_log import FoldedLog
from benison.core.store import Store


class AlertLog(FoldedLog[AlertState, Entry]):
    """The log, and which alerts are open.

    Args:
        store: Where it lies: the registry's.
        model: The model's name.
    """

    def __init__(self, store: Store, model: str) -> None:
        chain = Chain(store, f"{model}/alerts", entries.KIND)
        super().__init__(chain, entries.KIND, AlertState(), follow, entries.to_json, _decoded)


def _decoded(link: Link) -> Entry:
    return entries.from_json(link.number, link.writer, link.previous, link.content)
