import hashlib
import importlib.util
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "requirements" / "setup_environment.py"


@pytest.fixture()
def setup_environment() -> ModuleType:
    spec = importlib.util.spec_from_file_location("setup_environment", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LINUX, ARM = ("Linux", "x86_64"), ("Linux", "aarch64")


@pytest.mark.parametrize(
    ("python", "machine", "lock"),
    [
        ((3, 11), (*LINUX, (2, 36)), "older.txt"),
        ((3, 11), (*LINUX, (2, 41)), "older.txt"),
        ((3, 11), (*LINUX, (2, 28)), "older.txt"),
        ((3, 11), (*LINUX, (2, 27)), None),
        ((3, 12), (*LINUX, (2, 38)), None),
        ((3, 12), (*LINUX, (2, 39)), "current.txt"),
        ((3, 13), (*LINUX, (2, 41)), "current.txt"),
        ((3, 13), (*LINUX, ()), None),
        ((3, 14), (*LINUX, (2, 41)), None),
        ((3, 10), (*LINUX, (2, 36)), None),
        ((3, 11), (*ARM, (2, 41)), None),
        ((3, 13), (*ARM, (2, 41)), None),
        ((3, 13), ("Darwin", "arm64", ()), "current.txt"),
        ((3, 11), ("Darwin", "arm64", ()), None),
        ((3, 13), ("Darwin", "x86_64", ()), None),
    ],
)
def test_chooses_the_lock_whose_wheels_run(
    setup_environment: ModuleType, python: tuple[int, int], machine: tuple[str, str, tuple[int, ...]], lock: str | None
) -> None:
    assert setup_environment.fitting_lock(python, setup_environment.Machine(*machine)) == lock


def test_takes_another_python_on_the_path_where_the_first_does_not_fit(setup_environment: ModuleType) -> None:
    machine = setup_environment.Machine("Linux", "x86_64", (2, 36))
    tried = {"/a/python3.13": (3, 13), "/b/python3.11": (3, 11)}
    assert setup_environment.choose(tried, machine) == ("/b/python3.11", "older.txt")


def test_names_what_was_found_and_what_is_wanted(
    setup_environment: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = setup_environment.Machine("Linux", "x86_64", (2, 31))
    with pytest.raises(SystemExit) as caught:
        setup_environment.choose({"/usr/bin/python3": (3, 9), "/opt/python3.13": (3, 13)}, machine)
    assert caught.value.code == 2
    assert capsys.readouterr().err == (
        "this machine: expected Python 3.12 or 3.13 on x86_64 Linux with glibc 2.39 or newer or on macOS arm64, "
        "or Python 3.11 on x86_64 Linux with glibc 2.28 or newer, "
        "got Python 3.9 (/usr/bin/python3), Python 3.13 (/opt/python3.13) on Linux x86_64, glibc 2.31\n"
        "\nhint: install one of these and put it on the PATH, or name it: make PYTHON=/path/to/python3.11\n"
    )


def test_finds_the_python_that_runs_it_first(setup_environment: ModuleType) -> None:
    assert next(iter(setup_environment.pythons().values())) == sys.version_info[:2]


@pytest.mark.parametrize("changed", ["requirements/older.txt", "requirements/build.txt", "setup.py"])
def test_is_done_once_and_again_when_a_source_or_the_place_changes(changed: str, tmp_path: Path) -> None:
    def state(root: Path) -> str:
        code = "import setup_environment as s; print(s.state('/usr/bin/python3.11', 'older.txt'))"
        return subprocess.run(
            [sys.executable, "-B", "-c", code], cwd=root / "requirements", capture_output=True, text=True, check=True
        ).stdout

    shutil.copytree(ROOT / "requirements", tmp_path / "one" / "requirements")
    shutil.copy(ROOT / "setup.py", tmp_path / "one" / "setup.py")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    before = state(tmp_path / "one")
    assert state(tmp_path / "one") == before
    assert state(tmp_path / "two") != before
    with (tmp_path / "one" / changed).open("a") as file:
        file.write("# changed\n")
    assert state(tmp_path / "one") != before


def test_leaves_another_checkouts_environment_alone(tmp_path: Path) -> None:
    """A link in the place of .venv would be followed, and what it stands for emptied."""
    own, other = tmp_path / "own", tmp_path / "other"
    shutil.copytree(ROOT / "requirements", own / "requirements")
    shutil.copyfile(ROOT / "setup.py", own / "setup.py")
    (other / "bin").mkdir(parents=True)
    (own / ".venv").symlink_to(other)
    done = subprocess.run([sys.executable, own / "requirements" / SCRIPT.name], capture_output=True, text=True)
    assert done.returncode == 2
    assert f".venv: expected no link, got one to {other}\n\nhint: remove it:  rm .venv" in done.stderr
    assert (other / "bin").is_dir()


@pytest.fixture()
def index(setup_environment: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index in files, with a wheel of uv for this machine; answers with the wheel."""
    version, _ = setup_environment.pinned_uv()
    wheel = tmp_path / "files" / f"uv-{version}-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"uv-{version}.data/scripts/uv", "#!/bin/sh\necho uv 99.0\n")
    page = tmp_path / "simple" / "uv" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f'<a href="../../files/{wheel.name}#sha256=00">{wheel.name}</a>')
    monkeypatch.setenv("UV_DEFAULT_INDEX", (tmp_path / "simple").as_uri())
    monkeypatch.setattr(setup_environment, "OWN_UV", tmp_path / ".uv" / "uv")
    # A folder's address means its index.html on a web server, not in file: addresses.
    plain = setup_environment.fetch
    monkeypatch.setattr(setup_environment, "fetch", lambda url: plain(url + "index.html" if url.endswith("/") else url))
    return wheel


@pytest.mark.skipif(sys.platform != "linux", reason="the wheel is for Linux")
def test_unpacks_the_pinned_uv(setup_environment: ModuleType, index: Path) -> None:
    version, _ = setup_environment.pinned_uv()
    digest = hashlib.sha256(index.read_bytes()).hexdigest()
    setup_environment.unpack_uv(setup_environment.fetch_uv(version, {digest}), version)
    answer = subprocess.run([setup_environment.OWN_UV], capture_output=True, text=True, check=True)
    assert answer.stdout == "uv 99.0\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the wheel is for Linux")
def test_refuses_a_uv_that_is_not_the_pinned_one(
    setup_environment: ModuleType, index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    version, hashes = setup_environment.pinned_uv()
    with pytest.raises(SystemExit) as caught:
        setup_environment.fetch_uv(version, hashes)
    assert caught.value.code == 2
    assert "expected a SHA-256 of requirements/uv.txt, got " in capsys.readouterr().err
    assert not setup_environment.OWN_UV.exists()


def test_says_what_to_do_where_the_index_is_out_of_reach(
    setup_environment: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        setup_environment.fetch((tmp_path / "nothing").as_uri())
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith(
        "hint: set PIP_INDEX_URL to an index within reach, SSL_CERT_FILE to its certificates, or put uv on the PATH\n"
    )
