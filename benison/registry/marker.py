"""The file at a registry's top that tells it from any other folder."""

from __future__ import annotations

from benison.core import documents
from benison.core.errors import IntegrityError, RegistryError
from benison.core.spelling import nearest
from benison.core.store import Store, read_document, top

FILE = "registry.json"
_KIND = "registry"
_SHOWN = 3


def require(store: Store) -> None:
    """Makes sure that a store holds a registry.

    Raises:
        RegistryError: It holds nothing, or something else, or a newer version of Benison made it.
    """
    if not _marked(store):
        _refuse_foreign(store)
        raise RegistryError(
            store.where(""), expected="a registry", got="nothing there", hint="the first run of a pipeline makes it"
        )


def ensure(store: Store) -> None:
    """Makes an empty or missing folder a registry, and leaves one that is.

    Raises:
        RegistryError: It holds something else, or a newer version of Benison made it.
        StorageError: It is not there and cannot be made.
    """
    if not _marked(store):
        _refuse_foreign(store)
        store.put_if_absent(FILE, documents.to_bytes(store.where(FILE), _KIND, {}))


def models(store: Store) -> list[str]:
    """The models that a registry has something of."""
    return [name.removesuffix("/") for name in top(store, "") if name.endswith("/")]


def unknown_model(store: Store, model: str) -> RegistryError:
    """The error for a model that a registry has nothing of."""
    return RegistryError(
        store.where(""), expected=f"a model {model!r}", got="none of that name", hint=nearest(model, models(store))
    )


def _marked(store: Store) -> bool:
    """Whether the marker is there; a file of that name that is none says that the folder is not a registry."""
    try:
        return read_document(store, FILE, _KIND) is not None
    except IntegrityError as error:
        raise RegistryError(
            error.where,
            expected="a registry's marker",
            got=error.got,
            hint="name the registry's own folder, or a new one",
        ) from error


def _refuse_foreign(store: Store) -> None:
    """Refuses a folder with something in it, unless another process has made it a registry meanwhile."""
    names = list(top(store, ""))
    if not names or FILE in names:
        return
    shown = ", ".join(names[:_SHOWN]) + f" and {len(names) - _SHOWN} more" * (len(names) > _SHOWN)
    raise RegistryError(
        store.where(""),
        expected=f"a registry, which has a file {FILE}, or an empty folder",
        got=f"a folder with {shown}",
        hint="name the registry's own folder, or a new one",
    )
