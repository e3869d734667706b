"""TFRecord of tf.Example: framing and checksums read here, without TensorFlow.

A record is: length (8 bytes, little-endian), its checksum (4), that many bytes, their checksum (4). A checksum is
CRC-32C, rotated right by 15 bits, plus 0xa282ead8.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, BinaryIO

import google_crc32c
import pyarrow as pa
from google.protobuf.message import DecodeError

from benison.core.errors import DataError
from benison.sources.conform import Place
from benison.sources.example_proto import Example

BLOCK_RECORDS = 1 << 14
_TEXT, _NUMBER = "text", "a number"


def read_tfrecord(stream: BinaryIO, source: str) -> Iterator[Mapping[str, pa.Array]]:
    """Reads a file of tf.Examples with one value to a feature; an absent or empty feature is a missing value.

    Yields:
        Blocks of int64, float64 or bytes by feature.

    Raises:
        DataError: It is cut short or damaged, holds something else, or a list of several values.
    """
    found: dict[str, str] = {}
    first, content = 1, records(stream, source)
    while block := list(islice(content, BLOCK_RECORDS)):
        values = _columns(block, found, Place(source, first))
        yield {name: _array(column) for name, column in values.items()}
        first += len(block)


def masked_crc(content: bytes) -> int:
    """The checksum as it stands in a TFRecord."""
    crc = int(google_crc32c.value(content))
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(stream: BinaryIO, source: str) -> Iterator[bytes]:
    """The records of a TFRecord file.

    Raises:
        DataError: It is cut short, or a checksum does not fit; the message names record and byte.
    """
    position, number = 0, 1
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
