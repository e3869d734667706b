"""Whether the documents of a run belong together: a report on mixed evidence would be worse than none."""

from __future__ import annotations

from collections.abc import Iterator

from benison.core import digests
from benison.core.verdicts import Verdict, combine
from benison.report.gather import Document, RunEvidence


def contradictions(evidence: RunEvidence) -> list[str]:
    """What the documents of a run say against each other, a sentence each; empty where they agree."""
    return [*_of_snapshots(evidence), *_of_packages(evidence), *_of_champions(evidence), *_of_the_gate(evidence)]


def _disagreement(what: str, found: dict[str, str | None]) -> Iterator[str]:
    said = {place: digest for place, digest in found.items() if digest is not None}
    if len(set(said.values())) > 1:
        places = ", ".join(f"{place} has {digests.short(digest)}" for place, digest in said.items())
        yield f"The documents speak of different {what}: {places}."


def _of_snapshots(evidence: RunEvidence) -> Iterator[str]:
    holdout = evidence.evaluation["holdout"] if evidence.evaluation else None
    yield from _disagreement(
        "snapshots",
        {
            "snapshot.json": _text(evidence.snapshot, "digest"),
            "checks.json": _text(evidence.checks, "snapshot"),
            "profile.json": _text(evidence.profile, "snapshot"),
            "comparisons.json": _text(evidence.comparisons, "snapshot"),
            "bands.json": _text(evidence.bands, "snapshot"),
            "training.json": _text(evidence.training, "snapshot"),
            "evaluation.json": _text(holdout, "snapshot"),
            "infra.json": _text(evidence.infra, "snapshot"),
            "blessing.json": _text(evidence.blessing, "snapshot"),
        },
    )


def _of_packages(evidence: RunEvidence) -> Iterator[str]:
    challenger = evidence.evaluation["challenger"] if evidence.evaluation else None
    yield from _disagreement(
        "packages",
        {
            "training.json": _text(evidence.training, "package"),
            "model_card.json": _text(evidence.card and evidence.card["model_details"]["version"], "name"),
            "evaluation.json": _text(challenger, "package"),
            "infra.json": _text(evidence.infra, "package"),
            "blessing.json": _text(evidence.blessing, "package"),
            "pushed.json": _text(evidence.pushed, "package"),
        },
    )


def _of_champions(evidence: RunEvidence) -> Iterator[str]:
    found = {
        "champion.json": evidence.champion and evidence.champion["champion"],
        "evaluation.json": evidence.evaluation and evidence.evaluation["champion"],
    }
    said = {place: _text(entry, "package") for place, entry in found.items()}
    yield from _disagreement("champions", {**said, "blessing.json": _text(evidence.blessing, "champion")})


def _of_the_gate(evidence: RunEvidence) -> Iterator[str]:
    blessing, pushed = evidence.blessing, evidence.pushed
    if blessing and evidence.evaluation_digest and blessing["evaluation"] != evidence.evaluation_digest:
        yield "evaluation.json is not the one that the blessing was given for."
    if blessing and blessing["blessed"] and combine(evidence.all_checks) is not Verdict.PASS:
        yield "The model is blessed although a hard check does not pass."
    if blessing and pushed and pushed["outcome"] == "pushed" and not blessing["blessed"]:
        yield "The model was pushed without a blessing."
    if pushed and evidence.run["verdict"] not in (None, pushed["outcome"]):
        yield f"The run's record says {evidence.run['verdict']}, pushed.json says {pushed['outcome']}."


def _text(document: Document | None, key: str) -> str | None:
    found = document.get(key) if document else None
    return None if found is None else str(found)
