"""Verify: the files are those that were sent."""

from __future__ import annotations

import re
from pathlib import Path

from benison.core import digests
from benison.core.errors import DataError, IntegrityError

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def expected(digest: str) -> str:
    """A digest as it was handed over.

    Raises:
        DataError: It is not one.
    """
    if not _DIGEST.fullmatch(digest):
        raise DataError("bundle_digest", expected="sha256: and 64 hexadecimal digits", got=repr(digest))
    return digest


def verify(project: Path, *, digest: str, claimed: str) -> None:
    """Holds a project's files against the digest that was asked for.

    Args:
        project: The copied files.
        digest: The digest that was asked for.
        claimed: The digest in the staged project's bundle.json.

    Raises:
        IntegrityError: Another project was staged there, or the files were changed since.
    """
    if claimed != digest:
        hint = "another project lies there; stage this one again"
        raise IntegrityError("bundle.json", expected=digest, got=claimed, hint=hint)
    digests.verify_tree(project, digest)
