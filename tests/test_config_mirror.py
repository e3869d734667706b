"""mirror: in benison.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from benison import config
from benison.config.mirror import Container, VertexMirror
from benison.core.errors import ConfigError
from tests.test_config_model_card import FRAME

IMAGE = "europe-west4-docker.pkg.dev/acme/ml/census:1.2"
PLACE = {"project": "acme", "location": "europe-west4", "artifacts": "gs://acme-models/mirrored/", "image": IMAGE}


def read(folder: Path, said: dict[str, Any]) -> VertexMirror | None:
    (folder / config.FILE).write_text(yaml.safe_dump({**FRAME, **said}))
    return config.read(folder).mirror


def test_nothing_is_mirrored_unless_it_is_said(tmp_path: Path) -> None:
    assert read(tmp_path, {}) is None


def test_a_place_and_what_serves_there(tmp_path: Path) -> None:
    usual = VertexMirror("acme", "europe-west4", "gs://acme-models/mirrored", Container(IMAGE))
    assert read(tmp_path, {"mirror": {"vertex": PLACE}}) == usual
    more = {"model": "census-eu", "api": "https://10.0.0.7", "port": 9000}
    more |= {"predict_route": "/predict", "health_route": "/health"}
    container = Container(IMAGE, "/predict", "/health", 9000)
    found = VertexMirror(
        "acme", "europe-west4", "gs://acme-models/mirrored", container, "census-eu", "https://10.0.0.7"
    )
    assert read(tmp_path, {"mirror": {"vertex": {**PLACE, **more}}}) == found


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"project": "Acme Inc"}, "(mirror.vertex.project): expected a project's id, got 'Acme Inc'"),
        ({"location": "europe"}, "expected a region as in europe-west4, got 'europe'"),
        ({"artifacts": "s3://acme"}, "(mirror.vertex.artifacts): expected a bucket's folder: gs://, got 's3://acme'"),
        ({"image": "benison serve"}, "expected an image, as in europe-west4-docker.pkg.dev/acme/ml/name:tag, got 'b"),
        ({"model": "7"}, "expected up to 63 of a to z, 0 to 9, - and _, no digit or - first, got '7'"),
        ({"predict_route": "predict"}, "expected a path that begins with /, got 'predict'"),
        ({"port": 65536}, "expected a port from 1 to 65535, got 65536"),
        ({"api": "https://me@10.0.0.7"}, "(mirror.vertex.api): expected an address"),
        ({"imgae": IMAGE}, "expected a key that is known here, got 'imgae'"),
    ],
)
def test_what_is_not_understood_is_told_by_its_key(tmp_path: Path, said: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as told:
        read(tmp_path, {"mirror": {"vertex": {**PLACE, **said}}})
    assert text in str(told.value)
    assert "secret" not in str(told.value)


def test_the_example_of_the_page_is_understood(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs" / "registry.md").read_text()
    block = page.partition("## In Vertex AI's Model Registry")[2].partition("```yaml\n")[2].partition("```")[0]
    found = read(tmp_path, yaml.safe_load(block))
    assert found is not None
    assert found.artifacts == "gs://acme-models/mirrored"


def test_what_serves_there_has_to_be_said(tmp_path: Path) -> None:
    place = {key: value for key, value in PLACE.items() if key != "image"}
    with pytest.raises(ConfigError, match=r"\(mirror.vertex.image\): expected a key image: text, got none"):
        read(tmp_path, {"mirror": {"vertex": place}})
    with pytest.raises(ConfigError, match=r"\(mirror.vertx\)"):
        read(tmp_path, {"mirror": {"vertex": PLACE, "vertx": {}}})
