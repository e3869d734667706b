import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benison.core import digests
from benison.engines.trees import digest_of, stamp_of


def rest() -> None:
    """Lets the file system's clock go on, so that later changes get later times."""
    until = time.time_ns() + 25_000_000
    while time.time_ns() < until:
        os.sched_yield()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree" / "inner").mkdir(parents=True)
    (tmp_path / "tree" / "a.txt").write_text("a")
    (tmp_path / "tree" / "inner" / "b.txt").write_text("b")
    return tmp_path / "tree"


def touch_back(path: Path) -> None:
    """Other content of the same size with the same time of writing."""
    before = path.stat()
    path.write_text("c")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "longer": lambda tree: (tree / "a.txt").write_text("aa"),
    "other content of the same size and time": lambda tree: touch_back(tree / "inner" / "b.txt"),
    "renamed": lambda tree: (tree / "a.txt").rename(tree / "c.txt"),
    "new": lambda tree: (tree / "inner" / "c.txt").write_text(""),
    "gone": lambda tree: (tree / "inner" / "b.txt").unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_stamp_changes_with_every_change(tree: Path, change: str) -> None:
    rest()
    before = stamp_of(tree)
    CHANGES[change](tree)
    rest()
    assert before.startswith("sha256:") and stamp_of(tree) not in ("", before)


def test_a_stamp_stays_while_nothing_changes(tree: Path) -> None:
    rest()
    assert stamp_of(tree) == stamp_of(tree) != ""


def test_what_was_just_written_has_no_stamp_yet(tree: Path) -> None:
    (tree / "a.txt").write_text("c")
    assert stamp_of(tree) == ""


def test_digests_folders_files_and_nothing(tree: Path) -> None:
    assert digest_of(tree) == digests.of_tree(tree)
    assert digest_of(tree / "a.txt") == digests.of_bytes(b"a")
    assert digest_of(tree / "none") is None
    assert stamp_of(tree / "none").startswith("sha256:")
