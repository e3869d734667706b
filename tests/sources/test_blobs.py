from __future__ import annotations

from pathlib import Path

import pytest

from benison.core.errors import DataError, StorageError
from benison.sources.blobs import Blobs, blobs_at
from tests.sources.s3_server import Bucket


@pytest.fixture(params=["folder", "objects"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "folder":
        return blobs_at(str(tmp_path / "kept"), "one", "checkpoint_root")
    bucket: Bucket = request.getfixturevalue("bucket")
    bucket.put("kept/other/elsewhere", b"not mine")
    return blobs_at(bucket.uri("kept/"), "one", "checkpoint_root")


def test_what_was_put_is_listed_read_replaced_and_removed(blobs: Blobs) -> None:
    assert blobs.names() == []
    assert blobs.get("b") is None
    blobs.remove("b")
    blobs.put("b", b"first")
    blobs.put("a", bytes(range(256)))
    blobs.put("b", b"second")
    assert blobs.names() == ["a", "b"]
    assert (blobs.get("a"), blobs.get("b")) == (bytes(range(256)), b"second")
    blobs.remove("a")
    assert blobs.names() == ["b"]
    assert blobs.where("b").endswith("/kept/one/b")


def test_a_folder_goes_with_its_last_file_and_what_was_not_finished(tmp_path: Path) -> None:
    kept = blobs_at(f"file://{tmp_path}/kept", "one", "checkpoint_root")
    kept.put("a", b"")
    (tmp_path / "kept" / "one" / ".b.1234").write_bytes(b"half of it")
    assert kept.names() == ["a"]
    kept.remove("a")
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file")
    with pytest.raises(StorageError, match=r"kept.*expected a folder with room that can be written"):
        blobs_at(str(tmp_path / "kept"), "one", "checkpoint_root").put("a", b"")


def test_a_bucket_that_is_not_there_is_named(bucket: Bucket) -> None:
    with pytest.raises(DataError, match=r"s3://no-such-bucket/kept/one/a: expected a place that can be written, got"):
        blobs_at("s3://no-such-bucket/kept", "one", "checkpoint_root").put("a", b"")


@pytest.mark.parametrize("uri", ["https://example.org/kept", "ftp://example.org", "kept"])
def test_a_place_of_another_kind_is_refused(uri: str) -> None:
    with pytest.raises(DataError, match="checkpoint_root: expected an absolute path"):
        blobs_at(uri, "one", "checkpoint_root")
