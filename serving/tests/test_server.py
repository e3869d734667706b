"""A real server in a process of its own, asked over HTTP."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benison.components.evaluator.predict import Package as Judged
from benison.config import Label
from serving.tests.made import ROW
from serving.tests.running import JSON, MODEL, Shop

Registered = Callable[..., str]
LABEL = Label("bought", "yes", "no")
V2 = f"/v2/models/{MODEL}/infer"


def tensors(rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    kinds = {"x": "FP64", "visits": "INT64", "city": "BYTES"}
    told = [
        {"name": name, "shape": [len(rows)], "datatype": kind, "data": [row[name] for row in rows]}
        for name, kind in kinds.items()
    ]
    return {"inputs": told, **more}


def test_without_a_champion_it_lives_but_is_not_ready(shop: Shop) -> None:
    ready, live, asked = shop.without_champion
    assert (ready.status, live.status, asked.status) == (503, 200, 503)
    assert f"Model with name {MODEL} is not ready" in str(asked.body)


def test_v1_and_v2_and_binary_tensors_are_answered_as_the_evaluator_is(
    shop: Shop, registered: Registered, scaling: Callable[..., Path]
) -> None:
    shop.say(1, registered(0.5))
    assert shop.server.ask("/v2/health/ready").status == 200
    rows: list[dict[str, Any]] = [{"x": 0.37, "visits": 3, "city": "Bonn"}, {"x": None, "visits": None, "city": None}]
    table = pa.table({name: pa.array([row[name] for row in rows]) for name in rows[0]})
    expected = pytest.approx(Judged.open(scaling(0.5), LABEL).predict(table).tolist(), abs=1e-6)
    assert shop.server.predict(*rows).scores == expected
    v2 = shop.server.ask(V2, json.dumps(tensors(rows, id="mine")).encode())
    assert v2.body["outputs"][0]["data"] == expected
    assert (v2.body["id"], v2.body["model_version"], v2.body["parameters"]["role"]) == ("mine", "1", "champion")
    assert binary(shop) == expected


def binary(shop: Shop) -> list[float]:
    """The same two rows as binary tensors, where NaN stands for a missing number."""
    x = np.array([0.37, np.nan], np.float32).tobytes()
    visits, texts = (
        np.array([3, 0], np.int64).tobytes(),
        b"".join(len(t).to_bytes(4, "little") + t for t in (b"Bonn", b"")),
    )
    inputs = [
        {"name": name, "shape": [2, 1], "datatype": kind, "parameters": {"binary_data_size": len(raw)}}
        for name, kind, raw in (("x", "FP32", x), ("visits", "INT64", visits), ("city", "BYTES", texts))
    ]
    head = json.dumps({"inputs": inputs}).encode()
    told = {"content-type": "application/octet-stream", "inference-header-content-length": str(len(head))}
    answer = shop.server.ask(V2, head + x + visits + texts, told)
    assert answer.status == 200, answer.body
    found: list[float] = answer.body["outputs"][0]["data"]
    return found


def test_a_package_of_tf_examples_is_served_too(shop: Shop, registered: Registered, by_examples: Path) -> None:
    shop.say(2, registered(by_examples))
    expected = Judged.open(by_examples, LABEL).predict(pa.table({name: [value] for name, value in ROW.items()}))
    assert shop.server.predict(ROW).scores == pytest.approx(expected.tolist(), abs=1e-6)


def test_an_answer_says_who_gave_it(shop: Shop, registered: Registered) -> None:
    shop.say(3, registered(0.5))
    found = shop.server.predict(ROW, headers={"x-request-id": "r-1"})
    told = {name: found.headers[name] for name in ("x-role", "x-package", "x-champion-number", "x-request-id")}
    own = {"x-role": "champion", "x-package": registered(0.5), "x-champion-number": "3", "x-request-id": "r-1"}
    assert told == own
    assert len(shop.server.predict(ROW).headers["x-request-id"]) == 32


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"instances": [{**ROW, "x": "0.5"}]}, "row 1, field 'x': expected a number between"),
        ({"instances": [{**ROW, "y": 1}]}, "row 1, field 'y': expected a column that the model reads"),
        ({"instances": [ROW] * 17}, "instances: expected 1 to 16 rows, got 17"),
        (
            {"instances": [ROW], "unit": 1},
            "request, 'unit': expected a known key, got another\n\nhint: did you mean unit_id?",
        ),
        (
            {"instances": [ROW], "unit_id": True},
            "unit_id: expected a text of up to 256 letters, or a whole number, got True",
        ),
        (
            {"instances": [ROW], "signature_name": "train"},
            "request, 'signature_name': expected serving_default, got 'train'",
        ),
        ({"rows": []}, 'request: expected an object with instances, got something else\n\nhint: send  {"instances"'),
        ({"instances": [{**ROW, "customer": 1.5}]}, "field 'customer': expected a text of up to 256 letters"),
    ],
)
def test_what_is_no_request_is_a_400_that_says_why(shop: Shop, body: Any, said: str) -> None:
    found = shop.server.ask(f"/v1/models/{MODEL}:predict", json.dumps(body).encode())
    assert found.status == 400
    assert found.body["error"].startswith(said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shape": [2]}, "input 'x': expected 2 values, as its shape says, got 1"),
        ({"shape": [1, 2]}, "input 'x': expected shape [n] or [n, 1], got [1, 2]"),
        ({"datatype": "BOOL"}, "input 'x': expected a datatype of numbers or BYTES, got 'BOOL'"),
        ({"name": "city"}, "input 'city': expected each column once, got it twice"),
        ({"name": "xx"}, "request, field 'xx': expected a column that the model reads"),
        ({"data": "text"}, "body.InferenceRequest.inputs.0.data: Input should be a valid list"),
    ],
)
def test_a_tensor_that_fits_no_column_is_a_400_that_names_it(shop: Shop, change: dict[str, Any], said: str) -> None:
    request = tensors([ROW])
    request["inputs"][0] |= change
    found = shop.server.ask(V2, json.dumps(request).encode())
    assert (found.status, found.body["error"][: len(said)]) == (400, said)


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        (f"/v1/models/{MODEL}:predict", b'{"instances": [', JSON, 400),
        (f"/v1/models/{MODEL}:predict", b'{"instances": [{"x": NaN}]}', JSON, 400),
        (f"/v1/models/{MODEL}:predict", b"\x80\x04pickle", {"content-type": "application/octet-stream"}, 400),
        (V2, b"\x80\x04pickle", {"content-type": "application/octet-stream"}, 400),
        (V2, b"{}", {"content-type": "application/octet-stream", "inference-header-content-length": "x"}, 400),
        (V2, b"{}junk", {"content-type": "application/octet-stream", "inference-header-content-length": "9"}, 400),
        (f"/v1/models/{MODEL}:predict", b" " * 20_001, JSON, 413),
        ("/v1/models/other:predict", b'{"instances": []}', JSON, 404),
        (f"/v2/repository/models/{MODEL}/unload", b"", JSON, 403),
    ],
)
def test_what_must_not_come_in_does_not(
    shop: Shop, path: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    assert shop.server.ask(path, body, headers).status == status
    assert shop.server.predict(ROW).status == 200


@pytest.mark.parametrize("name", ["a\r\nx-role: challenger", "\u00fc", "a" * 257])
def test_a_request_id_that_no_header_can_carry_is_refused(shop: Shop, name: str) -> None:
    found = shop.server.ask(V2, json.dumps(tensors([ROW], id=name)).encode())
    assert found.status == 400
    assert found.body["error"].startswith("request id: expected up to 256 printable letters of ASCII, got ")


def test_the_model_says_what_it_takes(shop: Shop) -> None:
    told = shop.server.ask(f"/v2/models/{MODEL}").body
    assert [(one["name"], one["datatype"]) for one in told["inputs"]] == [
        ("x", "FP64"),
        ("visits", "FP64"),
        ("city", "BYTES"),
    ]
    assert told["outputs"] == [{"name": "probability", "datatype": "FP64", "shape": [-1]}]
