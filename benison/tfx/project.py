"""Project: the folder with benison.yaml that a TFX pipeline names, as the bundle that our components take."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from benison import config as configuration
from benison.core import digests, documents
from benison.core.errors import DataError, IntegrityError
from benison.core.pack import DOCUMENT, PROJECT, pack

SCHEMA = "schema.pbtxt"


def digest_of(project: Path) -> str:
    """The content digest of a project's files: what tells TFX's cache that a project has changed.

    Raises:
        ConfigError: benison.yaml is missing, or not understood.
        DataError: The folder cannot be packed.
    """
    configuration.read(project)
    with tempfile.TemporaryDirectory(prefix="benison-") as folder:
        return pack(project, Path(folder)).digest


def bundled(project: Path, digest: str, scratch: Path, schema: Path | None = None) -> Path:
    """A project as a bundle.

    Args:
        project: The folder with benison.yaml.
        digest: What it was when the pipeline was defined.
        scratch: Where the bundle comes to lie.
        schema: An artifact of TFX's type Schema, which takes the place of the project's own.

    Raises:
        IntegrityError: It has changed since.
        DataError: The artifact has no schema.
    """
    staged = pack(project, scratch / "bundles")
    if staged.digest != digest:
        raise IntegrityError(
            str(project),
            expected=f"the project with which the pipeline was defined, {digests.short(digest)}",
            got=digests.short(staged.digest),
            hint="it was changed meanwhile; define the pipeline again and run it",
        )
    return _with_schema(Path(staged.uri), schema, scratch / "bundle") if schema else Path(staged.uri)


def _with_schema(bundle: Path, schema: Path, into: Path) -> Path:
    """A copy with another schema, which has a digest of its own."""
    if not (schema / SCHEMA).is_file():
        got = ", ".join(sorted(path.name for path in schema.glob("*"))) or "none"
        raise DataError(str(schema), expected=f"a file {SCHEMA}, as SchemaGen writes it", got=got)
    shutil.copytree(bundle / PROJECT, into / PROJECT)
    target = into / PROJECT / configuration.read(into / PROJECT).data.schema
    target.write_text(text_format.MessageToString(_read(schema / SCHEMA), as_utf8=True), encoding="utf-8")
    documents.write(into / DOCUMENT, "bundle", {"digest": digests.of_tree(into / PROJECT)}, durable=False)
    return into


def _read(path: Path) -> schema_pb2.Schema:
    """A schema in our convention.

    In TFX's a feature may be there without a value. Where nothing asks for a value, ``presence`` then tells nothing of
    how many rows have one, and SchemaGen writes 1.0 for a column of which most are missing; here it would mean them.

    Raises:
        DataError: It is malformed.
    """
    try:
        schema = text_format.Parse(path.read_text(encoding="utf-8"), schema_pb2.Schema())
    except text_format.ParseError as error:
        expected = "a tensorflow.metadata.v0.Schema in protobuf's text format"
        raise DataError(str(path), expected=expected, got=str(error)) from error
    for feature in schema.feature:
        if not feature.HasField("shape") and feature.value_count.min < 1:
            feature.presence.ClearField("min_fraction")
    return schema
