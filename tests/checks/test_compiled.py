import shutil
from pathlib import Path

from checks import compiled

ROOT = Path(__file__).resolve().parents[2]


def test_tells_missing_changed_and_orphaned_files_from_fresh_ones(tmp_path: Path) -> None:
    assert set(compiled.stale(tmp_path)) == {path for path, _ in compiled.fresh(tmp_path)}
    for path, text in compiled.fresh(tmp_path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert compiled.stale(tmp_path) == {}
    golden = tmp_path / "pipelines/compiled/continuous_training.vertex.yaml"
    golden.write_text(golden.read_text().replace("benison-", "benediction-"))
    orphan = Path(shutil.copytree(tmp_path / "components/bundle", tmp_path / "components/gone")) / "component.yaml"
    found = compiled.stale(tmp_path)
    assert set(found) == {golden, orphan} and found[orphan] is None and "benison-" in str(found[golden])


def test_there_is_one_for_every_pipeline_and_target_and_for_every_component() -> None:
    names = {path.relative_to(ROOT).as_posix() for path, _ in compiled.fresh(ROOT)}
    assert {f"pipelines/compiled/continuous_training.{one}.yaml" for one in ("local", "kubeflow", "vertex")} <= names
    assert {f"components/{path.parent.name}/component.yaml" for path in ROOT.glob("components/*/component.py")} <= names


def test_overlooks_kfps_version_alone() -> None:
    assert compiled.normalised("schemaVersion: 2.1.0\nsdkVersion: kfp-2.13.0\n") == compiled.normalised(
        "schemaVersion: 2.1.0\nsdkVersion: kfp-2.16.1\n"
    )
    assert "2.1.0" in compiled.normalised("schemaVersion: 2.1.0\n")


def test_what_is_committed_is_fresh_under_the_installed_kfp() -> None:
    assert compiled.stale(ROOT) == {}
