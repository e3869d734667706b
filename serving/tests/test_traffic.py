"""Who answers whom, and what becomes of a challenger's faults, on a real server."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from benison.delivery.request_log import read_since
from benison.delivery.traffic import place
from serving.tests.made import ROW
from serving.tests.running import Answer, Shop, until
from serving.tests.test_server import V2, tensors

Registered = Callable[..., str]
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
HALF = {"percent": 50.0, "salt": "rollout 1"}


def logged(shop: Shop, request_id: str, rows: int) -> list[dict[str, Any]]:
    """What the log says of a request, when it says so much."""
    found: list[dict[str, Any]] = []

    def there() -> bool:
        found[:] = [
            row for batch in read_since(shop.log, YEAR) for row in batch.to_pylist() if row["request_id"] == request_id
        ]
        return len(found) >= rows

    until(there)
    return sorted(found, key=lambda row: row["role"])


def test_units_are_split_by_their_hash_and_stay_where_they_are(shop: Shop, registered: Registered) -> None:
    one, two = registered(0.5), registered(0.25)
    shop.say(10, one, challenger=two, **HALF)
    for unit in range(40):
        expected = (two, "challenger", 0.125) if place(f"{unit}", "rollout 1") < 50 else (one, "champion", 0.25)
        found = shop.server.predict(ROW, unit_id=unit)
        assert (found.headers["x-package"], found.headers["x-role"], *found.scores) == expected
        assert ("x-champion-number" in found.headers) == (expected[1] == "champion")


def test_a_unit_is_told_by_header_parameter_column_or_is_the_request(shop: Shop, registered: Registered) -> None:
    shop.say(11, registered(0.5), challenger=registered(0.25), **HALF)
    low = next(f"u{n}" for n in range(100) if place(f"u{n}", "rollout 1") < 50)
    high = next(f"u{n}" for n in range(100) if place(f"u{n}", "rollout 1") >= 50)
    ask = shop.server.predict
    row = {**ROW, "customer": high}
    asked: dict[str, Callable[[], Answer]] = {
        "header": lambda: ask(row, unit_id=high, headers={"x-unit-id": low, "x-request-id": high}),
        "parameter": lambda: ask(row, unit_id=low, headers={"x-request-id": high}),
        "column": lambda: ask({**ROW, "customer": low}, headers={"x-request-id": high}),
        "request": lambda: ask(ROW, headers={"x-request-id": low}),
    }
    assert {name: call().headers["x-role"] for name, call in asked.items()} == dict.fromkeys(asked, "challenger")
    v2 = json.dumps(tensors([ROW], id=high, parameters={"unit_id": low})).encode()
    assert shop.server.ask(V2, v2).body["parameters"]["role"] == "challenger"
    assert ask(ROW, headers={"x-request-id": high}).headers["x-role"] == "champion"


@pytest.mark.parametrize(
    ("fails", "status", "why"),
    [
        ("nan", 500, "row 1: expected a number from 0 to 1, got nan"),
        ("high", 500, "row 1: expected a number from 0 to 1, got 2"),
        ("error", 500, "failed: "),
        ("asleep", 504, "no answer within 1500 ms"),
    ],
)
def test_the_champion_steps_in_where_a_challenger_fails(
    shop: Shop, registered: Registered, fails: str, status: int, why: str
) -> None:
    number, faulty = 20 + len(fails), registered(0.25, fails)
    shop.say(number, registered(0.5), challenger=faulty, percent=100.0)
    until(lambda: shop.server.predict(ROW).headers["x-role"] == "challenger")
    found = shop.server.predict({**ROW, "city": fails}, headers={"x-request-id": f"by {fails}"})
    assert (found.status, found.headers["x-role"], found.scores) == (200, "champion", [0.25])
    challenger, champion = logged(shop, f"by {fails}", 2)
    assert (challenger["package"], challenger["number"], challenger["score"]) == (faulty, None, None)
    assert challenger["status"] == status
    assert why in challenger["error"]
    assert (champion["status"], champion["score"], champion["number"]) == (200, 0.25, number)
    assert champion["latency_ms"] >= challenger["latency_ms"] > 0


def test_a_champion_s_answer_that_is_no_probability_never_leaves(shop: Shop, registered: Registered) -> None:
    shop.say(29, registered(0.5, "nan"))
    found = shop.server.predict({**ROW, "city": "nan"}, headers={"x-request-id": "none"})
    assert (found.status, found.headers["x-request-id"]) == (500, "none")
    assert "row 1: expected a number from 0 to 1, got nan" in found.body["error"]
    (row,) = logged(shop, "none", 1)
    assert (row["role"], row["status"], row["score"]) == ("champion", 500, None)
    assert shop.server.predict(ROW).scores == [0.25]


def test_a_shadow_gets_a_copy_and_only_the_log_hears_of_it(shop: Shop, registered: Registered) -> None:
    shop.say(30, registered(0.5), challenger=registered(0.25), shadow=100.0)
    found = shop.server.predict(ROW, {**ROW, "x": 1.0}, unit_id="u", headers={"x-request-id": "copied"})
    assert (found.headers["x-role"], found.scores) == ("champion", [0.25, 0.5])
    rows = logged(shop, "copied", 4)
    assert [(row["role"], row["row"], row["score"], row["unit_id"]) for row in rows] == [
        ("champion", 0, 0.25, "u"),
        ("champion", 1, 0.5, "u"),
        ("shadow", 0, 0.125, "u"),
        ("shadow", 1, 0.25, "u"),
    ]
    assert {row["package"] for row in rows[2:]} == {registered(0.25)}


def test_a_shadow_that_hangs_or_fails_never_hurts_the_champion(shop: Shop, registered: Registered) -> None:
    shop.say(31, registered(0.5), challenger=registered(0.25, "nan"), shadow=100.0)
    assert shop.server.predict({**ROW, "city": "nan"}, headers={"x-request-id": "shade"}).scores == [0.25]
    assert [(row["role"], row["status"]) for row in logged(shop, "shade", 2)] == [("champion", 200), ("shadow", 500)]
    busy = registered(0.25, "busy")
    shop.say(32, registered(0.5), challenger=busy, shadow=100.0)
    copied = f'benison_requests_total{{outcome="200",role="shadow",version="{busy[7:19]}"}}'
    until(lambda: shop.server.predict(ROW).status == 200 and shop.server.metric(copied) > 0)
    dropped = shop.server.metric("benison_shadow_dropped_total")
    hanging = [{**ROW, "city": "busy"}] * 16
    assert all(shop.server.predict(*hanging).scores == [0.25] * 16 for _ in range(80))
    assert shop.server.metric("benison_shadow_dropped_total") > dropped


def test_what_cannot_be_loaded_leaves_the_champion_as_it_was(shop: Shop, registered: Registered) -> None:
    shop.say(40, registered(0.5))
    unknown = "sha256:" + "0" * 64
    failed = shop.server.metric("benison_packages_total")
    shop.traffic.write_text(json.dumps({"champion": [41, unknown]}))
    until(lambda: shop.server.metric("benison_packages_total") > failed)
    found = shop.server.predict(ROW)
    assert (found.scores, found.headers["x-champion-number"]) == ([0.25], "40")
    assert "000000000000 cannot be loaded, so what is loaded goes on serving" in shop.server.errors.read_text()


def test_a_registry_that_cannot_be_reached_leaves_the_champion_as_it_was(shop: Shop, registered: Registered) -> None:
    shop.say(50, registered(0.5))
    until(lambda: shop.server.metric("benison_registry_reachable") == 1)
    shop.traffic.unlink()
    until(lambda: shop.server.metric("benison_registry_reachable") == 0)
    assert shop.server.predict(ROW).scores == [0.25]
    assert "registry: cannot be read, so what is loaded goes on serving" in shop.server.errors.read_text()
    shop.say(51, registered(0.25))
    assert shop.server.predict(ROW).scores == [0.125]


def test_a_queue_that_is_full_and_a_package_that_is_slow_are_told(shop: Shop, registered: Registered) -> None:
    shop.say(60, registered(0.5, "asleep"))
    with ThreadPoolExecutor(8) as pool:
        slow = pool.submit(shop.server.predict, {**ROW, "city": "asleep"})
        until(lambda: shop.server.metric("benison_request_seconds_count") > 0)
        waiting = [pool.submit(shop.server.predict, *[{**ROW, "city": "asleep"}] * 10) for _ in range(6)]
        statuses = sorted(each.result().status for each in [slow, *waiting])
    assert set(statuses) == {429, 504}
    assert slow.result().body == {"error": "no answer within 1500 ms"}
    assert {"error": "too many rows wait; try again later"} in [each.result().body for each in waiting]
    shop.say(61, registered(0.5))
    assert shop.server.predict(ROW).status == 200


def test_the_log_keeps_features_as_the_policy_says(shop: Shop, registered: Registered) -> None:
    shop.say(70, registered(0.5))
    for request_id in ("a", "b"):
        shop.server.predict({**ROW, "x": None}, unit_id="u", headers={"x-request-id": f"kept {request_id}"})
    (one,), (two,) = logged(shop, "kept a", 1), logged(shop, "kept b", 1)
    assert one["features"].keys() == {"x", "city"}
    assert one["features"]["x"] is None
    assert one["features"]["city"] == two["features"]["city"] != "Bonn"
    assert len(one["features"]["city"]) == 32
    assert one["time"] < two["time"] <= datetime.now(UTC)


def staged(shop: Shop, package: str, *rows: dict[str, Any], request_id: str = "tried") -> Answer:
    return shop.server.predict(*(rows or (ROW,)), headers={"x-staging": package, "x-request-id": request_id})


def test_before_a_challenger_has_traffic_it_answers_whoever_names_it(shop: Shop, registered: Registered) -> None:
    one, two = registered(0.5), registered(0.25)
    shop.say(80, one, challenger=two, salt="rollout 1")
    for package, score in ((two, 0.125), (one, 0.25)):
        found = staged(shop, package, request_id=f"by {score}")
        assert (found.status, found.headers["x-role"], found.headers["x-package"]) == (200, "staging", package)
        assert found.scores == [score]
        (row,) = logged(shop, f"by {score}", 1)
        assert (row["role"], row["package"], row["number"], row["score"]) == ("staging", package, None, score)
    v2 = json.dumps(tensors([ROW], id="tensors")).encode()
    assert (
        shop.server.ask(V2, v2, {"content-type": "application/json", "x-staging": two}).body["parameters"]["role"]
        == "staging"
    )
    assert shop.server.predict(ROW).headers["x-role"] == "champion"


def test_nobody_steps_in_for_a_package_that_is_tried(shop: Shop, registered: Registered) -> None:
    shop.say(81, registered(0.5), challenger=registered(0.25, "nan"), salt="rollout 1")
    found = staged(shop, registered(0.25, "nan"), {**ROW, "city": "nan"}, request_id="faulty")
    assert found.status == 500
    assert "expected a number from 0 to 1, got nan" in found.body["error"]
    assert [row["role"] for row in logged(shop, "faulty", 1)] == ["staging"]


@pytest.mark.parametrize("more", [{}, {"percent": 1.0}, {"shadow": 1.0}])
def test_with_traffic_or_without_a_rollout_nobody_is_tried(
    shop: Shop, registered: Registered, more: dict[str, float]
) -> None:
    one, two = registered(0.5), registered(0.25)
    shop.say(82 + len("".join(more)), one, **({"challenger": two, **more} if more else {}))
    for package in (one, two, "sha256:" + "0" * 64):
        found = staged(shop, package)
        assert (found.status, found.headers["x-request-id"]) == (409, "tried")
        assert found.body["error"] == "x-staging: no rollout tries this package here before it has live traffic"


def test_figures_tell_role_and_version_and_count_each_request_once(shop: Shop, registered: Registered) -> None:
    one = registered(0.5)
    shop.say(90, one)
    label = f'{{role="champion",version="{one[7:19]}"}}'
    names = ("benison_request_seconds_count", "benison_score_count", "benison_score_sum", "benison_score_squares_total")
    before = [shop.server.metric(f"{name}{label}") for name in names]
    assert shop.server.predict(ROW, {**ROW, "x": 1.0}).scores == [0.25, 0.5]
    after = [shop.server.metric(f"{name}{label}") for name in names]
    gained = [round(late - early, 9) for early, late in zip(before, after, strict=True)]
    assert gained == [1, 1, 0.375, 0.140625]
