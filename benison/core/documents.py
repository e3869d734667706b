"""The JSON documents that pass between components: written whole, checked against schemas/ on both sides."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.protocols import Validator
from referencing import Registry, Resource

from benison.core.errors import BrokenError, DataError, InputError
from benison.core.files import write_atomically

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"
_REMARKS = {"$id", "$schema", "title", "description", "$comment"}


@functools.cache
def _registry() -> Registry[Any]:
    files = ((path.name, json.loads(path.read_text())) for path in sorted(SCHEMAS.glob("*.schema.json")))
    return Registry().with_resources((name, Resource.from_contents(schema)) for name, schema in files)


@functools.cache
def _validator(kind: str, action: str = "") -> Validator:
    schema = _registry().contents(f"{kind}.schema.json")
    if action:
        schema = {**schema, "properties": {**schema["properties"], "entry": {"$ref": _entries(kind)[action]}}}
    return jsonschema.Draft202012Validator(_inlined(schema, f"{kind}.schema.json"), registry=_registry())


def _inlined(schema: Any, file: str, within: frozenset[str] = frozenset()) -> Any:
    """A schema with what it refers to in the place of references, which take as long to look up as the rest to check.

    Args:
        schema: Any part of it.
        file: The file that it stands in.
        within: The references that led here; one that leads to itself stays.
    """
    if isinstance(schema, list):
        return [_inlined(item, file, within) for item in schema]
    if not isinstance(schema, dict):
        return schema
    # A property may be called as a remark is, but is no text.
    rules = {name: part for name, part in schema.items() if not (name in _REMARKS and isinstance(part, str))}
    rest = {name: _inlined(part, file, within) for name, part in rules.items() if name not in ("$ref", "$defs")}
    if "$ref" not in schema:
        return rest
    there, _, place = str(schema["$ref"]).partition("#")
    reference = f"{there or file}#{place}"
    if reference in within:
        return {**rest, "$ref": reference}
    target = _registry().resolver().lookup(reference).contents
    found = _inlined(target, there or file, within | {reference})
    return {**rest, "allOf": [*rest.get("allOf", []), found]} if rest else found


@functools.cache
def _entries(kind: str) -> Mapping[str, str]:
    """Where a schema says what an entry with a certain action holds; empty where it does not tell them apart so."""
    choices = _registry().contents(f"{kind}.schema.json").get("properties", {}).get("entry", {}).get("oneOf", [])
    return {one["$ref"].rpartition("/")[2]: one["$ref"] for one in choices}


def _action(kind: str, content: Any) -> str:
    entry = content.get("entry") if isinstance(content, Mapping) else None
    action = entry.get("action") if isinstance(entry, Mapping) else None
    return action if isinstance(action, str) and action in _entries(kind) else ""


def problems(kind: str, content: Any) -> list[str]:
    """What is wrong with a document of this kind, worst first; empty where nothing is."""
    # An entry says which of its kinds it is; holding it to each of them takes three times as long.
    validator = _validator(kind, _action(kind, content))
    found = sorted(validator.iter_errors(content), key=jsonschema.exceptions.relevance)
    return [f"{error.json_path}: {error.message[:300]}" for error in found]


def encode(content: Any) -> bytes:
    """A document's bytes: sorted keys, so that the same content is always the same bytes; NaN is refused."""
    return (json.dumps(content, sort_keys=True, indent=1, allow_nan=False) + "\n").encode()


def to_bytes(where: str, kind: str, content: Mapping[str, Any]) -> bytes:
    """The bytes of ``{"kind": kind, "format": 1, **content}`` after holding it to its schema.

    Args:
        where: Where it is going to lie, for the error message.
        kind: Names schemas/<kind>.schema.json.
        content: The document without kind and format.

    Raises:
        BrokenError: The content is not what its schema says: a fault in the component that wrote it.
    """
    raw = encode({"kind": kind, "format": 1, **content})
    # As it will be read: records that become documents hold tuples, which JSON writes as arrays.
    if wrong := problems(kind, json.loads(raw)):
        raise BrokenError(where, expected=f"a document of kind {kind}", got="; ".join(wrong[:3]))
    return raw


def write(path: Path, kind: str, content: Mapping[str, Any], *, durable: bool = True) -> None:
    """Writes ``{"kind": kind, "format": 1, **content}`` after holding it to its schema.

    Args:
        path: The file.
        kind: Names the schema.
        content: The rest of the document.
        durable: As in `write_atomically`.

    Raises:
        BrokenError: The content is not what schemas/<kind>.schema.json says: a fault in the component that wrote it.
    """
    write_atomically(path, to_bytes(str(path), kind, content), durable=durable)


def read(path: Path, kind: str) -> dict[str, Any]:
    """Reads a document and holds it to its schema.

    Raises:
        DataError: It is missing, not JSON, or not of this kind.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DataError(str(path), expected=f"a JSON document of kind {kind}", got=str(error)) from error
    if wrong := problems(kind, content):
        raise _not_of_this_kind(path, kind, wrong)
    return content


def _not_of_this_kind(path: Path, kind: str, wrong: list[str]) -> InputError:
    return DataError(
        str(path),
        expected=f"a document of kind {kind}, format 1",
        got="; ".join(wrong[:3]),
        hint="it was written by another version of Benison or damaged; run the pipeline again",
    )
