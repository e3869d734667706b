import hashlib
import json
import os
from pathlib import Path

import pytest

from benison.core import digests, documents
from benison.core.errors import DataError, StorageError
from benison.core.pack import Staged, pack


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "benison.yaml": "name: a\n",
        "model.py": "def build_model(): ...\n",
        "layers/wide.py": "WIDE = 1\n",
        "layers/data/table.py": "ROWS = 1\n",
        "data/span-1.csv": "x\n1\n",
        "runs/1/run.json": "{}",
        "registry/census/log/1.json": "{}",
        ".env": "TOKEN=1",
        ".venv/lib/a.py": "",
        "layers/__pycache__/wide.pyc": "",
        "layers/old.pyc": "",
    }.items():
        (tmp_path / "project" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "project" / name).write_text(text)
    return tmp_path / "project"


def packed(staged: Staged) -> list[str]:
    return [name for name, _ in digests.files_of(Path(staged.uri) / "project")]


def test_code_and_configuration_travel_and_nothing_else(project: Path, tmp_path: Path) -> None:
    staged = pack(project, tmp_path / "store", exclude=("registry",))
    assert packed(staged) == ["benison.yaml", "layers/data/table.py", "layers/wide.py", "model.py"]
    assert (Path(staged.uri) / "project" / "model.py").read_text() == "def build_model(): ...\n"


def test_the_digest_is_the_sorted_manifest_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "benison.yaml").write_bytes(b"name: a\n")
    staged = pack(tmp_path / "project", tmp_path / "store")
    entry = ["benison.yaml", 8, "sha256:" + hashlib.sha256(b"name: a\n").hexdigest()]
    whole = hashlib.sha256(json.dumps([entry], separators=(",", ":")).encode()).hexdigest()
    assert staged == Staged(str(tmp_path / "store" / f"sha256-{whole}"), f"sha256:{whole}")
    assert documents.read(Path(staged.uri) / "bundle.json", "bundle")["digest"] == staged.digest


def test_the_same_project_is_the_same_bundle_and_a_changed_one_another(project: Path, tmp_path: Path) -> None:
    first = pack(project, tmp_path / "store")
    os.utime(project / "model.py", (1, 1))
    assert pack(project, tmp_path / "store") == first
    (project / "model.py").write_text("def build_model(): pass\n")
    assert pack(project, tmp_path / "store").digest != first.digest
    assert len(list((tmp_path / "store").iterdir())) == 2


def test_a_store_inside_the_project_is_no_part_of_it(project: Path) -> None:
    first = pack(project, project / "staged")
    assert pack(project, project / "staged") == first


def test_a_registry_or_runs_folder_of_another_name_is_no_part_of_it(project: Path, tmp_path: Path) -> None:
    before = pack(project, tmp_path / "store")
    (project / "trial" / ".reuse").mkdir(parents=True)
    (project / "trial" / "run.json").write_text("{}")
    (project / "kept").mkdir()
    (project / "kept" / "registry.json").write_text("{}")
    assert pack(project, tmp_path / "store") == before


def test_a_damaged_bundle_is_replaced(project: Path, tmp_path: Path) -> None:
    staged = pack(project, tmp_path / "store")
    (Path(staged.uri) / "project" / "model.py").write_text("")
    assert pack(project, tmp_path / "store") == staged
    digests.verify_tree(Path(staged.uri) / "project", staged.digest)


def test_a_link_to_a_file_of_the_project_becomes_the_file(project: Path, tmp_path: Path) -> None:
    (project / "again.py").symlink_to("layers/wide.py")
    copied = Path(pack(project, tmp_path / "store").uri) / "project" / "again.py"
    assert copied.read_text() == "WIDE = 1\n"
    assert not copied.is_symlink()


@pytest.mark.parametrize(
    ("target", "got"),
    [("../secret", "a link to ../secret"), ("layers", "a link to layers"), ("nowhere", "a link to nowhere")],
)
def test_other_links_are_refused(project: Path, tmp_path: Path, target: str, got: str) -> None:
    (tmp_path / "secret").write_text("secret")
    (project / "link").symlink_to(target)
    with pytest.raises(DataError) as error:
        pack(project, tmp_path / "store")
    assert str(error.value) == (
        f"{project}/link: expected a file of the project, got {got}\n\n"
        "hint: copy what it points to into its place, or move it out of the project"
    )
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("kind", ["", "EC ", "ENCRYPTED "])
def test_a_private_key_is_refused(project: Path, tmp_path: Path, kind: str) -> None:
    """What is made here is none; a module that only speaks of one is a file like any other."""
    begins = f"-----BEGIN {kind}PRIVATE" + " KEY-----\n"
    (project / "speaks.py").write_text(f"HEAD = {begins!r}\n")
    pack(project, tmp_path / "store")
    (project / "layers" / "release.pem").write_text(f"\n{begins}AAAA\n")
    told = r"release\.pem: expected files that may be copied, got a private key\n\nhint: keep it outside of the project"
    with pytest.raises(DataError, match=told):
        pack(project, tmp_path / "store")


def test_a_pipe_is_refused(project: Path, tmp_path: Path) -> None:
    os.mkfifo(project / "pipe")
    with pytest.raises(DataError, match="expected a file of the project, got a special file"):
        pack(project, tmp_path / "store")


def test_more_than_fifty_megabytes_are_refused(project: Path, tmp_path: Path) -> None:
    with (project / "weights.bin").open("wb") as file:
        file.truncate(51_500_000)
    with pytest.raises(DataError) as error:
        pack(project, tmp_path / "store")
    assert str(error.value) == (
        f"{project}: expected a project of at most 50 MB, got 51.5 MB, of which weights.bin has 51.5\n\n"
        "hint: a bundle carries code and configuration; keep data in data/ or outside of the project"
    )


def test_nothing_to_pack_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty: expected a project's files, got none"):
        pack(tmp_path / "empty", tmp_path / "store")
    with pytest.raises(DataError, match="missing: expected a project's folder, got none"):
        pack(tmp_path / "missing", tmp_path / "store")


def test_a_store_that_is_a_file_is_an_error_and_leaves_nothing(project: Path, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("")
    with pytest.raises(StorageError, match="expected a folder with room that can be written, got a file in the place"):
        pack(project, tmp_path / "store")
    assert (tmp_path / "store").read_text() == ""
