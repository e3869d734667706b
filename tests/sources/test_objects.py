"""Objects, against moto's S3 server and web servers on loopback."""

from __future__ import annotations

import functools
import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from benison.core.errors import DataError, StorageError
from benison.sources import objects
from benison.sources.objects import ObjectFiles
from tests.sources.s3_server import Bucket


def keys(files: ObjectFiles, prefix: str) -> list[str]:
    return [found.path for found in files.list(prefix)]


def test_lists_what_lies_below_a_folder_with_sizes_and_etags(bucket: Bucket) -> None:
    bucket.put("rides/day=2/b c.csv", b"n\n2\n")
    bucket.put("rides/day=1/a.csv", b"n\n1000\n")
    bucket.put("rides2/other.csv", b"n\n3\n")
    bucket.put("rides/", b"")
    bucket.put("rides/day=1/", b"")
    found = ObjectFiles(bucket.uri()).list(bucket.uri("rides/"))
    assert [(entry.path, entry.size, entry.version) for entry in found] == [
        (bucket.uri("rides/day=1/a.csv"), 7, bucket.tag("rides/day=1/a.csv")),
        (bucket.uri("rides/day=2/b c.csv"), 4, bucket.tag("rides/day=2/b c.csv")),
    ]


def test_lists_more_than_a_page(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "10")
    uris = [bucket.uri(f"many/{number:02d}.csv") for number in range(25)]
    for number in range(25):
        bucket.put(f"many/{number:02d}.csv", b"")
    assert keys(ObjectFiles(bucket.uri()), bucket.uri("many")) == uris


def test_lists_one_object_by_its_name(bucket: Bucket) -> None:
    bucket.put("rides.csv", b"n\n1\n")
    assert keys(ObjectFiles(bucket.uri()), bucket.uri("rides.csv")) == [bucket.uri("rides.csv")]


def test_lists_nothing_where_nothing_is(bucket: Bucket) -> None:
    bucket.put("rides/", b"")
    assert keys(ObjectFiles(bucket.uri()), bucket.uri("rides/")) == []


@pytest.mark.parametrize("key", ["a.csv", "day=1/b c.csv", "größe/%41 #?&.csv"])
def test_downloads_an_object_and_hashes_it_on_the_way(bucket: Bucket, tmp_path: Path, key: str) -> None:
    content = bytes(range(256)) * 40_000  # several chunks
    bucket.put(f"rides/{key}", content)
    files = ObjectFiles(bucket.uri())
    (found,) = files.list(bucket.uri("rides/"))
    digest = files.fetch(found.path, tmp_path / "copy")
    assert found.path == bucket.uri(f"rides/{key}")
    assert (tmp_path / "copy").read_bytes() == content
    assert digest == f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_downloads_an_empty_object(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put("empty.csv", b"")
    ObjectFiles(bucket.uri()).fetch(bucket.uri("empty.csv"), tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b""


def test_an_object_that_changed_since_it_was_listed_is_refused(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put("rides.csv", b"n\n1\n")
    files = ObjectFiles(bucket.uri())
    files.list(bucket.uri())
    bucket.put("rides.csv", b"n\n2\n")
    with pytest.raises(DataError) as caught:
        files.fetch(bucket.uri("rides.csv"), tmp_path / "copy")
    assert str(caught.value) == (
        f"{bucket.uri('rides.csv')}: expected the object as it was listed, got another one: it changed while it was "
        "read\n\nhint: start again when nothing writes there"
    )


def test_an_object_that_vanished_since_it_was_listed_is_told(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put("rides.csv", b"n\n1\n")
    files = ObjectFiles(bucket.uri())
    files.list(bucket.uri())
    bucket.remove("rides.csv")
    with pytest.raises(
        DataError, match=r"rides\.csv: expected the object as it was listed, got none\n\nhint: look for"
    ):
        files.fetch(bucket.uri("rides.csv"), tmp_path / "copy")


def test_a_missing_bucket_is_told(bucket: Bucket) -> None:
    with pytest.raises(DataError) as caught:
        ObjectFiles("s3://no-such").list("s3://no-such/rides/")
    assert str(caught.value) == (
        "s3://no-such/rides/: expected objects that can be listed, got no such bucket\n\nhint: look for a misspelt name"
    )


def test_a_network_that_leads_nowhere_is_told_soon(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(DataError, match="rides/: expected objects that can be listed, got no answer"):
        ObjectFiles("s3://rides").list("s3://rides/")


def test_a_full_or_closed_folder_is_no_fault_of_the_data(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put("rides.csv", b"n\n1\n")
    with pytest.raises(StorageError, match="expected a place that can be written"):
        ObjectFiles(bucket.uri()).fetch(bucket.uri("rides.csv"), tmp_path / "no-such" / "copy")


class _Saying(http.server.BaseHTTPRequestHandler):
    """Gives one answer to everything, as a store does that lets nobody in."""

    disable_nagle_algorithm = True

    status, body = 403, b"<Error><Code>SignatureDoesNotMatch</Code><StringToSign>a-secret</StringToSign></Error>"

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def serve(handler: type[http.server.BaseHTTPRequestHandler], **options: str) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, **options))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def closed() -> Iterator[str]:
    """A store that answers 403 to everything."""
    yield from serve(_Saying)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """A web server over the test's folder."""
    yield from serve(_Silent, directory=str(tmp_path))


def test_access_denied_is_told_without_what_the_store_says(
    closed: str, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", closed)
    with pytest.raises(DataError) as caught:
        ObjectFiles("s3://rides").list("s3://rides/")
    assert str(caught.value) == (
        "s3://rides/: expected objects that can be listed, got access denied (SignatureDoesNotMatch)\n\n"
        "hint: set the credentials in the environment, as the store's own tools have them: AWS_*, GOOGLE_*, AZURE_*"
    )
    assert caught.value.__cause__ is None


def test_reads_a_file_behind_http(web: str, tmp_path: Path) -> None:
    (tmp_path / "rides.csv").write_bytes(b"n\n1\n")
    files = ObjectFiles(web)
    (found,) = files.list(f"{web}/rides.csv")
    assert (found.path, found.size) == (f"{web}/rides.csv", 4)
    files.fetch(found.path, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"n\n1\n"


@pytest.mark.parametrize("uri", ["ftp://rides/a.csv", "s3://", "/data/rides.csv", "s3:/rides"])
def test_what_is_no_uri_of_a_store_is_refused(uri: str) -> None:
    with pytest.raises(DataError, match="expected a URI such as s3://bucket/folder"):
        objects.parse(uri)


# pragma: allowlist nextline secret -- made up
@pytest.mark.parametrize("uri", ["https://me:password@host/a.csv", "https://host/a.csv?signature=password"])
def test_an_address_with_a_secret_is_refused_without_showing_it(uri: str) -> None:
    with pytest.raises(DataError, match="expected an address without user, password") as caught:
        objects.parse(uri)
    assert "password@" not in str(caught.value) and "signature" not in str(caught.value)


def test_a_store_that_lacks_its_settings_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    with pytest.raises(DataError, match="expected a place that objects can be read from, got no credentials"):
        ObjectFiles("az://rides")
