from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from kfp import compiler, dsl
from kfp.dsl import Dataset, Input, Output

from benison import lint

Change = Callable[[dict[str, Any]], object]
component = dsl.component(base_image="ghcr.io/other/tool:1", install_kfp_package=False)


@component
def produce(count: int, data: Output[Dataset]):  # type: ignore[no-untyped-def]
    print(count)


@component
def consume(data: Input[Dataset], text: str) -> str:
    return text


@dsl.pipeline(name="of-another-tool")
def other(count: int = 3, place: str = "gs://bucket/data"):  # type: ignore[no-untyped-def]
    consume(data=produce(count=count).outputs["data"], text="a constant")


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A pipeline that is none of Benison's, as KFP compiles it."""
    path = tmp_path_factory.mktemp("plain") / "other.yaml"
    compiler.Compiler().compile(other, str(path))
    return path.read_text()


@pytest.fixture
def linted(plain: str, tmp_path: Path) -> Callable[..., list[str]]:
    """What is found in the pipeline after a change, or in another one, for a target."""

    def found(target: str, change: Change | None = None, *, text: str = "", more: Any = None) -> list[str]:
        documents = list(yaml.safe_load_all(text or plain))
        if change is not None:
            change(documents[0])
        path = tmp_path / "other.yaml"
        path.write_text(yaml.safe_dump_all([*documents, *([more] if more is not None else [])], sort_keys=True))
        return [str(finding) for finding in lint.file(path, target)]

    return found
