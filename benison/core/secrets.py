"""Secrets in what people read (logs, messages, records of runs, reports): ``***`` beside what tells their kind.

Known shapes are looked for (keys, tokens, passwords in addresses, signed addresses, assignments), and the values of the
environment's variables whose names say that they are secret. Artifacts are never filtered: digests name their bytes.
"""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

HIDDEN = "***"
# Shorter values of variables would hide words that are no secrets.
_LEAST_VALUE = 8
_LEAST_PASSWORD, _LEAST_TOKEN = 4, 8
_SECRET_NAME = re.compile(r"(?:TOKEN|PASSPHRASE|KEY|CREDENTIALS?_JSON)$|PASSWORD|PASSWD|SECRET", re.IGNORECASE)
# What such variables name instead of holding it.
_NAMES_ANOTHER = re.compile(r"_(?:FILE|PATH|DIR|NAME|ID|URL|URI|ARN|VERSION)$", re.IGNORECASE)

# Every pattern takes time in proportion to the text, whatever stands in it: nothing that is required follows an open
# repetition unless the two have no character in common, or the repetition is possessive.
_QUOTE = r"(?:\\*[\"'`]|&quot;|&#x27;|&#39;)"
_VALUE = (
    rf"(?:_?\d+|[_-](?:key|value|string))?{_QUOTE}?[ \t]{{0,4}}(?:=>|:=|=(?!=)|:(?!//))[ \t]{{0,4}}"
    rf"(?:(?P<quote>{_QUOTE})(?P<quoted>(?:(?!(?P=quote))(?:\\.|[^\n]))*+)"
    r"|(?P<plain>[^\s\"'`<>,;&(){}\[\]|\\]++))"
)
_PASSWORD = r"(?:pass(?:word|wd|phrase)s?|pwd(?![ \t]{0,4}[=:][ \t]{0,4}/))"
_TOKEN = (
    r"(?:token|secret(?:[_-]?access)?(?:[_-]?key)?|(?:api|access|account|private|auth|encryption|signing)[_-]?key"
    r"|authorization)"
)
_TOKENS = (
    r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|gl(?:pat|ptt|dt|rt|cbt|soat|ft|oas)-[\w-]{16,}"
    r"|xox[abeoprs]-[\w-]{10,}|xapp-[\w-]{10,}|sk-(?:(?:proj|svcacct|admin|ant)-[\w-]{20,}|[A-Za-z0-9]{32,})"
    r"|pypi-[\w-]{32,}|npm_[A-Za-z0-9]{30,}|hf_[A-Za-z0-9]{30,}|AIza[\w-]{35}|ya29\.[\w-]{20,}|[sr]k_live_[A-Za-z0-9]{16,}"
    r"|dckr_pat_[\w-]{20,}|dapi[0-9a-f]{32}"
)
_KIND = re.compile(
    r"github_pat_|dckr_pat_|[sr]k_live_|sk-(?:proj|svcacct|admin|ant)-|xapp-|AIza|dapi|ya29\.|[a-z]+[_-]"
)
_NO_SECRETS = frozenset({"none", "null", "true", "false", "bytes", "required", "optional", "undefined"})
_STANDS_FOR = ("***", "$", "<", "{", "%", "&lt;", "sha256:")
_CODE = re.compile(r"[A-Za-z_]+(?:\.[A-Za-z_]+)+|[A-Z]+(?:_[A-Z]+)+")
_NUMBER = re.compile(r"[\d.+eE-]+")
_WORD = re.compile(r"[A-Za-z-]+")
_LOOKS_DRAWN = re.compile(r"[\d=]|[a-z][A-Z]")


@dataclass(frozen=True)
class _Rule:
    """A shape of secrets.

    Attributes:
        signs: In lower case; a text with none of them has nothing of this shape.
        pattern: What is looked for.
        shown: What takes its place.
    """

    signs: tuple[str, ...]
    pattern: re.Pattern[str]
    shown: str | Callable[[re.Match[str]], str]


def _assigned(match: re.Match[str], *, least: int) -> str:
    """A name with its value hidden; unchanged where the value is too short, stands for another, is code or prose."""
    quoted = match["quoted"]
    value = match["plain"] if quoted is None else quoted
    if len(value) < least or value.lower() in _NO_SECRETS or value.startswith(_STANDS_FOR):
        return match[0]
    if least > _LEAST_PASSWORD and (_NUMBER.fullmatch(value) or _CODE.fullmatch(value)):
        return match[0]
    if quoted is None and _is_code_or_prose(match):
        return match[0]
    return match[0][: len(match[0]) - len(value)] + HIDDEN


def _is_code_or_prose(match: re.Match[str]) -> bool:
    """Whether a value without quotes is a call, an attribute, or the first word of a sentence after a colon."""
    value, after = match["plain"], match.string[match.end() : match.end() + 1]
    if (after and after in "([") or _CODE.fullmatch(value):
        return True
    said_of = match.string[match.start() : match.start("plain")].rstrip(" \t").endswith(":")
    return said_of and bool(after) and after in " \t" and _WORD.fullmatch(value) is not None


def _presented(match: re.Match[str]) -> str:
    """What an Authorization header says: by itself only where it looks drawn by lot, so that prose stays."""
    before = match.string[max(0, match.start() - 24) : match.start()].lower()
    return f"{match[1]}{HIDDEN}" if "authorization" in before or _LOOKS_DRAWN.search(match[2]) else match[0]


def _signed(match: re.Match[str]) -> str:
    return f"{match[1]}{HIDDEN}" if len(match[2]) >= 20 and re.search(r"[\d%]", match[2]) else match[0]


def _token(match: re.Match[str]) -> str:
    kind = _KIND.match(match[0])
    return f"{kind[0] if kind else ''}{HIDDEN}"


def _rule(signs: str, pattern: str, shown: str | Callable[[re.Match[str]], str], flags: int = 0) -> _Rule:
    return _Rule(tuple(signs.split("|")), re.compile(pattern, flags), shown)


_RULES = (
    _rule(
        "private key",
        r"(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)(?:(?:[^-]|-(?!----))*+(-----END [A-Z0-9 ]{0,60}-----)"
        r"|(?:\*{3})?(?:(?:\s|\\+[nr])++[A-Za-z0-9+/=]{4,}+)*+)",
        lambda match: f"{match[1]}{HIDDEN}{match[2] or ''}",
    ),
    _rule("akia|asia", r"(?<![A-Za-z0-9])(AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])", rf"\1{HIDDEN}"),
    _rule(
        "ghp_|gho_|ghu_|ghs_|ghr_|github_pat_|glpat-|glptt-|gldt-|glrt-|glcbt-|glsoat-|glft-|gloas-|xox|xapp-|sk-|pypi-|npm_"
        "|hf_|aiza|ya29.|k_live_|dckr_pat_|dapi",
        rf"(?<![A-Za-z0-9])(?:{_TOKENS})",
        _token,
    ),
    _rule("hooks.slack.com", r"(hooks\.slack\.com/(?:services|workflows)/)[\w/-]{8,}", rf"\1{HIDDEN}"),
    _rule("eyj", r"(?<![\w-])eyJ[\w-]{8,}+\.eyJ[\w-]{4,}+(?:\.[\w-]*+)?", f"eyJ{HIDDEN}"),
    # With one slash it is an address that was taken for a path.
    _rule(":/", r"((?<=[A-Za-z0-9]):/{1,2}[^\s/:@\"'<>]*+:)[^\s/\"'<>]+@", rf"\1{HIDDEN}@"),
    _rule(":/", r"(https?:/{1,2})[^\s/:@\"'<>]{20,}+@", rf"\1{HIDDEN}@"),
    _rule(
        "x-amz-|x-goog-|x-ms-|signature=|sig=|accesskeyid=|token=|key=|credential=",
        r"((?:X-(?:Amz|Goog)-(?:Signature|Credential|Security-Token)|(?:[?&]|&amp;)(?:sig|signature|AWSAccessKeyId"
        r"|access_token|id_token|refresh_token|token|api_?key|key|secret|password))=)[^&\s\"'<>,]++",
        rf"\1{HIDDEN}",
        re.IGNORECASE,
    ),
    _rule("sig", r"((?<![A-Za-z0-9_])(?:sig|signature)=)([^&\s\"'<>,]++)", _signed, re.IGNORECASE),
    _rule("bearer|basic", r"(\b(?:bearer|basic)[ \t]{1,4})([A-Za-z0-9._~+/=-]{8,}+)", _presented, re.IGNORECASE),
    _rule("passw|passphrase|pwd", _PASSWORD + _VALUE, partial(_assigned, least=_LEAST_PASSWORD), re.IGNORECASE),
    _rule(
        "token|secret|apikey|api_key|api-key|accesskey|access_key|access-key|accountkey|account_key|account-key|privatekey"
        "|private_key|private-key|authkey|auth_key|auth-key|encryptionkey|encryption_key|encryption-key|signingkey|signing_key"
        "|signing-key|authorization",
        _TOKEN + _VALUE.replace(r"[^\n]", r"\S"),
        partial(_assigned, least=_LEAST_TOKEN),
        re.IGNORECASE,
    ),
)
_NAME = re.compile(rf"{_PASSWORD}|{_TOKEN}$", re.IGNORECASE)


class Redactor:
    """Hides secrets in texts.

    Args:
        environment: Variables by name; what the secret ones among them hold is hidden wherever it stands. By default
            those of this process, as they are now.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        given = os.environ if environment is None else environment
        found = {form: name for name, value in given.items() if _is_secret(name, value) for form in _forms(value)}
        # The longest first: one value may be a part of another.
        self._values = [(form, f"{HIDDEN}{found[form]}{HIDDEN}") for form in sorted(found, key=len, reverse=True)]

    def text(self, text: str) -> str:
        """The text with every secret in it replaced; the same text where there is none.

        Takes time in proportion to the text. What was hidden already stays as it is.
        """
        for value, shown in self._values:
            text = text.replace(value, shown)
        lower = text.lower()
        for rule in _RULES:
            if any(sign in lower for sign in rule.signs):
                text = rule.pattern.sub(rule.shown, text)
        return text

    def tree(self, content: Any) -> Any:
        """What JSON can hold, with the texts in it redacted; also a text whose key in a mapping calls it secret."""
        if isinstance(content, str):
            return self.text(content)
        if isinstance(content, Mapping):
            return {key: self._named(key, value) for key, value in content.items()}
        return [self.tree(item) for item in content] if isinstance(content, list | tuple) else content

    def _named(self, name: Any, value: Any) -> Any:
        if isinstance(value, str) and len(value) >= _LEAST_PASSWORD and _NAME.search(str(name)):
            return HIDDEN
        return self.tree(value)


def redacted(text: str) -> str:
    """The text without secrets, among them the values of this process's secret variables; see `Redactor`.

    >>> redacted("403 for https://acme.org/rows.csv?X-Amz-Signature=8f1d&X-Amz-Expires=60")
    '403 for https://acme.org/rows.csv?X-Amz-Signature=***&X-Amz-Expires=60'
    """
    return Redactor().text(text)


def _is_secret(name: str, value: str) -> bool:
    return len(value) >= _LEAST_VALUE and bool(_SECRET_NAME.search(name)) and not _NAMES_ANOTHER.search(name)


def _forms(value: str) -> set[str]:
    """How a value may stand in a text: as it is, in JSON, in Python, in an address, in HTML."""
    return {value, json.dumps(value)[1:-1], repr(value)[1:-1], quote(value, safe=""), html.escape(value)}
