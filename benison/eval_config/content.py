"""The file of an evaluation config as one mapping, in whichever of its formats it is written."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from google.protobuf import json_format, message, text_format

from benison.core.errors import ConfigError
from benison.core.spelling import nearest

TEXT_SUFFIXES = (".pbtxt", ".textproto", ".txtpb", ".prototxt")
BINARY_SUFFIXES = (".pb", ".binpb")
_BEGINNING = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_FIELD = re.compile(r'Message type "(?P<type>[^"]+)" has no field named "(?P<field>[^"]+)"')


def content_of(path: Path) -> dict[str, Any]:
    """What stands in the file, with keys as in the text format.

    Raises:
        ConfigError: It is missing, or not what its name says.
    """
    content = _proto(path) if path.suffix in (*TEXT_SUFFIXES, *BINARY_SUFFIXES) else _snake_keys(_json(path))
    return dict(content)


def _proto(path: Path) -> dict[str, Any]:
    """A proto as the JSON that it corresponds to, keys as in the text format."""
    config_pb2 = _tfma(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(str(path), expected="a file that can be read", got=error.strerror or str(error)) from error
    config = config_pb2.EvalConfig()
    if path.suffix in TEXT_SUFFIXES:
        _parse_text(path.name, raw, config)
    else:
        _parse_binary(path.name, raw, config)
    content: dict[str, Any] = json_format.MessageToDict(config, preserving_proto_field_name=True)
    return content


def _tfma(path: Path) -> Any:
    try:
        from tensorflow_model_analysis.proto import config_pb2
    except ImportError as error:
        hint = "write the config in JSON, which needs no TFMA, or install tensorflow-model-analysis"
        raise ConfigError(path.name, expected="TFMA, to read a proto", got=str(error), hint=hint) from error
    return config_pb2


def _parse_text(name: str, raw: bytes, config: Any) -> None:
    try:
        text_format.Parse(raw.decode(), config)
    except UnicodeDecodeError as error:
        raise ConfigError(name, expected="UTF-8 text", got=f"byte {error.object[error.start]:#x}") from error
    except text_format.ParseError as error:
        where = f"{name}:{error.GetLine()}" if error.GetLine() else name
        unknown = _NO_FIELD.search(str(error))
        if unknown is None:
            raise ConfigError(where, expected="TFMA's EvalConfig as text", got=str(error)) from error
        known = config.DESCRIPTOR.file.pool.FindMessageTypeByName(unknown["type"]).fields_by_name
        hint = nearest(unknown["field"], known)
        raise ConfigError(where, expected="a key that is known here", got=repr(unknown["field"]), hint=hint) from error


def _parse_binary(name: str, raw: bytes, config: Any) -> None:
    """A proto takes bytes that it does not know for fields of a later version: here they are bytes nobody reads."""
    try:
        config.ParseFromString(raw)
    except message.DecodeError as error:
        raise ConfigError(name, expected="TFMA's EvalConfig as a binary proto", got=str(error)) from error
    size = config.ByteSize()
    config.DiscardUnknownFields()
    if config.ByteSize() != size:
        got, hint = "fields that it does not have", f"a text proto is called {TEXT_SUFFIXES[0]}"
        raise ConfigError(name, expected="TFMA's EvalConfig as a binary proto", got=got, hint=hint)


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_each_key_once)
    except OSError as error:
        raise ConfigError(str(path), expected="a file that can be read", got=error.strerror or str(error)) from error
    except json.JSONDecodeError as error:
        where = f"{path.name}:{error.lineno}"
        hint = f"TFMA's EvalConfig in JSON; a text proto is called {TEXT_SUFFIXES[0]}"
        raise ConfigError(where, expected="JSON", got=error.msg, hint=hint) from error
    except ValueError as error:
        raise ConfigError(path.name, expected="each key once, in UTF-8 text", got=str(error)) from error
    if not isinstance(content, dict):
        raise ConfigError(path.name, expected="a mapping of keys to values", got=type(content).__name__)
    return content


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} twice")
    return content


def _snake_keys(content: Any) -> Any:
    """Keys as in the text format; feature_values maps columns, whose names stay as they are."""
    if isinstance(content, list):
        return [_snake_keys(item) for item in content]
    if not isinstance(content, dict):
        return content
    named = {_BEGINNING.sub("_", key).lower(): value for key, value in content.items()}
    return {key: value if key == "feature_values" else _snake_keys(value) for key, value in named.items()}
