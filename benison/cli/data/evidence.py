"""Finding what a run, or a validation, said of the data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tensorflow_metadata.proto.v0 import statistics_pb2

from benison.cli import project as projects
from benison.cli.project import Project
from benison.components.example_validator.edit_schema import Seen
from benison.components.example_validator.run import folder_of
from benison.core import documents
from benison.core.errors import DataError
from benison.core.verdicts import Check

_TASK = "example-validator"


@dataclass(frozen=True)
class Evidence:
    """What was said.

    Attributes:
        project: Whose data.
        where: The run, in words.
        snapshot: The snapshot's digest.
        checks: All of them.
        statistics: The folder with TFDV's statistics.
    """

    project: Project
    where: str
    snapshot: str
    checks: tuple[Check, ...]
    statistics: Path

    def seen(self, where: str) -> Seen:
        """The statistics of some rows: ``train``, ``span 7``, ``serving``, as a check's subject calls them.

        Raises:
            DataError: They are not there any more.
        """
        group = f"split {where}" if where in ("train", "eval", "holdout") else where
        path = self.statistics / folder_of(group) / "FeatureStats.pb"
        rules = self.project.config.validation.schema
        found = statistics_pb2.DatasetFeatureStatisticsList()
        try:
            found.ParseFromString(path.read_bytes())
        except OSError as error:
            raise DataError(str(path), expected=f"statistics of {group}", got=error.strerror or str(error)) from error
        return Seen(where, found, rules.serving_environment if where == "serving" else rules.environment)


def find(folder: Path, runs: Path | None, run: str | None) -> Evidence:
    """The checks of a run, or of a folder that ``benison data validate --out`` wrote; the newest run by default.

    Raises:
        DataError: There is none, or it did not come as far as the checks.
    """
    project = projects.find(folder, None, runs)
    if run is not None and (Path(run) / "checks.json").is_file():
        return _read(project, run, Path(run), Path(run))
    found = projects.find_run(run, project.runs)
    tasks = documents.read(found / "run.json", "run")["tasks"]
    outputs = tasks[_TASK]["outputs"] if _TASK in tasks and tasks[_TASK]["state"] in ("succeeded", "reused") else {}
    if "anomalies" not in outputs:
        hint = "look at its log, or name another one with --run"
        raise DataError(
            str(found), expected="a run whose data were checked", got="one that did not get there", hint=hint
        )
    places = {name: _inside(found.parent, str(outputs[name]["path"])) for name in ("anomalies", "statistics")}
    return _read(project, f"run {found.name}", places["anomalies"], places["statistics"])


def _inside(runs: Path, path: str) -> Path:
    """An artifact's folder; a record that points elsewhere is not believed."""
    found = (runs / path).resolve()
    if not found.is_relative_to(runs.resolve()):
        raise DataError(
            str(runs), expected="artifacts in the runs folder", got=path, hint="the run's record was changed"
        )
    return found


def _read(project: Project, where: str, anomalies: Path, statistics: Path) -> Evidence:
    document = documents.read(anomalies / "checks.json", "checks")
    checks = tuple(Check.from_json(check) for check in document["checks"])
    return Evidence(project, where, str(document["snapshot"]), checks, statistics)
