"""Finding what a run, or a validation, said of the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from tensorflow_metadata.proto.v0 import statistics_pb2

from benison.cli import project as projects
from benison.cli.project import Project
from benison.components.example_validator.edit_schema import Seen
from benison.components.example_validator.run import folder_of
from benison.config import FILE
from benison.core import documents
from benison.core.errors import DataError
from benison.core.sections import load
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
    """The checks of a run, or of a folder that ``benison data validate --out`` wrote.

    Args:
        folder: The project's.
        runs: Where its runs are kept; None: in the project.
        run: A run's id or folder, or a validation's folder; None: the newest run whose data were checked.

    Raises:
        DataError: There is none, it did not come as far as the checks, or is another project's.
    """
    project = projects.find(folder, None, runs)
    if run is not None and (Path(run) / "checks.json").is_file():
        return _read(project, run, Path(run), Path(run))
    found = _newest(project) if run is None else projects.find_run(run, project.runs)
    outputs = _outputs(found)
    if not outputs:
        hint = "look at its log, or name another one with --run"
        raise DataError(
            str(found), expected="a run whose data were checked", got="one that did not get there", hint=hint
        )
    _of_this_project(project, found)
    places = {name: _inside(found.parent, str(outputs[name]["path"])) for name in ("anomalies", "statistics")}
    return _read(project, f"run {found.name}", places["anomalies"], places["statistics"])


def _newest(project: Project) -> Path:
    """The newest run whose data were checked, which may have died later; the newest of all where there is none."""
    newest = projects.find_run(None, project.runs)
    known = sorted((path.parent for path in project.runs.glob("*/run.json")), reverse=True)
    found = next((one for one in known if _outputs(one)), newest)
    passed = f"; {newest.name} is newer, and has no data checks" if found != newest else ""
    if _outputs(found):
        click.echo(f"run {found.name}, the newest whose data were checked{passed}", err=True)
    return found


def _outputs(run: Path) -> Mapping[str, Any]:
    """What the data checks of a run left; empty where it did not get there."""
    task = documents.read(run / "run.json", "run")["tasks"].get(_TASK)
    outputs = task["outputs"] if task and task["state"] in ("succeeded", "reused") else {}
    return outputs if "anomalies" in outputs else {}


def _of_this_project(project: Project, run: Path) -> None:
    """Refuses what was found of other data: their bounds would loosen checks that nobody looked at here."""
    bundle = documents.read(run / "run.json", "run")["tasks"].get("bundle")
    outputs = bundle["outputs"] if bundle else {}
    said = _inside(run.parent, str(outputs["bundle"]["path"])) / "project" / FILE if "bundle" in outputs else None
    if said is not None and said.is_file():
        name = load(said).take("name", str)
        got = f"one of {name!r}"
    else:
        name = project.config.name if run.parent == project.runs else ""
        got = "one of which it is not known whose it is: its bundle is gone"
    if name != project.config.name:
        hint = "name the run's own project with  -p"
        raise DataError(str(run), expected=f"a run of {project.config.name!r}", got=got, hint=hint)


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
