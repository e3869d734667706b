from pathlib import Path

import pytest

from benison.core.memory import available

MEMINFO = "MemTotal:       8000 kB\nMemFree:        1000 kB\nMemAvailable:   5000 kB\n"
V1, V2 = "11:cpu,cpuacct:/a/b\n4:memory:/a/b\n0::/\n", "0::/a/b\n"
LIMIT, TAKEN = "memory.limit_in_bytes", "memory.usage_in_bytes"


@pytest.mark.parametrize(
    ("groups", "files", "left"),
    [
        (V2, {}, 5000 * 1024),
        (V2, {"a/b/memory.max": "3000000\n", "a/b/memory.current": "1000000\n"}, 2_000_000),
        (V2, {"a/memory.max": "3000000\n", "a/memory.current": "1000000\n", "a/b/memory.max": "max\n"}, 2_000_000),
        (V2, {"a/b/memory.max": "max\n", "a/b/memory.current": "1000000\n"}, 5000 * 1024),
        (V2, {"a/b/memory.max": "9000000000\n", "a/b/memory.current": "1000000\n"}, 5000 * 1024),
        (V2, {"a/b/memory.max": "3000000\n", "a/b/memory.current": "3000001\n"}, 0),
        (V2, {"c/memory.max": "3000000\n", "c/memory.current": "1\n"}, 5000 * 1024),
        ("0::/\n", {"memory.max": "3000000\n", "memory.current": "1000000\n"}, 2_000_000),
        ("0::/../../x\n", {"memory.max": "3000000\n", "memory.current": "1000000\n"}, 2_000_000),
        (V1, {f"memory/a/b/{LIMIT}": "700\n", f"memory/a/b/{TAKEN}": "100\n"}, 600),
        ("4:memory:/docker/1f\n", {f"memory/{LIMIT}": "700\n", f"memory/{TAKEN}": "100\n"}, 600),
        (V1, {f"memory/{LIMIT}": "9223372036854771712\n", f"memory/{TAKEN}": "1\n"}, 5000 * 1024),
    ],
)
def test_what_is_left_is_the_machines_or_the_groups(
    tmp_path: Path, groups: str, files: dict[str, str], left: int
) -> None:
    proc, cgroup = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text(MEMINFO)
    (proc / "self" / "cgroup").write_text(groups)
    for name, text in files.items():
        (cgroup / name).parent.mkdir(parents=True, exist_ok=True)
        (cgroup / name).write_text(text)
    assert available(proc, cgroup) == left


def test_this_machine_has_some() -> None:
    assert 2**20 < available() < 2**50


def test_where_linux_tells_nothing_half_of_the_memory_is_assumed(tmp_path: Path) -> None:
    assert available(tmp_path, tmp_path) > 2**20
