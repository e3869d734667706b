import importlib.metadata
from pathlib import Path

import pytest

from benison.engines.installed import versions


def distribution(place: Path, name: str, version: str, *, requires: str = "", record: str = "", top: str = "") -> None:
    folder = place / f"{name}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\n{requires}\n\nRequires-Dist: prose\n")
    if record:
        (folder / "RECORD").write_text(record)
    if top:
        (folder / "top_level.txt").write_text(top)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_says_what_importlib_says_of_the_installed_packages() -> None:
    providers = importlib.metadata.packages_distributions()
    found = versions(["numpy", "yaml", "jsonschema", "pyarrow"])
    for package in ("numpy", "yaml", "jsonschema", "pyarrow"):
        name = providers[package][0]
        assert found[name.lower().replace("_", "-")] == importlib.metadata.version(name)


def test_follows_requirements_but_not_those_of_extras(place: Path) -> None:
    distribution(
        place,
        "first_one",
        "1.0",
        requires='Requires-Dist: Second.One (>=2) ; python_version > "3"\nRequires-Dist: third ; extra == "dev"',
        record="first/__init__.py,sha256=x,1\nfirst_one-1.0.dist-info/METADATA,,\n",
    )
    distribution(
        place, "second_one", "2.1+local", requires="Requires-Dist: first-one\nRequires-Dist: absent", top="second\n"
    )
    distribution(place, "third", "3.0", top="third\n")
    assert versions(["first"]) == {"first-one": "1.0", "second-one": "2.1+local"}


def test_sees_what_is_installed_later(place: Path) -> None:
    assert versions(["later_one"]) == {}
    distribution(place, "later", "1.0", record="later_one.py,,\n")
    assert versions(["later_one"]) == {"later": "1.0"}


def test_a_package_of_several_distributions_has_them_all(place: Path) -> None:
    distribution(place, "space_a", "1.0", record="shared/a.py,,\n")
    distribution(place, "space_b", "2.0", record="shared/b.cpython-311-x86_64-linux-gnu.so,,\n")
    assert versions(["shared"]) == {"space-a": "1.0", "space-b": "2.0"}
