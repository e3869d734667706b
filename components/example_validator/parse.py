"""Parse: schema.pbtxt, strictly, before anything is measured."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from benison.config import FILE, Config, columns_of
from benison.core.environments import require_served
from benison.core.errors import ConfigError
from benison.core.spelling import nearest

DRAFT = "benison init DIR --data FILE --label COLUMN drafts one"
# The parser's own words on where it stands; the error says so in ours.
_PLACE = re.compile(r"^\d+:\d+ : ('[^\n]*': )?")
_UNKNOWN_FIELD = re.compile(r'Message type "([\w.]+)" has no field named "(\w+)"')
_UNKNOWN_VALUE = re.compile(r'Enum type "([\w.]+)" has no value named (\w+)')


def parse(text: str, file: str) -> schema_pb2.Schema:
    """The schema that a protobuf text says.

    Args:
        text: The content of schema.pbtxt.
        file: Its name, for messages.

    Raises:
        ConfigError: It is malformed, has no features, names one twice, or a feature's domain is not defined.
    """
    schema = schema_pb2.Schema()
    try:
        text_format.Parse(text, schema)
    except text_format.ParseError as error:
        raise _malformed(file, error) from error
    _sound(schema, file)
    return schema


def _malformed(file: str, error: text_format.ParseError) -> ConfigError:
    line = error.GetLine() or 1
    message = _PLACE.sub("", str(error)).strip().rstrip(".")
    return ConfigError(
        f"{file}:{line}",
        expected="a tensorflow.metadata.v0.Schema in protobuf's text format",
        got=message,
        hint=_spelling(message),
    )


def _spelling(message: str) -> str:
    """The nearest known field or value of an enumeration, where the parser complains of an unknown one."""
    pool = schema_pb2.DESCRIPTOR.pool
    if unknown := _UNKNOWN_FIELD.search(message):
        return nearest(unknown[2], pool.FindMessageTypeByName(unknown[1]).fields_by_name)
    if unknown := _UNKNOWN_VALUE.search(message):
        return nearest(unknown[2], pool.FindEnumTypeByName(unknown[1]).values_by_name)
    return ""


def _sound(schema: schema_pb2.Schema, file: str) -> None:
    """What TFDV passes over in silence, or answers without a word, is refused here."""
    if not schema.feature:
        raise ConfigError(file, expected="at least one feature", got="none", hint=DRAFT)
    _once(file, "feature", (feature.name for feature in schema.feature))
    _once(file, "string_domain", (domain.name for domain in schema.string_domain))
    domains = {domain.name for domain in schema.string_domain}
    for feature in schema.feature:
        if feature.WhichOneof("domain_info") == "domain" and feature.domain not in domains:
            raise ConfigError(
                f"{file} (feature {feature.name})",
                expected="a string_domain of this name",
                got=f"domain: {feature.domain!r}",
                hint=nearest(feature.domain, domains),
            )
        _in_known_environments(schema, feature, file)


def _in_known_environments(schema: schema_pb2.Schema, feature: schema_pb2.Feature, file: str) -> None:
    """A feature of an environment that no data can be held to would never be asked for."""
    for environment in (*feature.in_environment, *feature.not_in_environment):
        if environment not in schema.default_environment:
            raise ConfigError(
                f"{file} (feature {feature.name})",
                expected="a default_environment of the schema",
                got=f"environment {environment!r}",
                hint=nearest(environment, schema.default_environment),
            )


def _once(file: str, what: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1 or not name:
            got = f"{count} called {name!r}" if name else "one without a name"
            raise ConfigError(file, expected=f"each {what} once, with a name", got=got, hint="keep one")


def covers(schema: schema_pb2.Schema, config: Config, file: str) -> None:
    """Makes sure that the schema speaks of every column that the model sees, since a missing one would go unchecked.

    Raises:
        ConfigError: A feature of benison.yaml, or the label, is not in the schema (the message names the nearest one),
            or the schema says that a feature is not there when the model serves.
    """
    known = {feature.name for feature in schema.feature}
    asked: dict[str, Iterable[str]] = {"label": [config.label.column], "features": columns_of(config.features)}
    for key, columns in asked.items():
        for column in columns:
            if column not in known:
                raise ConfigError(
                    file,
                    expected=f"a feature {column!r}, which {key}: of benison.yaml names",
                    got="none",
                    hint=nearest(column, known),
                )
    require_served(schema, columns_of(config.features), config.validation.schema.serving_environment, file)


def names(config: Config, schema: schema_pb2.Schema, columns: Iterable[str]) -> None:
    """Makes sure that every column that validation: names exists; a misspelt one would switch its check off.

    A column that the schema knows and the data lack is a fault of the data, which a check finds, and not of the name.

    Args:
        config: The project's.
        schema: Its schema.
        columns: The columns of the data.

    Raises:
        ConfigError: A column is neither in the data nor in the schema; the message names the nearest one.
    """
    known = {feature.name for feature in schema.feature} | set(columns)
    for column in config.validation.columns:
        if column not in known:
            raise ConfigError(
                f"{FILE} (validation)",
                expected="columns of the data or of the schema",
                got=repr(column),
                hint=nearest(column, known),
            )


def references(config: Config, tables: Mapping[str, Iterable[str]]) -> None:
    """Makes sure that the columns that foreign keys refer to are in their tables.

    Args:
        config: The project's.
        tables: The columns of each reference table.

    Raises:
        ConfigError: One is not; the message names the nearest one.
    """
    for key in config.validation.foreign_keys:
        known = list(tables[key.table])
        for column in key.references:
            if column not in known:
                expected = f"columns of the table {key.table!r}"
                where = f"{FILE} (validation.foreign_keys)"
                raise ConfigError(where, expected=expected, got=repr(column), hint=nearest(column, known))
