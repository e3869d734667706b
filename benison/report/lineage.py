"""The report's part on lineage: from which commit, data and model, when, and by which tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benison.pages.badges import sign
from benison.pages.figures import duration, instant, moment
from benison.pages.markup import Column, Markup, Row, digest, facts, join, quiet, section, table, tag
from benison.pages.scales import Scale
from benison.report import charts
from benison.report.gather import Document, RunEvidence

_LOOKS = {"succeeded": "pass", "reused": "again", "failed": "fail", "cancelled": "open"}
_STATES = {"succeeded": "done", "not_run": "not run"}
_TASKS = (Column("Task", "name"), Column("State", "verdict"), Column("When", "plot"), Column("Time", "number"))
_ARTIFACTS = (Column("Artifact", "name"), Column("Task"), Column("Content", "digest"))


def render(evidence: RunEvidence) -> Markup:
    """Identities, tasks and artifacts."""
    parts = [_run(evidence), _versions(evidence), tag("h3", "Tasks"), _tasks(evidence), _artifacts(evidence)]
    return section("lineage", "Lineage", *parts)


def _run(evidence: RunEvidence) -> Markup:
    run = evidence.run
    asked = run["parameters"]
    return facts(
        [
            ("Run", tag("code", run["id"])),
            ("Pipeline", run["pipeline"]),
            ("Started", moment(run["started"])),
            ("Ended", moment(run["ended"])),
            ("Asked by", asked.get("who") or "nobody named"),
            ("Benison", _software(run["versions"])),
        ]
    )


def _software(versions: Mapping[str, Any]) -> str:
    return f"{versions['benison']}, Python {versions['python']}, {versions['stack']} stack"


def _versions(evidence: RunEvidence) -> Markup:
    """What the run was made of and what it made, each by its digest."""
    asked, training, evaluation = evidence.run["parameters"], evidence.training, evidence.evaluation
    pairs: list[tuple[str, object]] = [
        ("Commit", tag("code", asked["commit"], class_="digest") if asked.get("commit") else "none given"),
        ("Bundle", _digest(asked.get("bundle_digest"))),
        ("Snapshot", _digest(evidence.snapshot and evidence.snapshot["digest"])),
        ("Policy", _digest(evaluation and evaluation["policy"])),
        ("Package", _digest(training and training["package"])),
        ("Model", _digest(training and training["model_digest"])),
        ("Evaluation", _digest(evidence.evaluation_digest)),
        ("Champion before", _entry(evidence.champion, "champion")),
        ("Reference before", _entry(evidence.champion, "reference")),
        ("Champion afterwards", _after(evidence)),
        ("Trained with", _environment(training)),
    ]
    return join([tag("h3", "Identities"), facts(pairs)])


def _digest(value: object) -> Markup:
    return digest(value) if value else quiet("none")


def _entry(champion: Document | None, role: str) -> Markup:
    entry = champion[role] if champion else None
    if entry is None:
        return quiet("none")
    spans = ", ".join(str(span) for span in entry["spans"])
    return join([f"number {entry['number']}, trained on span {spans}, package ", digest(entry["package"])])


def _after(evidence: RunEvidence) -> Markup:
    pushed = evidence.pushed
    if pushed is None:
        return quiet("as before" if evidence.tasks("not_run", "waiting").count("pusher") else "not known")
    if pushed["champion_after"] is None:
        return quiet("none")
    return join([f"number {pushed['number']}, package ", digest(pushed["champion_after"])])


def _environment(training: Document | None) -> Markup:
    if training is None:
        return quiet("nothing")
    return join([", ".join(f"{name} {value}" for name, value in training["environment"].items())])


def _tasks(evidence: RunEvidence) -> Markup:
    run, tasks = evidence.run, evidence.all_tasks
    whole = max(_offset(run, task["ended"]) for task in tasks.values())
    unit, per = ("min", 60.0) if whole > 180 else ("s", 1.0)
    scale = Scale(0, whole / per or 1.0, 10, charts.CELL_WIDTH - 16)
    rows = [_task_row(run, name, task, scale, per) for name, task in tasks.items()]
    foot = Row(("", "", charts.spell_axis(scale, unit), ""), "axis")
    return table("When each task ran, since the start of the run", _TASKS, rows, foot=foot)


def seconds_of(run: Document) -> float | None:
    """How long a run took; None while it is not over."""
    return _offset(run, run["ended"]) if run["ended"] else None


def _offset(run: Document, text: str | None) -> float:
    """Seconds since the start of the run; 0 for what never began."""
    start, at = instant(run["started"]), instant(text)
    return (at - start).total_seconds() if start and at else 0.0


def _task_row(run: Document, name: str, task: Mapping[str, Any], scale: Scale, per: float) -> Row:
    state = str(task["state"])
    words = join([sign(_LOOKS.get(state, "open"), _STATES.get(state, state)), _reused_from(task)])
    bar = None
    if task["started"] and task["ended"]:
        ends = (_offset(run, task["started"]) / per, _offset(run, task["ended"]) / per)
        bar = charts.spell(*ends, scale, state)
    took = duration(task["seconds"]) if task["seconds"] is not None else quiet("\u2013")
    return Row((name, words, bar, took), state, _error(task))


def _reused_from(task: Mapping[str, Any]) -> Markup | None:
    return quiet(f" from {task['reused_from']}") if task["reused_from"] else None


def _error(task: Mapping[str, Any]) -> Markup | None:
    """A broken task's message, hint and log, and its traceback folded away."""
    error = task["error"]
    if not error:
        return None
    trace = error.get("traceback")
    return join(
        [
            tag("p", tag("b", error["type"]), ": ", error["message"], class_="message"),
            tag("p", "Hint: ", error["hint"]) if error.get("hint") else None,
            tag("p", "Log: ", tag("code", task["log"])) if task.get("log") else None,
            tag("details", tag("summary", "Traceback"), tag("pre", trace)) if trace else None,
        ]
    )


def _artifacts(evidence: RunEvidence) -> Markup | None:
    rows = [
        Row((name, task, digest(output["digest"] or "nothing written")))
        for task, record in evidence.all_tasks.items()
        for name, output in record["outputs"].items()
    ]
    if not rows:
        return None
    listed = table("What each task left, by content", _ARTIFACTS, rows)
    return tag("details", tag("summary", f"Artifacts: {len(rows)}"), listed)
