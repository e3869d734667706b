"""The fairness part of the report, and what the slices by harm say of it."""

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from benison.config import read_gate
from benison.report import gaps
from benison.report.evaluation import Evaluation, page, summary
from benison.report.harm import Told, told
from tests.cli import answered

GATE = """
gate:
  min_rows: 100
  fairness:
    - {gap: equal_opportunity, across: sex, at_most: 0.1}
    - {ratio: recall, across: sex, at_least: 0.7, tier: soft}
    - {gap: precision, across: city, tolerance: 0.2}
"""


@pytest.fixture(scope="module")
def evidence(evaluated: Any) -> Evaluation:
    folder: Path = evaluated("--slice", "sex", "--slice", "city", "--baseline", "linear", policy=GATE)
    document = json.loads((folder / "evaluation.json").read_text())
    return Evaluation(document, read_gate(folder.parent / "policy.yaml"), "people.csv")


def shown(evidence: Evaluation) -> str:
    found = gaps.render(evidence)
    assert found is not None
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found)).split())


def test_what_the_policy_asks_comes_first_then_what_has_a_name(evidence: Evaluation) -> None:
    order = [(gaps.title(one), bool(gaps.asked(evidence, one))) for one in gaps.gaps(evidence)]
    assert order[:2] == [("Equal opportunity (recall)", True), ("Predictive parity (precision)", True)]
    assert ("Equalized odds (recall, false positive rate)", False) in order[2:6]
    assert order[-1][0] not in [title for title, asked in order if asked]


def test_a_gap_stands_with_its_groups_its_interval_and_its_verdicts(evidence: Evaluation) -> None:
    text = shown(evidence)
    assert "Compared are sex=Female (749 rows) and sex=Male (751 rows)." in text
    assert "Not compared: city=Jena: 36 rows where the policy wants 100" in text
    assert "Equal opportunity (recall) sex=Male 0.8900, sex=Female 0.7740" in text
    assert "0.1160 [0.0546, 0.1670]" in text
    assert re.search(r"INCONCLUSIVE\s+equal_opportunity_gap", text)
    assert re.search(r"PASS\s+recall_ratio", text)
    assert "the policy's limit" in text
    assert "Gaps in other metrics" in text


def test_the_page_and_the_terminal_have_the_gaps(evidence: Evaluation) -> None:
    assert 'href="#fairness"' in page.render(evidence)
    lines = summary.lines(evidence)
    start = lines.index("Gaps between groups, the largest difference of any two")
    assert lines[start + 1].split() == ["Gap", "in", "boosted", "Gain", "over", "linear"]
    assert any("0.1160 [0.0546, 0.1670]" in line for line in lines[start:])


def test_without_groups_there_is_no_such_part(evidence: Evaluation) -> None:
    alone = {**evidence.evaluation, "fairness": []}
    assert gaps.render(Evaluation(alone, evidence.gate, "people.csv")) is None
    older = {key: value for key, value in evidence.evaluation.items() if key != "fairness"}
    assert "fairness" not in page.render(Evaluation(older, evidence.gate, "people.csv"))


def test_one_group_is_nothing_to_compare(evidence: Evaluation) -> None:
    [first, *_] = evidence.evaluation["fairness"]
    lonely = {**first, "groups": ["sex=Male"], "difference": {}, "ratio": {}, "gain": {}}
    found = shown(Evaluation({**evidence.evaluation, "fairness": [lonely]}, None, "people.csv"))
    assert "There are no two groups to compare." in found


def never_yes() -> list[dict[str, str]]:
    return [{**row, "boosted": f"{float(row['boosted']) * 0.4:.6f}"} for row in answered.rows(600)]


def test_a_gap_between_groups_that_nobody_says_yes_to_is_undefined_everywhere(evaluated: Any) -> None:
    folder: Path = evaluated(
        "--slice", "sex", policy=GATE.replace("across: city, tolerance", "across: sex, at_most"), content=never_yes()
    )
    document = json.loads((folder / "evaluation.json").read_text())
    evidence = Evaluation(document, read_gate(folder.parent / "policy.yaml"), "people.csv")
    found = {one["parity"]: one for one in document["fairness"]}
    assert found["equal_opportunity"]["difference"]["challenger"]["value"] is None
    assert [one["verdict"] for one in document["checks"] if one["subject"] == "across sex"] == ["INCONCLUSIVE"] * 3
    said = " ".join(" ".join(summary.lines(evidence)).split())
    why = "nothing is answered positive in any group, so that there is nothing in which they could differ"
    assert f"Equal opportunity across sex: {why}" in said
    few = "0 rows answered positive where an interval needs 20"
    assert f"Predictive parity across sex: sex=Female: {few}; sex=Male: {few}" in said
    assert "Gaps between groups, the largest" not in said
    assert f"Equal opportunity (recall) {why}" in shown(evidence)
    assert f"Predictive parity (precision): not measurable, sex=Female: {few}" in shown(evidence)


def of_gains(*gains: tuple[float, float, float]) -> Evaluation:
    figures = [dict(zip(("lower", "value", "upper"), gain, strict=True)) for gain in gains]
    found = [
        {"slice": name, "metrics": {"auc": {"gain": {"champion": gain}}}}
        for name, gain in zip(["overall", *"abcdef"], figures, strict=False)
    ]
    return Evaluation({"slices": found, "confidence": 0.95}, None, "people.csv")


def test_a_slice_is_worse_for_certain_only_if_it_stands_out_from_many() -> None:
    just, clear, nothing = (-0.04, -0.02, -0.001), (-0.08, -0.06, -0.04), (-0.02, 0.0, 0.02)
    assert told(of_gains(just, just), "auc") == {"overall": Told.WORSE, "a": Told.WORSE}
    many = told(of_gains(just, just, clear, nothing, (0.04, 0.06, 0.08)), "auc")
    assert many == {"overall": Told.WORSE, "a": Told.OPEN, "b": Told.WORSE, "c": Told.OPEN, "d": Told.BETTER}


def test_a_slice_without_an_interval_says_nothing_and_counts_for_nothing() -> None:
    evidence = of_gains((-0.04, -0.02, -0.001), (-0.04, -0.02, -0.001), (0.0, 0.0, 0.0))
    evidence.evaluation["slices"][2]["metrics"]["auc"]["gain"]["champion"] = {"value": -1, "lower": None, "upper": None}
    assert told(evidence, "auc") == {"overall": Told.WORSE, "a": Told.WORSE, "b": Told.UNKNOWN}
