"""``benison data validate``: every check of some data, or of a project's, without training anything."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from benison.cli import project as projects
from benison.cli.data.judged import Judgement
from benison.cli.data.opening import opened
from benison.cli.data.profile import speaks_of
from benison.cli.data.source import DATA, Looked, cells, compared_columns, look
from benison.components.champion_resolver import run as champion_resolver
from benison.components.example_gen import run as example_gen
from benison.components.example_validator import drift, volume
from benison.components.example_validator import run as example_validator
from benison.components.example_validator.examine import Findings, Given, Rows, Rules, measured
from benison.components.example_validator.infer import infer_measured
from benison.components.example_validator.judge import findings
from benison.components.example_validator.report import page
from benison.components.example_validator.row_checks import row_checks
from benison.config.validation import defaults
from benison.core import documents
from benison.core.verdicts import Check
from benison.registry.stores import is_empty, store_at

# What needs a champion, a history or a configuration is not asked of a source alone.
_OF_PROJECTS = {"columns", "history", "volume", "freshness", drift.CHECKS[drift.PREVIOUS], drift.CHECKS[drift.CHAMPION]}


@contextmanager
def of_source(path: str, schema: Path | None, reference: str | None) -> Iterator[Judgement]:
    """Holds rows to a schema and, where there is one, compares them with a reference.

    Args:
        path: The rows.
        schema: A schema.pbtxt; None: it is inferred from the reference, or else from the rows themselves.
        reference: Other rows; None: nothing is compared.
    """
    with opened(path) as dataset, tempfile.TemporaryDirectory(prefix="benison-") as scratch:
        other = _looked(reference) if reference else None
        mine = look(path, dataset)
        held_to, said = _schema(schema, other or mine)
        speaks_of(held_to, dataset.schema.names, str(schema) if schema else f"the schema of {reference or path}")
        rules = Rules(schema=held_to, validation=defaults())
        found = _found(mine, rules, Path(scratch))
        if other is not None:
            found = _compared(found, other, mine, rules)
        folder = Path(scratch) / "found"
        folder.mkdir()
        (folder / "schema.pbtxt").write_text(text_format.MessageToString(held_to, as_utf8=True))
        yield _written(found, said, folder)


def _looked(path: str) -> Looked:
    with opened(path) as dataset:
        return look(path, dataset)


def _schema(file: Path | None, seen: Looked) -> tuple[schema_pb2.Schema, str]:
    if file is not None:
        return example_validator.read_schema(file, str(file)), f"held to {file}"
    [measured_rows] = seen.groups.values()
    said = f"no --schema: it was inferred from {seen.name}, without bounds; write one down for checks that mean more"
    return infer_measured(measured_rows), said


def _found(mine: Looked, rules: Rules, scratch: Path) -> Findings:
    """What the checks say of the rows alone."""
    rows = Rows(mine.dataset.schema, cells(mine.dataset, [DATA]))
    given = Given(snapshot=mine.snapshot, rows=rows, parts=(DATA,))
    found = findings(given, rules, measured(given, rules))
    (scratch / "keys").mkdir()
    checks = [*found.checks, *row_checks(rows, {}, rules.validation, scratch / "keys")]
    return replace(found, checks=tuple(check for check in checks if check.name not in _OF_PROJECTS))


def _compared(found: Findings, other: Looked, mine: Looked, rules: Rules) -> Findings:
    """With the checks that need the reference: its rows stand for the span before."""
    before, asked = other.profile.train, rules.validation
    reference = drift.Reference(drift.PREVIOUS, other.name, before)
    now = found.figures.newest
    columns = compared_columns(before, found.profile.train)
    checks, comparisons = drift.drift(reference, now.tallies, asked.drift, columns)
    rows = volume.volume(mine.name, now.rows, [before.rows], asked.volume)
    return replace(found, checks=(*found.checks, rows, *checks), comparisons=tuple(comparisons))


def _written(found: Findings, said: str, folder: Path) -> Judgement:
    """Everything that a run would leave, in one folder."""
    checks: list[Check] = list(found.checks)
    example_validator.write_statistics(found, folder)
    example_validator.write_anomalies(found, checks, folder)
    compared = example_validator.compared(found)
    (folder / "report.html").write_text(page(None, checks, found.profile, *compared))
    return Judgement(folder, said, "pass another --schema; in a project, benison data accept keeps track")


@contextmanager
def of_project(folder: Path, registry: str | None, span: int) -> Iterator[Judgement]:
    """Does what the pipeline would do before training, in a place of its own; nothing is written to the registry."""
    project = projects.find(folder, registry)
    with tempfile.TemporaryDirectory(prefix="benison-") as scratch:
        made = Path(scratch)
        (made / "bundle").mkdir()
        (made / "bundle" / "project").symlink_to(project.folder)
        example_gen.run(
            data_root=str(project.folder),
            span=span,
            bundle=made / "bundle",
            examples=made / "examples",
            holdout=made / "holdout",
            references=made / "references",
        )
        said = _resolved(project, made)
        found = made / "found"
        example_validator.run(
            **{name: made / name for name in ("bundle", "examples", "holdout", "references", "champion", "history")},
            statistics=found,
            anomalies=found,
            validation=found,
            report=found / "report.html",
        )
        yield Judgement(
            found, said, f"benison data accept CHECK SUBJECT --why '...' -p {folder} --run DIR, DIR as in --out"
        )


def _resolved(project: projects.Project, made: Path) -> str:
    """Champion and history out of the registry; empty ones where there is no registry."""
    if not is_empty(store_at(project.registry)):
        champion_resolver.run(
            registry_uri=project.registry,
            bundle=made / "bundle",
            champion=made / "champion",
            history=made / "history",
            base_model=made / "base_model",
        )
        return f"history and champion out of {project.registry}"
    (made / "history").mkdir()
    documents.write(made / "champion" / "champion.json", "champion", {"champion": None, "reference": None})
    return f"no registry at {project.registry}, so nothing was compared with history or champion"
