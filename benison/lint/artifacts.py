"""Types of artifacts that a target does not carry or show."""

from __future__ import annotations

from collections.abc import Iterator

from benison.config.machines import LOCAL
from benison.lint.finding import Finding
from benison.lint.reading import Document

_NAMESPACES = ("system.", "google.")
_UNSEEN = "system.SlicedClassificationMetrics"


def findings(document: Document, target: str) -> Iterator[Finding]:
    """Types outside of the namespaces that KFP's servers know, and one that nothing can write or draw."""
    if target == LOCAL:
        return
    for place, title in document.walk():
        if place[-1] != "schemaTitle" or not isinstance(title, str):
            continue
        where = document.where(place)
        if not title.startswith(_NAMESPACES):
            why = "servers refuse types of other namespaces; say what is in it in a file of the artifact"
            yield Finding(where, "a type of system or google", repr(title), why)
        if title == _UNSEEN:
            why = "its Python API raises and no page draws it; write system.Metrics or system.HTML"
            yield Finding(where, "a type that is shown", repr(title), why)
