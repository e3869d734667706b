"""What a page says of data in words: the gravest first, with the way out, and nothing more than fits."""

from __future__ import annotations

import shlex
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from benison.config.acceptances import Acceptance
from benison.core import documents
from benison.core.profiles import QUANTILES, ColumnProfile, RowsProfile
from benison.core.verdicts import Check, Tier, Verdict
from benison.pages import anomalies, columns, drift, exceptions, history, snapshots
from benison.pages.markup import Markup


def parse(content: Markup) -> ET.Element:
    return ET.fromstring(f"<div>{content}</div>")


def text(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def test_splits_that_were_there_already_are_told_as_that() -> None:
    snapshot = documents.read(Path("schemas/examples/valid/snapshot-3.json"), "snapshot")
    told = text(parse(snapshots.render(snapshot, {})))
    shares = ", ".join(f"{share:.0%}" for share in snapshot["split_by"]["shares"])
    assert f"in splits that were there already ({shares})." in told


def check(name: str, verdict: Verdict, tier: Tier = Tier.HARD, **changes: Any) -> Check:
    found = {"observed": "0.3", "allowed": "<= 0.1", "reason": f"{name} 0.3 is not <= 0.1", "numbers": {"psi": 0.3}}
    return Check(name, "column fare", tier, verdict, **{**found, **changes})


def test_hard_failures_stand_before_soft_ones_then_what_is_open_and_passes_last() -> None:
    checks = [
        check("fine", Verdict.PASS),
        check("open", Verdict.INCONCLUSIVE),
        check("warns", Verdict.FAIL, Tier.SOFT),
        check("blocks", Verdict.FAIL),
        check("broken", Verdict.ERROR),
    ]
    assert [one.name for one in anomalies.ranked(checks)] == ["blocks", "broken", "warns", "open", "fine"]
    page = parse(anomalies.render(checks))
    names = [text(row[0]).split(" ")[0] for row in page.iter("tr") if len(row) == 4 and row[0].tag == "th"]
    assert names == ["Check", "blocks", "broken", "warns", "open", "Check", "fine"]
    assert "fine" in text(page.findall("details")[0]), "what passes is folded"


def test_an_anomaly_has_observed_allowed_reason_and_what_it_does() -> None:
    said = text(parse(anomalies.render([check("drift", Verdict.FAIL, Tier.SOFT)])))
    for part in ("drift column fare", "FAIL warns", "0.3", "<= 0.1", "drift 0.3 is not <= 0.1"):
        assert part in said


def test_the_way_out_is_a_command_that_a_shell_reads_as_it_is_meant() -> None:
    hostile = "column fare'; rm -rf ~ #`x` $HOME"
    way_out = anomalies.way_out(Check("skew", hostile, Tier.HARD, Verdict.FAIL, "1", "0", "no", {"psi": 1.0}))
    assert way_out is not None
    [command] = parse(way_out).iter("code")
    assert shlex.split(command.text or "") == ["benison", "data", "accept", "skew", hostile, "--why", "..."]


@pytest.mark.parametrize(
    "one",
    [
        check("skew", Verdict.PASS),
        check("skew", Verdict.INCONCLUSIVE),
        check("skew", Verdict.ERROR),
        check("rows", Verdict.FAIL),
    ],
    ids=["passed", "not checked", "broken", "a fact"],
)
def test_there_is_no_way_out_of_what_has_nothing_to_accept(one: Check) -> None:
    assert anomalies.way_out(one) is None


def test_what_the_command_says_in_particular_is_not_said_in_general_too() -> None:
    reason = "column fare: PSI 0.3 > 0.1; if the change is right, benison data accept says so"
    said = text(parse(anomalies.render([check("skew", Verdict.FAIL, reason=reason)])))
    assert said.count("benison data accept") == 1
    assert "column fare: PSI 0.3 > 0.1" in said


def test_what_was_accepted_is_told_with_who_and_why() -> None:
    when = "2026-11-21T09:30:00Z"
    found = [
        Acceptance("skew", "column fare", "new <prices>", "ada@desk", when, "psi", at_most=0.5),
        Acceptance("schema", "column fare in train", "a new kind", "bob@desk", when, changed=("domain: + 'x'",)),
        Acceptance("skew", "column tip", "seen", "bob@desk", when, observed="text", snapshot="sha256:0"),
    ]
    page = parse(exceptions.render(found))
    rows = [[text(cell) for cell in row] for row in page.iter("tr")][1:]
    at = "21 November 2026, 09:30:00 UTC"
    assert rows == [
        ["skew column fare", "psi up to 0.5", "new <prices>", "ada@desk", at],
        ["schema column fare in train", "domain: + 'x'", "a new kind", "bob@desk", at],
        ["skew column tip", "as 'text', of this snapshot alone", "seen", "bob@desk", at],
    ]


def test_what_was_accepted_says_so_beside_its_drawing() -> None:
    accepted = [check("drift_from_previous", Verdict.PASS), check("history", Verdict.PASS)]
    card = text(parse(drift.render({"comparisons": [comparison("fare", 0.9, "FAIL")]}, accepted)))
    assert "accepted" in card
    assert "FAIL" not in card
    told = parse(history.render({"span": 4, "bands": [band("fare", "FAIL")]}, {}, accepted))
    assert "accepted" in text(told)
    assert not list(told.iter("figure"))


def test_more_checks_than_a_page_holds_are_counted() -> None:
    many = [check(f"check_{index}", Verdict.FAIL) for index in range(230)]
    page = parse(anomalies.render(many))
    assert "30 more checks in checks.json." in text(page)
    assert "check_199 " in text(page)
    assert "check_200 " not in text(page)


def comparison(column: str, effect: float, verdict: str = "PASS", **changes: Any) -> dict[str, Any]:
    found = {
        "column": column,
        "against": "previous",
        "reference": "span 3",
        "kind": "numeric",
        "edges": [1.0, 2.0, 3.0],
        "before": [1, 1, 1, 1, 1],
        "now": [1, 1, 1, 2, 0],
        "measure": "psi",
        "effect": effect,
        "p_value": 1e-9,
        "warn": 0.1,
        "block": None,
        "verdict": verdict,
        "tier": "soft",
    }
    return {**found, **changes}


def test_what_drifted_most_stands_first_and_each_reference_apart() -> None:
    document = {
        "comparisons": [
            comparison("still", 0.0),
            comparison("farther", 0.9, "FAIL"),
            comparison("far", 0.3, "FAIL"),
            comparison("blocking", 0.2, "FAIL", tier="hard"),
            comparison("served", 0.2, "FAIL", against="serving", reference="train"),
        ]
    }
    page = parse(drift.render(document))
    assert [text(one) for one in page.iter("b")] == ["blocking", "farther", "far", "still", "served"]
    assert [text(one) for one in page.iter("h3")] == [
        "The newest span against the one before it 1 of 4 columns pass",
        "Serving against training 0 of 1 column pass",
    ]


def test_a_card_says_effect_chance_bounds_and_rows() -> None:
    said = text(parse(drift.render({"comparisons": [comparison("fare", 0.2, "FAIL", block=1.0, tier="hard")]})))
    assert "PSI 0.200, p 1e-09; warns above 0.1, blocks above 1; 5 rows against 5" in said
    assert "FAIL blocks" in said


def test_hundreds_of_columns_are_drawn_only_as_far_as_they_moved() -> None:
    many = [comparison(f"c{index}", 0.2, "FAIL" if index < 50 else "PASS") for index in range(300)]
    page = parse(drift.render({"comparisons": many}))
    assert len(list(page.iter("figure"))) == 36 + 48
    told = {text(row[0]) for row in page.iter("tr") if row[0].get("scope") == "row"}
    assert {text(one) for one in page.iter("b")} | told == {one["column"] for one in many}, "none is lost"


def band(column: str, verdict: str, now: float | None = 9.0, **changes: Any) -> dict[str, Any]:
    points = [{"span": span, "at": None, "value": 4.0 + span} for span in (1, 2, 3)]
    found = {
        "column": column,
        "measure": "mean",
        "season": "",
        "points": points,
        "now": now,
        "median": 6.0,
        "scale": 1.0,
        "warn": [2.0, 8.0],
        "block": None,
        "verdict": verdict,
        "tier": "soft",
    }
    return {**found, **changes}


def test_only_figures_that_do_not_pass_are_open() -> None:
    nothing = {"median": None, "scale": None, "warn": None}
    document = {
        "span": 4,
        "bands": [
            band("near", "PASS", 6.5),
            band("far", "PASS", 7.9),
            band("out", "FAIL", season="weekday 3"),
            band("unknown", "INCONCLUSIVE", **nothing),
        ],
    }
    page = parse(history.render(document, {}))
    assert [text(one) for one in page.iter("b")] == ["out, mean"]
    assert "9 now, median 6; warns outside 2 to 8, never blocks; compared with weekday 3" in text(page)
    short, passed = page.findall("details")
    assert "3 spans before" in text(short)
    rows = [text(row[0]) for row in passed.iter("tr") if row[0].get("scope") == "row"]
    assert rows == ["far, mean", "near, mean"], "the nearest to a bound first"


def test_hundreds_of_bands_are_counted_where_they_are_not_shown() -> None:
    many = [band(f"c{index}", "FAIL" if index < 40 else "PASS") for index in range(400)]
    page = parse(history.render({"span": 4, "bands": many}, {}))
    assert len(list(page.iter("figure"))) == 36
    assert "4 more figures that do not pass in bands.json." in text(page)
    assert "60 more figures in bands.json." in text(page)


def numbers(**changes: Any) -> ColumnProfile:
    quantiles = tuple(float(index) for index in range(len(QUANTILES)))
    found = {
        "mean": 2.5,
        "std": 1.25,
        "minimum": -1.0,
        "maximum": 9.0,
        "edges": (1.0, 2.0, 3.0),
        "counts": (1, 2, 3, 2),
    }
    return ColumnProfile("numeric", 10, 2, 7, **{"quantiles": quantiles, **found, **changes})


def row_of(column: ColumnProfile) -> list[str]:
    page = parse(columns.render(RowsProfile(10, None, None, 0, 0, {"fare": column}), "rows"))
    [row] = [row for row in page.iter("tr") if row[0].get("scope") == "row"]
    return [text(cell) for cell in row]


def test_a_column_of_numbers_is_told_by_moments_and_quantiles() -> None:
    assert row_of(numbers(zeros=4)) == [
        "fare numeric",
        "",
        "mean 2.5 ± 1.25; 50.0% zeros",
        "-1 · 1 · 3 · 5 · 9",
        "7",
        "20.0%",
    ]


def test_a_column_of_categories_is_told_by_its_most_frequent_values() -> None:
    column = ColumnProfile("categorical", 10, 0, 4, values={"b": 3, "a": 3, " ": 2, "z": 1}, other=1)
    assert row_of(column)[2:] == ["a 30.0%, b 30.0%, ' ' 20.0%", "\u2013", "4", "none"]


def test_a_column_of_names_names_none() -> None:
    assert "too many values to name one" in row_of(ColumnProfile("categorical", 10, 0, 10, other=10))


def test_a_column_of_moments_is_told_by_dates() -> None:
    moments = numbers(minimum=0.0, maximum=86_400.0)
    found = row_of(ColumnProfile(**{**vars(moments), "kind": "datetime"}))
    assert found[2:4] == ["1970-01-01 00:00 to 1970-01-02 00:00", "median 1970-01-01 00:00"]


def test_a_column_without_a_value_says_so() -> None:
    empty = ColumnProfile("numeric", 3, 3, 0, counts=(0,))
    assert row_of(empty)[1:] == ["", "no value", "\u2013", "0", "100.0%"]


def test_a_small_histogram_fills_its_cell() -> None:
    drawn = columns.picture(numbers())
    assert drawn is not None
    bars = list(ET.fromstring(drawn).iter("rect"))
    assert [float(bar.get("x", "nan")) for bar in bars] == [0, 30, 60, 90]
    assert max(float(bar.get("height", "nan")) for bar in bars) == 24


SNAPSHOT: dict[str, Any] = {
    "digest": "sha256:" + "0" * 64,
    "spans": [3, 4],
    "split_by": {"by": "hash", "key": ["person"], "time": "", "shares": [0.6, 0.2, 0.2]},
    "label": {"column": "tip", "positive": "1", "negative": "0"},
    "sources": [
        {
            "span": 4,
            "path": "trips.sql",
            "size": 5120,
            "digest": "sha256:" + "1" * 64,
            "rows": 100,
            "version": 'W/"17"',
            "query": {
                "engine": "duckdb",
                "engine_version": "1.1.3",
                "sql": "select *\nfrom trips where day < '<b>'",
                "parameters": {"month": "2024-02"},
                "tables": [{"name": "trips", "files": [{"path": "a.parquet", "size": 3}]}],
                "bytes_read": None,
            },
        }
    ],
    "splits": {
        name: {
            "rows": 30,
            "positives": 9,
            "negatives": 18,
            "digest": "sha256:" + "2" * 64,
            "spans": [{"span": 3, "rows": 10}, {"span": 4, "rows": 20}],
        }
        for name in ("train", "eval", "holdout")
    },
}


def test_a_snapshot_is_told_by_splits_spans_and_sources() -> None:
    spans = {4: RowsProfile(60, 0.0, 86_400.0, 20, 40, {})}
    page = parse(snapshots.render(SNAPSHOT, spans))
    told = [[text(cell) for cell in row] for row in page.iter("tr") if row[0].get("scope") == "row"]
    assert ["train", "30", "9", "18", "33.3%"] in told
    assert ["3", "not known", "10", "10", "10", "-", "-"] in told
    assert ["4", "1970-01-01 to 1970-01-02", "20", "20", "20", "60", "33.3%"] in told
    assert told[-1][:5] == ["trips.sql", "4", "100", "5.1 kB", 'W/"17"']
    assert text(page).count("3 rows with no label or a third value") == 3


def test_a_query_is_shown_word_by_word_with_its_parameters() -> None:
    page = parse(snapshots.render(SNAPSHOT, {}))
    [sql] = page.iter("pre")
    assert sql.text == SNAPSHOT["sources"][0]["query"]["sql"]
    said = text(page)
    assert "Query of span 4: trips.sql (duckdb 1.1.3)" in said
    assert "month: 2024-02" in said
    assert "a.parquet" in said


def test_many_sources_are_folded_and_the_last_ones_counted() -> None:
    many = [{**SNAPSHOT["sources"][0], "path": f"part-{index}", "query": None} for index in range(250)]
    page = parse(snapshots.render({**SNAPSHOT, "sources": many}, {}))
    said = text(page)
    assert "Sources: 250 (1.3 MB)" in said
    assert "50 more sources in snapshot.json." in said
    names = [text(row[0]) for row in page.iter("tr")]
    assert "part-199" in names
    assert "part-200" not in names
