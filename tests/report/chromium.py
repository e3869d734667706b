"""A real Chromium without a window, spoken to over its own protocol on two pipes; needs no driver and no port."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_PATIENCE_SECONDS = 60.0


def find() -> str:
    """The browser's program."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise FileNotFoundError(f"none of {', '.join(names)} is installed, and the report is looked at in one of them")
    return found


@dataclass
class View:
    """A page as one reader sees it, and what the browser complained about while it was shown."""

    browser: Chromium
    session: str
    complaints: list[str] = field(default_factory=list)

    def value(self, expression: str) -> Any:
        answer = self.browser.ask("Runtime.evaluate", self.session, expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def picture(self, *, whole: bool = False) -> bytes:
        """What the screen shows, or the whole page, as PNG."""
        answer = self.browser.ask("Page.captureScreenshot", self.session, captureBeyondViewport=whole)
        return base64.b64decode(answer["data"])

    def pdf(self) -> bytes:
        self.browser.ask("Emulation.setEmulatedMedia", self.session, media="")
        answer = self.browser.ask("Page.printToPDF", self.session, preferCSSPageSize=True, printBackground=False)
        return base64.b64decode(answer["data"])


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are out of the way of the numbers that the browser expects them under."""
    ends = os.pipe()
    moved = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return moved[0], moved[1]


class Chromium:
    """One running browser; use it as a context."""

    def __init__(self, profile: Path) -> None:
        self._asked, self._buffer, self._events = 0, b"", list[dict[str, Any]]()
        self._targets = list[str]()
        read_here, write_there = _pipe()
        read_there, write_here = _pipe()
        self._in, self._out = read_here, write_here
        program = find()
        null = os.open(os.devnull, os.O_RDWR)
        self._pid = os.posix_spawn(
            program,
            [program, *_OPTIONS, f"--user-data-dir={profile}", "about:blank"],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, null, 1),
                (os.POSIX_SPAWN_DUP2, null, 2),
                (os.POSIX_SPAWN_DUP2, read_there, 3),
                (os.POSIX_SPAWN_DUP2, write_there, 4),
            ],
            setpgroup=0,
        )
        for handle in (read_there, write_there, null):
            os.close(handle)

    def __enter__(self) -> Chromium:
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._in)
        os.close(self._out)

    def _next(self) -> dict[str, Any]:
        until = time.monotonic() + _PATIENCE_SECONDS
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(0.0, until - time.monotonic()))
            chunk = os.read(self._in, 1 << 20) if ready else b""
            if not chunk:
                raise TimeoutError("Chromium does not answer")
            self._buffer += chunk
        message, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    def ask(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Calls a method of the browser and waits for its answer."""
        self._asked += 1
        message: dict[str, Any] = {"id": self._asked, "method": method, "params": parameters}
        os.write(self._out, json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._asked:
                assert "error" not in answer, (method, answer)
                result: dict[str, Any] = answer["result"]
                return result
            self._events.append(answer)

    def _wait_for(self, event: str) -> None:
        while not any(one.get("method") == event for one in self._events):
            self._events.append(self._next())

    def close_pages(self) -> None:
        """Closes every page that was shown."""
        while self._targets:
            self.ask("Target.closeTarget", targetId=self._targets.pop())

    def show(self, page: Path, *, width: int = 1200, scheme: str = "light", medium: str = "screen") -> View:
        """Opens a file as somebody with this width, colour scheme and medium sees it."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._targets.append(target)
        session: str = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable", session)
        phone = width < 600
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            session, width=width, height=800, deviceScaleFactor=2 if phone else 1, mobile=phone,
        )  # fmt: skip
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", session, media=medium, features=features)
        self._events.clear()
        self.ask("Page.navigate", session, url=page.as_uri())
        self._wait_for("Page.loadEventFired")
        return View(self, session, [said for one in self._events if (said := _complaint(one, page))])


def _complaint(event: dict[str, Any], page: Path) -> str | None:
    """What is wrong according to an event of the browser: an error, a warning, a request for anything but the page."""
    kind, said = event.get("method", ""), event.get("params", {})
    if kind == "Runtime.exceptionThrown" or kind == "Runtime.consoleAPICalled":
        return json.dumps(said)
    if kind == "Log.entryAdded" and said["entry"]["level"] in ("warning", "error"):
        return json.dumps(said["entry"])
    if kind == "Network.requestWillBeSent" and said["request"]["url"] not in (page.as_uri(), "data:,"):
        return f"asks for {said['request']['url']}"
    return None
