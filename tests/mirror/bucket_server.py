"""Google Cloud Storage on loopback, as far as obstore asks it: put if absent, get, head, list."""

from __future__ import annotations

from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler
from typing import ClassVar
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from benison.registry.testing import MemoryStore
from tests.delivery.routers.loopback import handling

_STAMPS = {"ETag": '"1"', "Last-Modified": "Fri, 20 Nov 2026 12:00:00 GMT"}
_MADE = "<ETag>1</ETag><LastModified>2026-11-20T12:00:00.000Z</LastModified>"
_ONE = f"<Contents><Key>{{}}</Key><Size>{{}}</Size>{_MADE}</Contents>"


class _Handler(BaseHTTPRequestHandler):
    """A bucket's objects in a store, whose keys begin below a folder of the bucket."""

    store: MemoryStore
    folder: ClassVar[str]
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, *words: object) -> None:
        pass

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"] or 0))
        assert self.headers["x-goog-if-generation-match"] == "0"
        self._send(200 if self.store.put_if_absent(self._key(), content) else 412)

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            self._send(200, self._listed(query["prefix"][0]))
        else:
            found = self.store.get(self._key())
            self._send(404 if found is None else 200, found or b"")

    do_HEAD = do_GET

    def _listed(self, prefix: str) -> bytes:
        below = prefix.removeprefix(self.folder)
        keys = [key for key in self.store.list_after("") if key.startswith(below)]
        found = "".join(_ONE.format(escape(self.folder + key), len(self.store.get(key) or b"")) for key in keys)
        return f"<ListBucketResult>{found}</ListBucketResult>".encode()

    def _key(self) -> str:
        _, _, path = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        assert path.startswith(self.folder)
        return path.removeprefix(self.folder)

    def _send(self, status: int, content: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**_STAMPS, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def bucket(store: MemoryStore, folder: str) -> AbstractContextManager[str]:
    """Serves a folder of a bucket as long as the block lasts; the server's address."""
    return handling(type("Handler", (_Handler,), {"store": store, "folder": folder}))
