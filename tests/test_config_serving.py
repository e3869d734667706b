"""serving: in benison.yaml."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from benison import config
from benison.config import Serving
from benison.config.serving import Batching, RequestLog
from benison.core.errors import ConfigError
from tests.test_config_model_card import FRAME


def read(folder: Path, said: dict[str, Any]) -> Serving:
    (folder / config.FILE).write_text(yaml.safe_dump({**FRAME, **said}))
    return config.read(folder).serving


def test_a_folder_and_how_many_versions_stay(tmp_path: Path) -> None:
    assert read(tmp_path, {}) == Serving(None, 2)
    assert read(tmp_path, {"serving": {"folder": "/srv/models"}}) == Serving(Path("/srv/models"), 2)
    assert read(tmp_path, {"serving": {"folder": "file:///srv/models", "keep": 1}}) == Serving(Path("/srv/models"), 1)


def test_the_model_server_s_limits_and_log(tmp_path: Path) -> None:
    kept = {
        "folder": "/srv/log",
        "sample": 0.1,
        "redact": {"email": "drop", "city": "hash"},
        "keep_days": 7,
        "max_gb": 2,
    }
    said = {
        "port": 9000,
        "unit": "customer",
        "poll_seconds": 5,
        "batching": {"rows": 32, "wait_ms": 2},
        "queue_rows": 100,
    }
    said |= {"buckets_ms": [60, 0.5], "timeout_ms": 250, "max_rows": 10, "max_body_mb": 1, "requests": kept}
    log = RequestLog(Path("/srv/log"), 0.1, {"email": "drop", "city": "hash"}, 7, 2.0)
    wanted = Serving(None, 2, 9000, "customer", 5.0, Batching(32, 2.0), 100, 250.0, 10, 1.0, log, (60.0, 0.5))
    assert read(tmp_path, {"serving": said}) == wanted
    assert read(tmp_path, {"serving": {"requests": {"folder": "/a"}}}).requests == RequestLog(Path("/a"))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"port": 70000}, r"\(serving.port\): expected a whole number from 1 to 65535, got 70000"),
        ({"buckets_ms": [60, 0]}, r"\(serving.buckets_ms\): expected a list of milliseconds, got 0"),
        ({"timeout": 5}, r"\(serving.timeout\): expected .*\n\nhint: did you mean timeout_ms"),
        ({"timeout_ms": 0}, r"\(serving.timeout_ms\): expected a number from 1 to 600000, got 0"),
        ({"queue_rows": 5, "max_rows": 9}, r"\(serving.queue_rows\): expected no less than max_rows, 9, got 5"),
        ({"batching": {"row": 5}}, r"\(serving.batching.row\): expected a key that is known here"),
        ({"requests": {"sample": 0.5}}, r"\(serving.requests.folder\): expected a key folder: text, got none"),
        ({"requests": {"folder": "log"}}, r"\(serving.requests.folder\): expected an absolute path, got 'log'"),
        ({"requests": {"folder": "/l", "sample": 2}}, r"\(serving.requests.sample\): expected a number from 0 to 1"),
        ({"requests": {"folder": "/l", "redact": {"a": "mask"}}}, r"redact.a\): expected one of drop, hash"),
        ({"requests": {"folder": "/l", "keep_days": 0}}, r"keep_days\): expected a whole number from 1"),
        ({"folder": "models"}, r"\(serving.folder\): expected an absolute path, got .models.\n\nhint: tasks run"),
        ({"folder": "s3://models"}, r"\(serving.folder\): expected an absolute path, or file:// and one, got 's3://models'"),
        ({"folder": "/srv", "keep": 0}, r"\(serving.keep\): expected .*1"),
        ({"keep": 3}, r"\(serving.folder\): expected the folder that servers watch, got none"),
        ({"dir": "/srv"}, r"\(serving.dir\): expected a key that is known"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_key(tmp_path: Path, said: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, {"serving": said})
