"""Asked: what a TFX executor hands to one of our components, in a process that knows nothing of TFX."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benison.core.errors import DataError

# Where a Model artifact has what serves.
PACKAGE = "Format-Serving"
TF_EXAMPLE, TFRECORDS = "FORMAT_TF_EXAMPLE", "tfrecords_gzip"


@dataclass(frozen=True)
class Artifact:
    """An artifact of TFX's, its files on this machine.

    Attributes:
        path: Where they lie.
        uri: What TFX calls the place.
        id: Its number in ML Metadata.
        span: Of Examples; 0: TFX's word for none.
        splits: Of Examples, ExampleStatistics and ExampleAnomalies: their names.
        properties: Its custom properties.
    """

    path: Path
    uri: str = ""
    id: int = 0
    span: int = 0
    splits: tuple[str, ...] = ()
    properties: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """What messages call it."""
        return self.uri or str(self.path)

    def to_json(self) -> dict[str, Any]:
        """As it travels to the process."""
        return {
            "path": str(self.path),
            "uri": self.uri,
            "id": self.id,
            "span": self.span,
            "splits": list(self.splits),
            "properties": dict(self.properties),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Artifact:
        """The inverse of `to_json`."""
        return cls(**{**content, "path": Path(content["path"]), "splits": tuple(content["splits"])})


@dataclass(frozen=True)
class Asked:
    """A component's inputs, outputs and parameters.

    Attributes:
        inputs: By name; several where a channel has several.
        outputs: By name, the folders to fill.
        parameters: By name.
        scratch: A folder that is gone afterwards.
    """

    inputs: Mapping[str, tuple[Artifact, ...]]
    outputs: Mapping[str, Path]
    parameters: Mapping[str, str]
    scratch: Path

    def one(self, name: str) -> Artifact:
        """The one artifact of a channel.

        Raises:
            DataError: There is none, or there are several.
        """
        found = self.inputs.get(name, ())
        if len(found) != 1:
            raise DataError(f"input {name!r}", expected="one artifact", got=str(len(found) or "none"))
        return found[0]

    def optional(self, name: str) -> Artifact | None:
        """The one artifact of a channel that may be left out, or that a resolver found nothing for.

        Raises:
            DataError: There are several.
        """
        return self.one(name) if self.inputs.get(name) else None

    def to_json(self) -> dict[str, Any]:
        """As it travels to the process."""
        return {
            "inputs": {name: [one.to_json() for one in found] for name, found in self.inputs.items()},
            "outputs": {name: str(path) for name, path in self.outputs.items()},
            "parameters": dict(self.parameters),
            "scratch": str(self.scratch),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Asked:
        """The inverse of `to_json`."""
        inputs = {name: tuple(map(Artifact.from_json, found)) for name, found in content["inputs"].items()}
        outputs = {name: Path(path) for name, path in content["outputs"].items()}
        return cls(inputs, outputs, content["parameters"], Path(content["scratch"]))
