"""Compiled pipelines held to KFP's own protos: an unknown field is refused, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2 as spec_pb2

from benison.core.spelling import nearest
from benison.lint.finding import Finding
from benison.lint.reading import Document, Place

_EXECUTORS = ("deploymentSpec",)


def of_pipeline(document: Document) -> Iterator[Finding]:
    """What PipelineSpec, and PipelineDeploymentConfig within it, do not know.

    KFP carries the deployment as a Struct, so that parsing PipelineSpec alone looks at nothing in it.
    """
    yield from strict(document, (), spec_pb2.PipelineSpec())
    deployment = document.content.get("deploymentSpec")
    if isinstance(deployment, Mapping):
        yield from strict(document, _EXECUTORS, spec_pb2.PipelineDeploymentConfig())


def strict(document: Document, place: Place, message: Any) -> Iterator[Finding]:
    """What stands at a place and is not what a message has: unknown fields first, then values of another kind."""
    value: Any = document.content
    for key in place:
        value = value[key]
    unknown = list(_unknown(message.DESCRIPTOR, value, place))
    for at, known in unknown:
        expected = f"a field of {message.DESCRIPTOR.name} that this KFP knows"
        yield Finding(document.where(at), expected, repr(at[-1]), nearest(at[-1], known))
    if not unknown:
        try:
            json_format.ParseDict(value, message)
        except json_format.ParseError as error:
            text = " ".join(str(error).split())
            yield Finding(document.where(place), f"a {message.DESCRIPTOR.name}", "something else", text)


def _unknown(descriptor: Any, value: Any, at: Place) -> Iterator[tuple[Place, list[str]]]:
    """The places of fields that a message does not have, with those it has."""
    # Struct, Value, ListValue, Duration: JSON of any shape, which ParseDict judges.
    if descriptor.file.package == "google.protobuf" or not isinstance(value, Mapping):
        return
    fields = {**descriptor.fields_by_name, **{field.json_name: field for field in descriptor.fields}}
    for key, inner in value.items():
        here = (*at, str(key))
        if key not in fields:
            yield here, sorted(field.json_name for field in descriptor.fields)
        elif (kind := fields[key].message_type) is not None:
            for one, part in _parts(kind, inner):
                yield from _unknown(one, part[1], (*here, *part[0]))


def _parts(kind: Any, value: Any) -> Iterator[tuple[Any, tuple[Place, Any]]]:
    """The messages that a field holds: the values of a map, the items of a list, or the one."""
    if kind.GetOptions().map_entry:
        inner = kind.fields_by_name["value"].message_type
        if inner is not None and isinstance(value, Mapping):
            yield from ((inner, ((str(key),), item)) for key, item in value.items())
    elif isinstance(value, list):
        yield from ((kind, ((str(index),), item)) for index, item in enumerate(value))
    else:
        yield kind, ((), value)
