import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from benison.core import documents

ROOT = Path(__file__).resolve().parents[2] / "schemas"
EXAMPLES = ROOT / "examples"
KINDS = sorted(path.name.removesuffix(".schema.json") for path in ROOT.glob("*.schema.json"))


def examples(folder: str) -> list[Path]:
    return sorted((EXAMPLES / folder).glob("*.json"))


def kind_of(example: Path) -> str:
    """The longest kind that the name begins with: profile for profile-2.json and for profile-no-rows.json."""
    fitting = [kind for kind in KINDS if example.stem == kind or example.stem.startswith(f"{kind}-")]
    assert fitting, f"{example.name} begins with no kind of document"
    return max(fitting, key=len)


@pytest.fixture(scope="module")
def files() -> Registry[Any]:
    schemas = ((path.name, json.loads(path.read_text())) for path in ROOT.glob("*.schema.json"))
    return Registry().with_resources((name, Resource.from_contents(schema)) for name, schema in schemas)


@pytest.mark.parametrize("kind", KINDS)
def test_every_schema_is_one_and_names_itself(kind: str) -> None:
    schema = json.loads((ROOT / f"{kind}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"{kind}.schema.json"


@pytest.mark.parametrize("kind", KINDS)
def test_every_schema_has_a_valid_and_an_invalid_example(kind: str) -> None:
    assert kind in {kind_of(path) for path in examples("valid")}
    assert kind in {kind_of(path) for path in examples("invalid")}


@pytest.mark.parametrize("example", examples("valid"), ids=lambda path: path.stem)
def test_a_valid_example_is_accepted(example: Path) -> None:
    assert documents.problems(kind_of(example), json.loads(example.read_text())) == []


@pytest.mark.parametrize("example", examples("invalid"), ids=lambda path: path.stem)
def test_an_invalid_example_is_refused_as_its_schema_says(example: Path, files: Registry[Any]) -> None:
    content, schema = json.loads(example.read_text()), files.contents(f"{kind_of(example)}.schema.json")
    # An entry that says which of its kinds it is is held to that one.
    choices = {
        one["$ref"].rpartition("/")[2]: one for one in schema.get("properties", {}).get("entry", {}).get("oneOf", [])
    }
    if chosen := choices.get(content.get("entry", {}).get("action") if choices else None):
        schema = {**schema, "properties": {**schema["properties"], "entry": chosen}}
    found = jsonschema.Draft202012Validator(schema, registry=files).iter_errors(content)
    worst_first = sorted(found, key=jsonschema.exceptions.relevance)
    said = [f"{error.json_path}: {error.message[:300]}" for error in worst_first]
    assert documents.problems(kind_of(example), content) == said != []


def objects(schema: Any, place: str = "$") -> list[tuple[str, Any]]:
    """Every part of a schema that describes an object by its keys."""
    found = []
    if isinstance(schema, dict):
        found = [(place, schema)] if "object" in schema.get("type", "") and "properties" in schema else []
        found += [one for key, part in schema.items() for one in objects(part, f"{place}.{key}")]
    if isinstance(schema, list):
        found = [one for index, part in enumerate(schema) for one in objects(part, f"{place}[{index}]")]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_no_schema_lets_an_unknown_key_through(kind: str) -> None:
    open_places = [
        place
        for place, part in objects(json.loads((ROOT / f"{kind}.schema.json").read_text()))
        if "additionalProperties" not in part and "unevaluatedProperties" not in part
    ]
    assert open_places == []
