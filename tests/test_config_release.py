"""release: in benison.yaml."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from benison import config
from benison.config import Release
from benison.core.errors import ConfigError
from tests.test_config_model_card import FRAME


def read(folder: Path, **said: Any) -> Release:
    (folder / config.FILE).write_text(yaml.safe_dump({**FRAME, "release": said} if said else FRAME))
    return config.read(folder).release


def test_the_rules_are_read(tmp_path: Path) -> None:
    assert read(tmp_path) == Release("direct", "none", 30, "allowed")
    found = read(tmp_path, delivery="hold", approval="required", valid_days=7, force="forbidden")
    assert found == Release("hold", "required", 7, "forbidden")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"approval": "requird"}, r"\(release.approval\): expected one of none, required"),
        ({"delivery": "canary"}, r"\(release.delivery\): expected one of direct, hold"),
        ({"valid_days": 0}, r"\(release.valid_days\): expected .*1"),
        ({"forse": "allowed"}, r"\(release.forse\): expected a key that is known"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_key(tmp_path: Path, said: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, **said)
