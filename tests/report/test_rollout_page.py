"""The report of a rollout, read back by a parser; the rollouts are those of a world with simulated traffic."""

from __future__ import annotations

import itertools
import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benison.components.rollout.decide import Wait
from benison.components.rollout.tests.live import PLAN, Arm, World
from benison.config.rollout import ERROR_RATE, SCORE, Guardrail, Phase, Rollout
from benison.core.errors import IntegrityError
from benison.core.verdicts import Tier
from benison.delivery.state import Past
from benison.measures.sequential import Arm as Answers
from benison.measures.sequential import Block, difference
from benison.registry.registry import Registry
from benison.registry.testing import Bench, MemoryStore
from benison.report.rollout import RolloutEvidence, of_look, of_past, render, tracks

ERRORS = Guardrail(ERROR_RATE, Tier.HARD, 0.1, at_most=0.5)
QUICK = replace(
    PLAN,
    phases=(Phase(0, 100, 1), Phase(50, 0, 3)),
    watch_minutes=1,
    extend_minutes=20,
    guardrails=(ERRORS, Guardrail(SCORE, Tier.SOFT, 0.2)),
    block_seconds=5,
)
PLANS = {
    "promoted": (QUICK, Arm(errors=0.02)),
    "rolled_back": (QUICK, Arm(errors=0.45)),
    "shadowed": (replace(QUICK, strategy="shadow", phases=(Phase(0, 100, 2),)), Arm()),
    "blue_green": (replace(QUICK, strategy="blue_green", phases=()), Arm()),
}


def new(folder: Path, arm: Arm, word: str = "second") -> World:
    bench = Bench(Registry(MemoryStore(), "census"), folder)
    bench.crown("first")
    challenger = bench.add(word, (2,))
    bench.bless(challenger)
    return World(bench, challenger, {"champion": Arm(), "challenger": arm})


def last(world: World) -> Past:
    return list(world.log.state().past.values())[-1]


def evidence_of(world: World) -> RolloutEvidence:
    past = last(world)
    return of_past("census", past, world.registry.evidence.get(past.finish.evidence["rollout"]))


@pytest.fixture(scope="module")
def over(tmp_path_factory: pytest.TempPathFactory) -> dict[str, World]:
    """Rollouts that are over, by how they went."""
    worlds = {}
    for name, (plan, arm) in PLANS.items():
        worlds[name] = world = new(tmp_path_factory.mktemp(name), arm)
        world.begin(plan)
        world.carry(world.controller(), each=5)
    return worlds


@pytest.fixture(scope="module")
def pages(over: dict[str, World]) -> dict[str, ET.Element]:
    return {name: parse(evidence_of(world)) for name, world in over.items()}


def parse(evidence: RolloutEvidence) -> ET.Element:
    return ET.fromstring(render(evidence).removeprefix("<!DOCTYPE html>\n"))


def text(element: ET.Element | None) -> str:
    assert element is not None
    return " ".join("".join(element.itertext()).split()).replace("\u2212", "-")


def table(page: ET.Element, caption: str) -> list[list[str]]:
    found = next(one for one in page.iter("table") if text(one.find("caption")).startswith(caption))
    return [[text(cell) for cell in row] for row in found.findall("./tbody/tr")]


def headline(page: ET.Element) -> str:
    return text(next(page.iter("h1")))


def test_the_answer_and_its_reason_come_first(over: dict[str, World], pages: dict[str, ET.Element]) -> None:
    said = {name: headline(page) for name, page in pages.items()}
    assert said == {
        "promoted": "promoted: The challenger has all traffic and is the champion.",
        "rolled_back": "rolled back: The challenger has no traffic any more; the champion stays.",
        "shadowed": "shadowed: The challenger got copies of requests and answered nobody; the champion stays.",
        "blue_green": "promoted: The challenger has all traffic and is the champion.",
    }
    for name, page in pages.items():
        because = next(one for one in page.iter("p") if one.get("class") == "because")
        assert text(because).lower() == f"{last(over[name]).finish.why}.".lower()


def test_what_has_all_traffic_without_proof_says_so(pages: dict[str, ET.Element]) -> None:
    doubts = {name: [text(one) for one in page.iter() if one.get("class") == "doubts"] for name, page in pages.items()}
    (said,) = doubts.pop("blue_green")
    assert said.endswith("It was promoted although the guardrails came to INCONCLUSIVE: nothing was proven.")
    assert set(map(tuple, doubts.values())) == {()}
    assert "Nothing is compared: the plan has no time in which" in text(pages["blue_green"].find("body"))


@pytest.mark.parametrize("name", list(PLANS))
def test_every_decision_about_traffic_stands_with_its_reason(
    over: dict[str, World], pages: dict[str, ET.Element], name: str
) -> None:
    shown = table(pages[name], "Every decision about traffic")
    shifts = last(over[name]).shifts
    assert [(row[0], row[3]) for row in shown] == [(str(n), one.why) for n, one in enumerate(shifts, 1)]
    for row, one in zip(shown, shifts, strict=True):
        copies = f", copies of {one.shadow:g}%" if one.shadow else ""
        assert row[2] == ("0%, sent back" if one.back else f"{one.percent:g}%{copies}")


def drawing(page: ET.Element, title: str) -> ET.Element:
    return next(one for one in page.iter("svg") if title in one.findtext("title", ""))


def points(shape: ET.Element) -> list[tuple[float, float]]:
    return [(float(a), float(b)) for a, b in (pair.split(",") for pair in str(shape.get("points")).split())]


def test_the_line_of_traffic_is_drawn_to_scale(over: dict[str, World], pages: dict[str, ET.Element]) -> None:
    drawn = drawing(pages["promoted"], "Traffic of the challenger")
    line = points(next(one for one in drawn.iter("polyline") if one.get("class") == "challenger line"))
    document = evidence_of(over["promoted"]).document
    levels = [line[0][1], *(y for (_, before), (_, y) in itertools.pairwise(line) if y != before)]
    percents = [0.0, *(one["percent"] for one in document["shifts"] if one["percent"])]
    heights = [(levels[0] - y) / (levels[0] - levels[-1]) * 100 for y in levels]
    assert heights == pytest.approx(percents, abs=0.1)
    marks = [one for one in drawn.iter("line") if one.get("class") == "mark"]
    assert len(marks) == len(document["shifts"])


def judged_blocks(document: dict[str, Any], name: str, stage: str) -> list[Block]:
    (found,) = [one for one in document["series"] if (one["guardrail"], one["stage"]) == (name, stage)]
    sides = ("champion", "challenger")
    squares = (lambda arm: None) if name == "error_rate" else (lambda arm: arm["squares"])
    return [
        Block(one["start"], *(Answers(one[side]["requests"], one[side]["total"], squares(one[side])) for side in sides))
        for one in found["blocks"]
    ]


@pytest.mark.parametrize("name", ["error_rate", "score"])
def test_the_bounds_drawn_are_those_of_the_blocks_so_far(over: dict[str, World], name: str) -> None:
    evidence = evidence_of(over["promoted"])
    blocks = judged_blocks(dict(evidence.document), name, "live")
    line = next(one for one in evidence.plan.guardrails if one.name == name)
    found = tracks.track(evidence.plan, line, blocks)
    assert 10 < len(found) <= tracks.MOST
    # Those of its tier, live and as copies, share it.
    alpha = 0.01 / (2 * sum(one.tier is line.tier for one in evidence.plan.guardrails))
    for point in found[:: len(found) // 5]:
        so_far = [block for block in blocks if block.start + 5 <= point.at]
        assert point.harm == pytest.approx(difference(so_far, alpha=alpha, min_blocks=10), nan_ok=True)
        assert point.proof == pytest.approx(difference(so_far, alpha=0.05, min_blocks=10), nan_ok=True)
    assert found[-1].at == max(block.start for block in blocks if block.served) + 5


def test_the_last_figures_of_the_chart_are_those_of_the_check(
    over: dict[str, World], pages: dict[str, ET.Element]
) -> None:
    (check,) = [
        one
        for one in evidence_of(over["promoted"]).checks
        if (one.name, one.subject, one.tier) == ("error_rate", "live", Tier.HARD)
    ]
    drawn = drawing(pages["promoted"], "Difference of error_rate, live answers")
    assert text(drawn.find("desc")) == f"{check.observed}; tolerance +0.1."


def test_a_band_is_drawn_around_the_estimate_and_within_the_drawing(pages: dict[str, ET.Element]) -> None:
    drawn = drawing(pages["promoted"], "Difference of error_rate, live answers")
    wide, narrow = (
        points(next(one for one in drawn.iter("polygon") if one.get("class") == kind))
        for kind in ("reach wide", "reach")
    )
    line = points(next(one for one in drawn.iter("polyline") if one.get("class") == "challenger line"))
    many = len(line)
    assert len(wide) == len(narrow) == 2 * many
    for at, (x, y) in enumerate(line):
        highs, lows = (wide[at], narrow[at]), (wide[-1 - at], narrow[-1 - at])
        assert {one[0] for one in (*highs, *lows)} == {x}
        assert highs[0][1] <= highs[1][1] <= y <= lows[1][1] <= lows[0][1]
    _, _, width, height = map(float, str(drawn.get("viewBox")).split())
    assert all(0 <= x <= width and 0 <= y <= height for x, y in (*wide, *line))


def test_requests_are_counted_and_means_are_those_of_all_of_them(
    over: dict[str, World], pages: dict[str, ET.Element]
) -> None:
    document = evidence_of(over["promoted"]).document
    shown = {(row[0], row[1]): row[2:] for row in table(pages["promoted"], "Requests by guardrail")}
    assert len(shown) == len(document["series"]) == 4
    for series in document["series"]:
        row = shown[series["guardrail"], {"live": "live answers", "shadow": "copies"}[series["stage"]]]
        for place, side in enumerate(("champion", "challenger")):
            arms = [block[side] for block in series["blocks"]]
            requests = sum(arm["requests"] for arm in arms)
            assert row[place] == f"{requests:,}"
            mean = sum(arm["total"] for arm in arms) / requests
            assert float(row[place + 2]) == pytest.approx(mean, rel=1e-3, abs=1e-7)
        both = [one for one in series["blocks"] if one["champion"]["requests"] and one["challenger"]["requests"]]
        assert row[4:] == [str(len(both)), str(len(series["blocks"]) - len(both))]


@pytest.mark.parametrize("name", list(PLANS))
def test_every_check_stands_with_what_was_observed(
    over: dict[str, World], pages: dict[str, ET.Element], name: str
) -> None:
    part = pages[name].find(".//section[@id='checks']")
    assert part is not None
    shown = {tuple(map(text, row)) for row in part.findall(".//tbody/tr")}
    for check in evidence_of(over[name]).checks:
        assert (f"{check.name} {check.subject}", str(check.verdict), check.observed, check.allowed) in shown


def test_what_sent_it_back_is_a_reason_at_the_top_and_a_failed_guardrail(
    over: dict[str, World], pages: dict[str, ET.Element]
) -> None:
    top = text(pages["rolled_back"].find("body/header"))
    reasons = last(over["rolled_back"]).finish.reasons
    assert reasons
    assert all(reason in top for reason in reasons)
    cards = [text(one) for one in pages["rolled_back"].findall(".//section[@id='guardrails']//figcaption")]
    assert "error_rate, live answers FAIL blocks" in cards


def test_digests_and_persons_are_told(over: dict[str, World], pages: dict[str, ET.Element]) -> None:
    past = last(over["promoted"])
    shown = text(pages["promoted"].find(".//section[@id='origin']"))
    digests = (
        past.start.challenger,
        past.start.champion.package,
        past.start.plan.digest,
        past.finish.evidence["rollout"],
    )
    assert all(digest in shown for digest in digests)
    assert "20 November 2026, 13:00:00 UTC by tester: a better one" in shown
    assert f"by controller: {past.finish.why}" in shown


def test_it_loads_and_runs_nothing(over: dict[str, World]) -> None:
    raw = render(evidence_of(over["promoted"]))
    assert "default-src &#x27;none&#x27;" in raw
    assert re.findall(r"""(?:src|href)=["'](?!#|data:)""", raw) == []
    assert "<script" not in raw
    for drawn in ET.fromstring(raw.removeprefix("<!DOCTYPE html>\n")).iter("svg"):
        assert drawn.get("aria-hidden") == "true" or (text(drawn.find("title")) and text(drawn.find("desc")))


def test_one_that_goes_on_says_what_it_waits_for(tmp_path: Path) -> None:
    world = new(tmp_path, Arm())
    world.begin(QUICK)
    controller = world.controller()
    world.carry(controller, hours=0.5 / 60, each=5)
    early = controller.peek()
    assert early is not None
    page = parse(of_look("census", early, controller.record(early)))
    assert headline(page) == "running: The challenger is on trial."
    assert "Nothing is known: 5 blocks with requests to both, of 10 that it takes." in text(page.find("body"))
    assert "kept once it is over" in text(page.find("body"))
    world.carry(controller, hours=2 / 60, each=5)
    look = controller.peek()
    assert look is not None
    assert isinstance(look.decision, Wait)
    because = next(
        one
        for one in parse(of_look("census", look, controller.record(look))).iter("p")
        if one.get("class") == "because"
    )
    assert text(because) == f"{look.decision.why}."


def test_one_without_any_block_has_a_page_all_the_same(tmp_path: Path) -> None:
    world = new(tmp_path, Arm())
    world.per_second = 0
    world.begin(QUICK)
    controller = world.controller()
    before = controller.peek()
    assert before is not None
    assert "The challenger has had no traffic so far." in text(
        parse(of_look("census", before, controller.record(before)))
    )
    world.carry(controller, hours=5 / 60, each=30)
    look = controller.peek()
    assert look is not None
    page = parse(of_look("census", look, controller.record(look)))
    assert "too little traffic, 0 blocks of 10" in text(page.find("body/header"))
    assert text(page.find("body")).count("Nothing is known: 0 blocks with requests to both, of 10 that it takes.") == 4
    assert table(page, "Requests by guardrail")[0][2:] == ["0", "0", "undefined", "undefined", "0", "0"]


def test_a_reason_that_tries_to_be_markup_stays_text(over: dict[str, World]) -> None:
    evidence = evidence_of(over["rolled_back"])
    bad = '<script>alert(1)</script> & "quoted" \u202e'
    shifts = [{**one, "why": bad} for one in evidence.document["shifts"]]
    start = replace(evidence.start, who="<b>ada</b>", why=bad)
    raw = render(
        replace(evidence, document={**evidence.document, "shifts": shifts}, start=start, reason=bad, name="<i>")
    )
    assert "<script" not in raw
    assert "<b>ada" not in raw
    assert "\u202e" not in raw
    page = ET.fromstring(raw.removeprefix("<!DOCTYPE html>\n"))
    assert text(page).count('<script>alert(1)</script> & "quoted"') >= 4


def test_a_record_that_is_missing_changed_or_of_another_rollout_is_no_report(over: dict[str, World]) -> None:
    world = over["promoted"]
    past = last(world)
    digest = past.finish.evidence["rollout"]
    with pytest.raises(IntegrityError, match=f"record of rollout 1: expected a document .*got none of digest {digest}"):
        of_past("census", past, None)
    raw = world.registry.evidence.get(digest)
    assert raw is not None
    with pytest.raises(
        IntegrityError, match=r"expected a document of kind rollout, format 1, got \$: 'checks' is a re"
    ):
        of_past("census", past, json.dumps({k: v for k, v in json.loads(raw).items() if k != "checks"}).encode())
    with pytest.raises(IntegrityError, match="expected a document of kind rollout, format 1, got Expecting value"):
        of_past("census", past, b"no JSON")
    other = json.dumps({**json.loads(raw), "rollout": 7, "outcome": "aborted"}).encode()
    with pytest.raises(IntegrityError, match="as the log says, got rollout 7, outcome aborted"):
        of_past("census", past, other)
    nameless = replace(past, finish=replace(past.finish, evidence={}))
    with pytest.raises(IntegrityError, match="got an entry of the log that names none"):
        of_past("census", nameless, None)


def test_means_over_time_are_those_of_few_enough_parts_and_broken_where_nothing_came() -> None:
    plan = Rollout("canary", (Phase(50, 0, 5),), 1, (ERRORS,), block_seconds=10)
    blocks = [Block(10.0 * n, Answers(4, n % 2), Answers(0 if 40 <= n < 60 else 2, 1)) for n in range(120)]
    found = tracks.means(plan, blocks)
    assert len(found["champion"]) == 60
    assert found["champion"][0] == (10.0, 0.125)
    assert [value is None for _, value in found["challenger"]] == [20 <= n < 30 for n in range(60)]
    assert math.isclose(found["challenger"][0][1] or 0, 0.5)
    assert tracks.means(plan, []) == {"champion": [], "challenger": []}


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 700, 1400])
def test_the_page_is_quiet_and_fits_every_screen(
    over: dict[str, World], beside: Callable[[str], ModuleType], tmp_path: Path, width: int
) -> None:
    page = tmp_path / "page.html"
    page.write_text(render(evidence_of(over["promoted"])))
    with beside("chromium").Chromium(tmp_path / "profile") as browser:
        view = browser.show(page, width=width)
        assert view.complaints == []
        assert view.value("document.documentElement.scrollWidth") == width
