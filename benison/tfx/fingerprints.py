"""Fingerprints: whether data are the same as when TFX's cache last saw them, told before they are read."""

from __future__ import annotations

import secrets
from pathlib import Path

from benison import config as configuration
from benison.core import digests
from benison.sources.find import File, find, is_remote, pattern_of, store_of


def fingerprint(project: Path, data_root: str, span: int) -> str:
    """A digest of the files that a run would read: of their bytes, or the versions that an object store gives them.

    Of a query nobody can tell before it is asked: each time another one.

    Args:
        project: The folder with benison.yaml.
        data_root: The folder or URI that its relative paths start at.
        span: The newest span; 0: the newest there is.

    Raises:
        DataError: There are no such files.
    """
    data = configuration.read(project).data
    if data.query is not None or data.references or data.serving is not None:
        return secrets.token_hex(16)
    pattern = pattern_of(data.path, data_root)
    files = find(pattern, data.format, 0 if data.every else span, data.window, store_of(pattern))
    return digests.of_json([[one.span, one.name, _content(one)] for one in files])


def _content(file: File) -> str:
    found = file.found
    return f"{found.version} {found.size}" if is_remote(found.path) else digests.of_file(Path(found.path))
