"""The next thing to do, as a truth table."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from benison.components.rollout.decide import (
    Crown,
    Decision,
    End,
    Findings,
    Move,
    Note,
    Try,
    Uncrown,
    Wait,
    concluded,
    decide,
)
from benison.components.rollout.tests.live import PLAN
from benison.config.rollout import HOLD, Phase, Rollout
from benison.config.staging import Staging
from benison.core.verdicts import Check, Tier, Verdict
from benison.delivery.entries import Command, Shift, Start
from benison.delivery.state import Running
from benison.registry.log import Champion, utc
from benison.registry.testing import NOON, digest

WHO: dict[str, Any] = {"who": "ci", "when": utc(NOON), "why": "trying"}
SHIFT = Shift(phase=0, percent=0, shadow=0, **WHO)


def running(plan: Rollout = PLAN, **more: Any) -> Running:
    begun = Start(challenger=digest("second"), champion=Champion(3, digest("first")), plan=plan, **WHO)
    return Running(1, begun, NOON, **{"shifts": (SHIFT,), **more})


def check(verdict: Verdict, subject: str = "live", tier: Tier = Tier.HARD) -> Check:
    return Check("error_rate", subject, tier, verdict, "+0.1", "<= +0.02", f"error_rate is {verdict}")


def findings(*verdicts: Verdict, **more: Any) -> Findings:
    return Findings(tuple(map(check, verdicts)), **{"phase_blocks": 99, "seconds": 99_999.0, **more})


def asked(command: str) -> Command:
    return Command(command=command, **WHO)


MOVED = "the registry's champion was moved by somebody else"
STAGED = replace(PLAN, staging=Staging("http://models:8080"))
PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
WATCHED: dict[str, Any] = {"phase": 3, "percent": 100.0, "promoted": 9}
TABLE: list[tuple[str, Running, Findings, Decision]] = [
    ("begins with the first phase", running(), findings(), Move(0, 0, 100, "the rollout begins")),
    ("waits while a phase lasts", running(phase=1), findings(PASS, seconds=500.0), Wait("5% for 100 s more")),
    (
        "waits for traffic",
        running(phase=1),
        findings(PASS, phase_blocks=9),
        Wait("5%: too little traffic, 9 blocks of 10 that it takes"),
    ),
    (
        "goes on while nothing is proven",
        running(phase=1),
        findings(OPEN, seconds=600.0),
        Move(2, 25, 0, "nothing against it in 10 min at 5%"),
    ),
    (
        "goes back on proof of harm",
        running(phase=1),
        findings(FAIL, seconds=1.0),
        Move(1, 0, 0, "error_rate is FAIL", back=True),
    ),
    ("proven no worse has all", running(phase=2), findings(PASS), Move(3, 100, 0, "proven no worse than the champion")),
    (
        "undecided at the end goes back",
        running(phase=2),
        findings(OPEN),
        Move(2, 0, 0, "not proven no worse: error_rate is INCONCLUSIVE", back=True),
    ),
    (
        "nothing measured at the end goes back",
        running(phase=2),
        findings(),
        Move(2, 0, 0, "not proven no worse: no check", back=True),
    ),
    ("with all traffic it is crowned", running(phase=3, percent=100), findings(PASS), Crown()),
    ("crowned already is only noted", running(phase=3, percent=100), findings(PASS, champion=9), Note(9)),
    (
        "is watched",
        running(**WATCHED),
        findings(PASS, champion=9, seconds=0.0),
        Wait("has all traffic, watched for 10 min more"),
    ),
    (
        "harm while it is watched",
        running(**WATCHED),
        findings(FAIL, champion=9),
        Move(3, 0, 0, "error_rate is FAIL", back=True),
    ),
    (
        "watched long enough",
        running(**WATCHED),
        findings(PASS, champion=9),
        End("promoted", "watched for 10 minutes with all traffic"),
    ),
    ("the pointer goes back after traffic", running(**WATCHED, back="bad"), findings(FAIL, champion=9), Uncrown(9)),
    ("then it is over", running(**WATCHED, back="bad"), findings(FAIL), End("rolled_back", "bad")),
    (
        "aborted by a person",
        running(phase=1, asked=asked("abort")),
        findings(PASS),
        Move(1, 0, 0, "aborted by ci: trying", back=True),
    ),
    ("an abort is told as one", running(phase=1, asked=asked("abort"), back="x"), findings(PASS), End("aborted", "x")),
    ("paused", running(phase=1, paused="lunch"), findings(PASS), Wait("paused: lunch")),
    (
        "paused and harmful",
        running(phase=1, paused="lunch"),
        findings(FAIL),
        Move(1, 0, 0, "error_rate is FAIL", back=True),
    ),
    (
        "promoted by a person",
        running(phase=1, asked=asked("promote")),
        findings(OPEN),
        Move(3, 100, 0, "asked for by ci: trying"),
    ),
    (
        "harm outweighs a person",
        running(phase=1, asked=asked("promote")),
        findings(FAIL),
        Move(1, 0, 0, "error_rate is FAIL", back=True),
    ),
    (
        "the champion was moved by somebody else",
        running(phase=1),
        findings(PASS, owed=False),
        Move(1, 0, 0, MOVED, back=True),
    ),
    (
        "and the registry is left alone then",
        running(phase=1, back=MOVED),
        findings(PASS, owed=False),
        End("aborted", MOVED),
    ),
    (
        "no figures for too long",
        running(phase=1),
        findings(silent_seconds=601.0),
        Move(1, 0, 0, "no figures for 10 minutes: the request log cannot be read", back=True),
    ),
    ("staging comes first", running(STAGED), findings(), Try()),
    (
        "what could not be tried goes back without a request",
        running(STAGED),
        findings(untried="503", untried_seconds=601.0),
        Move(0, 0, 0, "not tried in 10 minutes of staging: 503", back=True),
    ),
    (
        "what was tried goes on",
        running(STAGED, staged=(check(PASS, "staging"),)),
        findings(),
        Move(0, 0, 100, "the rollout begins"),
    ),
    (
        "an abort before the first phase is an entry that the log takes",
        running(asked=asked("abort")),
        findings(),
        Move(0, 0, 0, "aborted by ci: trying", back=True),
    ),
    (
        "another provider is called by its name",
        running(phase=1),
        findings(silent_seconds=601.0, silence="Prometheus at http://p has none"),
        Move(1, 0, 0, "no figures for 10 minutes: Prometheus at http://p has none", back=True),
    ),
    (
        "watched until labels have come",
        running(replace(PLAN, outcomes="o", labels_mature_minutes=20), **WATCHED),
        findings(PASS, champion=9, seconds=660.0),
        Wait("has all traffic, watched for 9 min more"),
    ),
    (
        "extended",
        running(replace(PLAN, extend_minutes=60), phase=2),
        findings(OPEN, seconds=1860.0),
        Wait("not decided yet, extended for 59 min more: error_rate is INCONCLUSIVE"),
    ),
    (
        "held for a person",
        running(replace(PLAN, undecided=HOLD), phase=2),
        findings(OPEN),
        Wait("not decided, a person has to say (promote, abort): error_rate is INCONCLUSIVE"),
    ),
    (
        "a shadow alone ends there",
        running(Rollout("shadow", (Phase(0, 100, 5),), 0, PLAN.guardrails), phase=0),
        Findings((check(PASS, "shadow"),), 99, 999.0),
        End("shadowed", "proven no worse than the champion"),
    ),
    (
        "what a copy proves does not decide where there is live traffic",
        running(phase=2),
        Findings((check(PASS, "shadow"), check(OPEN)), 99, 99_999.0),
        Move(2, 0, 0, "not proven no worse: error_rate is INCONCLUSIVE", back=True),
    ),
    (
        "a soft check sends nobody back",
        running(phase=1),
        Findings((check(FAIL, tier=Tier.SOFT),), 99, 1.0),
        Wait("5% for 10 min more"),
    ),
    (
        "an instant switch has no phases",
        running(Rollout("blue_green", (), 5, PLAN.guardrails)),
        findings(),
        Move(0, 100, 0, "the rollout begins"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("where", "found", "decision"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_what_is_to_be_done(where: Running, found: Findings, decision: Decision) -> None:
    assert decide(where, found) == decision


def test_any_hard_failure_is_the_word_of_all() -> None:
    assert concluded(PLAN, [check(PASS), check(FAIL, "shadow")]) is FAIL
    assert concluded(PLAN, [check(PASS), check(OPEN, "shadow")]) is PASS
    assert concluded(PLAN, []) is OPEN


def test_a_pause_does_not_count() -> None:
    before = running(phase=1, paused="lunch", spent=30.0)
    assert before.seconds(NOON + timedelta(hours=1)) == 30
    assert running(phase=1, spent=30.0).seconds(NOON + timedelta(seconds=5)) == 35
    assert running(phase=1).seconds(NOON - timedelta(hours=1)) == 0


ASTRAY: dict[str, Any] = {"astray": "haproxy says 0%, not yet 5%", "astray_seconds": 599.0}
HELD = Wait("nothing is decided before the router follows: haproxy says 0%, not yet 5%")


@pytest.mark.parametrize(
    ("at", "found", "decision"),
    [
        (running(phase=1), findings(PASS, **ASTRAY), HELD),
        (running(phase=1, asked=asked("promote")), findings(PASS, **ASTRAY), HELD),
        (running(**{**WATCHED, "promoted": None}), findings(PASS, **ASTRAY), HELD),
        (running(**WATCHED), findings(PASS, **ASTRAY), HELD),
        (running(phase=1), findings(FAIL, **ASTRAY), Move(1, 0, 0, "error_rate is FAIL", back=True)),
        (
            running(phase=1, asked=asked("abort")),
            findings(PASS, **ASTRAY),
            Move(1, 0, 0, "aborted by ci: trying", back=True),
        ),
        (
            running(phase=1),
            findings(PASS, **{**ASTRAY, "astray_seconds": 601.0}),
            Move(1, 0, 0, f"the router did not follow for 10 minutes: {ASTRAY['astray']}", back=True),
        ),
        (
            running(**WATCHED, back="error_rate is FAIL"),
            findings(PASS, champion=9, **ASTRAY),
            Wait(f"going back, when the router follows: {ASTRAY['astray']}"),
        ),
    ],
)
def test_while_the_router_does_otherwise_only_the_way_back_begins(
    at: Running, found: Findings, decision: Decision
) -> None:
    assert decide(at, found) == decision
