"""versions: the packages that are loaded, and which of them answer."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from benison.config.serving import Batching
from benison.core import digests
from benison.delivery.traffic import Traffic
from benison.serving.checkouts import Checkout
from benison.serving.follow import Follower
from benison.serving.lanes import Lane
from benison.serving.package import Package

_LOG = logging.getLogger(__name__)
_SHADOW_QUEUE_ROWS = 1024
_LONGEST_WAIT_S = 60.0


@dataclass(frozen=True)
class _Failure:
    """Why a package could not be loaded, and when it is tried again: a person may mend the registry."""

    why: str
    wait_s: float
    again: float


@dataclass(frozen=True)
class Version:
    """A package that is loaded.

    Attributes:
        digest: Its name.
        package: What answers.
        live: Its queue of requests whose answers somebody waits for.
        shadow: Its queue of copies.
    """

    digest: str
    package: Package
    live: Lane
    shadow: Lane

    def close(self) -> None:
        """Takes nothing more."""
        self.live.close()
        self.shadow.close()


@dataclass(frozen=True)
class Live:
    """Who answers at one moment; a request looks once, so that one version answers all of it.

    Attributes:
        traffic: How requests are split.
        champion: The champion.
        challenger: The challenger; None: there is none, or it cannot be loaded.
        known: The columns that rows may have: those of every version that is loaded, so that callers who send a new
            column are still served after a rollback.
    """

    traffic: Traffic
    champion: Version
    challenger: Version | None
    known: frozenset[str]


class Source(Protocol):
    """Where packages come from."""

    def checkout_to_serve(self, name: str, target: Path) -> object:
        """Copies a package out that may answer requests, verified byte by byte."""


class Versions:
    """Follows who is to answer: loads beside what runs, warms up, then swaps by one assignment.

    Args:
        follower: Says who is to answer.
        source: The registry.
        batching: How rows of several requests are answered in one call.
        queue_rows: So many rows may wait for each version.
        told: Told of each event by name: ``registry_up``, ``registry_down``, ``loaded``, ``failed``.
    """

    def __init__(
        self,
        follower: Follower,
        source: Source,
        batching: Batching,
        queue_rows: int,
        told: Callable[[str], object],
    ) -> None:
        self._follower, self._source, self._told = follower, source, told
        self._batching, self._queue_rows = batching, queue_rows
        self._loaded: dict[str, Version] = {}
        self._before = ""
        self._failed: dict[str, _Failure] = {}
        self._said = ""
        self._stop, self._changing = threading.Event(), threading.Lock()
        # Loads a challenger beside, so that what is said meanwhile is heard; the look after it takes it up.
        self._fetching = threading.Thread()
        self.live: Live | None = None

    @property
    def loaded(self) -> Mapping[str, Version]:
        """All that are loaded, by digest."""
        return dict(self._loaded)

    def follow(self, every_s: float) -> None:
        """Looks again and again, until `stop`."""
        while not self._stop.is_set():
            self.look()
            self._stop.wait(every_s)

    def stop(self) -> None:
        """Ends `follow`; what is loaded goes on answering."""
        self._stop.set()

    def look(self) -> None:
        """Brings what answers to what is said now; whatever goes wrong, what answered goes on."""
        try:
            traffic = self._follower.now()
        except Exception as error:
            self._told("registry_down")
            self._say(f"cannot be read, so what is loaded goes on serving: {error}")
            return
        self._told("registry_up")
        self._say("")
        if self.live is None or traffic != self.live.traffic or self._lacks_challenger(traffic):
            self._bring(traffic)
        else:
            self._drop(self.live)

    def _say(self, trouble: str) -> None:
        """Tells a trouble once, and its end."""
        if trouble != self._said:
            _LOG.warning("registry: %s", trouble or "can be read again")
        self._said = trouble

    def _lacks_challenger(self, traffic: Traffic) -> bool:
        return traffic.challenger is not None and self.live is not None and self.live.challenger is None

    def _bring(self, traffic: Traffic) -> None:
        """Swaps to what is loaded; a champion is waited for, a challenger that takes long holds no rollback up."""
        champion = self._version(traffic.champion.package)
        if champion is None and self.live is not None:
            # The split counts all the same: it may take a challenger out of traffic.
            champion, traffic = self.live.champion, replace(traffic, champion=self.live.traffic.champion)
        if champion is None:
            return
        wanted = traffic.challenger or ""
        self._swap(traffic, champion, self._loaded.get(wanted))
        if wanted and wanted not in self._loaded and not self._fetching.is_alive():
            self._fetching = threading.Thread(target=self._version, args=(wanted,), name="challenger", daemon=True)
            self._fetching.start()

    def _swap(self, traffic: Traffic, champion: Version, challenger: Version | None) -> None:
        known = {column.name for version in self._loaded.values() for column in version.package.columns}
        before, self.live = self.live, Live(traffic, champion, challenger, frozenset(known))
        if before is None or before.traffic.champion != traffic.champion:
            _LOG.info("champion %s serves", traffic.champion)
        if before is not None and before.champion.digest != champion.digest:
            self._before = before.champion.digest
        self._drop(self.live)

    def _version(self, digest: str) -> Version | None:
        """A version, loaded where it is not; None where it cannot be, which is said once for each reason."""
        if digest in self._loaded:
            return self._loaded[digest]
        failure = self._failed.get(digest)
        if failure is not None and time.monotonic() < failure.again:
            return None
        try:
            version = self._opened(digest)
        except Exception as error:
            self._told("failed")
            if failure is None or failure.why != str(error):
                _LOG.error("%s cannot be loaded, so what is loaded goes on serving: %s", digests.short(digest), error)
            wait_s = min(2 * failure.wait_s, _LONGEST_WAIT_S) if failure else 1.0
            self._failed[digest] = _Failure(str(error), wait_s, time.monotonic() + wait_s)
            return None
        self._failed.pop(digest, None)
        with self._changing:
            if digest in self._loaded:
                version.close()
            else:
                self._loaded = {**self._loaded, digest: version}
                self._told("loaded")
            return self._loaded[digest]

    def _opened(self, digest: str) -> Version:
        """Checks a package out, loads it and warms it up; its files stay as long as it is used."""
        files = Checkout()
        try:
            self._source.checkout_to_serve(digest, files.folder / "package")
            package = Package.open(files.folder / "package", digests.short(digest))
            package.warm_up()
        except BaseException:
            files.close()
            raise
        live = Lane(package.answer, self._batching, self._queue_rows, f"live {package.name}")
        shadow = Lane(package.answer, self._batching, _SHADOW_QUEUE_ROWS, f"shadow {package.name}")
        version = Version(digest, package, live, shadow)
        weakref.finalize(version, files.close)
        return version

    def _drop(self, live: Live) -> None:
        """Lets go of what is needed by none, such as a challenger that was loaded too late."""
        keep = {live.champion.digest, self._before, live.traffic.challenger or ""}
        with self._changing:
            for digest in self._loaded.keys() - keep:
                self._loaded[digest].close()
            self._loaded = {digest: version for digest, version in self._loaded.items() if digest in keep}
