"""Given: the project and the data of a TFX pipeline, as every one of our components takes them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benison import config as configuration
from benison.config import Config
from benison.core import documents
from benison.tfx.asked import Asked
from benison.tfx.examples import Snapshot, snapshot_of
from benison.tfx.project import bundled


@dataclass(frozen=True)
class Given:
    """What a component was asked, with its project bundled.

    Attributes:
        asked: The request.
        bundle: The project.
    """

    asked: Asked
    bundle: Path

    @classmethod
    def of(cls, asked: Asked) -> Given:
        """Bundles the project, with the Schema artifact's schema where there is one.

        Raises:
            IntegrityError: The project has changed since the pipeline was defined.
            ConfigError: It is not understood.
        """
        schema = asked.optional("schema")
        project, digest = Path(asked.parameters["project"]), asked.parameters["project_digest"]
        return cls(asked, bundled(project, digest, asked.scratch / "project", schema.path if schema else None))

    @property
    def project(self) -> Path:
        """The project's folder in the bundle."""
        return self.bundle / "project"

    @property
    def digest(self) -> str:
        """The bundle's."""
        return str(documents.read(self.bundle / "bundle.json", "bundle")["digest"])

    @cached_property
    def config(self) -> Config:
        """The project's benison.yaml."""
        return configuration.read(self.project)

    @cached_property
    def snapshot(self) -> Snapshot:
        """The examples, read and sealed.

        Raises:
            DataError: They cannot be.
        """
        asked, holdout = self.asked, self.asked.parameters["holdout"]
        return snapshot_of(asked.inputs.get("examples", ()), self.config, self.project, holdout, asked.scratch / "data")
