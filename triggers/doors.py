"""Doors: who may wake the manager, and how they prove that they are who they say.

What a notice says is looked at by nobody: it wakes the manager, which asks repository and bucket themselves. So one
that is forged, repeated or lost starts nothing that would not have been started, and hides nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from benison.config.triggers import GITHUB, PubSub, Webhook

# Google's own, as it publishes it for OpenID Connect.
CERTIFICATES = "https://www.googleapis.com/oauth2/v1/certs"
_ISSUERS = ("accounts.google.com", "https://accounts.google.com")
_KEPT_S, _LIMIT_S = 3600.0, 10.0
_REMEMBERED = 10_000


class Refused(Exception):
    """A notice that is not let in.

    Args:
        status: The HTTP status that says so.
        why: A word for the metrics and for the log; nothing of what was sent.
    """

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


class Door(Protocol):
    """One way in."""

    @property
    def path(self) -> str:
        """Of its address."""

    def check(self, headers: Mapping[str, str], body: bytes) -> str:
        """The name of this delivery; empty: it has none.

        Raises:
            Refused: The sender is not who may send.
        """


class Pushes:
    """Notices of pushes, signed with a secret as GitHub does, or with the secret itself as GitLab does.

    Args:
        hook: Whose.
        secret: What they are signed with.
    """

    def __init__(self, hook: Webhook, secret: bytes) -> None:
        self.path, self._provider, self._secret = f"/hooks/{hook.provider}", hook.provider, secret

    def check(self, headers: Mapping[str, str], body: bytes) -> str:
        """Compares in a time that tells nothing of how much of it is right."""
        if self._provider == GITHUB:
            said, right = headers.get("X-Hub-Signature-256", ""), f"sha256={_hmac(self._secret, body)}".encode()
            name = headers.get("X-GitHub-Delivery", "")
        else:
            said, right = headers.get("X-Gitlab-Token", ""), self._secret
            name = headers.get("X-Gitlab-Event-UUID", "")
        if not said:
            raise Refused(401, "unsigned")
        if not hmac.compare_digest(said.encode("utf-8", "surrogateescape"), right):
            raise Refused(401, "forged")
        return name


def _hmac(secret: bytes, body: bytes) -> str:
    return hmac.new(secret, body, hashlib.sha256).hexdigest()


class DataNotices:
    """Notices of new data that Pub/Sub pushes, with a token by which Google says who sends.

    Args:
        asked: Whose tokens are taken.
        fetch: Fetches Google's certificates by their id.
        clock: Seconds, to know how old they are.
    """

    path = "/hooks/pubsub"

    def __init__(
        self,
        asked: PubSub,
        fetch: Callable[[], Mapping[str, str]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._asked, self._fetch, self._clock = asked, fetch or fetched, clock
        self._certificates: Mapping[str, str] = {}
        self._since = float("-inf")

    def check(self, headers: Mapping[str, str], body: bytes) -> str:
        """Holds the token to Google's signature, to its time, to whom it is meant for, and to whom it is from."""
        kind, _, token = headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise Refused(401, "unsigned")
        claims = self._claims(token.strip())
        if claims.get("iss") not in _ISSUERS or claims.get("email_verified") is not True:
            raise Refused(401, "forged")
        if claims.get("email") != self._asked.service_account:
            raise Refused(403, "another account")
        return _message_id(body)

    def _claims(self, token: str) -> Mapping[str, Any]:
        from google.auth import exceptions, jwt

        # Some of its versions have types and some have not.
        decode: Any = jwt.decode
        try:
            return dict(decode(token, certs=self._known(), audience=self._asked.audience))
        except (ValueError, exceptions.GoogleAuthError):
            raise Refused(401, "forged") from None

    def _known(self) -> Mapping[str, str]:
        """The certificates, fetched once an hour at most: whoever knocks must not make us ask Google each time."""
        if self._clock() - self._since > _KEPT_S:
            try:
                self._certificates = self._fetch()
            except Exception:
                raise Refused(503, "no certificates") from None
            self._since = self._clock()
        return self._certificates


def fetched(address: str = CERTIFICATES) -> Mapping[str, str]:
    """Google's certificates by their id.

    Args:
        address: Where they are.
    """
    import requests

    answer = requests.get(address, timeout=_LIMIT_S, allow_redirects=False)
    answer.raise_for_status()
    return {str(name): str(text) for name, text in answer.json().items()}


def _message_id(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"]["messageId"])
    except (ValueError, LookupError, TypeError):
        raise Refused(400, "no message") from None


class Deliveries:
    """The deliveries of late, by their names, so that none is let in twice."""

    def __init__(self) -> None:
        self._names: OrderedDict[str, None] = OrderedDict()

    def take(self, name: str) -> None:
        """Remembers a delivery.

        Raises:
            Refused: It came before.
        """
        if not name:
            return
        if name in self._names:
            raise Refused(409, "repeated")
        self._names[name] = None
        while len(self._names) > _REMEMBERED:
            self._names.popitem(last=False)
