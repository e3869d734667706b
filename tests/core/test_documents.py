import json
from pathlib import Path

import pytest

from benison.core import documents
from benison.core.errors import BrokenError, DataError

CHECK = {
    "name": "rows",
    "subject": "split train",
    "tier": "hard",
    "verdict": "PASS",
    "observed": "9",
    "allowed": ">= 1",
    "reason": "rows 9 is >= 1",
    "numbers": {"value": 9.0},
}
CHECKS = {"verdict": "PASS", "snapshot": "sha256:" + "0" * 64, "checks": [CHECK]}


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    documents.write(tmp_path / "deep" / "checks.json", "checks", CHECKS)
    assert documents.read(tmp_path / "deep" / "checks.json", "checks") == {"kind": "checks", "format": 1, **CHECKS}


def test_equal_content_is_equal_bytes(tmp_path: Path) -> None:
    documents.write(tmp_path / "a", "checks", CHECKS)
    documents.write(tmp_path / "b", "checks", dict(reversed(CHECKS.items())))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_tuple_is_written_as_an_array_and_held_to_its_schema(tmp_path: Path) -> None:
    documents.write(tmp_path / "a", "checks", {**CHECKS, "checks": tuple(CHECKS["checks"])})
    assert documents.read(tmp_path / "a", "checks")["checks"] == list(CHECKS["checks"])
    with pytest.raises(BrokenError, match="document of kind checks"):
        documents.write(tmp_path / "a", "checks", {**CHECKS, "checks": ("no check",)})


def test_a_document_against_its_schema_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(BrokenError, match="document of kind checks"):
        documents.write(tmp_path / "a", "checks", {**CHECKS, "verdict": "MAYBE"})
    assert list(tmp_path.iterdir()) == []


def test_not_a_number_is_never_written(tmp_path: Path) -> None:
    wrong = {**CHECKS, "checks": [{**CHECK, "numbers": {"value": float("nan")}}]}
    with pytest.raises(ValueError, match="JSON"):
        documents.write(tmp_path / "a", "checks", wrong)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "a JSON document of kind checks"),
        (json.dumps({"kind": "checks", "format": 2, **CHECKS}).encode(), "format 1"),
        (json.dumps({"kind": "profile", "format": 1, **CHECKS}).encode(), "checks"),
    ],
)
def test_a_damaged_or_foreign_document_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(DataError, match=said):
        documents.read(tmp_path / "a", "checks")


def test_a_missing_document_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.json"):
        documents.read(tmp_path / "absent.json", "checks")


def test_what_is_wrong_with_an_entry_is_told_by_what_its_own_action_asks_for() -> None:
    said = {"action": "breaker", "state": "ajar", "who": "ci", "when": "2026-11-20T12:00:00Z", "why": "a test"}
    link = {"kind": "trigger_entry", "format": 1, "number": 1, "writer": "0" * 32, "previous": None}
    assert documents.problems("trigger_entry", {**link, "entry": {**said, "state": "open"}}) == []
    (told,) = documents.problems("trigger_entry", {**link, "entry": said})
    assert told == "$.entry.state: 'ajar' is not one of ['open', 'closed']"
    for entry in ({**said, "action": "none"}, {}, None, [said], {**said, "action": ["breaker"]}):
        assert documents.problems("trigger_entry", {**link, "entry": entry})


@pytest.mark.parametrize("kind", ["alert_entry", "rollout_entry", "trigger_entry"])
def test_entries_are_told_apart_by_their_action_alone(kind: str) -> None:
    schema = json.loads((documents.SCHEMAS / f"{kind}.schema.json").read_bytes())
    names = [one["$ref"].removeprefix("#/$defs/") for one in schema["properties"]["entry"]["oneOf"]]
    assert names == [schema["$defs"][name]["properties"]["action"]["const"] for name in names]
