from pathlib import Path

from checks import compiled


def test_tells_missing_changed_and_orphaned_files_from_fresh_ones(tmp_path: Path) -> None:
    assert compiled.stale(tmp_path) == ["continuous_training"]
    golden = tmp_path / "continuous_training.yaml"
    golden.write_text(compiled.fresh("continuous_training"))
    assert compiled.stale(tmp_path) == []
    golden.write_text(golden.read_text().replace("benison:", "benediction:"))
    (tmp_path / "gone.yaml").write_text("")
    assert compiled.stale(tmp_path) == ["continuous_training", "gone"]


def test_overlooks_kfps_version_alone() -> None:
    assert compiled.normalised("schemaVersion: 2.1.0\nsdkVersion: kfp-2.13.0\n") == compiled.normalised(
        "schemaVersion: 2.1.0\nsdkVersion: kfp-2.16.1\n"
    )
    assert "2.1.0" in compiled.normalised("schemaVersion: 2.1.0\n")


def test_what_is_committed_is_fresh_under_the_installed_kfp() -> None:
    assert compiled.stale(Path(__file__).resolve().parents[2] / compiled.COMPILED) == []
