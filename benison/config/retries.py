"""How often a task that failed is tried again, and after how long."""

from __future__ import annotations

from dataclasses import dataclass

from benison.core.sections import Section

_DAY_S = 24 * 60 * 60


@dataclass(frozen=True)
class Retries:
    """Attempts after the first.

    Attributes:
        count: How many; 0: none.
        backoff_s: Seconds before the first of them.
        factor: How many times as long the time before each next one is, from 1.
        longest_s: At most so many seconds between two.
    """

    count: int
    backoff_s: int = 60
    factor: float = 2.0
    longest_s: int = 3600


NEVER = Retries(0)
# Pods are evicted and stores are busy now and then.
USUAL = Retries(2)


def retries_of(section: Section, default: Retries) -> Retries:
    """``retries: 3``, or ``retries: {count: 3, backoff_s: 60, factor: 2, longest_s: 3600}``.

    Raises:
        ConfigError: Something in it is not understood, or the first wait is longer than the longest.
    """
    said = section.content.get("retries")
    if said is None:
        section.asked.add("retries")
        return default
    if type(said) is int:
        return Retries(_few(section, "retries"))
    own = section.section("retries")
    retries = Retries(
        count=_few(own, "count"),
        backoff_s=_seconds(own, "backoff_s", 60),
        factor=own.number("factor", 2.0, low=1, high=10),
        longest_s=_seconds(own, "longest_s", 3600),
    )
    own.close()
    if retries.backoff_s > retries.longest_s:
        raise own.error("backoff_s", f"at most longest_s, {retries.longest_s}", retries.backoff_s)
    return retries


def _few(section: Section, key: str) -> int:
    count = section.whole(key)
    if count > 10:
        raise section.error(key, "a whole number from 0 to 10", count)
    return count


def _seconds(section: Section, key: str, default: int) -> int:
    seconds = section.whole(key, default, low=1)
    if seconds > _DAY_S:
        raise section.error(key, f"seconds, at most a day, {_DAY_S}", seconds)
    return seconds
