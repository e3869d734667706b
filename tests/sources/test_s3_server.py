"""The S3 server that tests and benchmarks start."""

import pytest

from tests.sources.s3_server import new_bucket, s3_server


def test_a_new_server_has_nothing_of_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    # One registry served two engines of a benchmark, and the second met the champions of the first.
    with s3_server() as address:
        new_bucket(address, "models", monkeypatch).put("registry/log", b"an entry")
    with s3_server() as address:
        assert "Contents" not in new_bucket(address, "models", monkeypatch).client.list_objects_v2(Bucket="models")
