"""serving: in benison.yaml: the model server, and a folder that other servers watch. All of it is optional."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benison.core.errors import DataError
from benison.core.locations import local_path
from benison.core.sections import Section

DROP, HASH = "drop", "hash"


@dataclass(frozen=True)
class Batching:
    """How rows of several requests are answered in one call.

    Attributes:
        rows: At most so many, unless one request alone has more.
        wait_ms: So long a batch that is not full waits for further requests; 0: what came while the one before it was
            answered makes a batch.
    """

    rows: int = 256
    wait_ms: float = 0.0


@dataclass(frozen=True)
class RequestLog:
    """What is kept of live requests.

    Attributes:
        folder: Where, an absolute path.
        sample: The share of units that are kept, 0 to 1; requests that failed always are.
        redact: By column ``drop``, it is left out, or ``hash``, a keyed hash stands for each value.
        keep_days: Older days are removed.
        max_gb: The oldest files are removed until no more is left.
    """

    folder: Path
    sample: float = 1.0
    redact: Mapping[str, str] = field(default_factory=dict)
    keep_days: int = 30
    max_gb: float = 10.0


@dataclass(frozen=True)
class Serving:
    """How the champion is served.

    Attributes:
        folder: Where it is laid out for a server that loads from a folder, such as TensorFlow Serving: an absolute
            path, below which the model has a folder of its own; None: there is none.
        keep: How many versions stay there, the champion among them.
        port: Of `benison serve`.
        unit: The column that says whom a request is about; empty: requests say so themselves, or nobody does.
        poll_seconds: How often the server looks for another champion.
        batching: How rows of several requests are answered in one call.
        queue_rows: So many rows may wait; more are answered with 429.
        timeout_ms: A request that takes longer is answered with 504.
        max_rows: A request may have so many rows.
        max_body_mb: A request may have so many million bytes.
        requests: What is kept of them; None: nothing.
        buckets_ms: Bounds of the histogram of latencies besides its own, in milliseconds.
    """

    folder: Path | None = None
    keep: int = 2
    port: int = 8080
    unit: str = ""
    poll_seconds: float = 1.0
    batching: Batching = Batching()
    queue_rows: int = 8192
    timeout_ms: float = 2000.0
    max_rows: int = 1024
    max_body_mb: float = 8.0
    requests: RequestLog | None = None
    buckets_ms: tuple[float, ...] = ()


def serving_of(section: Section) -> Serving:
    """Reads ``serving:``.

    Raises:
        ConfigError: Something in it is not understood.
    """
    said = section.take("folder", str, "")
    serving = Serving(
        folder=_folder(section, said) if said else None,
        keep=section.whole("keep", 2, low=1),
        port=_port(section),
        unit=section.take("unit", str, ""),
        poll_seconds=section.number("poll_seconds", 1.0, low=0.05, high=3600),
        batching=_batching(section.section("batching", optional=True)),
        queue_rows=section.whole("queue_rows", 8192, low=1),
        timeout_ms=section.number("timeout_ms", 2000.0, low=1, high=600_000),
        max_rows=section.whole("max_rows", 1024, low=1),
        max_body_mb=section.number("max_body_mb", 8.0, low=0.001, high=1000),
        requests=_requests(section.section("requests")) if "requests" in section.content else None,
        buckets_ms=_buckets(section),
    )
    section.close()
    if "keep" in section.content and not said:
        raise section.error("folder", "the folder that servers watch", "none", "write  folder: /srv/models")
    if serving.queue_rows < serving.max_rows:
        hint = "a request that is larger than the queue would never be answered"
        raise section.error("queue_rows", f"no less than max_rows, {serving.max_rows}", serving.queue_rows, hint)
    return serving


def _port(section: Section) -> int:
    port = section.whole("port", 8080, low=1)
    if port > 65_535:
        raise section.error("port", "a whole number from 1 to 65535", port)
    return port


def _buckets(section: Section) -> tuple[float, ...]:
    said = section.take("buckets_ms", list, [])
    if wrong := [one for one in said if type(one) not in (int, float) or not 0 < one < 1e6]:
        raise section.error("buckets_ms", "a list of milliseconds", repr(wrong[0]))
    return tuple(float(one) for one in said)


def _batching(section: Section) -> Batching:
    batching = Batching(section.whole("rows", 256, low=1), section.number("wait_ms", 0.0, low=0, high=1000))
    section.close()
    return batching


def _requests(section: Section) -> RequestLog:
    log = RequestLog(
        folder=_folder(section, section.take("folder", str)),
        sample=section.number("sample", 1.0, low=0, high=1),
        redact=_redact(section.section("redact", optional=True)),
        keep_days=section.whole("keep_days", 30, low=1),
        max_gb=section.number("max_gb", 10.0, low=0.001, high=1e6),
    )
    section.close()
    return log


def _redact(section: Section) -> dict[str, str]:
    """Each column with what is done to it."""
    return {str(column): section.choice(str(column), (DROP, HASH)) for column in section.content}


def _folder(section: Section, said: str) -> Path:
    try:
        return local_path(said, f"{'.'.join(section.at)}.folder")
    except DataError as error:
        hint = "tasks run elsewhere than where the file lies, so begin it with /"
        raise section.error("folder", error.expected, error.got, hint) from error
