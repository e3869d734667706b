import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from benison.core import stacks

ROOT = Path(__file__).resolve().parents[2]


def test_says_which_tensorflow_is_installed() -> None:
    assert stacks.tensorflow() == metadata.version("tensorflow")
    assert stacks.installed() == ("current" if sys.version_info >= (3, 12) else "older")


@pytest.mark.parametrize(
    ("name", "version", "said"),
    [
        ("tensorflow", "2.16.2", "2.16.2 older"),
        ("tensorflow_cpu", "2.21.0", "2.21.0 current"),
        ("tensorflow", "2.18.0", "2.18.0 "),
        ("other", "1", " "),
    ],
)
def test_the_wheel_for_cpus_is_as_good(tmp_path: Path, name: str, version: str, said: str) -> None:
    folder = tmp_path / f"{name}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    program = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]\n"
    program += "from benison.core import stacks; print(stacks.tensorflow(), stacks.installed())"
    # Without the site's packages, so that there is no other TensorFlow.
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip("\n") == said
