"""The log of notices of one model, beside its promotion log."""

from __future__ import annotations

from benison.core.chain import Chain, Link
from benison.core.folded_log import FoldedLog
from benison.core.store import Store
from benison.notices import entries
from benison.notices.entries import Entry
from benison.notices.state import NoticeState, follow


class NoticeLog(FoldedLog[NoticeState, Entry]):
    """The log, and what has to be sent.

    Args:
        store: Where it lies: the registry's.
        model: The model's name.
    """

    def __init__(self, store: Store, model: str) -> None:
        chain = Chain(store, f"{model}/notices", entries.KIND)
        super().__init__(chain, entries.KIND, NoticeState(), follow, entries.to_json, _decoded)


def _decoded(link: Link) -> Entry:
    return entries.from_json(link.number, link.writer, link.previous, link.content)
