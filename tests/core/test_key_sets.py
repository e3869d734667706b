"""The oracle is Python's own sets and the bytes as they lie on disk."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.core import key_sets
from benison.core.errors import IntegrityError
from benison.core.key_sets import KeySet, TrainedOn

KEYS = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 3))


@given(keys=KEYS)
def test_a_file_holds_each_key_once_in_order_as_little_endian_numbers(
    tmp_path_factory: pytest.TempPathFactory, keys: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("keys")
    found = key_sets.write(np.array(keys, np.uint64), ("a", "b"), 2, folder)
    assert (found.columns, found.rows, found.left_out, found.keys) == (("a", "b"), len(keys), 2, len(set(keys)))
    raw = b"".join(key.to_bytes(8, "little") for key in sorted(set(keys)))
    assert [path.read_bytes() for path in folder.iterdir()] == [raw]
    assert key_sets.read(found, folder).tolist() == sorted(set(keys))


def test_the_same_rows_make_the_same_file_in_whatever_order(tmp_path: Path) -> None:
    one = key_sets.write(np.array([3, 1, 2], np.uint64), ("a",), 0, tmp_path)
    other = key_sets.write(np.array([2, 3, 1], np.uint64), ("a",), 0, tmp_path)
    assert one == other
    assert [path.name for path in tmp_path.iterdir()] == [one.file]


def test_goes_through_json_and_back(tmp_path: Path) -> None:
    rows, users = (key_sets.write(np.array([n], np.uint64), (c,), n, tmp_path) for n, c in ((1, "a"), (2, "user")))
    for entities in (users, None):
        found = TrainedOn(rows, entities)
        assert TrainedOn.from_json(found.to_json()) == found
        assert found.key_sets == ((rows, users) if entities else (rows,))


@pytest.mark.parametrize("raw", [b"\x01" * 16, b"\x02" + b"\x00" * 15, b"\x01", b""])
def test_a_file_that_was_changed_is_refused_by_name(tmp_path: Path, raw: bytes) -> None:
    found = key_sets.write(np.array([1, 2], np.uint64), ("a",), 0, tmp_path)
    (tmp_path / found.file).write_bytes(raw)
    said = (
        rf"{found.file}: expected 2 keys, {found.digest}, got {len(raw)} bytes, sha256:[0-9a-f]+\n\n"
        "hint: it says what the model was trained on, and was changed or lost since; restore it from a copy"
    )
    with pytest.raises(IntegrityError, match=said):
        key_sets.read(found, tmp_path)


def test_a_record_that_counts_otherwise_than_its_file_is_refused(tmp_path: Path) -> None:
    found = key_sets.write(np.array([1, 2], np.uint64), ("a",), 0, tmp_path)
    with pytest.raises(IntegrityError, match="expected 3 keys"):
        key_sets.read(KeySet(found.columns, 3, 0, 3, found.digest), tmp_path)


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    found = key_sets.write(np.array([1], np.uint64), ("a",), 0, tmp_path)
    (tmp_path / found.file).unlink()
    with pytest.raises(IntegrityError, match=rf"{found.file}: expected a file of keys, got none"):
        key_sets.read(found, tmp_path)
