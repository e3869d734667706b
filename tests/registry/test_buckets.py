"""A registry in a bucket, against moto's S3 server on loopback."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from benison.core import digests
from benison.core.errors import DataError, IntegrityError, StorageError
from benison.core.store import Store
from benison.registry import buckets
from benison.registry.stores import store_at
from benison.registry.testing import StoreTests
from tests.sources.s3_server import Bucket, new_bucket, s3_server

_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    return new_bucket(endpoint, f"models-{next(_NUMBERS)}", monkeypatch)


class TestBucketStore(StoreTests):
    @pytest.fixture
    def store(self, bucket: Bucket) -> Store:
        return store_at(bucket.uri("registry"))


def test_may_lie_at_the_top_of_a_bucket(bucket: Bucket) -> None:
    store = store_at(bucket.uri())
    assert store.put_if_absent("a/b", b"1")
    assert not store.put_if_absent("a/b", b"2")
    assert (list(store.list_after("")), store.get("a/b")) == (["a/b"], b"1")


def test_sees_nothing_beside_its_folder(bucket: Bucket) -> None:
    bucket.put("registry-of-others/a", b"1")
    bucket.put("registry/a", b"2")
    store = store_at(bucket.uri("registry/"))
    assert list(store.list_after("")) == ["a"]
    assert store.where("a") == bucket.uri("registry/a")


def test_a_large_file_goes_up_in_parts(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "ONE_REQUEST", 1000)
    source = tmp_path / "variables"
    source.write_bytes(bytes(range(256)) * 50_000)  # three parts of 5 MiB
    store, sink = store_at(bucket.uri()), io.BytesIO()
    assert store.put_if_absent("variables", source, digests.of_file(source))
    assert not store.put_if_absent("variables", source, digests.of_file(source))
    assert store.copy_to("variables", sink)
    assert sink.getvalue() == source.read_bytes()
    with pytest.raises(IntegrityError, match="it changed while it was copied"):
        store.put_if_absent("other", source, digests.of_bytes(b""))
    assert store.get("other") is None


def test_a_bucket_that_is_not_there_is_told(bucket: Bucket) -> None:
    store = store_at("s3://nowhere/registry")
    with pytest.raises(
        StorageError, match=r"nowhere/registry/a: expected a place that can be written, got no such bucket"
    ):
        store.put_if_absent("a", b"")
    with pytest.raises(StorageError, match="got no such bucket"):
        list(store.list_after("log/"))


def test_no_secret_stands_in_a_message(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(buckets, "CLIENT_RETRIES", {"max_retries": 0})
    with pytest.raises(StorageError, match="got no answer") as raised:
        store_at(bucket.uri()).get("a")
    assert "secret" not in str(raised.value)


def test_a_uri_without_a_bucket_is_told() -> None:
    with pytest.raises(DataError, match=r"registry_uri: expected a URI such as s3://bucket/folder"):
        store_at("s3:///registry")
