"""wire: requests of the V1 protocol and of the Open Inference Protocol as rows, a unit and an id."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from benison.core.errors import DataError
from benison.core.signatures import SERVE_COLUMNS, SERVE_EXAMPLES
from benison.core.spelling import nearest
from benison.delivery.traffic import STAGING_HEADER
from benison.serving.package import Column
from benison.serving.requests import table_of, table_of_columns

UNIT, UNIT_HEADER, REQUEST_HEADER = "unit_id", "x-unit-id", "x-request-id"
BINARY_HEADER = "inference-header-content-length"
_LONGEST = 256
_V1 = ("instances", "signature_name", UNIT)
_DATATYPES = {f"{kind}{bits}" for kind in ("INT", "UINT") for bits in (8, 16, 32, 64)} | {"FP32", "FP64", "BYTES"}
_FLOATS = {"FP16", "FP32", "FP64"}


@dataclass(frozen=True)
class Asked:
    """One request, before anything of it was held to a package.

    Attributes:
        request_id: The caller's, or one that nobody else has.
        unit: Whom it is about, as the request itself says; empty: it does not.
        table: Given the columns of a package and further names that are known, its rows.
        first: Given a column, its first value.
        staged: The package that is to answer it before it has live traffic; empty: as traffic is split.
    """

    request_id: str
    unit: str
    table: Callable[[Sequence[Column], Collection[str]], pa.Table]
    first: Callable[[str], Any]
    staged: str = ""


def read_v1(body: Any, headers: Mapping[str, str], most: int) -> Asked:
    """A request of the V1 protocol: ``{"instances": [{...}], "unit_id": ...}``.

    Args:
        body: As JSON has it.
        headers: By names in small letters.
        most: How many rows it may have.

    Raises:
        DataError: It is something else.
    """
    if not isinstance(body, dict) or "instances" not in body:
        hint = 'send  {"instances": [{...}]}  as application/json'
        raise DataError("request", expected="an object with instances", got="something else", hint=hint)
    if unknown := next((key for key in body if key not in _V1), None):
        raise DataError(f"request, {unknown!r}", expected="a known key", got="another", hint=nearest(unknown, _V1))
    if (signature := body.get("signature_name", SERVE_EXAMPLES)) not in (SERVE_EXAMPLES, SERVE_COLUMNS):
        raise DataError("request, 'signature_name'", expected=SERVE_EXAMPLES, got=repr(signature)[:60])
    rows = body["instances"]

    def first(column: str) -> Any:
        return rows[0].get(column) if rows and isinstance(rows[0], dict) else None

    unit = text_of(headers.get(UNIT_HEADER), UNIT_HEADER) or text_of(body.get(UNIT), UNIT)
    table = partial(_table_of, rows, most)
    return Asked(_id(headers), unit, table, first, headers.get(STAGING_HEADER, ""))


def read_v2(request: Any, headers: Mapping[str, str], most: int) -> Asked:
    """A request of the Open Inference Protocol: one tensor of shape [n] or [n, 1] for each column.

    Args:
        request: An ``InferRequest`` of kserve.
        headers: By names in small letters.
        most: How many rows it may have.

    Raises:
        DataError: A tensor is of another shape, of a type that is not known, or there twice.
    """
    values: dict[str, Sequence[Any]] = {}
    for tensor in request.inputs:
        if tensor.name in values:
            raise DataError(f"input {tensor.name!r}", expected="each column once", got="it twice")
        values[tensor.name] = _values(tensor, binary=BINARY_HEADER in headers)
    unit = text_of(headers.get(UNIT_HEADER), UNIT_HEADER) or text_of((request.parameters or {}).get(UNIT), UNIT)
    table = partial(_table_of_columns, values, most)
    first = partial(_first_of, values)
    return Asked(_id(headers, request.id or ""), unit, table, first, headers.get(STAGING_HEADER, ""))


def _first_of(values: Mapping[str, Sequence[Any]], column: str) -> Any:
    return next(iter(values.get(column, ())), None)


def _table_of(rows: Any, most: int, columns: Sequence[Column], also: Collection[str]) -> pa.Table:
    return table_of(rows, columns, most=most, also=also)


def _table_of_columns(
    values: Mapping[str, Sequence[Any]], most: int, columns: Sequence[Column], also: Collection[str]
) -> pa.Table:
    return table_of_columns(values, columns, most=most, also=also)


def text_of(unit: Any, where: str) -> str:
    """A unit as text; a missing one is empty.

    Raises:
        DataError: It is neither a text nor a whole number, or too long.
    """
    if unit is None:
        return ""
    if type(unit) not in (str, int) or len(str(unit)) > _LONGEST:
        hint = "it says whom the request is about, such as a customer"
        expected = f"a text of up to {_LONGEST} letters, or a whole number"
        raise DataError(where, expected=expected, got=repr(unit)[:40], hint=hint)
    return str(unit)


def _id(headers: Mapping[str, str], own: str = "") -> str:
    """The id of a request. It goes back in a header, where a line break would begin another one."""
    said = own or headers.get(REQUEST_HEADER, "")
    if not (said.isascii() and said.isprintable()) or len(said) > _LONGEST:
        expected = f"up to {_LONGEST} printable letters of ASCII"
        raise DataError("request id", expected=expected, got=f"{said[:40]!a}", hint="leave it out to be given one")
    return said or uuid.uuid4().hex


def _values(tensor: Any, *, binary: bool) -> Sequence[Any]:
    """The values of a tensor, those of binary floats that are NaN as missing: they have no other way to say so."""
    where = f"input {tensor.name!r}"
    if tensor.datatype not in _DATATYPES and not (binary and tensor.datatype in _FLOATS):
        hint = nearest(tensor.datatype, _DATATYPES)
        raise DataError(where, expected="a datatype of numbers or BYTES", got=repr(tensor.datatype)[:40], hint=hint)
    shape = list(tensor.shape)
    if len(shape) not in (1, 2) or shape[1:] not in ([], [1]):
        raise DataError(where, expected="shape [n] or [n, 1]", got=str(shape)[:60], hint="one value for each row")
    # JSON may nest values as the shape does.
    found = [one[0] if isinstance(one, list) and len(one) == 1 else one for one in tensor.data]
    if len(found) != shape[0]:
        raise DataError(where, expected=f"{shape[0]} values, as its shape says", got=str(len(found)))
    return [None if one != one else one for one in found] if binary and tensor.datatype in _FLOATS else found
