"""docs/submit.md says what is so."""

import re
from pathlib import Path

import yaml

from benison.cli.submit import command
from benison.config import read
from benison.submit import calls
from tests.test_config_model_card import FRAME

PAGE = Path("docs/submit.md").read_text()


def test_the_example_is_read(tmp_path: Path) -> None:
    said = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
    (tmp_path / "benison.yaml").write_text(yaml.safe_dump({**FRAME, **said}))
    targets = read(tmp_path).targets
    assert targets["kubeflow"].destination.pipeline_root == "s3://models/pipelines"
    assert targets["vertex"].destination.location == "europe-west4"


def test_the_commands_have_options_that_there_are() -> None:
    known = {name for option in command.params for name in option.opts}
    assert set(re.findall(r"(?<=\s)--?[a-z-]+", PAGE.split("```")[1])) <= known


def test_the_waits_are_those_of_the_code() -> None:
    assert calls.WAITS_S == (1.0, 2.0, 4.0) and calls.LIMIT_S == 60
    assert "after\n1, 2 and 4 seconds" in PAGE and "within 60 seconds" in PAGE
