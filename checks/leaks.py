"""Secrets in files under version control: what detect-secrets' patterns find must be taken out, or be said to be none.

A line that only looks like one says so itself, or the line before it does, and why:
``# pragma: allowlist secret -- made up`` or ``# pragma: allowlist nextline secret -- made up``.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

from benison.core.secrets import redacted
from checks.size_budget import versioned

# By how evenly letters are spread, every digest would be one.
_BY_ENTROPY = {"Base64HighEntropyString", "HexHighEntropyString"}
_NOT_MEANT = (
    "allowlist.is_line_allowlisted",
    "heuristic.is_indirect_reference",
    "heuristic.is_likely_id_string",
    "heuristic.is_not_alphanumeric_string",
    "heuristic.is_potential_uuid",
    "heuristic.is_prefixed_with_dollar_sign",
    "heuristic.is_sequential_string",
    "heuristic.is_templated_secret",
)
_WITHOUT_REASON = re.compile(r"pragma: ?allowlist[ -](?:nextline[ -])?secret(?! -- \w)")


def settings() -> dict[str, list[dict[str, str]]]:
    """What detect-secrets looks for, and what it lets pass; nothing is asked of the network."""
    kinds: Iterable[type] = get_mapping_from_secret_type_to_class().values()
    detectors = {kind.__name__ for kind in kinds} - _BY_ENTROPY
    return {
        "plugins_used": [{"name": name} for name in sorted(detectors)],
        "filters_used": [{"path": f"detect_secrets.filters.{name}"} for name in _NOT_MEANT],
    }


def leaks(paths: Iterable[Path]) -> Iterator[str]:
    """The place and the kind of what looks like a secret, never the secret itself; and exceptions without a reason."""
    with transient_settings(settings()):
        for path in paths:
            for found in [] if is_lock(path) else sorted(scan_file(str(path)), key=lambda one: one.line_number):
                yield f"{path}:{found.line_number}: looks like a secret: {found.type}"
            if is_lock(path) and redacted(path.read_text()) != path.read_text():
                yield f"{path}: looks like a secret"
            yield from (f"{path}:{line}: an exception without a reason" for line in unexplained(path))


def is_lock(path: Path) -> bool:
    """Whether a file is a lock: its thousands of digests take detect-secrets a minute, and our own patterns no time."""
    return path.parent.name == "requirements" and path.suffix == ".txt"


def unexplained(path: Path) -> list[int]:
    """The lines that are said to be no secret, and not why."""
    lines = path.read_text(errors="replace").splitlines()
    return [number for number, line in enumerate(lines, 1) if _WITHOUT_REASON.search(line)]


def main() -> None:
    """Ends with 1 where something looks like a secret."""
    paths, parts = versioned(), 4 * (os.cpu_count() or 1)
    with ProcessPoolExecutor() as pool:
        found = [line for lines in pool.map(_listed, (paths[part::parts] for part in range(parts))) for line in lines]
    hint = (
        "hint: take it out, and revoke it if it was ever real; else say on its line  # pragma: allowlist secret -- why"
    )
    sys.exit("\n".join([*sorted(found), "", hint]) if found else 0)


def _listed(paths: list[Path]) -> list[str]:
    return list(leaks(paths))


if __name__ == "__main__":
    main()
