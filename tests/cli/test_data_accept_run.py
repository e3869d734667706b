"""``benison data accept`` finds what the newest run said, where the engine left it."""

import json
from pathlib import Path

import pytest

from benison.config import acceptances
from benison.core import documents
from tests.cli.commands import call
from tests.pipelines import small_project

Captured = pytest.CaptureFixture[str]
EXAMPLE = Path(__file__).parents[2] / "schemas/examples/valid/run.json"
RUN = "20261121-090000-0a1b"
SCHEMA = small_project.SCHEMA.replace("type: BYTES", 'type: BYTES string_domain { value: "Ulm" value: "Jena" }', 1)


@pytest.fixture
def project(tmp_path: Path, capsys: Captured) -> Path:
    """A project, with a run whose data were found wrong as it leaves them."""
    folder = tmp_path / "shop"
    small_project.make(folder)
    (folder / "schema.pbtxt").write_text(SCHEMA)
    validator = folder / "runs" / RUN / "tasks" / "example-validator"
    assert call(capsys, "data", "validate", "-p", folder, "--out", validator / "anomalies").code == 1
    (validator / "statistics").symlink_to(validator / "anomalies")
    record = {**json.loads(EXAMPLE.read_text()), "id": RUN}
    task = {**next(iter(record["tasks"].values())), "state": "succeeded"}
    outputs = {
        name: {"path": f"{RUN}/tasks/example-validator/{name}", "digest": f"sha256:{0:064}", "metadata": {}}
        for name in ("anomalies", "statistics")
    }
    record["tasks"] = {"example-validator": {**task, "outputs": outputs}}
    documents.write(folder / "runs" / RUN / "run.json", "run", record)
    return folder


def test_the_newest_run_is_looked_at(project: Path, capsys: Captured) -> None:
    answer = call(capsys, "data", "accept", "-p", project)
    assert answer.code == 0, answer.err
    assert "column city in train" in answer.out


@pytest.mark.parametrize("named", ["newest", "id", "folder"])
def test_a_run_may_be_named_by_its_id_or_its_folder(named: str, project: Path, capsys: Captured) -> None:
    option = {"newest": [], "id": ["--run", RUN], "folder": ["--run", project / "runs" / RUN]}[named]
    answer = call(capsys, "data", "accept", "schema", "city", "--why", "x", "-p", project, *option)
    assert answer.code == 0, answer.err
    [found] = acceptances.read(project)
    assert found.changed == ("feature city: string_domain.value + 'Bonn'",)
    assert (project / "schema.pbtxt").read_text() == SCHEMA.replace('"Jena" }', '"Jena" value: "Bonn" }')


def test_a_run_that_is_not_there_is_told(project: Path, capsys: Captured) -> None:
    answer = call(capsys, "data", "accept", "-p", project, "--run", "2025")
    assert (answer.code, "expected a run '2025', got 1 others" in answer.err) == (2, True), answer.err


def test_statistics_that_are_gone_are_told(project: Path, capsys: Captured) -> None:
    (project / "runs" / RUN / "tasks/example-validator/anomalies/Split-train/FeatureStats.pb").unlink()
    answer = call(capsys, "data", "accept", "schema", "city", "--why", "x", "-p", project)
    assert (answer.code, "expected statistics of split train, got No such file" in answer.err) == (2, True), answer.err
    assert (project / "schema.pbtxt").read_text() == SCHEMA


def test_a_run_that_did_not_get_to_the_checks_is_told(project: Path, capsys: Captured) -> None:
    path = project / "runs" / RUN / "run.json"
    record = json.loads(path.read_text())
    record["tasks"] = {"example-gen": record["tasks"]["example-validator"]}
    path.write_text(json.dumps(record))
    answer = call(capsys, "data", "accept", "-p", project)
    assert (answer.code, "expected a run whose data were checked" in answer.err) == (2, True), answer.err
    assert "the newest" not in answer.err


def copied(project: Path, run: str, tasks: dict[str, object]) -> Path:
    """A run with other tasks than the one there is."""
    record = json.loads((project / "runs" / RUN / "run.json").read_text())
    folder = project / "runs" / run
    folder.mkdir()
    documents.write(folder / "run.json", "run", {**record, "id": run, "tasks": {**record["tasks"], **tasks}})
    return folder


def test_a_newer_run_that_died_before_its_checks_is_passed_over_and_told(project: Path, capsys: Captured) -> None:
    task = json.loads((project / "runs" / RUN / "run.json").read_text())["tasks"]["example-validator"]
    newer = "20261122-090000-0a1b"
    copied(project, newer, {"example-validator": {**task, "state": "not_run", "outputs": {}}})
    answer = call(capsys, "data", "accept", "-p", project)
    assert (answer.code, "column city in train" in answer.out) == (0, True)
    said = f"run {RUN}, the newest whose data were checked; {newer} is newer, and has no data checks\n"
    assert answer.err == said
    named = call(capsys, "data", "accept", "-p", project, "--run", newer)
    assert (named.code, "got one that did not get there" in named.err) == (2, True)


def test_what_was_found_of_another_project_is_refused(project: Path, tmp_path: Path, capsys: Captured) -> None:
    task = json.loads((project / "runs" / RUN / "run.json").read_text())["tasks"]["example-validator"]
    run = "20261122-090000-0a1b"
    output = {"path": f"{run}/tasks/bundle/bundle", "digest": f"sha256:{0:064}", "metadata": {}}
    folder = copied(project, run, {"bundle": {**task, "outputs": {"bundle": output}}})
    bundle = folder / "tasks" / "bundle" / "bundle" / "project"
    bundle.mkdir(parents=True)
    (bundle / "benison.yaml").write_text("name: market\n")
    answer = call(capsys, "data", "accept", "-p", project, "--run", folder)
    assert (answer.code, "got one of 'market'\n\nhint: name the run's own project" in answer.err) == (2, True), (
        answer.err
    )
    (bundle / "benison.yaml").write_text("name: small\n")
    assert call(capsys, "data", "accept", "-p", project, "--run", folder).code == 0


def test_a_run_from_elsewhere_that_lost_its_bundle_is_refused(project: Path, tmp_path: Path, capsys: Captured) -> None:
    other = tmp_path / "other"
    small_project.make(other)
    answer = call(capsys, "data", "accept", "-p", other, "--run", project / "runs" / RUN)
    assert (answer.code, "one of which it is not known whose it is" in answer.err) == (2, True), answer.err
