"""The report's part on training: how the challenger learned, and from what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benison.core.digests import short
from benison.pages.figures import count, number, plural
from benison.pages.markup import Column, Markup, Row, facts, join, section, table, tag
from benison.report import search
from benison.report.charts import Plot, Series, curves
from benison.report.conclusion import why_missing
from benison.report.gather import Document, RunEvidence

_EPOCHS = (
    Column("Epoch", "name"),
    Column("Loss, train", "number"),
    Column("Loss, eval", "number"),
    Column("AUC, eval", "number"),
    Column("Seconds", "number"),
    Column("Rows/s", "number"),
    Column("Step, ms", "number"),
    Column("Waited", "number"),
    Column("Host, MB", "number"),
    Column("Device, MB", "number"),
)


def render(evidence: RunEvidence) -> Markup:
    """Training, or why there was none."""
    return section("training", "Training", *_content(evidence))


def _content(evidence: RunEvidence) -> list[Markup]:
    if evidence.not_trained is not None:
        return [_not_trained(evidence.not_trained)]
    if evidence.training is None:
        return [tag("p", why_missing(evidence, "trainer"), class_="absent")]
    if evidence.training["curves"] is None:
        return [_trained_elsewhere(evidence.training), _facts(evidence.training)]
    found = evidence.training["search"]
    searched = [search.render(found)] if found else []
    return [_summary(evidence.training), _charts(evidence.training), _epochs(evidence.training), *searched]


def _not_trained(document: Document) -> Markup:
    reasons = [tag("li", reason) for reason in document["blocked_by"]]
    return join([tag("p", f"Nothing was trained: {document['reason']}", class_="absent"), tag("ul", *reasons)])


def _trained_elsewhere(training: Document) -> Markup:
    rows = training["rows"]
    return tag(
        "p",
        f"The project's TFX module trained by its run_fn, on {count(rows['train'])} rows of train and with "
        f"{count(rows['eval'])} of eval. How the loss went down is not known here, and which weights were kept is the "
        "module's own choice; its TensorBoard logs, if it writes any, are in model_run/ beside the model. The holdout "
        "takes no part in it.",
    )


def _summary(training: Document) -> Markup:
    epochs, rows = len(training["curves"]), training["rows"]
    return tag(
        "p",
        f"{plural(epochs, 'epoch')} over {count(rows['train'])} rows; the weights of epoch {training['best_epoch']} "
        f"were kept, the best by loss on the {count(rows['eval'])} rows of eval. The holdout takes no part in it.",
    )


def _charts(training: Document) -> Markup:
    mark = (float(training["best_epoch"]), f"best: {training['best_epoch']}")
    best = next((row for row in training["curves"] if row["epoch"] == training["best_epoch"]), None)
    loss = Plot("Loss per epoch", _told(best, "loss", "eval_loss"), "epoch", "loss")
    auc = Plot("AUC on eval per epoch", _told(best, "eval_auc"), "epoch", "AUC")
    losses = [_series(training, "train", "loss"), _series(training, "eval", "eval_loss")]
    return tag(
        "div",
        _figure(loss, losses, mark, _key("train", "loss on train"), _key("eval", "loss on eval")),
        _figure(auc, [_series(training, "eval", "eval_auc")], mark, _key("eval", "AUC on eval")),
        _facts(training),
        class_="charts",
    )


def _series(training: Document, kind: str, key: str) -> Series:
    points = [(float(row["epoch"]), float(row[key])) for row in training["curves"] if row.get(key) is not None]
    return Series(kind, points)


def _told(row: Mapping[str, Any] | None, *keys: str) -> str:
    if row is None:
        return "Its figures are in the table below."
    said = ", ".join(f"{key.replace('_', ' ')} {number(row.get(key))}" for key in keys)
    return f"At epoch {row['epoch']}, the best one: {said}. All figures are in the table below."


def _key(kind: str, words: str) -> Markup:
    return tag("span", words, class_=f"key {kind}")


def _figure(plot: Plot, series: list[Series], mark: tuple[float, str], *keys: Markup) -> Markup | None:
    found = [one for one in series if one.points]
    if not found:
        return None
    return tag("figure", tag("figcaption", tag("b", plot.title), " ", join(keys, " ")), curves(plot, found, mark))


def _facts(training: Document) -> Markup:
    chosen = training["hyperparameters"]
    return facts(
        [
            ("Weights", count(training["parameters"])),
            (
                "Seed",
                join([training["seed"], ", deterministic" if training["deterministic"] else ", not deterministic"]),
            ),
            ("Hyperparameters", ", ".join(f"{key} {value}" for key, value in chosen.items()) or "the model's own"),
            ("Device", _device(training["environment"])),
            ("Speed", _speed(training["speed"]["whole"]) if training["speed"] else "not known"),
            ("Started from", _start(training["base_model"])),
        ]
    )


def _start(base: Document | None) -> str:
    if base is None:
        return "the seed"
    if base["weights"] is None:
        return f"champion {short(base['package'])}, as far as the module takes it"
    new = f", {plural(len(base['new_weights']), 'variable')} anew" if base["new_weights"] else ""
    return f"champion {short(base['package'])}: {plural(base['weights'], 'variable')}{new}"


def _device(environment: Document) -> str:
    if environment["precision"] is None:
        return f"{environment['device']}; how it computed is the module's own choice"
    parts = [environment["device"], environment["precision"], *(["XLA"] if environment["xla"] else [])]
    if environment["replicas"] > 1:
        parts.append(f"{environment['replicas']} replicas")
    return ", ".join([*parts, f"micro-batches of {count(environment['micro_batch'])} rows"])


def _speed(whole: Document) -> str:
    memory = f"{whole['host_peak_mb']:,.0f} MB of memory at most"
    if whole["device_peak_mb"] is not None:
        memory += f", {whole['device_peak_mb']:,.0f} MB on the device"
    return (
        f"{whole['seconds']:,.1f} s, {whole['examples_per_second']:,.0f} rows/s, {whole['step_ms']:.3g} ms a step, "
        f"{whole['input_wait']:.1%} of it waiting for rows; {memory}"
    )


def _figures(speed: Document) -> tuple[str, ...]:
    device = speed["device_peak_mb"]
    return (
        f"{speed['seconds']:.2f}",
        f"{speed['examples_per_second']:,.0f}",
        f"{speed['step_ms']:.3g}",
        f"{speed['input_wait']:.1%}",
        f"{speed['host_peak_mb']:,.0f}",
        "-" if device is None else f"{device:,.0f}",
    )


def _epochs(training: Document) -> Markup:
    best = training["best_epoch"]
    rows = [
        Row(
            (
                f"{row['epoch']}, best" if row["epoch"] == best else row["epoch"],
                number(row["loss"]),
                number(row["eval_loss"]),
                number(row["eval_auc"]),
                *_figures(speed),
            ),
            "chosen" if row["epoch"] == best else None,
        )
        for row, speed in zip(training["curves"], training["speed"]["epochs"], strict=True)
    ]
    return tag("details", tag("summary", "Every epoch"), table("Loss, AUC and speed per epoch", _EPOCHS, rows))
