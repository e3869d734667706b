"""Known vulnerabilities of what locks pin, asked of PyPI by pip-audit; without an answer nothing is taken for sound.

Exit codes: 0 none is known, 1 some are, 3 not everything could be asked about.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

_COMMAND = (
    "-m",
    "pip_audit",
    "--disable-pip",
    "--require-hashes",
    "--progress-spinner",
    "off",
    "--format",
    "json",
    "-r",
)
_HINT = "hint: it needs a network that reaches pypi.org, whose mirrors do not know of vulnerabilities"


def known(lock: Path, answer: Mapping[str, Any]) -> Iterator[str]:
    """The vulnerabilities in pip-audit's answer, one a line."""
    for one in answer["dependencies"]:
        for found in one.get("vulns", ()):
            mended = ", ".join(found["fix_versions"]) or "no release yet"
            yield f"{lock}: {one['name']} {one['version']}: {found['id']}, mended in {mended}"


def unasked(lock: Path, answer: Mapping[str, Any]) -> Iterator[str]:
    """What pip-audit left out, one line for a lock."""
    left = [one["name"] for one in answer["dependencies"] if "skip_reason" in one]
    if left:
        shown = ", ".join(left[:3]) + (", ..." if len(left) > 3 else "")
        yield f"{lock}: expected an answer for each package, got none for {len(left)}: {shown}"


def _asked(lock: Path) -> tuple[list[str], list[str]]:
    done = subprocess.run([sys.executable, *_COMMAND, str(lock)], capture_output=True, text=True, check=False)
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1][:300]
        return [], [f"{lock}: expected an answer of pip-audit, got {said}"]
    return list(known(lock, answer)), list(unasked(lock, answer))


def main(locks: Sequence[str]) -> int:
    """Asks about each lock; prints what was found to stdout, what could not be asked about to stderr."""
    asked = [_asked(Path(lock)) for lock in locks]
    for line in sorted({line for found, _ in asked for line in found}):
        print(line)
    left = [line for _, lines in asked for line in lines]
    if left:
        print("\n".join([*left, "", _HINT]), file=sys.stderr)
        return 3
    return 1 if any(found for found, _ in asked) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
