"""channels: how messages reach people, through apprise, which nothing else imports.

An address comes from the environment, so no file and no log has it; whatever apprise says of it is not repeated.
"""

from __future__ import annotations

import ipaddress
import socket
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from benison.config.channels import Channel
from benison.core.errors import ConfigError
from benison.core.spelling import nearest

# Whose messages go to the host in the address; of all others apprise itself knows the host.
_HOSTS_THAT_ARE_NAMED = frozenset(
    {"json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos", "ntfy", "ntfys", "gotify", "gotifys"}
    | {"matrix", "matrixs", "mmost", "mmosts", "rocket", "rockets", "nctalk", "nctalks", "workflow", "workflows"}
)
_SERVICES = frozenset(
    {"slack", "discord", "tgram", "pagerduty", "opsgenie", "gchat", "twilio", "pover", "zulip", "webex", "wxteams"}
)
KNOWN = _HOSTS_THAT_ARE_NAMED | _SERVICES
Send = Callable[[str, str], bool]


def sender(name: str, channel: Channel, environment: Mapping[str, str], *, allow_private: bool) -> Send:
    """What sends a message, given its title and its text, and tells whether it was taken.

    Args:
        name: The channel's.
        channel: Where its address is.
        environment: Variables by name.
        allow_private: Whether the address may lead to this machine or into private networks.

    Raises:
        ConfigError: There is no address, apprise does not know it, or it leads where it must not.
    """
    import apprise

    where, address = f"channel {name} ({channel.variable})", environment.get(channel.variable, "").strip()
    if not address:
        raise ConfigError(where, expected="an address in the environment", got="none", hint=f"set {channel.variable}")
    _check_scheme(where, address)
    with warnings.catch_warnings():
        # It imports what every service of its needs, and that imports what Python is about to drop.
        warnings.simplefilter("ignore", DeprecationWarning)
        opened = apprise.Apprise.instantiate(address, suppress_exceptions=True)
    if opened is None:
        hint = "https://github.com/caronc/apprise/wiki has the form of each"
        raise ConfigError(where, expected="an address that apprise understands", got="another", hint=hint)
    # A host that is allowed could send us on to one that is not.
    opened.redirects = False
    if not allow_private and _scheme(address) in _HOSTS_THAT_ARE_NAMED:
        _check_host(where, opened)
    return lambda title, text: bool(opened.notify(title=title, body=text))


def _scheme(address: str) -> str:
    return address.partition("://")[0].lower()


def _check_scheme(where: str, address: str) -> None:
    scheme = _scheme(address)
    if "://" not in address or scheme not in KNOWN:
        hint = nearest(scheme, KNOWN) if "://" in address and scheme.isalnum() else "json://host/path is one"
        raise ConfigError(where, expected="an address whose scheme is known here", got="another", hint=hint)


def _check_host(where: str, opened: Any) -> None:
    """Refuses a host that any of its names' addresses leads into a private network by; see the limits in the page."""
    host = str(getattr(opened, "smtp_host", "") or opened.host or "").strip("[]")
    try:
        found = {str(one[4][0]) for one in socket.getaddrinfo(host, None)} if host else set()
    except (OSError, UnicodeError) as error:
        raise ConfigError(where, expected="a host that can be found", got="one that cannot") from error
    if any(not ipaddress.ip_address(one.partition("%")[0]).is_global for one in found):
        hint = "where that is meant, write  allow_private: true  beside the channels"
        raise ConfigError(where, expected="an address on the open network", got="a private one", hint=hint)
