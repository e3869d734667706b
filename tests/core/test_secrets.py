import random
import string
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.core.secrets import Redactor, redacted

ROOT = Path(__file__).resolve().parents[2]
NOBODYS = Redactor({})


def drawn(count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """What looks drawn by lot; put together here, so that no scanner takes this file for a leak."""
    return "".join(random.Random(count).choices(alphabet, k=count))


KEY = "\n".join(
    ["-----BEGIN PRIVATE " + "KEY-----", drawn(64), drawn(63), drawn(20) + "==", "-----END PRIVATE " + "KEY-----"]
)
JWT = f"eyJ{drawn(20)}.eyJ{drawn(40)}.{drawn(43)}"
UPPER = string.ascii_uppercase + string.digits

# By name: a text, the secret in it, and what has to be left.
SECRETS = {
    "an AWS key id": (f"user AKIA{drawn(16, UPPER)} is unknown", drawn(16, UPPER), "user AKIA*** is unknown"),
    "an AWS secret key": (
        f"aws_secret_access_key = {drawn(40)}\nregion",
        drawn(40),
        "aws_secret_access_key = ***\nregion",
    ),
    "a private key": (
        f"read:\n{KEY}\nend",
        drawn(64),
        # pragma: allowlist nextline secret -- made up
        "read:\n-----BEGIN PRIVATE KEY-----***-----END PRIVATE KEY-----\nend",
    ),
    "a private key in JSON": (
        f'{{"key_data": "{KEY}\\n", "type": "x"}}'.replace("\n", "\\n"),
        drawn(63),
        # pragma: allowlist nextline secret -- made up
        '{"key_data": "-----BEGIN PRIVATE KEY-----***-----END PRIVATE KEY-----\\n", "type": "x"}',
    ),
    # pragma: allowlist nextline secret -- made up
    "a private key that was cut": (KEY[:120] + "\nand so on", drawn(64), "-----BEGIN PRIVATE KEY-----***\nand so on"),
    "a GitHub token": (
        f"https://api.github.com: 401 for ghp_{drawn(36)}.",
        drawn(36),
        "https://api.github.com: 401 for ghp_***.",
    ),
    "a fine GitHub token": (f"github_pat_{drawn(60)}", drawn(60), "github_pat_***"),
    "a GitLab token": (f"(glpat-{drawn(20)})", drawn(20), "(glpat-***)"),
    "a Slack token": (f"xoxb-{drawn(30)}", drawn(30), "xoxb-***"),
    "a Slack address": (f"hooks.slack.com/services/T0/B0/{drawn(24)}", drawn(24), "hooks.slack.com/services/***"),
    "an OpenAI key": (f"sk-proj-{drawn(50)}", drawn(50), "sk-proj-***"),
    "a PyPI token": (f"pypi-AgEI{drawn(60)}", drawn(60), "pypi-***"),
    "an npm token": (f"npm_{drawn(36)}", drawn(36), "npm_***"),
    "a Hugging Face token": (f"hf_{drawn(34)}", drawn(34), "hf_***"),
    "a Google API key": (f"AIza{drawn(35)}", drawn(35), "AIza***"),
    "a web token": (f"got {JWT} back", drawn(40), "got eyJ*** back"),
    # pragma: allowlist nextline secret -- made up
    "a password in an address": ("postgresql://ada:s3cr@t@db/x", "s3cr", "postgresql://ada:***@db/x"),
    # pragma: allowlist nextline secret -- made up
    "an address taken for a path": ("no folder /a/s3:/ada:lovelace@b", "lovelace", "no folder /a/s3:/ada:***@b"),
    "a token in an address": (f"https://{drawn(40)}@github.com/a/b", drawn(40), "https://***@github.com/a/b"),
    "a password": ("login(user=ada, password=hunter2)", "hunter2", "login(user=ada, password=***)"),
    # pragma: allowlist nextline secret -- made up
    "a password of words": ('"db_password": "correct horse", "a": 1', "correct horse", '"db_password": "***", "a": 1'),
    # pragma: allowlist nextline secret -- made up
    "a password with a quote": (r'"password": "a\"bcd", "x": 1', "bcd", '"password": "***", "x": 1'),
    "a password at the end": ("password: swordfish\nnext", "swordfish", "password: ***\nnext"),
    "JSON in JSON": (
        r'"{\"client_secret\": \"drawnbylot\", \"a\": 1}"',
        "drawnbylot",
        r'"{\"client_secret\": \"***\", \"a\": 1}"',
    ),
    "a password in HTML": ("<td>password=&quot;hunter2 &quot;</td>", "hunter2", "<td>password=&quot;***&quot;</td>"),
    "a connection string": (
        f"AccountName=a;AccountKey={drawn(86)}==;Suffix=b",
        drawn(86),
        "AccountName=a;AccountKey=***;Suffix=b",
    ),
    "a token that is named": (f"HF_TOKEN: {drawn(20)}", drawn(20), "HF_TOKEN: ***"),
    "an address signed by AWS": (
        f"GET /a?X-Amz-Expires=60&X-Amz-Signature={drawn(64)}&y=1",
        drawn(64),
        "GET /a?X-Amz-Expires=60&X-Amz-Signature=***&y=1",
    ),
    "an address signed by Azure": (f"/a?sv=2022&sig={drawn(40)}%3D&se=1", drawn(40), "/a?sv=2022&sig=***&se=1"),
    "an address signed by Google": (
        f"/a?Expires=1&amp;Signature={drawn(60)}",
        drawn(60),
        "/a?Expires=1&amp;Signature=***",
    ),
    "a bearer": (f"Authorization: Bearer {drawn(30)}", drawn(30), "Authorization: Bearer ***"),
    "a basic authorization": ("'authorization': 'Basic YWRhOmFkYQ'", "YWRhOmFkYQ", "'authorization': 'Basic ***'"),
}

PLAIN = [
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "champion 6 (2fcfe0ad3819) replaces 3 (4974562825d1), commit 865ed13c1e0c8b7c3b8c2f7a1f7d2c0b8a9e4f11",
    "run 20261120-204631-f1e0: AUC 0.9196 [0.9122, 0.9263]",
    "benison.yaml:12 (gate.token): expected a metric, got 'tokens'",
    "token: expected a word with at least eight letters, got none",
    "password: must not be left out",
    "the password, token or secret is missing; Basic information, bearer tokens",
    "token = os.environ['HF_TOKEN']",
    "connect(token=self.credentials.token, secret=load_secret(name), password=settings.password)",
    "max_token=100000000, oov_token='[UNK]', tokenizer=WhitespaceTokenizer, token: 12345678",
    "PWD=/home/ada/project and api_key: ${API_KEY}, password: <your password>",
    "ssh://git@github.com/a/b, https://ada@acme.org, s3://bucket/a:b/c@d, sk-learn, hf_hub_download, asia-southeast1",
    "signature=serving_default_of_the_model, sig=0.05, &sigma=1",
    "-----BEGIN CERTIFICATE-----\nMIIBfake\n-----END CERTIFICATE-----",
]


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_hidden_and_its_kind_can_still_be_told(kind: str) -> None:
    text, secret, left = SECRETS[kind]
    assert secret in text.replace("\\n", "\n")
    assert NOBODYS.text(text) == left


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_secret_stays(text: str) -> None:
    assert NOBODYS.text(text) == text


@given(st.lists(st.sampled_from([*(text for text, _, _ in SECRETS.values()), *PLAIN, "\n", " ", '"', "=", ":", "&"])))
def test_redacting_again_changes_nothing(parts: list[str]) -> None:
    once = NOBODYS.text(" ".join(parts))
    assert NOBODYS.text(once) == once


def test_a_secret_is_found_wherever_it_stands() -> None:
    everything = "\n".join(text for text, _, _ in SECRETS.values())
    found = NOBODYS.text(f"INFO {everything}" * 3)
    assert [kind for kind, (_, secret, _) in SECRETS.items() if secret in found] == []


def test_values_of_secret_variables_are_hidden_in_every_spelling() -> None:
    value = 'a"b\\c/ d&e'
    of_them = Redactor({"DB_PASSWORD": value, "MY_TOKEN": "short", "TOKEN_FILE": "/run/secret", "HOME": "/home/ada/x"})
    spellings = [value, repr(value), r"a\"b\\c/ d&e", "a%22b%5Cc%2F%20d%26e", r"a&quot;b\c/ d&amp;e"]
    said = " | ".join([*spellings, "short /run/secret /home/ada/x"])
    assert of_them.text(said) == (
        "***DB_PASSWORD*** | '***DB_PASSWORD***' | ***DB_PASSWORD*** | ***DB_PASSWORD*** | ***DB_PASSWORD***"
        " | short /run/secret /home/ada/x"
    )


def test_the_longer_of_two_values_is_hidden_first() -> None:
    assert (
        Redactor({"A_KEY": "abcdefgh", "B_KEY": "abcdefghij"}).text("abcdefghij abcdefgh") == "***B_KEY*** ***A_KEY***"
    )


def test_the_environment_of_this_process_counts_as_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED_SECRET", "swordfish-1")
    assert redacted("a swordfish-1 b") == "a ***PLANTED_SECRET*** b"
    monkeypatch.delenv("PLANTED_SECRET")
    assert redacted("a swordfish-1 b") == "a swordfish-1 b"


def test_trees_keep_their_shape_and_lose_what_their_keys_call_secret() -> None:
    # pragma: allowlist nextline secret -- made up
    tree = {"span": 1, "uri": "s3://me:hunter2@b", "api_token": "abcdef", "rows": [{"password": "abcd"}, None, 0.5]}
    assert NOBODYS.tree(tree) == {
        "span": 1,
        "uri": "s3://me:***@b",
        "api_token": "***",
        "rows": [{"password": "***"}, None, 0.5],
    }


def test_no_committed_document_schema_or_page_is_changed() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    kinds = (".json", ".yaml", ".pbtxt", ".md", ".css", ".toml", ".txt", ".sh", ".yml")
    paths = [ROOT / name for name in listed.split("\0") if name.endswith(kinds)]
    assert len(paths) > 100
    assert [path for path in paths if path.is_file() and NOBODYS.text(text := path.read_text()) != text] == []


HOSTILE = [
    "password=",
    'password="',
    "secret='\\'",
    'token:\\"',
    "eyJ",
    "eyJaaaaaaaaa.",
    "ghp_",
    "://a:b",
    "https://",
    "sig=",
]
HOSTILE += ["Bearer ", "secret_key\\\\", "AKIA", "a", "&quot;", KEY[:27], KEY[:27] + "AAAAAAAA\\n"]


@pytest.mark.parametrize("part", HOSTILE)
def test_time_grows_with_the_text_and_not_with_its_square(part: str) -> None:
    # The smallest of a few: another process may take the processor away, none can give it twice. A square would be 64.
    def seconds(size: int) -> float:
        text, took = part * (size // len(part)), []
        for _ in range(3):
            began = time.process_time()
            NOBODYS.text(text)
            took.append(time.process_time() - began)
        return min(took)

    assert seconds(1 << 18) < 24 * seconds(1 << 15) + 0.01
