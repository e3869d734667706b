"""The order: read what there is, measure each row once, check, write down the verdict that the trainer waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tensorflow_metadata.proto.v0 import schema_pb2

from benison import config as configuration
from benison.components.example_validator import accept, parse, severity
from benison.components.example_validator.cells import file_cells, split_cells, split_group
from benison.components.example_validator.examine import (
    SERVING,
    Champion,
    Figures,
    Findings,
    Given,
    Rows,
    Rules,
    measured,
    newest_part,
    with_statistics,
)
from benison.components.example_validator.judge import findings
from benison.components.example_validator.measure import Asked, Cell, types_held
from benison.components.example_validator.report import page
from benison.components.example_validator.row_checks import row_checks
from benison.config import SPLITS, Config, acceptances, columns_of, date_columns
from benison.core import documents
from benison.core.digests import PREFIX
from benison.core.errors import ConfigError, DataError
from benison.core.examples import split_files
from benison.core.files import scratch_beside, write_atomically
from benison.core.verdicts import Check, Tier, Verdict, combine


def run(
    *,
    bundle: Path,
    examples: Path,
    holdout: Path,
    references: Path,
    champion: Path,
    history: Path,
    statistics: Path,
    anomalies: Path,
    validation: Path,
    report: Path,
) -> None:
    """Profiles the snapshot with TFDV and checks it against schema, history and champion, in two tiers.

    Args:
        bundle: The user's project, with its schema.
        examples: The splits train and eval.
        holdout: The split holdout.
        references: Reference tables, serving examples, and when the data were read.
        champion: The champion, whose training snapshot is compared.
        history: The profiles of accepted snapshots.
        statistics: The artifact that becomes Split-<name>/ and Span-<number>/FeatureStats.pb, and profile.json.
        anomalies: The artifact that becomes Split-<name>/SchemaDiff.pb, checks.json, comparisons.json and bands.json.
        validation: The artifact that becomes validation.json: the verdict that the trainer waits for.
        report: The page that shows all of it: one HTML file.
    """
    config = configuration.read(bundle / "project")
    rules = rules_of(config, bundle / "project")
    snapshot = _snapshot(examples, holdout)
    context = documents.read(references / "context.json", "references")
    rows = _rows({split: holdout if split == "holdout" else examples for split in SPLITS}, snapshot)
    parse.names(config, rules.schema, rows.columns.names)
    given = Given(
        snapshot=snapshot["digest"],
        rows=rows,
        parts=tuple(split_group(split) for split in SPLITS),
        serving=_held(references / "Serving", SERVING) if context["serving"] else None,
        champion=_champion(champion),
        history=_history(history),
        read_at=datetime.fromisoformat(context["read_at"]) if context["read_at"] else None,
    )
    tables = {name: _held(references / f"Table-{name}", name) for name in context["tables"]}
    parse.references(config, {name: table.columns.names for name, table in tables.items()})
    with scratch_beside(statistics) as scratch:
        found = findings(given, rules, _measured(given, rules, scratch))
    with scratch_beside(anomalies) as scratch:
        asked = [*found.checks, *row_checks(rows, tables, config.validation, scratch)]
    columns = {*rows.columns.names, *(feature.name for feature in rules.schema.feature)}
    checks = list(accept.apply(asked, acceptances.read(bundle / "project"), columns, snapshot["digest"]))
    write_statistics(found, statistics)
    write_anomalies(found, checks, anomalies)
    _write_page(report, page(snapshot, checks, found.profile, *compared(found)))
    _write_verdict(checks, given.snapshot, validation)


def _measured(given: Given, rules: Rules, scratch: Path) -> Figures:
    """Everything that is given, with statistics by Beam where that is asked for."""
    by_beam = _by_beam(given, rules, scratch) if rules.validation.engine == "beam" else {}
    figures = measured(given, rules)
    return with_statistics(figures, by_beam) if by_beam else figures


def _by_beam(given: Given, rules: Rules, scratch: Path) -> dict[str, Any]:
    """TFDV's statistics of every group, by Beam."""
    # Imported here, since Beam takes as long to import as a small snapshot takes to be checked.
    from benison.components.example_validator import beam

    found: dict[str, Any] = {}
    for name, rows in (("rows", given.rows), ("serving", given.serving)):
        if rows is not None:
            held = types_held(rows.cells, Asked(rows.columns, rules.schema))
            found |= beam.statistics(rows.cells, held, rules.schema, rules.validation.beam_options, scratch / name)
    return found


def rules_of(config: Config, project: Path) -> Rules:
    """What a project asks of its data.

    Args:
        config: Its benison.yaml.
        project: Its folder, with the schema.

    Raises:
        ConfigError: The schema cannot be read, or does not speak of a column that the model sees.
    """
    schema = read_schema(project / config.data.schema, config.data.schema)
    parse.covers(schema, config, config.data.schema)
    severity.check_rules(config.validation.schema, schema)
    return Rules(
        schema=schema,
        validation=config.validation,
        features=tuple(name for name in columns_of(config.features) if name not in date_columns(config.features)),
        label=config.label,
        time=config.data.time,
        spanned=config.data.spanned,
    )


def read_schema(path: Path, name: str) -> schema_pb2.Schema:
    """A schema.pbtxt.

    Args:
        path: The file.
        name: What messages call it.

    Raises:
        ConfigError: It cannot be read, or is malformed.
    """
    try:
        return parse.parse(path.read_text(encoding="utf-8-sig"), name)
    except OSError as error:
        raise ConfigError(
            name,
            expected="a schema of the data in the project",
            got=error.strerror or str(error),
            hint=f"name it under data.schema in benison.yaml; {parse.DRAFT}",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(name, expected="UTF-8 text", got=f"byte {error.object[error.start]:#x}") from error


def _snapshot(examples: Path, holdout: Path) -> dict[str, Any]:
    """What both artifacts say of the snapshot they hold; they must say the same."""
    snapshot, other = (documents.read(folder / "snapshot.json", "snapshot") for folder in (examples, holdout))
    if snapshot["digest"] != other["digest"]:
        raise DataError(
            "holdout",
            expected=f"the snapshot of examples, {snapshot['digest']}",
            got=other["digest"],
            hint="examples and holdout must come from one run of example_gen",
        )
    return snapshot


def _rows(folders: Mapping[str, Path], snapshot: Mapping[str, Any]) -> Rows:
    """All rows of the snapshot, oldest span first."""
    cells, columns = [], pa.schema([])
    for split, folder in folders.items():
        files = split_files(folder, split)
        columns = pq.read_schema(files[0]).remove_metadata()
        cells += split_cells(folder, split, _spans(snapshot, split, files))
    newest = max(span for span, _ in cells)
    several = len({span for span, _ in cells}) > 1
    ordered = sorted(cells, key=lambda pair: pair[0])
    return Rows(columns, tuple(_of_newest(cell) if several and span == newest else cell for span, cell in ordered))


def _of_newest(cell: Cell) -> Cell:
    """What a feature tells of the label is asked of the newest span alone: in a window, older ones would dilute it."""
    split = cell.groups[0].removeprefix("split ")
    return replace(cell, groups=(*cell.groups, newest_part(split))) if split in ("train", "holdout") else cell


def _held(folder: Path, group: str) -> Rows:
    """Examples as serving met them, or a reference table."""
    file = folder / "data.parquet"
    return Rows(pq.read_schema(file).remove_metadata(), tuple(file_cells([file], group)))


def _spans(snapshot: Mapping[str, Any], split: str, files: list[Path]) -> list[tuple[int, int]]:
    """Number and rows of each span in a split; a span without rows in it counts too, so that it is not forgotten."""
    if "spans" in snapshot["splits"][split]:
        return [(one["span"], one["rows"]) for one in snapshot["splits"][split]["spans"]]
    # A snapshot that does not say so is of an older example_gen: its rows count as the newest span's.
    return [(max(snapshot["spans"]), sum(pq.read_metadata(file).num_rows for file in files))]


def _champion(artifact: Path) -> Champion | None:
    entry = documents.read(artifact / "champion.json", "champion")["champion"]
    return Champion(entry["number"], tuple(entry["spans"]), entry["snapshot"]) if entry else None


def _history(artifact: Path) -> list[dict[str, Any]]:
    """The entries of accepted snapshots, each under its own snapshot's name.

    Raises:
        DataError: One is not what its name says.
    """
    entries = []
    for path in sorted(artifact.glob("*.json")):
        entry = documents.read(path, "history_entry")
        of = entry["profile"]["snapshot"]
        if not (entry["snapshot"] == of and path.stem.endswith(of.removeprefix(PREFIX))):
            raise DataError(str(path), expected=f"the profile of {entry['snapshot']}", got=f"that of {of}")
        entries.append(entry)
    return entries


def write_statistics(found: Findings, folder: Path) -> None:
    """FeatureStats.pb of each part and span in TFX's layout, the same bytes for the same rows, and profile.json."""
    for group, proto in found.figures.statistics.items():
        write_atomically(folder / folder_of(group) / "FeatureStats.pb", proto.SerializeToString(deterministic=True))
    documents.write(folder / "profile.json", "profile", found.profile.to_json())


def write_anomalies(found: Findings, checks: list[Check], folder: Path) -> None:
    """SchemaDiff.pb of each part in TFX's layout; every check, and the figures behind drift and history."""
    snapshot = found.profile.snapshot
    for group, proto in found.anomalies.items():
        write_atomically(folder / folder_of(group) / "SchemaDiff.pb", proto.SerializeToString(deterministic=True))
    comparisons, bands = compared(found)
    documents.write(folder / "comparisons.json", "comparisons", {"snapshot": snapshot, **comparisons})
    documents.write(folder / "bands.json", "bands", {"snapshot": snapshot, **bands})
    content = {"verdict": str(combine(checks)), "snapshot": snapshot, "checks": [one.to_json() for one in checks]}
    documents.write(folder / "checks.json", "checks", content)


def folder_of(group: str) -> str:
    """``Split-train`` for ``split train``, ``Span-3`` for ``span 3``, ``Serving`` for ``serving``."""
    return group.capitalize().replace(" ", "-")


def compared(found: Findings) -> tuple[dict[str, Any], dict[str, Any]]:
    """The contents of comparisons.json and bands.json."""
    return {"comparisons": list(found.comparisons)}, {"span": found.profile.newest, "bands": list(found.bands)}


def _write_page(path: Path, text: str) -> None:
    write_atomically(path, text.encode())


def _write_verdict(checks: list[Check], snapshot: str, validation: Path) -> None:
    """The verdict alone for the trainer, which soft changes must not wake."""
    blocked_by = [one.reason for one in checks if one.tier is Tier.HARD and one.verdict is not Verdict.PASS]
    content = {"verdict": str(combine(checks)), "snapshot": snapshot, "blocked_by": blocked_by}
    documents.write(validation / "validation.json", "validation", content)
