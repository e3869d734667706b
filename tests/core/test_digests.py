import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.core import digests
from benison.core.errors import DataError, IntegrityError


def plant(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


@given(st.binary(max_size=200))
def test_bytes_are_named_by_their_sha_256(content: bytes) -> None:
    assert digests.of_bytes(content) == "sha256:" + hashlib.sha256(content).hexdigest()


def test_a_file_of_several_chunks_has_the_digest_of_its_bytes(tmp_path: Path) -> None:
    content = os.urandom((1 << 20) + 17)
    (tmp_path / "big").write_bytes(content)
    assert digests.of_file(tmp_path / "big") == digests.of_bytes(content)


def test_a_folder_s_digest_depends_on_names_and_bytes_and_on_nothing_else(tmp_path: Path) -> None:
    first = plant(tmp_path / "first", {"b": b"2", "a/c": b"1"})
    second = plant(tmp_path / "second", {"a/c": b"1", "b": b"2"})
    os.utime(second / "b", (1, 1))
    renamed = plant(tmp_path / "renamed", {"a/d": b"1", "b": b"2"})
    changed = plant(tmp_path / "changed", {"a/c": b"1", "b": b"3"})
    found = [digests.of_tree(folder) for folder in (first, second, renamed, changed)]
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_the_bytes_of_two_files_cannot_be_moved_between_them_unseen(tmp_path: Path) -> None:
    first = plant(tmp_path / "first", {"a": b"12", "b": b"3"})
    second = plant(tmp_path / "second", {"a": b"1", "b": b"23"})
    assert digests.of_tree(first) != digests.of_tree(second)


def test_a_link_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(DataError, match=r"link: expected plain files and folders, got a link"):
        digests.of_tree(tmp_path)


def test_a_changed_folder_is_found(tmp_path: Path) -> None:
    plant(tmp_path, {"a": b"1"})
    digest = digests.of_tree(tmp_path)
    digests.verify_tree(tmp_path, digest)
    (tmp_path / "a").write_bytes(b"2")
    with pytest.raises(IntegrityError, match="changed or damaged"):
        digests.verify_tree(tmp_path, digest)


def test_documents_have_one_digest_whatever_the_order_of_keys() -> None:
    assert digests.of_json({"a": 1, "b": [2]}) == digests.of_json({"b": [2], "a": 1})
