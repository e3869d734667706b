"""The whole pipeline on a small project: from the first champion to a challenger that must not pass."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benison import cli
from benison.core.documents import read
from benison.registry.registry import Registry

sys.path.insert(0, str(Path(__file__).parent))
import small_project

pytestmark = pytest.mark.slow


def leave(*args: object) -> int:
    with pytest.raises(SystemExit) as left:
        cli.main([str(arg) for arg in args])
    assert isinstance(left.value.code, int)
    return left.value.code


def records(project: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((project / "runs").glob("*/run.json"))]


def output(project: Path, run: dict[str, Any], task: str, name: str) -> Path:
    return project / "runs" / str(run["tasks"][task]["outputs"][name]["path"])


def actions(project: Path) -> list[str]:
    return [logged.entry.action for logged in Registry.open(str(project / "registry"), "small").log()]


def snapshot_of(project: Path, run: dict[str, Any]) -> str:
    return str(read(output(project, run, "example-gen", "examples") / "snapshot.json", "snapshot")["digest"])


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project after two spans, each run twice."""
    project = small_project.make(tmp_path_factory.mktemp("whole") / "project")
    for _ in range(2):
        assert leave("run", project, "--span", 1, "--span", 2) == 0
    return project


def test_each_span_becomes_champion_once_and_the_older_one_is_not_put_back(twice: Path) -> None:
    assert [run["verdict"] for run in records(twice)] == ["pushed", "pushed", "superseded", "unchanged"]
    assert actions(twice) == ["register", "bless", "promote"] * 2
    assert Registry.open(str(twice / "registry"), "small").show("champion").manifest.provenance.spans == (1, 2)


def test_every_accepted_snapshot_is_kept_once_and_reaches_the_next_run(twice: Path) -> None:
    first, second, third, fourth = (snapshot_of(twice, run) for run in records(twice))
    assert (third, fourth) == (first, second)
    assert set(Registry.open(str(twice / "registry"), "small").history.entries()) == {first, second}
    known = [
        {
            read(path, "history_entry")["snapshot"]
            for path in output(twice, run, "champion-resolver", "history").iterdir()
        }
        for run in records(twice)
    ]
    assert known == [set(), {first}, {first, second}, {first, second}]


def test_training_is_reused_where_nothing_changed(twice: Path) -> None:
    first, second, third, fourth = records(twice)
    assert [run["tasks"]["trainer"]["state"] for run in (first, second)] == ["succeeded"] * 2
    assert third["tasks"]["trainer"]["reused_from"] == first["id"]
    assert fourth["tasks"]["trainer"]["reused_from"] == second["id"]
    for run in (third, fourth):
        assert {name for name, task in run["tasks"].items() if task["state"] != "reused"} >= {
            "bundle",
            "example-gen",
            "champion-resolver",
            "pusher",
        }


def test_a_holdout_row_was_never_trained_on_by_any_champion(twice: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    trained: set[str] = set()
    held: set[str] = set()
    for run in records(twice)[:2]:
        for split, artifact, seen in (("train", "examples", trained), ("holdout", "holdout", held)):
            file = output(twice, run, "example-gen", artifact) / f"Split-{split}" / "data-00000.parquet"
            seen.update(pq.read_table(file)["order"].to_pylist())
    assert held and trained and not held & trained


def disjoint(project: Path, run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    evaluation = read(output(project, run, "evaluator", "evaluation") / "evaluation.json", "evaluation")
    return {check["subject"]: check for check in evaluation["checks"] if check["name"] == "holdout_disjoint"}


def test_no_model_of_any_run_was_trained_on_its_holdout(twice: Path) -> None:
    first, *others = [disjoint(twice, run) for run in records(twice)]
    assert [list(first), *map(list, others)] == [["challenger"], *[["challenger", "champion", "reference"]] * 3]
    for found in (first, *others):
        assert {(check["tier"], check["verdict"], check["numbers"]["shared"]) for check in found.values()} == {
            ("hard", "PASS", 0)
        }


def test_a_holdout_that_the_champion_was_trained_on_blocks_with_the_overlap_counted(
    twice: Path, tmp_path: Path
) -> None:
    """Other shares make a holdout of rows that were in train before."""
    pq = pytest.importorskip("pyarrow.parquet")
    project = Path(shutil.copytree(twice, tmp_path / "project"))
    settings = project / "benison.yaml"
    shares = "  window: 2\n  splits: {shares: {train: 0.2, eval: 0.2, holdout: 0.6}}\n"
    settings.write_text(settings.read_text().replace("  window: 2\n", shares))
    assert leave("run", project, "--span", 2) == 1
    *_, run = records(project)

    def orders(run: dict[str, Any], artifact: str, split: str) -> list[str]:
        file = output(project, run, "example-gen", artifact) / f"Split-{split}" / "data-00000.parquet"
        return list(pq.read_table(file)["order"].to_pylist())

    trained = records(project)[1]
    seen = {*orders(trained, "examples", "train"), *orders(trained, "examples", "eval")}
    held = orders(run, "holdout", "holdout")
    again = sum(order in seen for order in held)
    found = disjoint(project, run)
    assert again > 100
    assert (found["champion"]["verdict"], found["champion"]["tier"]) == ("INCONCLUSIVE", "hard")
    assert found["champion"]["numbers"] == {"rows": len(held), "shared": again, "share": again / len(held)}
    assert (found["challenger"]["verdict"], found["challenger"]["numbers"]["shared"]) == ("PASS", 0)
    blessing = read(output(project, run, "pusher", "blessing") / "blessing.json", "blessing")
    assert blessing["verdict"] == "INCONCLUSIVE"
    assert any(reason.startswith(f"{again:,} of {len(held):,} rows") for reason in blessing["reasons"])


def test_the_challenger_is_held_against_the_champion_on_the_same_rows(twice: Path) -> None:
    _, second, *_ = records(twice)
    evaluation = read(output(twice, second, "evaluator", "evaluation") / "evaluation.json", "evaluation")
    overall = evaluation["slices"][0]
    assert evaluation["champion"]["number"] == 3
    assert evaluation["challenger"]["package"] != evaluation["champion"]["package"]
    assert {"challenger", "champion", "gain"} <= set(overall["metrics"]["auc"])
    assert overall["rows"] == evaluation["holdout"]["rows"]


def test_the_report_lies_beside_the_record(twice: Path) -> None:
    for run in records(twice):
        assert run["verdict"] in (twice / "runs" / run["id"] / "report.html").read_text().lower()


def test_a_challenger_that_learned_nothing_is_blocked_with_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = small_project.make(tmp_path / "project")
    text = (project / "model.py").read_text()
    (project / "model.py").write_text(text.replace("Adam(0.02)", "Adam(1e-9)"))
    (project / "benison.yaml").write_text((project / "benison.yaml").read_text().replace("epochs: 4", "epochs: 1"))
    assert leave("run", project, "--span", 1) == 1
    assert "\nverdict: blocked\nreport: " in capsys.readouterr().out
    (run,) = records(project)
    assert (run["state"], run["verdict"]) == ("succeeded", "blocked")
    assert actions(project) == ["register", "bless"]
    assert Registry.open(str(project / "registry"), "small").state().champion is None
    assert list(Registry.open(str(project / "registry"), "small").history.entries()) == [snapshot_of(project, run)]


def test_data_against_the_schema_are_never_trained_on(tmp_path: Path) -> None:
    project = small_project.make(tmp_path / "project")
    text = (project / "schema.pbtxt").read_text()
    (project / "schema.pbtxt").write_text(text.replace('"age" type: INT', '"age" type: INT int_domain { max: 30 }'))
    assert leave("run", project, "--span", 1) == 1
    (run,) = records(project)
    blessing = read(output(project, run, "pusher", "blessing") / "blessing.json", "blessing")
    assert (output(project, run, "trainer", "model") / "not_trained.json").is_file()
    assert (blessing["blessed"], blessing["package"]) == (False, None)
    assert any("age" in reason for reason in blessing["reasons"])
    assert Registry.create(str(project / "registry"), "small").history.entries() == {}


def test_the_same_pipeline_comes_to_the_same_under_kfp_s_own_local_runner(twice: Path, tmp_path: Path) -> None:
    program = f"""
import json, sys
from pathlib import Path
from kfp import local
from benison.core.pack import pack
from benison.pipelines.continuous_training import continuous_training
if __name__ == "__main__":
    local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root={str(tmp_path / "root")!r})
    staged = pack(Path({str(twice)!r}), Path({str(tmp_path / "bundles")!r}), exclude=("registry", "runs"))
    done = continuous_training(bundle_uri=staged.uri, bundle_digest=staged.digest, span=1, commit="", who="a test",
        data_root={str(twice)!r}, registry_uri={str(tmp_path / "registry")!r})
    print(json.dumps(done.outputs), file=sys.stderr)
"""
    (tmp_path / "program.py").write_text(program)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    root = str(Path(cli.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, str(tmp_path / "program.py")],
        env={**os.environ, "PATH": path, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert json.loads(done.stderr.strip().splitlines()[-1]) == {"verdict": "pushed"}
    ours = Registry.open(str(twice / "registry"), "small").show("3").manifest.provenance
    theirs = Registry.open(str(tmp_path / "registry"), "small").show("champion").manifest.provenance
    assert (theirs.model_digest, theirs.snapshot, theirs.bundle) == (ours.model_digest, ours.snapshot, ours.bundle)
