"""server: KServe's own server around the desk. Importing it takes kserve, which has an environment of its own."""

from __future__ import annotations

import logging
import threading
import time
import warnings
from collections.abc import Mapping
from typing import Any

import kserve.model_server
import tensorflow as tf
from fastapi.exceptions import RequestValidationError
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelRepository, ModelServer
from kserve.errors import InvalidInput, ServerNotReady
from kserve.protocol.dataplane import DataPlane
from starlette.requests import Request
from starlette.responses import JSONResponse

from benison.config.serving import Serving
from benison.core.errors import DataError
from benison.core.signatures import NUMBER, PROBABILITY, SECONDS
from benison.serving.desk import BAD, Answered, Desk, Refused
from benison.serving.door import BEGUN, Door
from benison.serving.follow import Follower
from benison.serving.metrics import Metrics
from benison.serving.request_logger import Nowhere, RequestLogger
from benison.serving.versions import Source, Versions
from benison.serving.wire import REQUEST_HEADER, read_v1, read_v2

_THREADS = 64
_LOG = logging.getLogger(__name__)
_QUIET = ("kserve", "kserve.trace", "uvicorn.access")
_DATATYPES = {NUMBER: "FP64", SECONDS: "FP64"}


class _Served(Model):
    """What KServe's server knows of the model."""

    def __init__(self, name: str, desk: Desk) -> None:
        super().__init__(name, return_response_headers=True)
        self._desk = desk

    async def healthy(self) -> bool:
        """Whether a champion serves."""
        return self._desk.versions.live is not None

    async def predict(
        self, payload: Any, headers: Mapping[str, str] | None = None, response_headers: dict[str, str] | None = None
    ) -> Any:
        """Answers a request of either protocol."""
        headers, most = headers or {}, self._desk.settings.max_rows
        is_v2 = isinstance(payload, InferRequest)
        try:
            asked = read_v2(payload, headers, most) if is_v2 else read_v1(payload, headers, most)
        except DataError as error:
            self._desk.meter.refused(BAD)
            raise Refused(BAD, str(error)) from error
        answered = await self._desk.answer(asked, BEGUN.get(time.monotonic()))
        if response_headers is not None:
            response_headers.update(_headers(answered))
        return self._response(answered) if is_v2 else {"predictions": list(answered.scores)}

    def _response(self, answered: Answered) -> InferResponse:
        scores = InferOutput(PROBABILITY, [len(answered.scores)], "FP64", list(answered.scores))
        told = {"role": str(answered.role), "package": answered.package, "request_id": answered.request_id}
        version = str(answered.number or answered.package)
        return InferResponse(answered.request_id, self.name, [scores], version, parameters=told)

    def get_input_types(self) -> list[dict[str, Any]]:
        """The champion's columns."""
        live = self._desk.versions.live
        columns = live.champion.package.columns if live else ()
        return [{"name": c.name, "datatype": _DATATYPES.get(c.type, "BYTES"), "shape": [-1]} for c in columns]

    def get_output_types(self) -> list[dict[str, Any]]:
        """One probability for each row."""
        return [{"name": PROBABILITY, "datatype": "FP64", "shape": [-1]}]


def _headers(answered: Answered) -> dict[str, str]:
    told = {"x-role": str(answered.role), "x-package": answered.package, REQUEST_HEADER: answered.request_id}
    return told if answered.number is None else {**told, "x-champion-number": str(answered.number)}


class _Plane(DataPlane):  # type: ignore[misc]
    """Reads requests; the server is ready when the model is."""

    async def ready(self) -> bool:
        for name in self.model_registry.get_models():
            if not await self.model_registry.is_model_ready(name):
                raise ServerNotReady("No champion serves so far.")
        return True

    def decode(self, body: Any, headers: Any, *args: Any, **options: Any) -> Any:
        try:
            return super().decode(body, headers, *args, **options)
        except InvalidInput as error:
            raise Refused(BAD, str(error)) from error
        except Exception as error:
            raise Refused(BAD, f"request: expected JSON or tensors, got {type(error).__name__}: {error}") from error


class _Repository(ModelRepository):  # type: ignore[misc]
    """Keeps the model while the server stops, so that what has come is answered."""

    def unload(self, name: str) -> None:
        pass


async def _refuse(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    headers = {REQUEST_HEADER: error.request_id} if error.request_id else {}
    return JSONResponse({"error": error.why}, error.status, headers)


async def _misshapen(_: Request, error: Exception) -> JSONResponse:
    """A body that is no request of the Open Inference Protocol."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return JSONResponse({"error": f"{place}: {first['msg']}"}, BAD)


def serve(name: str, follower: Follower, source: Source, settings: Serving) -> None:
    """Serves until a signal says otherwise; then answers what it has.

    Args:
        name: The model's, as in its address.
        follower: Says who is to answer.
        source: The registry.
        settings: Of the server.
    """
    # A package that hangs holds some of TensorFlow's threads, which all packages share; the others need some too.
    tf.config.threading.set_inter_op_parallelism_threads(_THREADS)
    metrics = Metrics(settings.buckets_ms)
    versions = Versions(follower, source, settings.batching, settings.queue_rows, metrics.told)
    log = RequestLogger(settings.requests, metrics.log_dropped) if settings.requests else Nowhere()
    metrics.watch(versions)
    watch = threading.Thread(target=versions.follow, args=(settings.poll_seconds,), name="follow", daemon=True)
    server = _server(name, Desk(versions, settings, log, metrics))
    watch.start()
    try:
        server.start([])
    finally:
        versions.stop()
        log.close()
    _LOG.info("stopped")


def _server(name: str, desk: Desk) -> ModelServer:
    settings, app = desk.settings, kserve.model_server.app
    app.add_middleware(Door, max_bytes=int(settings.max_body_mb * 1e6))
    app.add_exception_handler(Refused, _refuse)
    app.add_exception_handler(RequestValidationError, _misshapen)
    server = ModelServer(
        http_port=settings.port,
        enable_grpc=False,
        enable_latency_logging=False,
        registered_models=_Repository(),
        grace_period=int(settings.timeout_ms / 1e3) + 5,
    )
    server.dataplane = _Plane(model_registry=server.registered_models)
    server.register_model(_Served(name, desk))
    # KServe answers by a class that FastAPI would rather not have.
    warnings.filterwarnings("ignore", module="fastapi")
    for quiet in _QUIET:
        logging.getLogger(quiet).setLevel(logging.CRITICAL)
    return server
