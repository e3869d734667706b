import inspect
from pathlib import Path

import pytest

from benison.components.bundle.component import bundle as component
from benison.components.bundle.run import run
from benison.core import digests, documents
from benison.core.errors import DataError, IntegrityError
from benison.core.pack import Staged, pack


@pytest.fixture
def staged(tmp_path: Path) -> Staged:
    (tmp_path / "project" / "layers").mkdir(parents=True)
    (tmp_path / "project" / "benison.yaml").write_text("name: a\n")
    (tmp_path / "project" / "layers" / "wide.py").write_text("WIDE = 1\n")
    return pack(tmp_path / "project", tmp_path / "a store")


@pytest.mark.parametrize("scheme", ["{}", "file://{}", "file://localhost{}"])
def test_what_was_packed_arrives(staged: Staged, tmp_path: Path, scheme: str) -> None:
    uri = scheme.format(staged.uri.replace(" ", "%20") if "file" in scheme else staged.uri)
    run(bundle_uri=uri, bundle_digest=staged.digest, bundle=tmp_path / "out")
    assert digests.of_tree(tmp_path / "out" / "project") == staged.digest
    assert digests.of_tree(tmp_path / "out") == digests.of_tree(Path(staged.uri))
    assert documents.read(tmp_path / "out" / "bundle.json", "bundle")["digest"] == staged.digest


def test_a_file_changed_after_staging_is_found_and_nothing_is_left(staged: Staged, tmp_path: Path) -> None:
    (Path(staged.uri) / "project" / "layers" / "wide.py").write_text("WIDE = 2\n")
    with pytest.raises(IntegrityError, match="changed or damaged after it was written"):
        run(bundle_uri=staged.uri, bundle_digest=staged.digest, bundle=tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_added_after_staging_is_found(staged: Staged, tmp_path: Path) -> None:
    (Path(staged.uri) / "project" / "sitecustomize.py").write_text("")
    with pytest.raises(IntegrityError, match=f"expected {staged.digest}"):
        run(bundle_uri=staged.uri, bundle_digest=staged.digest, bundle=tmp_path / "out")


def test_a_link_put_into_a_staged_project_is_refused(staged: Staged, tmp_path: Path) -> None:
    (Path(staged.uri) / "project" / "model.py").symlink_to("/etc/hostname")
    with pytest.raises(DataError, match=r"model\.py: expected plain files and folders, got a link"):
        run(bundle_uri=staged.uri, bundle_digest=staged.digest, bundle=tmp_path / "out")


def test_another_bundle_than_the_one_asked_for_is_refused(staged: Staged, tmp_path: Path) -> None:
    (tmp_path / "project" / "benison.yaml").write_text("name: b\n")
    other = pack(tmp_path / "project", tmp_path / "a store")
    with pytest.raises(IntegrityError) as error:
        run(bundle_uri=staged.uri, bundle_digest=other.digest, bundle=tmp_path / "out")
    assert str(error.value) == (
        f"bundle.json: expected {other.digest}, got {staged.digest}\n\n"
        "hint: another project lies there; stage this one again"
    )


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        (
            "ftp://server/bundle",
            "bundle_uri: expected an absolute path, or file:// and one, got 'ftp://server/bundle'\n\n"
            "hint: ftp:// is not supported here; copy or mount it, and name the folder",
        ),
        ("staged/a", "bundle_uri: expected an absolute path, got 'staged/a'\n\nhint: begin it with /"),
        (
            "/nowhere/at/all",
            "bundle_uri /nowhere/at/all: expected a staged project: bundle.json and project/, got nothing there\n\n"
            "hint: stage the project again; benison run and benison submit do it by themselves",
        ),
    ],
)
def test_a_uri_that_leads_nowhere_says_so(tmp_path: Path, uri: str, message: str) -> None:
    with pytest.raises(DataError) as error:
        run(bundle_uri=uri, bundle_digest="sha256:" + "0" * 64, bundle=tmp_path / "out")
    assert str(error.value) == message


def test_a_folder_that_is_no_bundle_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="got a folder without them"):
        run(bundle_uri=str(tmp_path), bundle_digest="sha256:" + "0" * 64, bundle=tmp_path / "out")


def test_a_digest_that_is_none_says_so(staged: Staged, tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        run(bundle_uri=staged.uri, bundle_digest="0123", bundle=tmp_path / "out")
    assert str(error.value) == "bundle_digest: expected sha256: and 64 hexadecimal digits, got '0123'"


def test_the_component_hands_over_what_run_takes() -> None:
    assert set(inspect.signature(run).parameters) == set(inspect.signature(component.python_func).parameters)
