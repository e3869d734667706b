"""benison compile --target, benison lint, and what benison run takes from targets.local."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from benison import compile as compiling
from benison.cli import project as projects
from benison.cli import run
from benison.config.targets import usual
from tests.cli.commands import call
from tests.test_config_model_card import FRAME

BUCKETS = {"data": {"path": "gs://acme/people.csv"}, "registry": "gs://acme/registry"}
IMAGES = "europe-docker.pkg.dev/acme/ml"
ACCOUNT = "runner@acme.iam.gserviceaccount.com"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, **said: Any) -> Path:
    (folder / "benison.yaml").write_text(yaml.safe_dump({**FRAME, **said}))
    return folder


def document(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def test_compiles_for_a_target_without_a_project(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for target in ("local", "kubeflow", "vertex"):
        done = call(capsys, "compile", "--target", target)
        assert (done.code, done.out) == (0, f"continuous_training.{target}.yaml\n")
        compiling.compile_pipeline("continuous_training", project / "expected.yaml", usual(target))
        written = project / f"continuous_training.{target}.yaml"
        assert written.read_bytes() == (project / "expected.yaml").read_bytes()


def test_compiles_what_the_project_asks_for(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    targets = {"vertex": {"images": IMAGES, "components": {"trainer": {"machine": "n1-standard-4"}}}}
    write(project, targets=targets, model={"warm_start": True})
    for words in ([], ["-p", project]):
        assert call(capsys, "compile", "--target", "vertex", "-o", "out.yaml", *words).code == 0
        spec = document(project / "out.yaml")
        container = spec["deploymentSpec"]["executors"]["exec-trainer"]["container"]
        assert container["image"].startswith(f"{IMAGES}/benison-train:")
        assert container["resources"]["resourceMemoryLimit"] == "15G"
        assert spec["root"]["dag"]["tasks"]["trainer"]["cachingOptions"] == {}
    call(capsys, "compile", "-o", "here.yaml")
    assert document(project / "here.yaml")["root"]["dag"]["tasks"]["trainer"]["cachingOptions"] == {"enableCache": True}


def test_a_wrong_key_is_named_with_its_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, targets={"vertex": {"image": "x"}})
    done = call(capsys, "compile", "--target", "vertex")
    assert done.code == 2 and not list(project.glob("continuous*"))
    assert "(targets.vertex.image): expected a key that is known here" in done.err
    assert "hint: did you mean images?" in done.err


def test_a_pipeline_that_is_not_known_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "compile", "continuous_traning")
    assert done.code == 2 and "did you mean continuous_training?" in done.err


@pytest.mark.parametrize(
    ("said", "messages"),
    [
        (
            {},
            [
                "error: benison.yaml (registry): expected a registry in a bucket, got 'registry'",
                "error: benison.yaml (data.path): expected data in a bucket: gs://, s3://, az://, got 'people.csv'",
                "warning: benison.yaml (targets.vertex.service_account): expected an account with the least rights",
            ],
        ),
        (
            {**BUCKETS, "evaluation": "config.pbtxt"},
            ["benison.yaml (evaluation): expected an evaluation config in JSON, got 'config.pbtxt' (only"],
        ),
        (
            {**BUCKETS, "serving": {"folder": "/srv/models"}},
            ["benison.yaml (serving.folder): expected no folder: servers follow the registry, got '/srv/models'"],
        ),
        (
            {**BUCKETS, "targets": {"vertex": {"parameters": {"registry_uri": "/registry"}}}},
            [
                "error: benison.yaml (targets.vertex.parameters): expected a registry in a bucket, got '/registry'",
                "registry_uri.defaultValue): expected a place that the cluster sees, got '/registry'",
            ],
        ),
    ],
)
def test_a_project_that_only_this_machine_can_run_is_not_for_a_cluster(
    project: Path, capsys: pytest.CaptureFixture[str], said: dict[str, Any], messages: list[str]
) -> None:
    write(project, **said)
    done = call(capsys, "lint", "--target", "vertex", project)
    assert done.code == 2 and f"{project}: not for vertex: errors: " in done.err
    assert [message for message in messages if message not in done.out] == []
    assert call(capsys, "lint", project).code == 0


def test_a_project_in_buckets_runs_on_clusters(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = {name: {"images": IMAGES} for name in ("kubeflow", "vertex")}
    write(project, **BUCKETS, targets={**both, "vertex": {"images": IMAGES, "service_account": ACCOUNT}})
    for target in both:
        done = call(capsys, "lint", "--target", target)
        assert (done.code, done.out) == (0, ""), done
        assert done.err.endswith(f"nothing against {target}: errors: 0, warnings: 0\n")


def test_data_under_a_mounted_bucket_run_on_vertex(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = {"images": IMAGES, "service_account": ACCOUNT, "parameters": {"data_root": "/gcs/acme/data"}}
    write(project, registry="gs://acme/registry", targets={"vertex": asked, "kubeflow": {"images": IMAGES}})
    done = call(capsys, "lint", "--target", "vertex")
    assert (done.code, done.out) == (0, ""), done
    assert "(data.path)" in call(capsys, "lint", "--target", "kubeflow").out


def test_a_file_of_another_tool_is_looked_at(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, "compile", "-o", "own.yaml")
    (project / "own.yaml").write_text(
        (project / "own.yaml").read_text().replace("schemaVersion: 2.1", "schemaVersoin: 2.1")
    )
    done = call(capsys, "lint", "own.yaml", "--target", "kubeflow")
    assert done.code == 2 and "hint" not in done.out and "(did you mean schemaVersion?)" in done.out


def test_no_project_and_no_file_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "lint", project / "nothing")
    assert done.code == 2 and "expected a project: a folder with benison.yaml, got no such folder" in done.err


@pytest.mark.parametrize(("said", "seconds"), [({}, None), ({"timeout_minutes": 5}, 300)])
def test_a_run_here_has_the_time_limit_of_the_project(
    project: Path, said: dict[str, Any], seconds: float | None
) -> None:
    write(project, targets={"local": said})
    (project / "schema.pbtxt").write_text("")
    (project / "eval_config.json").write_text("{}")
    assert run.request_of(projects.find(project), 1, cache=True).task_timeout_s == seconds
