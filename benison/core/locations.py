"""Where a URI leads on this machine."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from benison.core.errors import DataError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


def local_path(uri: str, name: str) -> Path:
    """The path that a URI means.

    Args:
        uri: An absolute path, or ``file://`` and one.
        name: What it is the place of, for the message: ``data_root``.

    Raises:
        DataError: It is relative, or lies on another machine or in a store that is not supported.
    """
    scheme = _SCHEME.match(uri)
    if scheme is None:
        path = Path(uri)
    elif scheme[1].lower() != "file":
        raise _not_here(uri, name, f"{scheme[0]} is not supported here")
    elif not (rest := uri[scheme.end() :].removeprefix("localhost")).startswith("/"):
        raise _not_here(uri, name, "file:// is not supported with a server")
    else:
        path = Path(unquote(rest))
    if not path.is_absolute():
        raise DataError(name, expected="an absolute path", got=repr(uri), hint="begin it with /")
    return path


def _not_here(uri: str, name: str, why: str) -> DataError:
    hint = f"{why}; copy or mount it, and name the folder"
    return DataError(name, expected="an absolute path, or file:// and one", got=repr(uri), hint=hint)
