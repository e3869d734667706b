"""Who is let in, over real HTTP: signed notices; what is forged, repeated, too large or meant for others stays out."""

from __future__ import annotations

import hashlib
import hmac
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from google.auth import crypt, jwt

from benison.config.triggers import PubSub, Webhook
from benison.triggers.doors import DataNotices, Deliveries, Pushes, Refused

SECRET = "0123456789abcdef0123456789abcdef"  # pragma: allowlist secret -- made up
ASKED = PubSub("https://hooks.example.org", "pusher@acme.iam.gserviceaccount.com")
BODY = json.dumps({"message": {"messageId": "7", "data": ""}}).encode()


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Hub-Signature-256": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"}


def test_a_signature_that_github_documents_is_taken() -> None:
    # The example of docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
    door = Pushes(Webhook("github", "S"), b"It's a Secret to Everybody")
    right = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert door.check({"X-Hub-Signature-256": right, "X-GitHub-Delivery": "d1"}, b"Hello, World!") == "d1"
    with pytest.raises(Refused, match="forged"):
        door.check({"X-Hub-Signature-256": right}, b"Hello, World?")


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "unsigned"),
        ({"X-Gitlab-Token": "guess"}, "forged"),
        ({"X-Gitlab-Token": SECRET[:-1]}, "forged"),
        ({"X-Gitlab-Token": "\udcff"}, "forged"),
    ],
)
def test_a_token_that_is_not_gitlabs_is_refused(headers: dict[str, str], why: str) -> None:
    door = Pushes(Webhook("gitlab", "S"), SECRET.encode())
    assert door.check({"X-Gitlab-Token": SECRET, "X-Gitlab-Event-UUID": "u1"}, b"{}") == "u1"
    with pytest.raises(Refused, match=why):
        door.check(headers, b"{}")


def test_deliveries_of_late_are_remembered_and_old_ones_forgotten() -> None:
    deliveries = Deliveries()
    deliveries.take("a")
    with pytest.raises(Refused, match="repeated"):
        deliveries.take("a")
    for number in range(10_000):
        deliveries.take(str(number))
    deliveries.take("a")


@pytest.fixture(scope="module")
def google() -> tuple[crypt.RSASigner, dict[str, str]]:
    """A key that signs as Google does, and its certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "google")]), datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    text = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    return crypt.RSASigner.from_string(pem, "k1"), {"k1": text}


def token(signer: crypt.RSASigner, **said: Any) -> dict[str, str]:
    now = int(time.time())
    usual = {"iss": "https://accounts.google.com", "aud": ASKED.audience, "email": ASKED.service_account}
    claims = {**usual, "email_verified": True, "iat": now, "exp": now + 600, **said}
    return {"Authorization": f"Bearer {jwt.encode(signer, claims).decode()}"}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"aud": "https://other.example.org"}, "forged"),
        ({"iss": "https://evil.example.org"}, "forged"),
        ({"email_verified": False}, "forged"),
        ({"email": "other@acme.iam.gserviceaccount.com"}, "another account"),
        ({"iat": int(time.time()) - 7200, "exp": int(time.time()) - 3600}, "forged"),
    ],
)
def test_a_token_of_googles_is_held_to_all_it_says(google: Any, said: dict[str, Any], why: str) -> None:
    door = DataNotices(ASKED, lambda: google[1])
    assert door.check(token(google[0]), BODY) == "7"
    with pytest.raises(Refused, match=why):
        door.check(token(google[0], **said), BODY)


def test_a_token_that_another_key_signed_is_forged_and_certificates_are_fetched_once_an_hour(google: Any) -> None:
    fetched, now = [], [0.0]

    def fetch() -> dict[str, str]:
        fetched.append(now[0])
        return dict(google[1])

    door = DataNotices(ASKED, fetch, lambda: now[0])
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = other.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    for _ in range(5):
        with pytest.raises(Refused, match="forged"):
            door.check(token(crypt.RSASigner.from_string(pem, "k1")), BODY)
    now[0] = 3601.0
    door.check(token(google[0]), BODY)
    assert fetched == [0.0, 3601.0]
    with pytest.raises(Refused, match="no message"):
        door.check(token(google[0]), b"[]")


SERVICE = """
import sys
from pathlib import Path
from benison.config.triggers import Webhook
from benison.registry.stores import LocalStore
from benison.triggers.doors import Pushes
from benison.triggers.service import Service
from benison.triggers.tests.world import World, Yard

root = Path(sys.argv[1])
world = World(LocalStore(root / "registry"), Yard(root / "yard"))
manager = world.manager()
def look():
    with (root / "looks").open("a") as file:
        file.write("x")
    return manager.look()
doors = [Pushes(Webhook("github", "S"), sys.argv[2].encode())]
Service(look, world.ledger.state, doors, every_s=600).serve("127.0.0.1", 0, lambda said: print(said, flush=True))
print("stopped")
"""


@contextmanager
def served(root: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    words = [sys.executable, "-c", SERVICE, str(root), SECRET]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()


def post(address: str, body: bytes, headers: dict[str, str]) -> int:
    asked = urllib.request.Request(address, data=body, headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return int(error.code)


def read(address: str) -> str:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return str(answer.read().decode())


def test_a_service_wakes_for_who_may_refuses_who_may_not_and_stops_when_told(tmp_path: Path) -> None:
    with served(tmp_path) as (address, process):
        hook, body = f"{address}/hooks/github", b'{"ref": "refs/heads/main"}'
        assert post(hook, body, {}) == 401
        assert post(hook, body, signed(body, "another secret here")) == 401
        assert post(hook, b"x" * (1 << 20) + b"x", signed(b"x")) == 413
        good = {**signed(body), "X-GitHub-Delivery": "d1"}
        assert post(hook, body, good) == 202
        assert post(hook, body, good) == 409
        assert post(f"{address}/hooks/gitlab", body, {"X-Gitlab-Token": SECRET}) == 404
        deadline = time.monotonic() + 30
        while len((tmp_path / "looks").read_text()) < 2 and time.monotonic() < deadline:
            read(f"{address}/health")
        assert (tmp_path / "looks").read_text() == "xx"
        assert json.loads(read(f"{address}/health"))["well"] is True
        figures = read(f"{address}/metrics")
        assert 'benison_trigger_refused_total{why="forged"} 1\n' in figures
        assert 'benison_trigger_refused_total{why="repeated"} 1\n' in figures
        assert "benison_trigger_notices_total 1\n" in figures
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (0, "stopped\n")
        assert SECRET not in err and "sha256=" not in err
