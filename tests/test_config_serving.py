"""serving: in benison.yaml."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from benison import config
from benison.config import Serving
from benison.core.errors import ConfigError
from tests.test_config_model_card import FRAME


def read(folder: Path, said: dict[str, Any]) -> Serving:
    (folder / config.FILE).write_text(yaml.safe_dump({**FRAME, **said}))
    return config.read(folder).serving


def test_a_folder_and_how_many_versions_stay(tmp_path: Path) -> None:
    assert read(tmp_path, {}) == Serving(None, 2)
    assert read(tmp_path, {"serving": {"folder": "/srv/models"}}) == Serving(Path("/srv/models"), 2)
    assert read(tmp_path, {"serving": {"folder": "file:///srv/models", "keep": 1}}) == Serving(Path("/srv/models"), 1)


@pytest.mark.parametrize(
    ("said", "message"),
    [
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
