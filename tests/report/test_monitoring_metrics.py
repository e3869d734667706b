"""A monitor's figures for Prometheus, and the dashboard whose every query finds some of them."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from benison.alerts.entries import Raise
from benison.alerts.state import Alert, AlertState
from benison.cli.monitor_serving import Figures, served
from benison.components.rollout.tests.prometheus_server import Scraper
from benison.core.errors import ServerError
from benison.core.verdicts import Verdict
from benison.monitoring.joined import Joined
from benison.monitoring.periods import Figure, Period
from benison.monitoring.windows import Finding, Known, Late, Window
from benison.registry.testing import NOON, digest
from benison.report.monitoring.dashboard import dashboard
from benison.report.monitoring.exposition import PREFIX, exposition
from serving.tests.running import until

ODD = 'sex="F"\\\n'
_SAMPLE = re.compile(r'([a-z_]+)\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\} (\S+)')


def of(kind: str, subject: str, effect: float | None) -> Finding:
    return Finding(kind, subject, Verdict.PASS, False, effect, 0.02, 0.01, 1.0, 900, "week")


def window(number: int, *findings: Finding, **more: Any) -> Window:
    return Window(
        start=3600 * number, minutes=60, champion=digest("c"), snapshot=digest("s"), grid=digest("g"),
        counts={"rows": 1000, "answered": 900, "failed": 100, "slow": 0, "scores": [], "columns": {}},
        trained_on=digest("s"), own=None, known=Known(), findings=findings, **more,
    )  # fmt: skip


FIGURES = (
    Figure("auc", "overall", 0.8, 0.7, 0.9, 0.85, 100),
    Figure("auc", ODD, None, None, None, 0.85, 3, "no label"),
)
WINDOWS = (
    window(1, of("skew", "age", 0.3), of("skew_rows", "age", 0.04), joined=Joined(0, 1440, 90, 80),
           quality=Period(0, 1440, 200, 50, FIGURES), late=Late(0, 3600, 5, 1000, ((0, 5),))),
    window(2, of("drift", "age", 0.01), of("missing", "age", 0.2), of("score_drift", "answers of the champion", 0.03),
           of("volume", "traffic", 1.5), of("drift", "country", None)),
)  # fmt: skip
RAISED = Raise(
    who="monitor", when="2026-11-20T12:00:00Z", why="x", cause="drift", subject="age", severity="critical", first=0,
    last=0, observed="o", allowed="a", champion=digest("c"), snapshot=digest("s"), evidence="",
)  # fmt: skip
STATE = AlertState(alerts={1: Alert(1, RAISED, "critical", 0, RAISED.when, "o", acknowledged="me: on it")})


def samples(text: str) -> dict[tuple[str, ...], float]:
    """By name and the values of the labels; every line that is no comment has to be a sample."""
    found = {}
    for line in text.splitlines(keepends=True):
        if not line.startswith("#"):
            told = _SAMPLE.fullmatch(line.rstrip("\n"))
            assert told is not None, line
            values = [json.loads(f'"{one}"') for one in re.findall(r'="((?:[^"\\]|\\.)*)"', told[2])]
            assert values[0] == "census"
            found[told[1].removeprefix(PREFIX), *values[1:]] = float(told[3])
    return found


def test_the_text_tells_what_the_logs_say() -> None:
    found = samples(exposition("census", WINDOWS, STATE, NOON))
    assert {name: value for name, value in found.items() if name[0] not in ("open_alerts", "findings")} == {
        ("look_timestamp_seconds",): NOON.timestamp(),
        ("acknowledged_alerts",): 1,
        ("owed_messages",): 0,
        ("lost_messages",): 0,
        ("window_end_timestamp_seconds",): 3 * 3600,
        ("window_rows",): 1000,
        ("window_requests", "answered"): 900,
        ("window_requests", "failed"): 100,
        ("error_ratio",): 0.1,
        ("drift_divergence", "age"): 0.01,
        ("skew_divergence", "age"): 0.3,
        ("missing_ratio_change", "age"): 0.2,
        ("score_drift_divergence",): 0.03,
        ("volume_factor",): 1.5,
        ("row_skew_ratio", "age"): 0.04,
        ("row_skew_requests",): 90,
        ("row_skew_joined_requests",): 80,
        ("late_rows",): 5,
        ("late_ratio",): 0.005,
        ("quality_period_end_timestamp_seconds",): 86_400,
        ("quality_requests",): 200,
        ("quality_labels_missing_ratio",): 0.75,
        ("quality_value", "auc", "overall"): 0.8,
        ("quality_lower_bound", "auc", "overall"): 0.7,
        ("quality_upper_bound", "auc", "overall"): 0.9,
        ("quality_blessed_value", "auc", "overall"): 0.85,
        ("quality_blessed_value", "auc", ODD): 0.85,
        ("quality_labels", "auc", "overall"): 100,
        ("quality_labels", "auc", ODD): 3,
    }
    assert found["open_alerts", "drift", "critical"] == 1 and found["open_alerts", "quality", "warning"] == 0
    assert found["findings", "PASS"] == 5 and found["findings", "FAIL"] == 0


def test_a_monitor_that_saw_nothing_says_that_no_alert_is_open() -> None:
    found = samples(exposition("census", [], AlertState(), NOON))
    assert not any(value for name, value in found.items() if name[0] == "open_alerts")
    assert not any(name[0].startswith("window") for name in found)


def queries() -> list[str]:
    return [target["expr"] for panel in json.loads(dashboard())["panels"] for target in panel["targets"]]


def test_the_dashboard_asks_for_what_is_told_and_for_all_of_it() -> None:
    asked = {name.removeprefix(PREFIX) for query in queries() for name in re.findall(rf"{PREFIX}\w+", query)}
    assert asked == {name for name, *_ in samples(exposition("census", WINDOWS, STATE, NOON))}


def test_the_dashboard_has_the_shape_that_grafana_imports() -> None:
    content = json.loads(dashboard())
    assert content["uid"] and content["title"] and content["schemaVersion"] >= 36
    names = {one["name"]: one["type"] for one in content["templating"]["list"]}
    assert names == {"datasource": "datasource", "model": "query"}
    assert len({panel["id"] for panel in content["panels"]}) == len(content["panels"])
    taken = set[tuple[int, int]]()
    for panel in content["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}  # noqa: E501  # fmt: skip
        assert place["x"] + place["w"] <= 24 and not cells & taken
        taken |= cells
        assert panel["type"] in ("stat", "timeseries") and panel["datasource"]["uid"] == "${datasource}"
        ids = [target["refId"] for target in panel["targets"]]
        assert len(set(ids)) == len(ids) > 0


@pytest.fixture
def figures() -> Iterator[tuple[Figures, int]]:
    told = Figures(exposition("census", WINDOWS, STATE, NOON))
    with served(told, "127.0.0.1", 0) as port:
        yield told, port


def get(port: int, path: str) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    content = answer.status, answer.headers["Content-Type"], answer.read()
    connection.close()
    return content


def test_the_last_look_is_told_and_nothing_else(figures: tuple[Figures, int]) -> None:
    told, port = figures
    assert get(port, "/metrics") == (200, "text/plain; version=0.0.4; charset=utf-8", told.text.encode())
    told.tell("later\n")
    assert get(port, "/metrics?x=1")[2] == b"later\n"
    assert get(port, "/")[0] == get(port, "/../etc/passwd")[0] == 404


def test_a_port_that_is_taken_is_told(figures: tuple[Figures, int]) -> None:
    _, port = figures
    with pytest.raises(ServerError, match=rf"127.0.0.1:{port}: expected a port to listen on, got Address already in use\n\nhint: choose another"), served(Figures(), "127.0.0.1", port):  # noqa: E501  # fmt: skip
        pass


def test_every_query_of_the_dashboard_finds_data_in_a_prometheus(figures: tuple[Figures, int], tmp_path: Path) -> None:
    scraper = Scraper(tmp_path, [figures[1]])
    try:
        until(lambda: bool(result(scraper, f"{PREFIX}look_timestamp_seconds")))
        for query in queries():
            found = result(scraper, query.replace("$model", ".*"))
            assert found, query
        (odd,) = result(scraper, f'{PREFIX}quality_labels{{slice!="overall"}}')
        assert odd["metric"]["slice"] == ODD
        (age,) = result(scraper, f"time() - {PREFIX}window_end_timestamp_seconds")
        assert float(age["value"][1]) > 0
    finally:
        scraper.kill()


def result(scraper: Scraper, query: str) -> list[dict[str, Any]]:
    status, _, content = get(scraper.port, f"/api/v1/query?{urlencode({'query': query})}")
    found = json.loads(content)
    assert status == 200 and found["status"] == "success", found
    return list(found["data"]["result"])
