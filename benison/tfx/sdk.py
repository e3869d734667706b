"""SDK: TFX itself, as far as our components are made of it; the only module here that needs it installed."""

from __future__ import annotations

import tempfile
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import benison
from benison.core.errors import ConfigError
from benison.core.fresh import ask
from benison.core.logs import quiet_imports
from benison.sources.find import is_remote
from benison.tfx.asked import Artifact, Asked
from benison.tfx.fingerprints import fingerprint
from benison.tfx.project import digest_of
from benison.tfx.registries import standing

try:
    with quiet_imports():
        from tfx.dsl.components.base import base_component, base_executor, executor_spec
        from tfx.dsl.io import fileio
        from tfx.types import artifact_utils, channel, component_spec, standard_artifacts
        from tfx.utils import io_utils
except ImportError as missing:
    raise ConfigError(
        "package tfx",
        expected="TFX 1.21, of which this component is one",
        got=str(missing),
        hint="pip install 'tfx==1.21.*', on Python 3.12 or 3.13 with glibc 2.39 or newer, or on macOS",
    ) from missing

__all__ = ["executor_spec", "standard_artifacts"]

Component = base_component.BaseComponent
Spec = component_spec.ComponentSpec
Artifacts = Mapping[str, Sequence[Any]]


def required(kind: Any) -> Any:
    """An input or output of a type of TFX's."""
    return component_spec.ChannelParameter(type=kind)


def optional(kind: Any) -> Any:
    """An input that may be left out, or be empty."""
    return component_spec.ChannelParameter(type=kind, optional=True)


def texts(*names: str) -> dict[str, Any]:
    """Parameters that are text, with those that every one of our components has."""
    every = ("project", "project_digest", "benison", *names)
    return {name: component_spec.ExecutionParameter(type=str) for name in every}


def output(kind: Any) -> Any:
    """The channel of a new artifact of a type of TFX's."""
    return channel.Channel(type=kind)


def part(name: str) -> Any:
    """A module of TFX's that not every component needs."""
    with quiet_imports():
        return import_module(name)


def write_marker(uri: str, name: str) -> None:
    """An empty file in an artifact, wherever it lies."""
    io_utils.write_string_file(f"{uri}/{name}", "")


def project_parameters(project: str) -> dict[str, str]:
    """Where the project lies, and what it and Benison are as the pipeline is defined, so that TFX's cache knows them.

    Args:
        project: The folder with benison.yaml, or a URI that TFX can read.

    Raises:
        ConfigError: It is no text, or benison.yaml is missing, or not understood.
    """
    if not isinstance(project, str):
        expected = "text that is known as the pipeline is defined"
        raise ConfigError("parameter 'project'", expected=expected, got=type(project).__name__)
    with tempfile.TemporaryDirectory(prefix="benison-") as scratch:
        folder = _local(project, Path(scratch) / "project")
        return {"project": absolute(project), "project_digest": digest_of(folder), "benison": benison.__version__}


def registry_parameters(registry: str, project: str) -> dict[str, str]:
    """Where the registry lies, and how far its log has come as the pipeline is defined.

    Args:
        registry: A folder, or a bucket's.
        project: The folder with benison.yaml, or a URI that TFX can read.
    """
    with tempfile.TemporaryDirectory(prefix="benison-") as scratch:
        place = absolute(registry)
        return {"registry": place, "standing": standing(place, _local(project, Path(scratch) / "project"))}


def data_parameters(data_root: str, span: int, project: str) -> dict[str, str]:
    """Where the data lie, and what they are as the pipeline is defined.

    Args:
        data_root: The folder or URI that relative paths of the project start at.
        span: The newest span; 0: the newest there is.
        project: The folder with benison.yaml, or a URI that TFX can read.
    """
    with tempfile.TemporaryDirectory(prefix="benison-") as scratch:
        place = absolute(data_root)
        told = fingerprint(_local(project, Path(scratch) / "project"), place, span)
        return {"data_root": place, "span": str(span), "fingerprint": told}


class Executor(base_executor.BaseExecutor):
    """Has a program of ours do the work.

    A process of its own, since TensorFlow may have started in TFX's, which then can be neither seeded nor forked.

    Attributes:
        PROGRAM: A module with ``answer(request)``, see `Asked`.
    """

    PROGRAM = ""

    def Do(self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: Mapping[str, Any]) -> None:
        """Runs the program on the artifacts' files, and marks what it made as TFX's own components do.

        Raises:
            BenisonError: What the program raised.
        """
        with tempfile.TemporaryDirectory(prefix="benison-", ignore_cleanup_errors=True) as folder:
            scratch = Path(folder)
            asked = _asked(input_dict, output_dict, exec_properties, scratch)
            told = ask(
                self.PROGRAM,
                asked.to_json(),
                scratch / "process",
                where=self.PROGRAM,
                to="the component to end with a word",
                # Keras 3, whatever TFX has chosen for its own process.
                TF_USE_LEGACY_KERAS="0",
            )
            for name, path in asked.outputs.items():
                if is_remote(uri := _single(output_dict, name).uri):
                    io_utils.copy_dir(str(path), uri)
        self.mark(told, input_dict, output_dict)

    @abstractmethod
    def mark(self, told: Mapping[str, Any], inputs: Artifacts, outputs: Artifacts) -> None:
        """Sets the properties of what was made.

        Args:
            told: What the program answered.
            inputs: By channel.
            outputs: By channel.
        """


def _single(artifacts: Artifacts, name: str) -> Any:
    return artifact_utils.get_single_instance(list(artifacts[name]))


def _asked(inputs: Artifacts, outputs: Artifacts, parameters: Mapping[str, Any], scratch: Path) -> Asked:
    """The request, with every artifact on this machine."""
    found = {
        name: tuple(_artifact(one, scratch / "inputs" / name / str(number)) for number, one in enumerate(some))
        for name, some in inputs.items()
    }
    made = {name: _place(_single(outputs, name).uri, scratch / "outputs" / name) for name in outputs}
    said = {name: str(value) for name, value in parameters.items() if value is not None}
    said["project"] = str(_local(said["project"], scratch / "named"))
    (scratch / "work").mkdir()
    return Asked(found, made, said, scratch / "work")


def _artifact(one: Any, into: Path) -> Artifact:
    kind = type(one)
    splits = tuple(one.splits) if "split_names" in (kind.PROPERTIES or {}) and one.split_names else ()
    span = int(one.span) if "span" in (kind.PROPERTIES or {}) else 0
    return Artifact(_local(one.uri, into), one.uri, int(one.id), span, splits, _properties(one))


def _properties(one: Any) -> dict[str, str | int]:
    """What stands in an artifact's custom properties; 0 and empty text as if they did not."""
    names = list(one.mlmd_artifact.custom_properties)
    found = {name: one.get_string_custom_property(name) or one.get_int_custom_property(name) for name in names}
    return {name: value for name, value in found.items() if value}


def absolute(uri: str) -> str:
    """A folder as an absolute path, since components work elsewhere; what is not on this machine as it is."""
    return uri if is_remote(uri) else str(Path(uri.removeprefix("file://")).resolve())


def _local(uri: str, into: Path) -> Path:
    """A folder on this machine; a copy of one that lies elsewhere."""
    if not is_remote(uri):
        return Path(uri.removeprefix("file://"))
    if not fileio.isdir(uri):
        raise ConfigError(uri, expected="a folder that TFX can read", got="none")
    io_utils.copy_dir(uri, str(into))
    return into


def _place(uri: str, beside: Path) -> Path:
    """Where an output is written to on this machine."""
    if is_remote(uri):
        beside.mkdir(parents=True)
        return beside
    return Path(uri.removeprefix("file://"))
