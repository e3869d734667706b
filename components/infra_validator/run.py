"""infra_validator: measure -> behave -> judge -> record, of the package that may serve, in a process of its own."""

from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from benison import config
from benison.components.infra_validator import judge
from benison.components.infra_validator.behave import Behaving, behaves, unknown
from benison.components.infra_validator.judge import CHALLENGER, CHAMPION
from benison.components.infra_validator.measure import Found, Packed, measure
from benison.config import Config
from benison.core import digests, documents
from benison.core.errors import DataError
from benison.core.examples import LabelledSplit, split_files
from benison.core.files import storage_errors
from benison.core.signatures import TEXT, require_column
from benison.core.verdicts import Check, Tier, Verdict, combine
from benison.measures.service import Figure, contract
from benison.sources.bodies import Row, rows_of, spread

_LOG = logging.getLogger(__name__)
FILE = "infra.json"
Document = dict[str, Any]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Held:
    """The rows that are asked.

    Attributes:
        table: Of the holdout, evenly spread over it.
        labels: Theirs, 0 or 1.
        evaluated: What the evaluator had the challenger answer to them.
    """

    table: pa.Table
    labels: npt.NDArray[np.int8]
    evaluated: Floats


def run(*, bundle: Path, holdout: Path, model: Path, champion: Path, predictions: Path, infra_evaluation: Path) -> None:
    """Serves the challenger in a process of its own, as clients would ask it, and judges what it takes and answers.

    Args:
        bundle: The user's project, with benison.yaml and perhaps behaviour.yaml.
        holdout: The split holdout.
        model: The challenger.
        champion: The champion, if there is any.
        predictions: What the evaluator had the models answer, row by row.
        infra_evaluation: The artifact that becomes infra.json, with every figure and check.
    """
    if (model / "not_trained.json").exists():
        why = documents.read(model / "not_trained.json", "not_trained")["reason"]
        refuse(bundle=bundle, holdout=holdout, why=why, infra_evaluation=infra_evaluation)
        return
    settings = config.read(bundle / "project")
    asked = _asked(settings, model, champion)
    _write(infra_evaluation, _measured(settings, asked, holdout, predictions, _snapshot(holdout)))


def refuse(*, bundle: Path, holdout: Path, why: str, infra_evaluation: Path) -> None:
    """Writes infra.json where there is no model that could be asked, which is an ERROR.

    Args:
        bundle: The user's project, with benison.yaml and perhaps behaviour.yaml.
        holdout: The split holdout.
        why: The reason.
        infra_evaluation: The artifact that becomes infra.json.
    """
    settings = config.read(bundle / "project")
    _write(infra_evaluation, _document(settings, _snapshot(holdout), None, None, Found(), [_no_model(why)]))


def _snapshot(holdout: Path) -> str:
    return str(documents.read(holdout / "snapshot.json", "snapshot")["digest"])


def _write(infra_evaluation: Path, content: Document) -> None:
    with storage_errors(infra_evaluation):
        infra_evaluation.mkdir(parents=True, exist_ok=True)
    documents.write(infra_evaluation / FILE, "infra", content)
    _LOG.info("%s by %d checks", content["verdict"], len(content["checks"]))


@dataclass(frozen=True)
class Asked:
    """The packages that are asked.

    Attributes:
        package: The challenger's digest.
        champion: The champion's entry in champion.json; None: there is none.
        folders: By role; the champion's where a check compares with it.
        columns: By role, those that the package reads, by name.
    """

    package: str
    champion: Mapping[str, Any] | None
    folders: Mapping[str, Path]
    columns: Mapping[str, Mapping[str, Mapping[str, Any]]]


def _asked(settings: Config, model: Path, champion: Path) -> Asked:
    """The packages, verified, and held to what the project asks of columns."""
    package = documents.read(model / "training.json", "training")["package"]
    entry = documents.read(champion / "champion.json", "champion")["champion"]
    folders = {CHALLENGER: model / "Format-Serving"}
    digests.verify_tree(folders[CHALLENGER], package)
    if entry and settings.infra.compares:
        folders[CHAMPION] = champion / entry["folder"]
        digests.verify_tree(folders[CHAMPION], entry["package"])
    columns = {role: _columns(folder) for role, folder in folders.items()}
    if settings.infra.behaviour is not None:
        numbers = [name for name, one in columns[CHALLENGER].items() if one["type"] != TEXT]
        settings.infra.behaviour.check_columns(list(columns[CHALLENGER]), numbers)
    return Asked(package, entry, folders, columns)


def _held(settings: Config, asked: Asked, holdout: Path, predictions: Path) -> Held:
    label, (file,) = settings.label, split_files(predictions, "holdout")
    split = LabelledSplit.open(holdout, "holdout", label.column, positive=label.positive, negative=label.negative)
    evaluated = np.asarray(pq.read_table(file, columns=[CHALLENGER])[CHALLENGER], dtype=np.float64)
    if len(evaluated) != split.num_rows:
        got = f"{len(evaluated)} of {split.num_rows} rows"
        raise DataError(str(file), expected="the predictions of this holdout", got=got, hint="run the evaluator on it")
    for name in dict.fromkeys(name for known in asked.columns.values() for name in known):
        require_column(name, split.column_names)
    places = spread(split.num_rows, settings.infra.rows)
    read = [name for name in split.column_names if any(name in known for known in asked.columns.values())]
    return Held(split.spread(read, settings.infra.rows), split.labels[places], evaluated[places])


def _measured(settings: Config, asked: Asked, holdout: Path, predictions: Path, snapshot: str) -> Document:
    """Everything that is asked of a package that there is."""
    held = _held(settings, asked, holdout, predictions)
    packages = {
        role: Packed(folder, rows_of(held.table, list(asked.columns[role].values())))
        for role, folder in asked.folders.items()
    }
    behave = partial(_behaviour, settings, held, asked.columns[CHALLENGER], packages[CHALLENGER].rows)
    with tempfile.TemporaryDirectory() as scratch:
        found = measure(packages, settings.infra, Path(scratch), behave)
    checks = list(_checks(settings, held, found, has_champion=bool(asked.champion)))
    return _document(settings, snapshot, asked.package, asked.champion, found, checks)


def _columns(package: Path) -> dict[str, Mapping[str, Any]]:
    told = documents.read(package / "assets.extra" / "features.json", "features")
    return {column["name"]: column for column in told["columns"]}


def _behaviour(
    settings: Config,
    held: Held,
    columns: Mapping[str, Mapping[str, Any]],
    rows: Sequence[Row],
    answer: Callable[[Sequence[Row]], Floats],
    answers: Floats,
) -> Iterator[Check]:
    if settings.infra.behaviour is not None:
        model = Behaving(answer, columns, rows, answers, held.labels, settings.gate.confidence)
        yield from behaves(settings.infra.behaviour, model)


def _checks(settings: Config, held: Held, found: Found, *, has_champion: bool) -> Iterator[Check]:
    infra, measured = settings.infra, found.measured
    yield judge.lives(measured)
    yield contract(found.answered, held.table.num_rows, CHALLENGER)
    yield judge.same_answers(found.answers, held.evaluated)
    yield from judge.fits(measured, infra)
    figures = judge.figures(measured, CHALLENGER, settings.gate.confidence)
    ratios = judge.ratios(measured, settings.gate.confidence)
    for line in infra.checks:
        if not math.isnan(line.limit):
            yield judge.limited(line, measured, figures.get(line.metric))
        if not math.isnan(line.ratio) and has_champion:
            yield judge.compared(line, measured, ratios.get(line.metric))
    if found.behaviour is not None:
        yield from found.behaviour
    elif infra.behaviour is not None:
        yield from unknown(infra.behaviour, measured.lost.get(CHALLENGER, "the model does not answer each row once"))


def _no_model(why: str) -> Check:
    reason = f"no model: {why}"
    return Check("model", CHALLENGER, Tier.HARD, Verdict.ERROR, "no model", "a model", reason)


def _document(
    settings: Config,
    snapshot: str,
    package: str | None,
    champion: Mapping[str, Any] | None,
    found: Found,
    checks: Sequence[Check],
) -> Document:
    """The content of infra.json."""
    infra, confidence, measured = settings.infra, settings.gate.confidence, found.measured
    compared = champion and {key: champion[key] for key in ("package", "number")}
    without = [line for line in infra.checks if not math.isnan(line.ratio) and not champion and package]
    return {
        "verdict": str(combine(checks)),
        "package": package,
        "champion": compared,
        "snapshot": snapshot,
        "policy": infra.digest,
        "confidence": confidence,
        "load": dict(vars(infra.load)),
        "rows": sum(rows for rows, _ in found.answered),
        "figures": {role: _shown(judge.figures(measured, role, confidence)) for role in measured.figures},
        "ratios": _shown(judge.ratios(measured, confidence)),
        "checks": [check.to_json() for check in checks],
        "not_applicable": [
            {"name": f"{line.metric}_over_champion", "subject": CHALLENGER, "reason": "no champion yet"}
            for line in without
        ],
    }


def _shown(figures: Mapping[str, Figure]) -> Document:
    return {metric: figure.to_json() for metric, figure in figures.items()}
