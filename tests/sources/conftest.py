from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sources.s3_server import Bucket, new_bucket, s3_server


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of an S3 server."""
    with s3_server() as address:
        yield address


@pytest.fixture
def bucket(s3: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A bucket of this test's own, and an environment that leads to it."""
    return new_bucket(s3, f"test-{abs(hash(request.node.nodeid)):x}"[:40], monkeypatch)
