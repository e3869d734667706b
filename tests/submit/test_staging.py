"""A project under a pipeline root: what is written, what is left alone, what the first task makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benison.components.bundle.run import run
from benison.core import digests
from benison.core.errors import DataError, IntegrityError, StorageError
from benison.core.pack import Staged, pack
from benison.submit.staging import stage
from tests.sources.s3_server import new_bucket, s3_server


@pytest.fixture
def bundle(tmp_path: Path) -> Staged:
    (tmp_path / "project" / "layers").mkdir(parents=True)
    (tmp_path / "project" / "benison.yaml").write_text("name: a\n")
    (tmp_path / "project" / "layers" / "wide.py").write_text("WIDE = 1\n")
    return pack(tmp_path / "project", tmp_path / "bundles")


def test_a_project_is_staged_once(bundle: Staged, tmp_path: Path) -> None:
    root = tmp_path / "root"
    first = stage(Path(bundle.uri), bundle.digest, str(root))
    assert first.uri == f"{root}/benison/bundles/{digests.as_folder_name(bundle.digest)}"
    assert digests.of_tree(Path(first.uri, "project")) == bundle.digest
    assert [stage(Path(bundle.uri), bundle.digest, str(root)).uploaded, first.uploaded] == [0, 3]


def test_what_an_interrupted_call_left_is_finished(bundle: Staged, tmp_path: Path) -> None:
    staged = stage(Path(bundle.uri), bundle.digest, f"file://{tmp_path}/root")
    folder = Path(staged.uri.removeprefix("file://"))
    (folder / "bundle.json").unlink()
    (folder / "project" / "layers" / "wide.py").unlink()
    assert stage(Path(bundle.uri), bundle.digest, f"file://{tmp_path}/root").uploaded == 2
    assert digests.of_tree(folder / "project") == bundle.digest


def test_something_else_in_its_place_is_told(bundle: Staged, tmp_path: Path) -> None:
    staged = stage(Path(bundle.uri), bundle.digest, str(tmp_path / "root"))
    Path(staged.uri, "bundle.json").write_text("{")
    with pytest.raises(IntegrityError, match="expected a document of kind bundle"):
        stage(Path(bundle.uri), bundle.digest, str(tmp_path / "root"))


def test_the_first_task_fetches_it_from_a_bucket(
    bundle: Staged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3_server() as address:
        bucket = new_bucket(address, "models", monkeypatch)
        staged = stage(Path(bundle.uri), bundle.digest, bucket.uri("root"))
        assert stage(Path(bundle.uri), bundle.digest, bucket.uri("root")).uploaded == 0
        run(bundle_uri=staged.uri, bundle_digest=bundle.digest, bundle=tmp_path / "out")
        assert digests.of_tree(tmp_path / "out") == digests.of_tree(Path(bundle.uri))
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
        with pytest.raises(DataError, match=r"root/none: expected a staged project: .*, got nothing there"):
            run(bundle_uri=bucket.uri("root/none"), bundle_digest=bundle.digest, bundle=tmp_path / "other")
        key = staged.uri.removeprefix(bucket.uri())
        bucket.put(f"{key}/project/benison.yaml", b"name: changed")
        with pytest.raises(IntegrityError, match="changed or damaged after it was written"):
            run(bundle_uri=staged.uri, bundle_digest=bundle.digest, bundle=tmp_path / "other")
        with pytest.raises(StorageError, match="got no such bucket"):
            stage(Path(bundle.uri), bundle.digest, "s3://nowhere/root")
