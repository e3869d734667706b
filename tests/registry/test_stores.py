from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benison.core.errors import DataError, IntegrityError, RegistryError, StorageError
from benison.core.store import Store
from benison.registry.stores import LocalStore, store_at
from benison.registry.testing import MemoryStore, StoreTests


class TestLocalStore(StoreTests):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return LocalStore(tmp_path / "store")


class TestMemoryStore(StoreTests):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return MemoryStore()


def test_a_copy_of_a_store_in_memory_goes_its_own_way() -> None:
    store = MemoryStore()
    store.put_if_absent("a", b"1")
    other = store.copy()
    store.put_if_absent("b", b"2")
    other.delete("a")
    assert (list(store.list_after("")), list(other.list_after(""))) == (["a", "b"], [])


def test_leaves_nothing_but_the_objects(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put_if_absent("a/b", b"1")
    store.put_if_absent("a/b", b"2")
    with pytest.raises(IntegrityError):
        store.put_if_absent("c", b"3", "sha256:" + "0" * 64)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "a" / "b"]


def test_does_not_list_what_a_crash_left_behind(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "0123").write_bytes(b"half")
    assert list(store.list_after("")) == []
    with pytest.raises(RegistryError):
        store.get(".partial/0123")


def test_names_a_link_in_the_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"elsewhere")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(IntegrityError, match=r"link: expected a plain file, got a symbolic link\n\nhint: restore"):
        LocalStore(tmp_path).get("link")


def test_says_that_a_folder_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(StorageError, match="a: expected a folder with room that can be written, got a file in the"):
        LocalStore(tmp_path).put_if_absent("a/b", b"")


@pytest.mark.parametrize(
    ("code", "got"),
    [
        (errno.ENOSPC, "a full disk"),
        (errno.EDQUOT, "an exhausted quota"),
        (errno.EROFS, "a read-only file system"),
        (errno.EACCES, "no permission"),
    ],
)
def test_tells_why_it_cannot_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, got: str) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError, match=got):
        LocalStore(tmp_path).put_if_absent("a", b"content")
    assert not (tmp_path / "a").exists()


def test_says_that_a_file_system_has_no_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(StorageError, match="expected a file system with hard links, got Operation not supported"):
        LocalStore(tmp_path).put_if_absent("a", b"content")
    assert list(LocalStore(tmp_path).list_after("")) == []


_AS_NOBODY = """
import os, sys
from pathlib import Path
from benison.registry.stores import LocalStore
from benison.core.errors import StorageError
store = LocalStore(Path(sys.argv[1]))
if os.geteuid() == 0:
    os.setgid(65534), os.setuid(65534)
for act in (lambda: store.put_if_absent("b", b"new"), lambda: store.get("closed")):
    try:
        act()
    except StorageError as error:
        print(str(error).splitlines()[0])
print(store.get("a"), store.put_if_absent("a", b"again"))
"""


def test_reads_what_another_user_wrote_and_names_what_it_may_not(tmp_path: Path) -> None:
    """A real user without rights: permissions mean nothing to root, as whom containers run tests."""
    folder = tmp_path / "store"
    store = LocalStore(folder)
    store.put_if_absent("a", b"open")
    store.put_if_absent("closed", b"closed")
    (folder / "closed").chmod(0)
    for above in (folder, folder / ".partial"):
        above.chmod(0o555)
    for above in tmp_path.parents[:4]:
        _let_through(above)
    _let_through(tmp_path)
    answered = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, str(folder)], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    wrote, read, found = answered.stdout.splitlines()
    assert "expected a folder with room that can be written, got no permission" in wrote
    assert read.endswith("closed: expected a file that can be read, got no permission")
    assert found == "b'open' False"


def _let_through(folder: Path) -> None:
    """Lets other users pass a folder of pytest's, which it makes for its own user alone."""
    if folder.owner() == Path("/proc/self").owner() and folder.name.startswith(("pytest-", "popen-", "test_")):
        folder.chmod(folder.stat().st_mode | 0o111)


@pytest.mark.parametrize("uri", ["https://host/registry", "ftp://host/registry", "relative/registry"])
def test_says_what_it_does_not_support(uri: str) -> None:
    with pytest.raises(DataError, match=r"registry_uri: expected an absolute path"):
        store_at(uri)


def test_takes_a_path_and_a_file_uri(tmp_path: Path) -> None:
    for uri in (str(tmp_path), tmp_path.as_uri()):
        assert store_at(uri).where("a") == str(tmp_path / "a")


def test_says_that_a_file_is_no_registry(tmp_path: Path) -> None:
    (tmp_path / "registry").write_bytes(b"")
    with pytest.raises(RegistryError, match="registry: expected a folder, got a file"):
        store_at(str(tmp_path / "registry"))
