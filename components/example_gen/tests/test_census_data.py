"""The example's data against what is known of UCI Adult: 48,842 people, 11,687 of them over 50K."""

import csv
import gzip
import importlib.util
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

DATA = Path(__file__).resolve().parents[3] / "examples" / "census" / "data"


@pytest.fixture(scope="module")
def people() -> list[dict[str, str]]:
    found = []
    for span in range(1, 5):
        with gzip.open(DATA / f"span-{span}.csv.gz", "rt", newline="") as file:
            found += list(csv.DictReader(file))
    return found


def test_everybody_is_there_once(people: list[dict[str, str]]) -> None:
    assert Counter(person["income"] for person in people) == {"<=50K": 37_155, ">50K": 11_687}
    assert Counter(person["sex"] for person in people) == {"Male": 32_650, "Female": 16_192}
    assert len({tuple(person.values()) for person in people}) == 48_842 - 52


def test_unknown_values_are_empty_fields(people: list[dict[str, str]]) -> None:
    missing = Counter(name for person in people for name, value in person.items() if value == "")
    assert missing == {"workclass": 2799, "occupation": 2809, "native_country": 857}
    assert not any("?" in value or value != value.strip() for person in people for value in person.values())


def test_spans_are_in_file_order(people: list[dict[str, str]]) -> None:
    # The last row of adult.data and the first of adult.test.
    assert [people[n]["fnlwgt"] for n in (0, 32_560, 32_561, 48_841)] == ["77516", "287927", "226802", "182148"]


@pytest.fixture
def cut() -> ModuleType:
    spec = importlib.util.spec_from_file_location("census_cut", DATA / "cut.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_makes_such_files(cut: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "adult.data").write_text("39, State-gov, 1, ?, <=50K\n50, Private, 2, Wife, >50K\n\n")
    (tmp_path / "adult.test").write_text("|1x3 Cross validator\n25, ?, 3, Own-child, <=50K.\n\n")
    cut.cut([tmp_path / "adult.data", tmp_path / "adult.test"], tmp_path)
    rows = [
        gzip.decompress((tmp_path / f"span-{span}.csv.gz").read_bytes()).decode().split("\n")[1:-1]
        for span in (1, 2, 3, 4)
    ]
    assert rows == [[], ["39,State-gov,1,,<=50K"], ["50,Private,2,Wife,>50K"], ["25,,3,Own-child,<=50K"]]
    assert (tmp_path / "span-1.csv.gz").read_bytes()[4:8] == bytes(4)
