"""door: what every HTTP request passes before KServe's server sees it."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

BEGUN: ContextVar[float] = ContextVar("begun")
# Whoever may ask for predictions may not therefore take the model away.
_CLOSED = "/v2/repository"


class Door:
    """Notes when a request came, refuses bodies that are too large, and closes what callers must not do.

    Args:
        app: What is behind it.
        max_bytes: A body may have so many.
    """

    def __init__(self, app: App, max_bytes: int) -> None:
        self._app, self._max_bytes = app, max_bytes

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        BEGUN.set(time.monotonic())
        if scope["path"].startswith(_CLOSED):
            await _answer(send, 403, "what is served is said by the registry alone")
            return
        body = await self._body(scope, receive)
        if body is None:
            await _answer(send, 413, f"a body has {self._max_bytes} bytes at most")
            return
        await self._app(scope, _again(body, receive), send)

    async def _body(self, scope: Message, receive: Receive) -> bytes | None:
        """All of a request's body; None: it is too large."""
        said = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if said.isdigit() and int(said) > self._max_bytes:
            return None
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._max_bytes:
                return None
            more = message.get("more_body", False)
        return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives a body that was read once more."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _answer(send: Send, status: int, why: str) -> None:
    """Answers at once; the connection is closed, since the rest of the body is not read."""
    content = json.dumps({"error": why}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": content})
