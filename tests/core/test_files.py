import errno
from contextlib import suppress
from pathlib import Path

import pytest

from benison.core.errors import StorageError
from benison.core.files import scratch_beside, storage_errors, write_atomically


def test_the_old_content_is_replaced_whole_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"old")
    write_atomically(tmp_path / "a", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"new"}


def test_a_file_in_the_place_of_a_folder_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises((StorageError, FileExistsError)):
        write_atomically(tmp_path / "a" / "b", b"")


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "a full disk"), (errno.EROFS, "a read-only file system"), (errno.EACCES, "no permission")],
)
def test_a_folder_that_cannot_be_written_is_named_with_the_reason(tmp_path: Path, number: int, said: str) -> None:
    with pytest.raises(StorageError, match=said) as caught, storage_errors(tmp_path):
        raise OSError(number, "operating system's words", str(tmp_path / "x"))
    assert caught.value.where == str(tmp_path / "x")


def test_other_troubles_of_the_operating_system_pass_through(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="interrupted"), storage_errors(tmp_path):
        raise OSError(errno.EINTR, "interrupted")


def test_scratch_lies_beside_what_it_becomes_and_is_gone_also_after_an_error(tmp_path: Path) -> None:
    artifact, seen = tmp_path / "task" / "examples", []
    for trouble in (None, KeyError("a fault")):
        with suppress(KeyError), scratch_beside(artifact) as scratch:
            (scratch / "rows").write_bytes(b"1")
            seen.append(scratch.parent)
            if trouble:
                raise trouble
        assert list(artifact.parent.iterdir()) == []
    assert seen == [artifact.parent] * 2


def test_scratch_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "task").write_bytes(b"")
    artifact = tmp_path / "task" / "examples"
    with pytest.raises(StorageError, match="a file in the place of a folder"), scratch_beside(artifact):
        pass
