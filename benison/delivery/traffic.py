"""Who answers which request: champion, challenger, or the champion with a copy to the challenger."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum

from benison.registry.log import Champion

_WHOLE = 2.0**64
# In which way a challenger has its requests: as the one who answers, or as copies.
LIVE, COPIED = "live", "shadow"


class Role(StrEnum):
    """As what a package answered a request.

    CHAMPION and CHALLENGER answers go to whoever asked, SHADOW answers only to the request log. STAGING answers go to
    whoever tries a package before it has live traffic; nothing that is judged of live traffic counts them.
    """

    CHAMPION = "champion"
    CHALLENGER = "challenger"
    SHADOW = "shadow"
    STAGING = "staging"


# Of a request that names, by its whole digest, the package that is to answer it.
STAGING_HEADER = "x-staging"


@dataclass(frozen=True)
class Traffic:
    """How live requests are split at one moment.

    Attributes:
        champion: Who answers all that the challenger does not.
        challenger: The package on trial; None: there is none.
        percent: The share of units that the challenger answers, 0 to 100.
        shadow: The share of the champion's units whose requests the challenger gets a copy of, 0 to 100.
        salt: What units are hashed with: the same for all of a rollout, so that a unit that the challenger answers at
            5% it answers at 25% too; another for the next rollout.
        number: The entry of the rollout log that says so, which tells the later of two; 0: no rollout was ever.
    """

    champion: Champion
    challenger: str | None = None
    percent: float = 0.0
    shadow: float = 0.0
    salt: str = ""
    number: int = 0

    def role(self, unit: str) -> Role:
        """Who answers a unit.

        >>> Traffic(Champion(3, "sha256:" + "0" * 64), "sha256:" + "1" * 64, percent=100.0).role("customer 7")
        <Role.CHALLENGER: 'challenger'>
        """
        if self.challenger is None:
            return Role.CHAMPION
        return Role.CHALLENGER if place(unit, self.salt) < self.percent else Role.CHAMPION

    @property
    def is_staging(self) -> bool:
        """Whether there is a challenger that has had no request so far, nor copies, or has none any more."""
        return self.challenger is not None and self.percent == 0 and self.shadow == 0

    def is_shadowed(self, unit: str) -> bool:
        """Whether the challenger gets a copy of what the champion answers to a unit."""
        return self.challenger is not None and place(unit, f"{self.salt} shadow") < self.shadow

    def behind_router(self, role: Role) -> Traffic:
        """The same for a server that gets one side's requests only, since a router in front of it has split them.

        Args:
            role: The side. The champion's answers all as champion. The challenger's answers all as challenger as long
                as the rollout gives it any, else as champion: after the way back began, a router that still sends it
                requests does no harm.

        >>> Traffic(Champion(3, "sha256:" + "0" * 64), "sha256:" + "1" * 64, 5.0).behind_router(Role.CHALLENGER).percent
        100.0
        """
        if role is Role.CHAMPION:
            return replace(self, challenger=None, percent=0.0, shadow=0.0)
        return replace(self, percent=100.0 if self.percent else 0.0, shadow=0.0)


def place(unit: str, salt: str) -> float:
    """A unit's place between 0 and 100, evenly and independently of every other salt's.

    The first 64 bits of SHA-256 over the salt's length, the salt and the unit.

    Args:
        unit: Whom a decision is about: a customer, a session, a request.
        salt: Any text.

    Returns:
        At least 0, below 100.

    >>> round(place("customer 7", "rollout 12"), 4)
    93.007
    """
    digest = hashlib.sha256(f"{len(salt)}:{salt}{unit}".encode()).digest()
    return 100.0 * min(int.from_bytes(digest[:8], "big") / _WHOLE, 1.0 - 2.0**-53)
