"""A process that is watched, what it is sent, and how it is timed."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benison.components.infra_validator import frames
from benison.components.infra_validator.load import send
from benison.components.infra_validator.process import Limits, resident, started
from benison.core.errors import DataError, ServerError
from benison.sources.bodies import bodies_of, rows_of, spread

Package = Callable[[str], Path]
BODY = b'{"instances": [{"age": 40, "sex": "Male"}]}'


def test_a_process_that_crashes_is_told_of_with_its_signal(package: Package, tmp_path: Path) -> None:
    with started({"challenger": package("good")}, Limits(4000, 60), tmp_path) as running:
        process = running["challenger"]
        process.load()
        assert process.answers(BODY).tolist() == pytest.approx([0.5])
        unknown = r"expected answers, got row 1, field 'agee': expected a column that the model reads"
        with pytest.raises(ServerError, match=unknown):
            process.answers(b'{"instances": [{"agee": 40, "sex": "Male"}]}')
        assert process.gone == ""
        os.kill(process.pid, signal.SIGSEGV)
        with pytest.raises(ServerError, match=r"expected answers, got its end by signal 11 \(SIGSEGV\)"):
            process.answers(BODY)
        assert process.gone.startswith("the challenger in a process of its own")
    assert resident(process.pid) == 0


def test_memory_is_the_process_s_own_and_its_most() -> None:
    """A program that takes 80 MB and lets go of it again still has them as its peak."""
    program = "taken = bytearray(80_000_000); del taken; print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert 80e6 < resident(process.pid) < 200e6
        process.communicate(b"\n")


def test_messages_come_whole_or_not_at_all() -> None:
    reads, writes = os.pipe()
    frames.write(writes, b"one")
    frames.write(writes, b"")
    assert (frames.read(reads), frames.read(reads)) == (b"one", b"")
    with pytest.raises(TimeoutError):
        frames.read(reads, time.monotonic())
    os.write(writes, b"\x7f" * 8)
    with pytest.raises(ValueError, match="a message of 9,"):
        frames.read(reads)
    os.write(writes, (5).to_bytes(8, "big") + b"half")
    os.close(writes)
    assert frames.read(reads) is None
    os.close(reads)


def test_rows_are_sent_as_json_has_them_and_lose_nothing() -> None:
    kinds = {"age": ("number", "int64_list"), "share": ("number", "float_list"), "zip": ("text", "bytes_list")}
    columns = [{"name": name, "type": kind, "stored_as": stored} for name, (kind, stored) in kinds.items()]
    shares = [0.1 + 0.2, float("nan"), 1e-300]
    table = pa.table({"zip": [89073, None, 1], "age": [40.0, None, 41.0], "share": shares, "other": [1, 2, 3]})
    rows = rows_of(table, columns)
    (body,) = bodies_of(rows)
    assert json.loads(body)["instances"] == rows
    assert rows == [
        {"age": 40, "share": 0.1 + 0.2, "zip": "89073"},
        {"age": None, "share": None, "zip": None},
        {"age": 41, "share": 1e-300, "zip": "1"},
    ]
    assert [len(json.loads(one)["instances"]) for one in bodies_of(rows, 2)] == [2, 1]
    assert spread(10, 3).tolist() == [0, 4, 9]


def test_a_column_that_cannot_be_had_as_the_package_knows_it_is_named() -> None:
    column = {"name": "age", "type": "number", "stored_as": "int64_list"}
    with pytest.raises(DataError, match=r"column 'age': expected whole numbers, got Float value 40.50* was truncated"):
        rows_of(pa.table({"age": [40.5]}), [column])
    with pytest.raises(DataError, match="expected a column 'age' in the data, got none\n\nhint: did you mean agee"):
        rows_of(pa.table({"agee": [40]}), [column])


class Counter:
    """A server of one desk, where each request takes 4 ms."""

    def __init__(self) -> None:
        self.waiting: queue.Queue[bytes] = queue.Queue()

    def send(self, body: bytes) -> None:
        self.waiting.put(body)

    def receive(self) -> bytes:
        body = self.waiting.get()
        threading.Event().wait(0.004)
        return body


def test_who_falls_behind_is_timed_from_when_requests_were_due() -> None:
    """At one a millisecond request i is due at i ms and answered no earlier than at 4 (i + 1) ms."""
    counter: Any = Counter()
    found = send(counter, [b""] * 20, 1000)
    least = 0.004 * np.arange(1, 21) - 0.001 * np.arange(20)
    assert (found.latencies >= least - 1e-4).all()
    assert found.seconds >= 0.08 - 1e-4
