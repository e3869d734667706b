"""The champion held against what it was blessed on, once labels have come: real logs, real files of labels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from benison.alerts.verification import problems
from benison.components.monitor.labelled import joined, newest_labels
from benison.components.monitor.quality import RETRIED_S, Span, pending
from benison.components.monitor.tests.labelled_world import LabelledWorld, evaluation, labelled_world, unrelated
from benison.components.monitor.tests.world import BEGIN, Hour, crowned
from benison.core.errors import ConfigError, DataError
from benison.core.verdicts import Verdict
from benison.delivery.request_log import schema_of
from benison.eval_config import Slicing
from benison.monitoring.periods import Period
from benison.monitoring.windows import Finding, Known, Window, periods_of


@pytest.fixture(scope="module")
def blessed() -> dict[str, Any]:
    return evaluation()


def newest(one: LabelledWorld) -> Window:
    """The last window that a period was judged with."""
    return next(window for window in reversed(one.world.watcher.windows.recent) if window.quality is not None)


def finding(one: LabelledWorld, subject: str, kind: str = "quality") -> Finding:
    return next(found for found in newest(one).findings if (found.kind, found.subject) == (kind, subject))


def causes(one: LabelledWorld) -> set[tuple[str, str]]:
    return {alert.key for alert in one.world.watcher.alerts.state().open}


def test_a_champion_that_is_as_it_was_passes_with_the_value_that_a_peer_finds(
    tmp_path: Path, blessed: dict[str, Any]
) -> None:
    one = labelled_world(tmp_path, blessed)
    one.live(24)
    assert all(window.quality is None for window in one.world.watcher.windows.recent), "labels may still come"
    one.live(4, labelled=0)
    period = newest(one).quality
    assert period is not None
    assert (period.start, period.minutes) == (int(BEGIN.timestamp()), 1440)
    assert (period.requests, period.labelled, period.missing) == (24 * 600, 24 * 600, 0.0)
    scores = pa.concat_tables([pq.read_table(file) for file in sorted(one.world.requests.glob("*-02/*"))])
    labels = pq.read_table(one.outcomes).select(["request_id", "label"])
    both = scores.select(["request_id", "score"]).join(labels, "request_id")
    figures = {(figure.metric, figure.slice): figure for figure in period.figures}
    assert figures.keys() == {(m, s) for m in ("auc", "brier_score") for s in ("overall", "country=at")}
    auc = figures["auc", "overall"]
    assert auc.value == pytest.approx(roc_auc_score(both["label"].to_numpy(), both["score"].to_numpy()))
    assert None not in (auc.lower, auc.value, auc.upper)
    assert [auc.lower, auc.value, auc.upper] == sorted({auc.lower, auc.value, auc.upper}, key=lambda one: one or 0.0)
    assert auc.blessed == blessed["slices"][0]["metrics"]["auc"]["challenger"]["value"]
    assert {found.verdict for found in newest(one).findings if found.kind == "quality"} == {Verdict.PASS}
    assert finding(one, "auc at least 0.6").verdict is Verdict.PASS
    assert problems(one.world.bench.registry) == ()


def test_decay_raises_alerts_that_start_a_training_and_recover_with_another_champion(
    tmp_path: Path, blessed: dict[str, Any]
) -> None:
    one = labelled_world(tmp_path, blessed, checks=[{"metric": "auc", "at_least": 0.6}], slices="overall")
    one.live(24, unrelated)
    one.live(4)
    assert causes(one) == {("quality", "auc"), ("quality", "auc at least 0.6")}
    (alert, _) = one.world.watcher.alerts.state().open
    assert alert.severity == "critical"
    assert alert.raised.why.startswith("loss of auc: 0.2") and "at the champion's blessing" in alert.raised.why
    crowned(one.world.bench, "second", spans=(2,))
    one.live(4)
    assert not causes(one)


def test_nothing_passes_while_too_many_labels_are_missing(tmp_path: Path, blessed: dict[str, Any]) -> None:
    one = labelled_world(tmp_path, blessed, missing=0.2)
    one.live(24, labelled=0.5)
    one.live(4)
    found = finding(one, "auc")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.missing == "labels of 20% of the requests missing at most, got 50%"


def test_too_few_labels_say_how_many_would_do(tmp_path: Path, blessed: dict[str, Any]) -> None:
    one = labelled_world(tmp_path, blessed)
    one.world.like = Hour(rows=12)
    one.live(24)
    one.live(4)
    missing = finding(one, "auc").missing
    assert missing.startswith("about ") and missing.endswith(" labels in a period, got 288")
    assert finding(one, "auc, country=at").verdict is Verdict.INCONCLUSIVE
    one.world.like = Hour(rows=3)
    one.live(24)
    assert finding(one, "auc").missing == "200 labels, got 108"


def test_a_champion_of_which_no_label_comes_is_told_as_unmeasured(tmp_path: Path, blessed: dict[str, Any]) -> None:
    one = labelled_world(tmp_path, blessed, stale_days=1.5)
    one.live(28, labelled=0)
    assert finding(one, "auc").missing.endswith("outcomes: expected files of outcomes, got none hint: labels are written there as they become known")  # noqa: E501  # fmt: skip
    waits = finding(one, "answers of the champion", "unmeasured")
    assert (waits.verdict, waits.missing) == (Verdict.INCONCLUSIVE, "a label")
    assert waits.effect == pytest.approx(26 / 24)
    one.live(24, labelled=0)
    assert causes(one) == {("unmeasured", "answers of the champion")}
    (alert,) = one.world.watcher.alerts.state().open
    assert alert.severity == "warning"
    assert alert.raised.why.startswith("days without a label of the answers of the champion: 2.08, allowed <= 1.5")
    one.live(24)
    one.live(24)
    assert not causes(one)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "the champion's evaluation: expected the one it was blessed on, got none"),
        ({"confidence": 0.95, "slices": []}, "expected some figure with an interval of what is watched, got none"),
    ],
)
def test_a_champion_of_which_nothing_was_kept_is_never_said_to_be_fine(
    tmp_path: Path, content: dict[str, Any] | None, message: str
) -> None:
    one = labelled_world(tmp_path, content)
    one.world.like = Hour(rows=3)
    one.live(28)
    assert message in finding(one, "auc").missing
    assert finding(one, "auc").verdict is Verdict.INCONCLUSIVE
    period = newest(one).quality
    assert period is not None and message in period.trouble


def test_labels_that_could_not_be_read_are_read_at_a_later_look_as_if_they_had_been(
    tmp_path: Path, blessed: dict[str, Any]
) -> None:
    one, same = (labelled_world(tmp_path / name, blessed) for name in ("one", "same"))
    for world in (one, same):
        world.live(24)
    torn = one.outcomes / "torn.parquet"
    torn.write_bytes(b"torn")
    first = one.live(4).windows[-1].quality
    assert first is not None and "torn.parquet" in first.trouble
    assert one.live(4).windows[-1].quality is None, "nothing is said twice of what still cannot be read"
    torn.unlink()
    window, right = one.live(4).windows[-1], same.live(4).windows[-1]
    assert window.quality == right.quality and window.quality is not None and not window.quality.trouble
    found, expected = (
        [(f.subject, f.effect, f.verdict) for f in each.findings if f.kind == "quality"] for each in (window, right)
    )
    assert found == expected
    assert one.live(4).windows[-1].quality is None, "it is read once"


def test_a_period_that_is_read_after_a_later_one_is_shown_and_asked_nothing(
    tmp_path: Path, blessed: dict[str, Any]
) -> None:
    one = labelled_world(tmp_path, blessed)
    one.live(24)
    torn = one.outcomes / "torn.parquet"
    torn.write_bytes(b"torn")
    one.live(4)
    one.live(20)
    torn.unlink()
    (window,) = one.live(4).windows
    assert window.quality is not None and window.retried is not None
    assert window.retried.end == window.quality.start and window.retried.labelled
    rows = {figure.rows for figure in window.quality.figures}
    assert {f.rows for f in window.findings if f.kind == "quality"} <= rows
    assert Window.from_json(window.to_json()) == window
    assert [period.trouble for period in periods_of(one.world.watcher.windows.recent)] == ["", ""]


def test_after_a_week_a_period_is_too_old_to_be_read_and_so_is_one_of_another_champion() -> None:
    def window(start: int, trouble: str) -> Window:
        return Window(
            start=start, minutes=60, champion="c", snapshot="s", grid="g", counts={}, trained_on="s", own=None,
            known=Known(), findings=(), quality=Period(start, 60, 0, 0, trouble=trouble),
        )  # fmt: skip

    recent = [window(0, "gone"), window(3600, "")]
    end = 3600 + RETRIED_S
    assert pending(Span(end - 3600, end, "c"), recent) == recent[0]
    assert pending(Span(end, end + 1, "c"), recent) is None
    assert pending(Span(end - 3600, end, "d"), recent) is None


def test_a_slice_that_the_evaluation_lacks_names_the_nearest(tmp_path: Path, blessed: dict[str, Any]) -> None:
    from benison.config.quality import Quality
    from benison.monitoring.quality import blessed_of

    with pytest.raises(ConfigError, match=r"slices of the champion's evaluation, got 'country=au'\n\nhint: did you"):
        blessed_of(blessed, Quality(slices=("country=au",)))


def test_weights_that_requests_do_not_have_are_refused(tmp_path: Path, blessed: dict[str, Any]) -> None:
    one = labelled_world(tmp_path, blessed)
    from benison.components.monitor.run import watcher_of

    file = tmp_path / "project" / "eval_config.json"
    file.write_text(file.read_text().replace("{", '{"model_specs": [{"example_weight_key": "w"}], ', 1))
    with pytest.raises(ConfigError, match=r"\(monitor.quality\): expected rows that weigh the same, got weights in 'w'"):  # noqa: E501  # fmt: skip
        watcher_of(one.world.watcher._config, one.world.bench.registry, None, tmp_path / "project")


def labels_of(**columns: Any) -> pa.Table:
    return newest_labels(pa.table(columns), Path("outcomes"))


def at(*minutes: float) -> list[datetime]:
    return [datetime(1970, 1, 2, tzinfo=UTC) + timedelta(minutes=one) for one in minutes]


def test_the_last_label_of_a_request_counts() -> None:
    found = labels_of(request_id=["a", "b", "a", "c"], time=at(3, 1, 2, 1), label=[1, 0, 0, None])
    assert sorted(map(tuple, (row.values() for row in found.to_pylist()))) == [("a", 1.0), ("b", 0.0)]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"label": [0.5]}, "outcomes: expected labels that are 0 or 1, got 0.5"),
        ({"value": [0.5]}, "outcomes: expected a column label, 0 or 1, got request_id, time, value"),
    ],
)
def test_what_is_no_label_is_refused(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        labels_of(request_id=["a"], time=at(1), **columns)
    assert message in str(caught.value)


def test_only_what_the_champion_answered_by_itself_in_the_period_counts() -> None:
    random, many = np.random.default_rng(3), 400
    rows = {
        "request_id": [f"{n // 2}" for n in range(many)],
        "row": [n % 2 for n in range(many)],
        "unit_id": [f"{u}" if u else "" for u in random.integers(0, 30, many)],
        "time": at(*random.uniform(0, 300, many)),
        "role": random.choice(["champion", "challenger", "shadow"], many, p=[0.8, 0.1, 0.1]),
        "package": random.choice(["ours", "before"], many, p=[0.8, 0.2]),
        "number": [1] * many,
        "score": np.where(random.random(many) < 0.1, np.nan, random.random(many)),
        "status": random.choice([200, 500], many, p=[0.9, 0.1]),
        "error": [""] * many,
        "latency_ms": [1.0] * many,
        "features": [{"label": value} for value in random.choice(["x", "y"], many)],
    }
    schema = schema_of(pa.struct([("label", pa.string())]))
    table = pa.table([pa.array(rows[one.name], one.type) for one in schema], schema=schema)
    labels = labels_of(request_id=[f"{n}" for n in range(0, 200, 3)], time=at(*range(67)), label=[0, 1] * 33 + [0])
    told = {row["request_id"]: row["label"] for row in labels.to_pylist()}
    end = 86_400 + 240 * 60
    own = [
        row
        for row in table.to_pylist()
        if row["role"] == "champion" and row["package"] == "ours" and row["status"] == 200 and row["row"] == 0
        and not np.isnan(row["score"]) and row["time"].timestamp() < end
    ]  # fmt: skip
    kept = [row for row in own if row["request_id"] in told]
    found = joined(table.to_batches(50), labels, "ours", 86_400, end, [Slicing(), Slicing(("label",))])
    assert found.requests == len(own)
    assert found.labels.tolist() == [told[row["request_id"]] == 1 for row in kept]
    assert found.scores.tolist() == [row["score"] for row in kept]
    assert {one.name: one.rows.tolist() for one in found.slices} == {
        "overall": list(range(len(kept))),
        **{f"label={v}": [n for n, row in enumerate(kept) if row["features"]["label"] == v] for v in ("x", "y")},
    }
    assert found.units is not None
    units = [row["unit_id"] or n for n, row in enumerate(kept)]
    assert [[a == b for b in units] for a in units] == (found.units[:, None] == found.units).tolist()
