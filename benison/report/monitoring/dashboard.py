"""A Grafana dashboard of what `exposition` tells, as the JSON that Grafana imports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benison.report.monitoring.exposition import PREFIX

_DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
_MODEL = '{model=~"$model"'
# Grafana's grid is so wide.
_WIDTH = 24


@dataclass(frozen=True)
class Panel:
    """One drawing.

    Attributes:
        title: What it shows.
        kind: ``stat`` or ``timeseries``.
        queries: PromQL with the legend of each.
        unit: Grafana's name of it.
        width: Of 24.
    """

    title: str
    kind: str
    queries: Sequence[tuple[str, str]]
    unit: str = "short"
    width: int = 12


def _of(name: str, more: str = "") -> str:
    return f"{PREFIX}{name}{_MODEL}{more}}}"


def _age(name: str) -> str:
    return f"time() - {_of(name)}"


_FIGURE = "{{metric}} {{slice}}"
PANELS = (
    Panel("Open alerts", "stat", [(f"sum by (severity) ({_of('open_alerts')})", "{{severity}}")], width=6),
    Panel("Age of the newest window", "stat", [(_age("window_end_timestamp_seconds"), "{{model}}")], "s", 6),
    Panel("Age of the last look", "stat", [(_age("look_timestamp_seconds"), "{{model}}")], "s", 6),
    Panel("Messages not sent", "stat", [(_of("owed_messages"), "owed"), (_of("lost_messages"), "lost")], width=6),
    Panel(
        "Alerts by cause",
        "timeseries",
        [
            (f"sum by (cause) ({_of('open_alerts')}) > 0 or sum({_of('open_alerts')})", "{{cause}}"),
            (_of("acknowledged_alerts"), "taken over"),
        ],
    ),
    Panel("Questions by answer", "timeseries", [(_of("findings"), "{{verdict}}")]),
    Panel(
        "Rows and requests of a window",
        "timeseries",
        [(_of("window_rows"), "rows"), (_of("window_requests"), "{{outcome}}")],
    ),
    Panel("Requests that failed", "timeseries", [(_of("error_ratio"), "{{model}}")], "percentunit"),
    Panel("Drift by column", "timeseries", [(_of("drift_divergence"), "{{column}}")]),
    Panel("Skew against training by column", "timeseries", [(_of("skew_divergence"), "{{column}}")]),
    Panel("Drift of the answers", "timeseries", [(_of("score_drift_divergence"), "{{model}}")]),
    Panel("Change of missing values", "timeseries", [(_of("missing_ratio_change"), "{{column}}")], "percentunit"),
    Panel("Factor of volume", "timeseries", [(_of("volume_factor"), "{{model}}")]),
    Panel("Late rows of a day", "timeseries", [(_of("late_rows"), "{{model}}")]),
    Panel("Their share", "timeseries", [(_of("late_ratio"), "{{model}}")], "percentunit"),
    Panel("Rows served with another value", "timeseries", [(_of("row_skew_ratio"), "{{column}}")], "percentunit"),
    Panel(
        "Requests that the data has",
        "timeseries",
        [(_of("row_skew_requests"), "looked for"), (_of("row_skew_joined_requests"), "found")],
    ),
    Panel(
        "Requests without a label",
        "timeseries",
        [(_of("quality_labels_missing_ratio"), "{{model}}")],
        "percentunit",
    ),
    Panel(
        "Quality with its interval, and at the blessing",
        "timeseries",
        [
            (_of("quality_value", ',slice="overall"'), "{{metric}}"),
            (_of("quality_lower_bound", ',slice="overall"'), "{{metric}}, lower bound"),
            (_of("quality_upper_bound", ',slice="overall"'), "{{metric}}, upper bound"),
            (_of("quality_blessed_value", ',slice="overall"'), "{{metric}}, at the blessing"),
        ],
        width=_WIDTH,
    ),
    Panel("Quality by slice", "timeseries", [(_of("quality_value"), _FIGURE)]),
    Panel("Labels by slice", "timeseries", [(_of("quality_labels"), _FIGURE)]),
    Panel("Requests of the last period with labels", "stat", [(_of("quality_requests"), "{{model}}")]),
    Panel("Age of the last period with labels", "stat", [(_age("quality_period_end_timestamp_seconds"), "")], "s"),
)


def dashboard() -> str:
    """The JSON of the dashboard; which Prometheus and which models are meant is chosen in Grafana."""
    panels, x, y, row = [], 0, 0, 0
    for number, panel in enumerate(PANELS, start=1):
        height = 4 if panel.kind == "stat" else 8
        if x + panel.width > _WIDTH:
            x, y = 0, y + row
        panels.append(_panel(number, panel, {"x": x, "y": y, "w": panel.width, "h": height}))
        x, row = x + panel.width, height
    return json.dumps(_frame(panels), indent=2) + "\n"


def _frame(panels: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "uid": "benison-monitor",
        "title": "Benison: live traffic",
        "tags": ["benison"],
        "timezone": "utc",
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-7d", "to": "now"},
        "templating": {"list": [_source(), _models()]},
        "panels": panels,
    }


def _source() -> dict[str, Any]:
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _models() -> dict[str, Any]:
    query = f"label_values({PREFIX}look_timestamp_seconds, model)"
    chosen = {"includeAll": True, "multi": True, "allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}}
    return {
        "name": "model",
        "label": "Model",
        "type": "query",
        "datasource": _DATASOURCE,
        "definition": query,
        "query": {"query": query, "refId": "models"},
        "refresh": 2,
        **chosen,
    }


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + at), "datasource": _DATASOURCE, "expr": query, "legendFormat": legend}
        for at, (query, legend) in enumerate(panel.queries)
    ]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "gridPos": place,
        "datasource": _DATASOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "options": {},
        "targets": targets,
    }
