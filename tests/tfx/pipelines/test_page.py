"""The code of docs/tfx.md makes pipelines that both of TFX's runners take; the other tests run the like of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tfx import v1 as tfx
from tfx.dsl.compiler.compiler import Compiler
from tfx.dsl.components.base.base_node import BaseNode

from tests.tfx.pipelines.taxi import Taxi, eval_config

pytestmark = [pytest.mark.tfx, pytest.mark.timeout(900)]
PAGE = Path("docs/tfx.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
CUT, VALIDATOR, TRAINER, BLESSED, EVALUATOR, INFRA, PUSHER, ROLLOUT, RESOLVER, ALL = BLOCKS
EVERY = {"ExampleGen", "ChampionResolver", "ExampleValidator", "Trainer", "Evaluator", "InfraValidator", "Pusher"}


@pytest.mark.parametrize(
    ("blocks", "ours"),
    [
        ((CUT, VALIDATOR), {"ExampleValidator"}),
        ((CUT, TRAINER), {"Trainer"}),
        ((CUT, TRAINER, BLESSED, EVALUATOR), {"Trainer", "Evaluator"}),
        ((CUT, TRAINER, INFRA), {"Trainer", "InfraValidator"}),
        ((CUT, TRAINER, BLESSED, PUSHER), {"Trainer", "Pusher"}),
        ((CUT, TRAINER, BLESSED, PUSHER, ROLLOUT), {"Trainer", "Pusher", "Rollout"}),
        ((CUT, TRAINER, RESOLVER), {"Trainer", "ChampionResolver"}),
        ((ALL,), EVERY),
    ],
)
def test_both_runners_take_it(taxi: Taxi, tmp_path: Path, blocks: tuple[str, ...], ours: set[str]) -> None:
    named: dict[str, Any] = {
        "tfx": tfx,
        "data": str(taxi.root / "data"),
        "data_root": str(taxi.root),
        "project": str(taxi.project),
        "registry": str(tmp_path / "registry"),
        "serving": str(tmp_path / "serving"),
        "eval_config": eval_config(),
    }
    exec("\n".join(blocks), named)  # noqa: S102 -- the page's own code is what is tested
    components = [one for one in named.values() if isinstance(one, BaseNode)]
    found = {type(one).__name__ for one in components if type(one).__module__.startswith("benison.")}
    assert found == ours
    pipeline = taxi.pipeline(components)
    assert len(Compiler().compile(pipeline).nodes) == len(components)
    runner = tfx.orchestration.experimental
    config = runner.KubeflowV2DagRunnerConfig(default_image="registry/taxi:1")
    runner.KubeflowV2DagRunner(config, output_dir=str(tmp_path), output_filename="page.json").run(pipeline)
    assert (tmp_path / "page.json").stat().st_size > 0


def test_every_component_that_is_named_is_there() -> None:
    for module, name in re.findall(r"`(benison\.components\.\w+\.tfx)\.(\w+)`", PAGE):
        assert f"class {name}(" in Path(*module.removeprefix("benison.").split(".")).with_suffix(".py").read_text()
