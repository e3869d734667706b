"""How much memory this process may still take, before the operating system or its container ends it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

# By version of cgroups: where they are below /sys/fs/cgroup, the file of the limit, and that of what is taken.
_VERSIONS = {
    "": (".", "memory.max", "memory.current"),
    "memory": ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
}


def available(proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes that are free or can be freed: of the machine, or of a container or service where it may take less.

    A container's files in the page cache count as taken, although they would be dropped: the answer errs on the small
    side.

    Args:
        proc: Where Linux tells of the machine. Where it is not there, half of the machine's memory is the answer.
        cgroup: Where it tells of containers and services.
    """
    return min([_of_machine(proc), *_of_groups(proc, cgroup)])


def _of_machine(proc: Path) -> int:
    try:
        lines = (proc / "meminfo").read_text().splitlines()
    except OSError:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))


def _of_groups(proc: Path, cgroup: Path) -> Iterator[int]:
    """What each group that this process is in, and each around it, has left."""
    try:
        lines = (proc / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        kind = next((kind for kind in _VERSIONS if kind in controllers.split(",")), None)
        if kind is None:
            continue
        below, limit, taken = _VERSIONS[kind]
        own = PurePosixPath(path.lstrip("/"))
        for group in (own, *own.parents):
            bounds = [_number(cgroup / below / group / name) for name in (limit, taken)]
            if bounds[0] is not None and bounds[1] is not None:
                yield max(0, bounds[0] - bounds[1])


def _number(file: Path) -> int | None:
    """None: no such file, or no limit."""
    try:
        text = file.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None
