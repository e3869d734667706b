"""The order: parse the schema, profile each split, check, and write down the verdict that the trainer waits for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from benison import config as configuration
from benison.components.example_validator import check, compare, parse, profile, validate
from benison.config import Config
from benison.core import documents
from benison.core.digests import PREFIX
from benison.core.errors import ConfigError, DataError
from benison.core.examples import binary_labels, read_split, split_folder
from benison.core.files import write_atomically
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
) -> None:
    """Profiles the splits with TFDV and checks them against schema and champion's snapshot, in two tiers.

    Args:
        bundle: The user's project, with its schema.
        examples: The splits train and eval.
        holdout: The split holdout.
        references: Reference tables, serving examples, and when the data were read.
        champion: The champion, whose training snapshot is compared.
        history: The profiles of accepted snapshots.
        statistics: The artifact that becomes Split-<name>/FeatureStats.pb and profile.json.
        anomalies: The artifact that becomes Split-<name>/SchemaDiff.pb and checks.json.
        validation: The artifact that becomes validation.json: the verdict that the trainer waits for.
    """
    config = configuration.read(bundle / "project")
    schema = parse.parse(_text(bundle / "project" / config.data.schema, config.data.schema), config.data.schema)
    parse.covers(schema, config, config.data.schema)
    snapshot = _snapshot(examples, holdout)
    documents.read(references / "context.json", "references")
    tables = {split: read_split(holdout if split == "holdout" else examples, split) for split in configuration.SPLITS}
    train = tables["train"]
    features = profile.profile(train, kinds(config))

    checks = [*_row_checks(tables, config), *check.columns(kinds(config), train)]
    for split, table in tables.items():
        checks += _schema_checks(split, table, schema, statistics, anomalies)
    checks.append(check.leakage(check.shared_rows(train, tables["holdout"]), len(tables["holdout"])))
    checks += check.unprofiled(profile.unprofiled(train))
    checks += _history_checks(champion, history, features, train, config)

    content = {"snapshot": snapshot["digest"], "spans": snapshot["spans"], "rows": len(train), "features": features}
    documents.write(statistics / "profile.json", "profile", content)
    _write_verdict(checks, snapshot["digest"], anomalies, validation)


def kinds(config: Config) -> dict[str, str]:
    """How each column that the model sees is profiled; the label is a category."""
    return {feature.name: feature.kind for feature in config.features} | {config.label.column: "categorical"}


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
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


def _row_checks(tables: Mapping[str, pa.Table], config: Config) -> list[Check]:
    """Rows of every split, and the classes of those that have rows."""
    checks = [check.rows(split, len(table)) for split, table in tables.items()]
    label = config.label
    for split, table in tables.items():
        if len(table):
            labels = binary_labels(table, label.column, positive=label.positive, negative=label.negative)
            checks.append(check.label_classes(split, labels, label))
    return checks


def _schema_checks(split: str, table: pa.Table, schema: Any, statistics: Path, anomalies: Path) -> list[Check]:
    """Writes a split's statistics and anomalies in TFX's layout, byte for byte the same for the same rows."""
    measured = profile.statistics(table, schema)
    found = validate.anomalies(measured, schema)
    for folder, name, proto in ((statistics, "FeatureStats.pb", measured), (anomalies, "SchemaDiff.pb", found)):
        write_atomically(split_folder(folder, split) / name, proto.SerializeToString(deterministic=True))
    return validate.judge(split, found, validate.unknown_shares(table, schema))


def _history_checks(
    champion: Path, history: Path, features: Mapping[str, Mapping[str, Any]], train: pa.Table, config: Config
) -> list[Check]:
    """Drift and rows against the snapshot that the champion was trained on, where it is known."""
    entry = documents.read(champion / "champion.json", "champion")["champion"]
    if entry is None:
        return [compare.nothing_to_compare_with("no champion to compare with")]
    reference = _profile_of(history, entry["snapshot"])
    if reference is None:
        reason = f"no champion to compare with: history has no profile of its snapshot {entry['snapshot']}"
        return [compare.nothing_to_compare_with(reason)]
    drifted = compare.drift(reference["features"], features, train, kinds(config))
    return [*drifted, check.history_rows(len(train), reference["rows"])]


def _profile_of(history: Path, snapshot: str) -> dict[str, Any] | None:
    """The profile of a snapshot in the history; None where there is none."""
    for path in sorted(history.glob(f"*{snapshot.removeprefix(PREFIX)}.json")):
        found: dict[str, Any] = documents.read(path, "history_entry")["profile"]
        if found["snapshot"] != snapshot:
            raise DataError(str(path), expected=f"the profile of {snapshot}", got=f"that of {found['snapshot']}")
        return found
    return None


def _write_verdict(checks: list[Check], snapshot: str, anomalies: Path, validation: Path) -> None:
    """All checks beside the anomalies; the verdict alone for the trainer, which soft changes must not wake."""
    verdict = combine(checks)
    content = {"verdict": str(verdict), "snapshot": snapshot}
    documents.write(anomalies / "checks.json", "checks", {**content, "checks": [one.to_json() for one in checks]})
    blocked_by = [one.reason for one in checks if one.tier is Tier.HARD and one.verdict is not Verdict.PASS]
    documents.write(validation / "validation.json", "validation", {**content, "blocked_by": blocked_by})
