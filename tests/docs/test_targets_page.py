"""What docs/targets.md shows of a configuration is one, and its table of keys says what each target takes."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from benison.config import read
from benison.config.machines import KUBEFLOW, TARGETS
from benison.core.errors import ConfigError
from tests.test_config_model_card import FRAME

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "targets.md").read_text()
VALUES: dict[str, Any] = {
    "images": "ghcr.io/acme",
    "cpu": 2,
    "memory": "8G",
    "retries": 1,
    "timeout_minutes": 5,
    "node_selector": {"a": "b"},
    "tolerations": [{"key": "a"}],
    "parameters": {"span": 1},
    "environment": {"A": "b"},
    "secrets": {"a": ["B"]},
    "service_account": "me@acme.iam.gserviceaccount.com",
    "components": {"trainer": {"image": "ghcr.io/acme/own:1"}},
}


OF_KUBERNETES = {"service_account": "me"}


def takes(folder: Path, target: str, key: str) -> bool:
    value = OF_KUBERNETES.get(key, VALUES[key]) if target == KUBEFLOW else VALUES[key]
    said = yaml.safe_dump({**FRAME, "targets": {target: {key: value}}})
    (folder / "benison.yaml").write_text(said)
    try:
        read(folder)
    except ConfigError:
        return False
    return True


def test_the_example_is_read(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "benison.yaml").write_text(yaml.safe_dump({**FRAME, **yaml.safe_load(block)}))
    targets = read(tmp_path).targets
    assert targets["kubeflow"].image("trainer").startswith("ghcr.io/acme/benison-train-gpu:")
    assert (targets["vertex"].settings("trainer").cpu, targets["vertex"].settings("trainer").memory) == ("8", "32G")


@pytest.mark.parametrize("key", VALUES)
def test_the_table_says_which_target_takes_a_key(tmp_path: Path, key: str) -> None:
    (row,) = (line for line in PAGE.splitlines() if re.match(rf"\| (`\w+`, )?`{key}`[, |]", line))
    said = [cell.strip().startswith("yes") for cell in row.split("|")[2:5]]
    assert said == [takes(tmp_path, target, key) for target in TARGETS]
