"""Bills of materials of images, CycloneDX 1.6 in JSON: the Python distributions and Debian packages in them."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

# Runs in the image, which has neither this file nor the library.
_PROBE = r"""
import glob, json, pathlib, platform, re, subprocess, sys
from importlib import metadata
def told(one):
    said = one.metadata
    own = [line.split(" :: ")[-1] for line in said.get_all("Classifier") or () if line.startswith("License ::")]
    short = said["License"] if said["License"] and len(said["License"]) < 60 else None
    licence = said["License-Expression"] or short or ", ".join(own)
    return {"name": said["Name"], "version": said["Version"], "licenses": [licence]}
def licences(package):
    paths = glob.glob(f"/usr/share/doc/{package}/copyright")
    text = pathlib.Path(paths[0]).read_text(errors="replace") if paths else ""
    return sorted(set(re.findall(r"^License: *(\S.*?) *$", text, re.M)))
form = "${Package}\t${Version}\t${Architecture}\t${source:Package}\n"
listed = subprocess.run(["dpkg-query", "-W", "-f", form], capture_output=True, text=True, check=True).stdout
rows = [line.split("\t") for line in listed.splitlines()]
debian = [{"name": n, "version": v, "architecture": a, "source": s, "licenses": licences(n)} for n, v, a, s in rows]
# Some distributions carry others within.
carried = [path for entry in sys.path if entry for path in glob.glob(f"{entry}/*/_vendor")]
print(json.dumps({
    "python": [told(one) for one in metadata.distributions(path=[*sys.path, *carried])], "debian": debian,
    "release": platform.freedesktop_os_release(), "interpreter": platform.python_version(),
}))
"""
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+) *((?:\\\n +--hash=sha256:[0-9a-f]{64} *)*)", re.MULTILINE)
_LICENSES = LicenseFactory()


def normalized(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(locks: Iterable[Path]) -> dict[tuple[str, str], list[str]]:
    """The SHA-256 of every file of a release that locks allow, by name and version."""
    found = [match for lock in locks for match in _PINNED.finditer(lock.read_text())]
    return {(normalized(match[1]), match[2]): re.findall(r"sha256:([0-9a-f]{64})", match[3]) for match in found}


def bill(image: str, group: str) -> str:
    """The bill of an image, held to CycloneDX's schema.

    Args:
        image: Its name; it is on this machine.
        group: What the locks of its distributions are called after.
    """
    requirements = Path(__file__).resolve().parents[1] / "requirements"
    locks = [requirements / f"image-{name}.txt" for name in (group, "kfp")]
    told = json.loads(_docker("run", "--rm", "--network", "none", "--pull", "never", image, "python", "-c", _PROBE))
    (inspected,) = json.loads(_docker("image", "inspect", image))
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_OID, inspected["Id"]))
    bom.metadata.timestamp = datetime.fromisoformat(re.sub(r"\.\d+", "", inspected["Created"]))
    bom.metadata.component = Component(name=image, type=ComponentType.CONTAINER, version=inspected["Id"], bom_ref=image)
    hashes = pinned(locks)
    bom.components.add(Component(name="python", version=told["interpreter"], type=ComponentType.PLATFORM))
    found = [_distribution(one, hashes) for one in told["python"]]
    found += [_package(one, told["release"]) for one in told["debian"]]
    bom.components.update({one.bom_ref.value: one for one in found}.values())
    bom.register_dependency(bom.metadata.component, bom.components)
    text = str(JsonV1Dot6(bom).output_as_string(indent=1))
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise SystemExit(f"{image}: the bill is not CycloneDX: {wrong}")
    return text


def _distribution(one: Mapping[str, Any], hashes: Mapping[tuple[str, str], list[str]]) -> Component:
    name, version = normalized(one["name"]), one["version"]
    files = [HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in hashes.get((name, version), ())]
    address = XsUri(f"https://pypi.org/project/{name}/{version}/")
    where = [ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=address, hashes=files)] if files else []
    purl = PackageURL("generic" if name == "benison" else "pypi", name=name, version=version)
    return _component(one, purl, where)


def _package(one: Mapping[str, Any], release: Mapping[str, str]) -> Component:
    more = {
        "arch": one["architecture"],
        "distro": f"{release['ID']}-{release['VERSION_ID']}",
        "upstream": one["source"],
    }
    return _component(one, PackageURL("deb", release["ID"], one["name"], one["version"], more), [])


def _component(one: Mapping[str, Any], purl: PackageURL, where: Iterable[ExternalReference]) -> Component:
    names = [name for name in one["licenses"] if name]
    # An expression stands alone, so that several names are given as names.
    made = [_LICENSES.make_from_string(names[0])] if len(names) == 1 else map(_LICENSES.make_with_name, names)
    return Component(
        name=one["name"], version=one["version"], type=ComponentType.LIBRARY, bom_ref=str(purl), purl=purl,
        licenses=made, external_references=where,
    )  # fmt: skip


def _docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"docker {words[0]}: {done.stderr.strip()}\n\nhint: make images")
    return done.stdout


def main() -> None:
    """Writes ``<image>.cdx.json`` for each image."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("images", nargs="+", help="benison-<group>:<version>")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for image in given.images:
        name = image.partition(":")[0]
        path = given.out / f"{name}.cdx.json"
        path.write_text(bill(image, name.removeprefix("benison-")))
        print(path)


if __name__ == "__main__":
    main()
