from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from benison.core import documents
from benison.registry.log import from_json, to_json

EXAMPLES = documents.SCHEMAS / "examples"
VALID = sorted((EXAMPLES / "valid").glob("log_entry*.json"))
INVALID = sorted((EXAMPLES / "invalid").glob("log_entry*.json"))
JUNK: list[Any] = [None, "", "x", "a\nb", 0, -1, 1, 1.5, True, [], ["x"], [1], [-1], [True], {}, {"a": "b"}, "PASS"]
JUNK += ["sha256:" + "0" * 64, {"a": "sha256:" + "0" * 64}, {"number": 1, "package": "sha256:" + "0" * 64}]
JUNK += [
    {"number": True, "package": "sha256:" + "0" * 64},
    {"number": 1},
    "2026-11-20T12:30:00Z",
    "promote",
    "register",
]


def entry(path: Path) -> dict[str, Any]:
    return json.loads(path.read_bytes())["entry"]


def by_schema(example: dict[str, Any], changed: Any) -> bool:
    return documents.problems("log_entry", {**example, "entry": changed}) == []


def by_hand(changed: Any) -> bool:
    try:
        from_json(changed)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_reads_back_what_it_writes(path: Path) -> None:
    assert to_json(from_json(entry(path))) == entry(path)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_is_as_strict_as_the_schema(path: Path) -> None:
    """Each field of each kind of entry taken out, or replaced by each piece of junk: both say the same."""
    example = json.loads(path.read_bytes())
    answers = set()
    for field in [*example["entry"], "colour"]:
        for junk in [*JUNK, ...]:
            changed = copy.deepcopy(example["entry"])
            changed.pop(field, None) if junk is ... else changed.update({field: junk})
            answers.add(by_hand(changed))
            assert by_hand(changed) == by_schema(example, changed), (field, junk)
    assert answers == {True, False}


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_refuses_what_the_schema_refuses(path: Path) -> None:
    example = json.loads(path.read_bytes())
    assert by_hand(example["entry"]) == by_schema({**example, "number": 1}, example["entry"])
