import struct
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benison.core.errors import DataError
from benison.sources import cuts
from benison.sources import read_tfrecord as module
from benison.sources.columns import Columns
from benison.sources.example_proto import Example
from benison.sources.read_tfrecord import masked_crc
from tests.sources.reading import opened, rows

COLUMNS = Columns(numeric=("age",), text=("city", "label"))


def example(**features: Any) -> bytes:
    """A serialized tf.Example; lists by the type of their first value."""
    message = Example()
    for name, values in features.items():
        feature = message.features.feature[name]
        kinds = {bytes: feature.bytes_list, float: feature.float_list, int: feature.int64_list}
        kinds[type(values[0])].value.extend(values)
    return bytes(message.SerializeToString(deterministic=True))


def framed(*records: bytes) -> bytes:
    lengths = [struct.pack("<Q", len(record)) for record in records]
    return b"".join(
        length + struct.pack("<I", masked_crc(length)) + record + struct.pack("<I", masked_crc(record))
        for length, record in zip(lengths, records, strict=True)
    )


def table(content: bytes) -> dict[str, list[Any]]:
    return rows(content, "a.tfrecord", COLUMNS, "tfrecord")


FIRST = example(age=[39], city=[b"Bern"], label=[b"1"])
SECOND = example(age=[1.5], city=["Köln".encode()], label=[b"0"], more=[7])


def test_the_checksum_is_that_of_the_published_vectors() -> None:
    # CRC-32C of 32 zero bytes is 0x8a9136aa (RFC 3720, B.4); masked: rotated right by 15, plus a constant.
    crc = 0x8A9136AA
    assert masked_crc(bytes(32)) == ((crc >> 15 | crc << 17) + 0xA282EAD8) % 2**32


def test_the_wire_format_is_that_of_tf_example() -> None:
    # Field by field: Example.features=1 / feature entry=1 / key=1 "a", value=2 / int64_list=3 / value=1, packed 39.
    assert example(a=[39]) == bytes.fromhex("0a0c 0a0a 0a0161 1205 1a03 0a0127".replace(" ", ""))


def test_absent_and_empty_features_are_missing_values() -> None:
    empty = Example()
    empty.features.feature["city"].bytes_list.SetInParent()
    empty.features.feature["more"].SetInParent()
    assert table(framed(FIRST, SECOND, empty.SerializeToString(), example(label=[b""], city=[b"a"]))) == {
        "age": [39.0, 1.5, None, None],
        "city": ["Bern", "Köln", None, "a"],
        "label": ["1", "0", None, None],
        "more": [None, 7, None, None],
    }


def test_rows_are_counted_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK_RECORDS", 2)
    assert table(framed(FIRST, FIRST, SECOND))["age"] == [39.0, 39.0, 1.5]
    with pytest.raises(DataError, match=r"a\.tfrecord, row 3, column 'age': expected one value, got 2"):
        table(framed(FIRST, FIRST, example(age=[1, 2])))


GOOD = framed(FIRST, SECOND)
START = len(framed(FIRST))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.tfrecord: expected rows, got an empty file"),
        (
            GOOD[:-3],
            f"a.tfrecord, record 2 at byte {START}: expected {len(SECOND) + 4} bytes more, got {len(SECOND) + 1}\n\n"
            "hint: it was cut short; write it again",
        ),
        (
            GOOD[: START + 5],
            f"a.tfrecord, record 2 at byte {START}: expected 12 bytes more, got 5\n\n"
            "hint: it was cut short; write it again",
        ),
        (
            GOOD[: START + 20] + bytes([GOOD[START + 20] ^ 1]) + GOOD[START + 21 :],
            f"a.tfrecord, record 2 at byte {START}: expected bytes that fit their checksum, got 0x",
        ),
        (
            bytes([GOOD[0] ^ 1]) + GOOD[1:],
            "a.tfrecord, record 1 at byte 0: expected bytes that fit their checksum, got 0x",
        ),
        (b"age,city,label\n1,Bern,x\n", "a.tfrecord, record 1 at byte 0: expected bytes that fit their checksum"),
        (framed(FIRST, b"\xff\xff"), "a.tfrecord, row 2: expected a tf.Example, got "),
        (
            framed(FIRST, example(city=[b"a", b"b", b"c"])),
            "a.tfrecord, row 2, column 'city': expected one value, got 3\n\n"
            "hint: a feature is one value here; write the others as features of their own",
        ),
        (
            framed(FIRST, example(city=[1.5])),
            "a.tfrecord, row 2, column 'city': expected text, as before, got a number",
        ),
        (
            framed(FIRST, example(age=[b"39"])),
            "a.tfrecord, row 2, column 'age': expected a number, as before, got text",
        ),
        (
            framed(FIRST, example(city=[b"K\xf6ln"])),
            r"a.tfrecord, row 2, column 'city': expected UTF-8 text, got b'K\xf6ln'",
        ),
        (
            framed(FIRST, example(age=[float("inf")])),
            "a.tfrecord, row 2, column 'age': expected a finite number, got inf",
        ),
        (
            framed(example(age=[1], city=[b"a"], lable=[b"x"])),
            "a.tfrecord: expected a column 'label', got none\n\nhint: did you mean lable?",
        ),
    ],
)
def test_a_broken_file_is_an_error_that_names_the_place(content: bytes, message: str) -> None:
    with pytest.raises(DataError) as error:
        table(content)
    assert str(error.value).startswith(message)


LISTS = st.one_of(
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=1),
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=1),
    st.lists(st.binary(max_size=3).map(lambda value: value.hex().encode()), max_size=1),
)
RECORD = st.dictionaries(st.sampled_from(["a", "b", "c"]), LISTS | st.lists(st.integers(0, 3), max_size=1), max_size=3)


def outcome(content: bytes) -> Any:
    try:
        return rows(content, "a.tfrecord", format="tfrecord")
    except DataError as error:
        return str(error)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(records=st.lists(RECORD, min_size=1, max_size=6), size=st.integers(1, 6))
def test_decoding_at_once_gives_what_decoding_one_by_one_does(
    monkeypatch: pytest.MonkeyPatch, records: list[dict[str, Any]], size: int
) -> None:
    content = framed(*(example(**{name: value for name, value in one.items() if value}) for one in records))
    with monkeypatch.context() as changed:
        changed.setattr(module, "BLOCK_RECORDS", size)
        at_once = outcome(content)
        changed.setattr(module, "_fast_decoder", lambda: None)
        assert at_once == outcome(content)


def test_parts_are_whole_records(monkeypatch: pytest.MonkeyPatch) -> None:
    content = framed(*(example(age=[age], city=[b"a"], label=[b"x"]) for age in range(200)))
    monkeypatch.setattr(cuts, "PART_BYTES", 300)
    monkeypatch.setattr(cuts, "_CHUNK_BYTES", 64)
    with opened({"a.tfrecord": content}, COLUMNS, format="tfrecord") as dataset:
        assert len(dataset.parts) > 20
    assert table(content)["age"] == list(range(200))
    broken = bytearray(content)
    broken[-10] ^= 1
    last = len(content) - len(framed(example(age=[199], city=[b"a"], label=[b"x"])))
    with pytest.raises(DataError, match=f"a.tfrecord, record 200 at byte {last}: expected bytes that fit"):
        table(bytes(broken))


def test_a_kind_that_changes_between_parts_names_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuts, "PART_BYTES", 100)
    common = {"age": [1], "city": [b"a"], "label": [b"x"]}
    content = framed(*(example(**common, more=[n]) for n in range(50)), example(**common, more=[b"x"]))
    with pytest.raises(DataError, match=r"a\.tfrecord, row 51, column 'more': expected a number, as before, got text"):
        table(content)
