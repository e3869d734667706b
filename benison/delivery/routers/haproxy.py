"""HAProxy as a router: the weights of two servers, by its runtime socket."""

from __future__ import annotations

import csv
import io
import math
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from benison.config.traffic import Haproxy
from benison.core.errors import BenisonError, ConfigError, ServerError
from benison.delivery.routers import Split

_SECONDS = 5.0
# HAProxy 2.6 has no word for  balance random.
_RANDOM = ("random", "unknown")
_BACKEND = "BACKEND"
# So many requests tell `random(1)` from `random(2)` at 5%; by chance alone that is told once in some 100,000 times.
_ENOUGH, _DEVIATIONS = 5_000, 5.0
# Points on HAProxy's ring for each unit of weight.
_POINTS = 16


@dataclass(frozen=True)
class _Server:
    """A server as HAProxy tells it: weight, state in its words, requests it was chosen for, how often it went down."""

    weight: int
    status: str
    chosen: int
    falls: int

    @property
    def is_up(self) -> bool:
        # One that is drained by its weight is told to drain, and checked as any other.
        return self.status.startswith(("UP", "DRAIN"))


class HaproxyRouter:
    """Two servers of one backend.

    Args:
        place: Where they are.
    """

    def __init__(self, place: Haproxy) -> None:
        self._place = place
        self._begun: tuple[_Server, _Server] | None = None
        self._wrong: BenisonError | None = None

    def check(self) -> None:
        """Makes sure that both servers are there, checked and up, and that requests are drawn at random.

        Raises:
            ConfigError: It is not so; the hint has the lines for haproxy.cfg.
            ServerError: HAProxy does not answer.
        """
        algorithm, pair = self._stat()
        if algorithm not in _RANDOM:
            raise self._unfit("balance random(1)", f"balance {algorithm}")
        for name, server in zip(self._names, pair, strict=True):
            if not server.is_up:
                raise self._unfit(f"server {name} up, by HAProxy's own check", server.status)
        self._tell(f"set weight {self._at(self._place.champion)} {pair[0].weight}")

    def read(self) -> Split:
        """What the weights of servers that are up come to; a server that is down gets nothing.

        Raises:
            ServerError: HAProxy does not answer, or splits otherwise than its weights say.
        """
        champion, challenger = self._pair()
        down = [name for name, one in zip(self._names, (champion, challenger), strict=True) if not one.is_up]
        own = challenger.weight if challenger.is_up else 0
        both = own + (champion.weight if champion.is_up else 0)
        percent = 100.0 * own / both if own else 0.0
        if down and challenger.weight:
            return Split(percent, f"server {' and '.join(down)} down")
        self._count(champion, challenger)
        if self._wrong is not None and challenger.weight:
            raise self._wrong
        return Split(percent)

    def set(self, percent: float) -> None:
        """Sets the weights, in the order in which the challenger gets less meanwhile."""
        wanted, (champion, challenger) = self._place.weights(percent), self._pair()
        if (champion.weight, challenger.weight) == wanted:
            return
        self._begun = self._wrong = None
        names = list(zip(self._names, wanted, strict=True))
        # Weights of 0 and 0 would answer nobody.
        first = _share(champion.weight, wanted[1]) < _share(wanted[0], challenger.weight)
        for name, weight in reversed(names) if first else names:
            self._tell(f"set weight {self._at(name)} {weight}")

    def settle(self, package: str) -> bool:
        """Weights stay: the server that has all traffic follows the registry, and answers as champion."""
        return True

    @property
    def _names(self) -> tuple[str, str]:
        return self._place.champion, self._place.challenger

    def _at(self, server: str) -> str:
        return f"{self._place.backend}/{server}"

    def _pair(self) -> tuple[_Server, _Server]:
        return self._stat()[1]

    def _stat(self) -> tuple[str, tuple[_Server, _Server]]:
        """The backend's algorithm, and its two servers."""
        told = self._ask("show stat")
        lines = list(csv.DictReader(io.StringIO(told.removeprefix("# "))))
        rows = {row["svname"]: row for row in lines if row["pxname"] == self._place.backend}
        algorithm = rows.get(_BACKEND, {}).get("algo", "")
        if not algorithm:
            raise self._unfit(f"backend {self._place.backend}, and the right to ask for it", "none")
        return algorithm, (self._server(rows, self._place.champion), self._server(rows, self._place.challenger))

    def _server(self, rows: dict[str, dict[str, str]], name: str) -> _Server:
        if name not in rows:
            others = ", ".join(sorted(rows.keys() - {_BACKEND})) or "none"
            raise self._unfit(f"server {name} in backend {self._place.backend}", others)
        row = rows[name]
        return _Server(int(row["uweight"]), row["status"], int(row["lbtot"]), int(row["chkdown"] or 0))

    def _count(self, champion: _Server, challenger: _Server) -> None:
        """Holds what was chosen since the weights were set to them: `random` alone is the better of two draws.

        HAProxy does not tell how many draws it makes.
        """
        pair = champion, challenger
        if self._begun is None or any(_changed(*both) for both in zip(self._begun, pair, strict=True)):
            self._begun = pair
            return
        many = [now.chosen - before.chosen for now, before in zip(pair, self._begun, strict=True)]
        whole, due = sum(many), _share(champion.weight, challenger.weight)
        if whole < _ENOUGH:
            return
        spread = due * (1 - due)
        ring = spread / (_POINTS * (champion.weight + challenger.weight))
        off = abs(many[1] / whole - due) > _DEVIATIONS * (math.sqrt(spread / whole) + math.sqrt(ring))
        got = f"{100 * many[1] / whole:.3g}% of {whole:,}"
        self._wrong = self._unfit(f"{100 * due:.3g}% of requests", got) if off else None
        self._begun = pair

    def _tell(self, command: str) -> None:
        said = self._ask(command).strip()
        if said:
            raise ServerError(f"haproxy ({command})", expected="no objection", got=said.splitlines()[0], hint=_LEVEL)

    def _ask(self, command: str) -> str:
        where = f"haproxy ({self._place.socket})"
        try:
            return b"".join(_spoken(self._place.socket, command)).decode()
        except OSError as error:
            hint = "look whether it runs, and whether this user may write to its socket"
            raise ServerError(where, expected="an answer", got=error.strerror or str(error), hint=hint) from error

    def _unfit(self, expected: str, got: str) -> BenisonError:
        names = "; ".join(
            f"server {name} HOST:PORT check weight {weight}" for name, weight in zip(self._names, (256, 0), strict=True)
        )
        hint = f"write into haproxy.cfg:  stats socket {self._place.socket} level admin;  "
        hint += f"backend {self._place.backend};  balance random(1);  {names}"
        return ConfigError(f"haproxy ({self._place.backend})", expected=expected, got=got, hint=hint)


_LEVEL = "the socket needs  level admin  in haproxy.cfg"


def _share(champion: int, challenger: int) -> float:
    """The challenger's part; the worst of all where nobody would get any."""
    return challenger / (champion + challenger) if champion + challenger else math.inf


def _changed(before: _Server, now: _Server) -> bool:
    """Whether counts cannot be compared: other weights, a time without it, or HAProxy began anew."""
    return before.weight != now.weight or before.falls != now.falls or before.chosen > now.chosen


def _spoken(place: str, command: str) -> Iterator[bytes]:
    """What the runtime socket answers to one command."""
    family = socket.AF_UNIX if place.startswith("/") else socket.AF_INET
    host, _, port = place.rpartition(":")
    with socket.socket(family, socket.SOCK_STREAM) as opened:
        opened.settimeout(_SECONDS)
        opened.connect(place if family == socket.AF_UNIX else (host, int(port)))
        opened.sendall(f"{command}\n".encode())
        while part := opened.recv(65_536):
            yield part
