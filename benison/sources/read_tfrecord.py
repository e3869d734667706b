"""TFRecord of tf.Example: framing and checksums read here, without TensorFlow.

A record is: length (8 bytes, little-endian), its checksum (4), that many bytes, their checksum (4). A checksum is
CRC-32C, rotated right by 15 bits, plus 0xa282ead8.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, BinaryIO

import google_crc32c
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf.message import DecodeError

from benison.core.errors import DataError
from benison.core.logs import quiet_imports
from benison.sources.conform import Place
from benison.sources.example_proto import Example

BLOCK_RECORDS = 1 << 14
_TEXT, _NUMBER = "text", "a number"


def read_tfrecord(stream: BinaryIO, source: str, first: int = 1, start: int = 0) -> Iterator[Mapping[str, pa.Array]]:
    """Reads tf.Examples with one value to a feature; an absent or empty feature is a missing value.

    Args:
        stream: Whole records.
        source: The file's name, for messages.
        first: The number of the first record.
        start: Its place in the file, in bytes.

    Yields:
        Blocks of int64, float64 or bytes by feature.

    Raises:
        DataError: It is cut short or damaged, holds something else, or a list of several values.
    """
    decoder = _Decoder(source)
    content = records(stream, source, first, start)
    while block := list(islice(content, BLOCK_RECORDS)):
        yield decoder.columns(block, first)
        first += len(block)


def fault(source: str, again: Callable[[], BinaryIO], message: str) -> DataError:
    """The first record that is wrong, one after the other.

    Args:
        source: The file's name.
        again: Opens the whole file.
        message: What is said where there is none.
    """
    found: dict[str, str] = {}
    try:
        with again() as whole:
            for number, record in enumerate(records(whole, source), start=1):
                _columns([record], found, Place(source, number))
    except DataError as error:
        return error
    return DataError(source, expected="one kind of values to a feature", got=message)


class _Decoder:
    """Decodes blocks by TFX's own decoder where it is there and the block is a plain one, else record by record."""

    def __init__(self, source: str) -> None:
        self._source, self._kinds = source, dict[str, str]()
        self._fast = _fast_decoder()

    def columns(self, block: list[bytes], first: int) -> dict[str, pa.Array]:
        if (columns := self._at_once(block)) is not None:
            return columns
        values = _columns(block, self._kinds, Place(self._source, first))
        return {name: _array(column) for name, column in values.items()}

    def _at_once(self, block: list[bytes]) -> dict[str, pa.Array] | None:
        """None where something is to be told of a record, which needs a look at each."""
        try:
            batch = self._fast(block) if self._fast else None
        except RuntimeError:
            return None
        columns = {} if batch is None else {name: _single(batch.column(name)) for name in batch.schema.names}
        if not columns or any(column is None for column in columns.values()):
            return None
        kinds = {name: _kind(column.type) for name, column in columns.items() if column is not None}
        if any(kind and self._kinds.get(name, "") not in ("", kind) for name, kind in kinds.items()):
            return None
        self._kinds |= {name: kind or self._kinds.get(name, "") for name, kind in kinds.items()}
        missing = {name: pa.nulls(len(block)) for name in self._kinds if name not in columns}
        return {**columns, **missing}


def _fast_decoder() -> Callable[[list[bytes]], pa.RecordBatch] | None:
    try:
        with quiet_imports():
            from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder
    except ImportError:
        return None
    decode: Callable[[list[bytes]], pa.RecordBatch] = ExamplesToRecordBatchDecoder().DecodeBatch
    return decode


def _single(column: pa.Array) -> pa.Array | None:
    """The one value of each list; null for an empty one; None where a list has several."""
    if pa.types.is_null(column.type):
        return column
    sizes = np.asarray(pc.fill_null(pc.list_value_length(column), 0))
    if sizes.max(initial=0) > 1:
        return None
    places = np.cumsum(sizes) - 1
    values = column.flatten().take(pa.array(places, pa.int64(), mask=sizes == 0))
    return values.cast(pa.float64()) if pa.types.is_floating(values.type) else values


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_null(kind):
        return ""
    return _TEXT if pa.types.is_large_binary(kind) else _NUMBER


def masked_crc(content: bytes) -> int:
    """The checksum as it stands in a TFRecord."""
    crc = int(google_crc32c.value(content))
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(stream: BinaryIO, source: str, number: int = 1, position: int = 0) -> Iterator[bytes]:
    """The records of a TFRecord file.

    Args:
        stream: Whole records.
        source: The file's name, for messages.
        number: That of the first one.
        position: Its place in the file, in bytes.

    Raises:
        DataError: It is cut short, or a checksum does not fit; the message names record and byte.
    """
    while head := stream.read(12):
        where = f"{source}, record {number} at byte {position}"
        length, crc = struct.unpack("<QI", _whole(head, 12, where))
        _sound(head[:8], crc, where)
        body = _whole(stream.read(length + 4), length + 4, where)
        _sound(body[:-4], int.from_bytes(body[-4:], "little"), where)
        yield body[:-4]
        position, number = position + length + 16, number + 1


def _whole(content: bytes, size: int, where: str) -> bytes:
    if len(content) < size:
        hint = "it was cut short; write it again"
        raise DataError(where, expected=f"{size} bytes more", got=f"{len(content)}", hint=hint)
    return content


def _sound(content: bytes, crc: int, where: str) -> None:
    if masked_crc(content) != crc:
        hint = "the file is damaged, not a TFRecord, or compressed without .gz at the end of its name"
        got = f"{crc:#010x} for {masked_crc(content):#010x}"
        raise DataError(where, expected="bytes that fit their checksum", got=got, hint=hint)


def _columns(block: list[bytes], found: dict[str, str], place: Place) -> dict[str, list[Any]]:
    """The values of a block by feature; `found` keeps whether a feature is text or a number."""
    columns: dict[str, list[Any]] = {name: [None] * len(block) for name in found}
    for index, record in enumerate(block):
        for name, feature in _features(record, index, place):
            if name not in columns:
                columns[name] = [None] * len(block)
            columns[name][index] = value = _value(feature, name, index, place)
            if value is not None:
                _same_kind(found, name, value, index, place)
            else:
                found.setdefault(name, "")
    return columns


def _features(record: bytes, index: int, place: Place) -> Any:
    try:
        return Example.FromString(record).features.feature.items()
    except DecodeError as error:
        where = f"{place.source}, row {place.first + index}"
        raise DataError(where, expected="a tf.Example", got=str(error)) from error


def _value(feature: Any, name: str, index: int, place: Place) -> Any:
    kind = feature.WhichOneof("kind")
    values = getattr(feature, kind).value if kind else ()
    if len(values) > 1:
        hint = "a feature is one value here; write the others as features of their own"
        raise DataError(place.at(index, name), expected="one value", got=f"{len(values)}", hint=hint)
    return values[0] if values else None


def _same_kind(found: dict[str, str], name: str, value: Any, index: int, place: Place) -> None:
    kind = _TEXT if isinstance(value, bytes) else _NUMBER
    if (found.get(name) or kind) != kind:
        raise DataError(place.at(index, name), expected=f"{found[name]}, as before", got=kind)
    found[name] = kind


def _array(values: list[Any]) -> pa.Array:
    """Whole numbers, or floats where one of them is."""
    floats = any(isinstance(value, float) for value in values)
    return pa.array(values, pa.float64() if floats else None)
