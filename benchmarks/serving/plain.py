"""KServe's plain server with the shortest model that answers the same: ``python plain.py PACKAGE PORT``."""

from __future__ import annotations

import logging
import sys
from typing import Any

PACKAGE, PORT = sys.argv[1:]
sys.argv = sys.argv[:1]

import tensorflow as tf  # noqa: E402
from kserve import Model, ModelServer  # noqa: E402


class Plain(Model):
    """Answers each request alone, and checks nothing."""

    def __init__(self) -> None:
        super().__init__("shop")
        self.loaded = tf.saved_model.load(PACKAGE)
        self.serve, self.ready = self.loaded.signatures["serve_columns"], True

    def predict(self, payload: Any, headers: Any = None, response_headers: Any = None) -> Any:
        """One call for one request."""
        rows = payload["instances"]
        answer = self.serve(
            city=tf.constant([row["city"] for row in rows]),
            visits=tf.constant([row["visits"] for row in rows], tf.float32),
            x=tf.constant([row["x"] for row in rows], tf.float32),
        )
        return {"predictions": answer["probability"].numpy().tolist()}


server = ModelServer(http_port=int(PORT), enable_grpc=False, enable_latency_logging=False)
for quiet in ("kserve", "kserve.trace", "uvicorn.access"):
    logging.getLogger(quiet).setLevel(logging.CRITICAL)
server.start([Plain()])
