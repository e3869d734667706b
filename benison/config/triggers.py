"""triggers: in benison.yaml: what starts runs by itself, and what holds it back. All of it is optional."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from benison.config.machines import LOCAL, TARGETS
from benison.config.monitor import CRITICAL, WARNING
from benison.core.sections import Section
from benison.core.spelling import nearest

GITHUB, GITLAB = "github", "gitlab"
PROVIDERS = (GITHUB, GITLAB)
# What a training on newer data may mend, and what it cannot, as the alert log calls them.
MENDED = ("drift", "score_drift", "skew", "quality")
NOT_MENDED = ("missing", "volume", "errors", "latency", "unreadable", "unmeasured", "late", "skew_rows")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_BRANCH = re.compile(r"(?!-)[^\s~^:?*\[\\\x00-\x1f\x7f]+")
_PASSWORD = re.compile(r"://[^/@]*:[^/@]*@")


@dataclass(frozen=True)
class Webhook:
    """Notices of pushes.

    Attributes:
        provider: One of `PROVIDERS`.
        secret: The environment variable that holds what they are signed with.
    """

    provider: str
    secret: str


@dataclass(frozen=True)
class GitSource:
    """A branch that is looked at.

    Attributes:
        repository: An address or a folder that git can fetch from.
        branch: Its name.
        folder: Where in the repository the project lies; empty: at its top.
        webhook: Notices that wake the manager at once; None: it looks by itself alone.
    """

    repository: str
    branch: str
    folder: str = ""
    webhook: Webhook | None = None


@dataclass(frozen=True)
class PubSub:
    """Notices of new data that Pub/Sub pushes.

    Attributes:
        audience: Whom Google's token has to be meant for.
        service_account: Whom it has to be from.
    """

    audience: str
    service_account: str


@dataclass(frozen=True)
class DataSource:
    """The data of ``data:``, looked at for what is new.

    Attributes:
        pubsub: Notices that wake the manager at once; None: it looks by itself alone.
    """

    pubsub: PubSub | None = None


@dataclass(frozen=True)
class Cron:
    """A time that recurs.

    Attributes:
        cron: Minute, hour, day of the month, month, day of the week.
        timezone: A name of the IANA's, in which they are meant; empty: UTC.
    """

    cron: str
    timezone: str = ""


@dataclass(frozen=True)
class AlertSource:
    """The monitor's alerts.

    Attributes:
        kinds: Some of `MENDED`.
        severity: ``critical``: warnings start nothing; or ``warning``.
        unless_acknowledged: Whether a person who acknowledged an alert has it to himself.
    """

    kinds: tuple[str, ...] = MENDED
    severity: str = CRITICAL
    unless_acknowledged: bool = True


@dataclass(frozen=True)
class Budget:
    """What runs may use.

    Attributes:
        device_hours_per_month: Hours of devices in a calendar month, UTC.
        reserve_hours: How many of them are kept for hot fixes.
    """

    device_hours_per_month: float
    reserve_hours: float = 0.0


@dataclass(frozen=True)
class Policy:
    """What holds runs back.

    Attributes:
        debounce_seconds: For how long nothing new may have come before a run is started.
        cooldown_minutes: How long after the end of a run no other is started, but a hot fix or a person's.
        concurrent: How many runs may be under way at once.
        failures: After how many failures in a row nothing is started until a person says so.
        lost_hours: After how long a run of which nothing can be learnt any more counts as failed.
        budget: What runs may use; None: no limit.
    """

    debounce_seconds: float = 60.0
    cooldown_minutes: float = 0.0
    concurrent: int = 1
    failures: int = 3
    lost_hours: float = 24.0
    budget: Budget | None = None


@dataclass(frozen=True)
class Triggers:
    """All of ``triggers:``.

    Attributes:
        target: Where runs are started.
        git: The branch that is looked at; None: none.
        data: The data that are looked at; None: they are not.
        schedules: Times by their names.
        alerts: Which alerts are looked at; None: none.
        policy: What holds runs back.
    """

    target: str = LOCAL
    git: GitSource | None = None
    data: DataSource | None = None
    schedules: Mapping[str, Cron] = field(default_factory=dict)
    alerts: AlertSource | None = None
    policy: Policy = Policy()


def triggers_of(section: Section) -> Triggers:
    """Reads ``triggers:``.

    Raises:
        ConfigError: Something in it is not understood.
    """
    triggers = Triggers(
        target=section.choice("target", TARGETS, LOCAL),
        git=_git(section.section("git")) if "git" in section.content else None,
        data=_data(section.section("data")) if "data" in section.content else None,
        schedules=_schedules(section.section("schedules", optional=True)),
        alerts=_alerts(section.section("alerts")) if "alerts" in section.content else None,
        policy=_policy(section),
    )
    section.asked |= {"git", "data", "alerts"}
    section.close()
    return triggers


def _git(section: Section) -> GitSource:
    repository = section.take("repository", str)
    if not repository or repository.startswith("-") or _PASSWORD.search(repository):
        # An address may hold a password, which must not be shown.
        expected = "an address or a folder that git can fetch from, without a password in it"
        raise section.error("repository", expected, "another", "git finds credentials by itself: ssh keys, helpers")
    branch, folder = section.take("branch", str, "main"), section.take("folder", str, "").strip("/")
    if not _BRANCH.fullmatch(branch) or ".." in branch:
        raise section.error("branch", "a branch's name", repr(branch))
    if ".." in folder.split("/"):
        raise section.error("folder", "a folder within the repository", repr(folder))
    hook = _webhook(section.section("webhook")) if "webhook" in section.content else None
    section.asked.add("webhook")
    section.close()
    return GitSource(repository, branch, folder, hook)


def _webhook(section: Section) -> Webhook:
    hook = Webhook(section.choice("provider", PROVIDERS), section.take("secret", str))
    if not _VARIABLE.fullmatch(hook.secret):
        # It may be the secret itself, which must not be shown.
        raise section.error("secret", "the name of an environment variable", "something else")
    section.close()
    return hook


def _data(section: Section) -> DataSource:
    pubsub = _pubsub(section.section("pubsub")) if "pubsub" in section.content else None
    section.asked.add("pubsub")
    section.close()
    return DataSource(pubsub)


def _pubsub(section: Section) -> PubSub:
    pubsub = PubSub(section.take("audience", str), section.take("service_account", str))
    for key in ("audience", "service_account"):
        if not section.content[key].strip():
            raise section.error(key, "who it is", "nothing", "as the subscription has it")
    section.close()
    return pubsub


def _schedules(section: Section) -> dict[str, Cron]:
    found = {}
    for name in section.content:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise section.error(str(name), "small letters, digits, - and _, a letter first", repr(name))
        below = section.section(name)
        found[name] = Cron(below.take("cron", str), below.take("timezone", str, ""))
        below.close()
    return found


def _alerts(section: Section) -> AlertSource:
    usual = AlertSource()
    alerts = AlertSource(
        kinds=section.texts("kinds", usual.kinds),
        severity=section.choice("severity", (WARNING, CRITICAL), usual.severity),
        unless_acknowledged=section.take("unless_acknowledged", bool, usual.unless_acknowledged),
    )
    for kind in alerts.kinds:
        _check_mended(section, kind)
    section.close()
    return alerts


def _check_mended(section: Section, kind: str) -> None:
    if kind not in MENDED:
        people = "another training does not mend it: it goes to people, by the channels of monitor.alerts"
        hint = people if kind in NOT_MENDED else nearest(kind, (*MENDED, *NOT_MENDED))
        raise section.error("kinds", f"some of {', '.join(MENDED)}", repr(kind), hint)


def _policy(section: Section) -> Policy:
    usual = Policy()
    return Policy(
        debounce_seconds=section.number("debounce_seconds", usual.debounce_seconds, low=0, high=86_400),
        cooldown_minutes=section.number("cooldown_minutes", usual.cooldown_minutes, low=0, high=1e5),
        concurrent=section.whole("concurrent", usual.concurrent, low=1),
        failures=_breaker(section.section("breaker", optional=True)),
        lost_hours=section.number("lost_hours", usual.lost_hours, low=0.1, high=1e4),
        budget=_budget(section) if "budget" in section.content else None,
    )


def _breaker(section: Section) -> int:
    failures = section.whole("failures", Policy().failures, low=1)
    section.close()
    return failures


def _budget(section: Section) -> Budget:
    below = section.section("budget")
    hours = below.number("device_hours_per_month", low=0.01, high=1e6)
    budget = Budget(hours, below.number("reserve_hours", 0.0, low=0, high=hours))
    below.close()
    return budget
