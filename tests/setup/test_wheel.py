import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which Benison's wheel was unpacked, as an installer does it."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in ("benison", "components", "pipelines", "schemas"):
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    build = "from setuptools import build_meta; build_meta.build_wheel('..')"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


def run(installed: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=installed.parent, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_the_wheel_holds_the_whole_library_through_its_links(installed: Path) -> None:
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "benison").rglob("*.py")}
    for room in ("components", "pipelines"):
        sources |= {f"benison/{path.relative_to(ROOT)}" for path in (ROOT / room).rglob("*.py")}
    packed = {path.relative_to(installed).as_posix() for path in installed.rglob("*.py")}
    assert packed == {name for name in sources if "/tests/" not in name}


def test_the_wheel_holds_what_is_read_beside_the_code(installed: Path) -> None:
    expected = {f"benison/schemas/{path.name}" for path in (ROOT / "schemas").glob("*.json")}
    expected |= {f"benison/pipelines/compiled/{path.name}" for path in (ROOT / "pipelines/compiled").glob("*.yaml")}
    expected |= {f"benison/{path.relative_to(ROOT)}" for path in (ROOT / "components").glob("*/component.yaml")}
    expected |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "benison/template").rglob("*") if path.is_file()}
    expected = {name for name in expected if "__pycache__" not in name} | {"benison/py.typed"}
    assert expected <= {path.relative_to(installed).as_posix() for path in installed.rglob("*")}


def test_an_installed_benison_runs_from_any_folder(installed: Path) -> None:
    where = run(installed, "-c", "import benison; print(benison.__file__)")
    assert where.strip() == str(installed / "benison" / "__init__.py")
    assert run(installed, "-m", "benison", "--help").startswith("Usage: ")
