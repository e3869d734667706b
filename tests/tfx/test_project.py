from __future__ import annotations

import re
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from benison.core import digests, documents
from benison.core.errors import ConfigError, DataError, IntegrityError
from benison.tfx.project import bundled, digest_of
from tests.tfx.shop import project

INFERRED = """\
feature { name: "mostly missing" type: BYTES presence { min_fraction: 1.0 min_count: 1 } }
feature { name: "always there" type: INT presence { min_fraction: 1.0 min_count: 1 } shape { dim { size: 1 } } }
feature { name: "one at least" type: INT presence { min_fraction: 0.9 } value_count { min: 1 max: 1 } }
feature { name: "one at most" type: INT presence { min_fraction: 0.9 } value_count { max: 1 } }
"""


def test_a_digest_is_of_the_project_and_not_of_its_data_and_runs(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    before = digest_of(folder)
    for name in ("data", "runs"):
        (folder / name).mkdir()
        (folder / name / "more.csv").write_text("a\n1\n")
    assert digest_of(folder) == before
    (folder / "model.py").write_text("")
    assert digest_of(folder) != before


def test_a_folder_without_benison_yaml_is_refused_as_the_pipeline_is_defined(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape("benison.yaml")):
        digest_of(tmp_path)


def test_a_bundle_has_the_project_under_its_digest(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    bundle = bundled(folder, digest_of(folder), tmp_path / "scratch")
    assert documents.read(bundle / "bundle.json", "bundle")["digest"] == digest_of(folder)
    assert (bundle / "project" / "model.py").read_text() == (folder / "model.py").read_text()


def test_a_project_that_changed_since_the_pipeline_was_defined_is_refused(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    digest = digest_of(folder)
    (folder / "model.py").write_text("changed = True\n")
    message = f"expected the project with which the pipeline was defined, {digests.short(digest)}, got"
    with pytest.raises(IntegrityError, match=message):
        bundled(folder, digest, tmp_path / "scratch")


def test_a_schema_artifact_takes_the_place_of_the_projects_own_and_makes_another_bundle(tmp_path: Path) -> None:
    folder, artifact = project(tmp_path / "project"), tmp_path / "schema"
    artifact.mkdir()
    (artifact / "schema.pbtxt").write_text(INFERRED)
    bundle = bundled(folder, digest_of(folder), tmp_path / "scratch", artifact)
    told = documents.read(bundle / "bundle.json", "bundle")["digest"]
    assert told == digests.of_tree(bundle / "project") != digest_of(folder)
    schema = text_format.Parse((bundle / "project" / "schema.pbtxt").read_text(), schema_pb2.Schema())
    asked = {feature.name: feature.presence.min_fraction for feature in schema.feature}
    assert asked == {"mostly missing": 0, "always there": 1, "one at least": 0.9, "one at most": 0}
    assert [feature.presence.min_count for feature in schema.feature] == [1, 1, 0, 0]


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("other.txt", "", "expected a file schema.pbtxt, as SchemaGen writes it, got other.txt"),
        ("schema.pbtxt", "feature {", "expected a tensorflow.metadata.v0.Schema in protobuf's text format"),
    ],
)
def test_an_artifact_without_a_schema_is_refused(tmp_path: Path, file: str, content: str, message: str) -> None:
    folder, artifact = project(tmp_path / "project"), tmp_path / "schema"
    artifact.mkdir()
    (artifact / file).write_text(content)
    with pytest.raises(DataError, match=re.escape(message)):
        bundled(folder, digest_of(folder), tmp_path / "scratch", artifact)
