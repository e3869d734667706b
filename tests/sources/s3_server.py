"""moto's S3 server on loopback, in this process."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer


@dataclass(frozen=True)
class Bucket:
    """A bucket that a test fills by boto3, not by what is tested."""

    client: Any
    name: str
    endpoint: str

    def put(self, key: str, content: bytes | Path) -> None:
        body = content.read_bytes() if isinstance(content, Path) else content
        self.client.put_object(Bucket=self.name, Key=key, Body=body)

    def remove(self, key: str) -> None:
        self.client.delete_object(Bucket=self.name, Key=key)

    def tag(self, key: str) -> str:
        """The ETag as the server has it, without quotes."""
        return str(self.client.head_object(Bucket=self.name, Key=key)["ETag"]).strip('"')

    def uri(self, key: str = "") -> str:
        return f"s3://{self.name}/{key}"


class Unanswered:
    """Requests that take effect and whose answer never comes: the connection is closed instead.

    Attributes:
        left: How many of those to come are such.
        done: Which were.
    """

    def __init__(self) -> None:
        self.left = 0
        self.done: list[str] = []

    def meets(self, environ: Any) -> bool:
        if environ["REQUEST_METHOD"] != "PUT" or not self.left:
            return False
        self.left -= 1
        self.done.append(environ["PATH_INFO"])
        return True


@contextmanager
def s3_server(unanswered: Unanswered | None = None) -> Iterator[str]:
    """Its address. What it held goes with it: moto keeps that for the whole process, for the next server too.

    Args:
        unanswered: Requests that are to get no answer; None: all get one.
    """
    # werkzeug prints a line for each request.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _one_at_a_time(server, unanswered or Unanswered())
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        s3_backends.reset()


def _one_at_a_time(server: ThreadedMotoServer, unanswered: Unanswered) -> None:
    """S3 decides a conditional put in one step; moto looks first and writes then, so that two could both win."""
    wsgi, lock = server._server, threading.Lock()
    app = wsgi.app

    def locked(environ: Any, start_response: Any) -> list[bytes]:
        with lock:
            answer = list(app(environ, start_response))
        if unanswered.meets(environ):
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return answer

    wsgi.app = locked


def new_bucket(endpoint: str, name: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A new bucket, and an environment that leads to it."""
    values = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "AKIAOFTHETESTS",
        # pragma: allowlist nextline secret -- made up
        "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-tests",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for key, value in values.items():
        monkeypatch.setenv(key, value)
    client = boto3.client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket=name)
    return Bucket(client, name, endpoint)
