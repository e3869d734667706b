"""The bills of the images, beside the locks and beside the files that dpkg and pip leave in the images themselves."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import benison

ROOT = Path(__file__).resolve().parents[2]
LOOK = r"""
find /opt/benison -name '*.dist-info' -exec basename {} .dist-info \;
sed -n 's/^Package: /deb:/p' /var/lib/dpkg/status
"""


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def hash_of(component: dict[str, Any]) -> str:
    return str(component["externalReferences"][0]["hashes"][0]["content"])


@pytest.mark.containers
@pytest.mark.parametrize("group", ["deliver", "data", "train", "evaluate", "serve"])
def test_a_bill_names_all_that_is_in_the_image_and_nothing_else(group: str, tmp_path: Path) -> None:
    supply = ROOT / ".supply"
    assert supply.is_dir(), "make sbom"
    image = f"benison-{group}:{benison.__version__}"
    environment = {**os.environ, "PYTHONPATH": str(supply)}
    command = [sys.executable, "-W", "error", str(ROOT / "containers" / "sbom.py"), "--out", str(tmp_path), image]
    subprocess.run(command, env=environment, check=True)
    bill = json.loads((tmp_path / f"benison-{group}.cdx.json").read_text())
    named = {one["purl"]: one for one in bill["components"] if "purl" in one}
    python = {
        (normalized(one["name"]), one["version"]) for purl, one in named.items() if not purl.startswith("pkg:deb")
    }
    debian = {one["name"] for purl, one in named.items() if purl.startswith("pkg:deb/debian/")}
    locks = "".join((ROOT / "requirements" / f"image-{name}.txt").read_text() for name in (group, "kfp"))
    pinned = {
        (normalized(name), version) for name, version in re.findall(r"^([\w.-]+)==([\w.+!-]+)", locks, re.MULTILINE)
    }
    # Python's own distributions carry some of others within, which no lock pins.
    hashed = {(normalized(one["name"]), one["version"]) for one in named.values() if "externalReferences" in one}
    assert pinned == hashed and all(hash_of(one) for one in named.values() if "externalReferences" in one)
    assert ("benison", benison.__version__) in python
    done = subprocess.run(
        ["docker", "run", "--rm", image, "sh", "-c", LOOK], capture_output=True, text=True, check=True
    )
    seen = done.stdout.split()
    assert debian == {line.removeprefix("deb:") for line in seen if line.startswith("deb:")}
    there = [line.rpartition("-") for line in seen if not line.startswith("deb:")]
    assert python == {(normalized(name), version) for name, _, version in there}
