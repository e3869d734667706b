"""What a blessing rests on: what the artifacts of this run say, and what the registry says at this moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from benison.core import digests, documents
from benison.core.verdicts import Check, Verdict, combine
from benison.registry.log import Champion, Promote, Rollback
from benison.registry.state import State


@dataclass(frozen=True)
class Infra:
    """What became of the challenger in a process of its own.

    Attributes:
        said: infra.json.
        digest: The digest of that file.
        policy: The digest of ``infra:`` and behaviour.yaml in the bundle.
    """

    said: Mapping[str, Any]
    digest: str
    policy: str

    @classmethod
    def read(cls, path: Path, policy: str) -> Infra:
        """From infra.json, beside the digest of what the bundle asks."""
        return cls(documents.read(path, "infra"), digests.of_file(path), policy)

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """Its checks."""
        return tuple(map(Check.from_json, self.said["checks"]))


@dataclass(frozen=True)
class Evidence:
    """The artifacts of one run.

    Attributes:
        anomalies: checks.json, every check of the data.
        anomalies_digest: The digest of that file; empty: there is none.
        profile: profile.json, of the snapshot.
        evaluation: evaluation.json.
        evaluation_digest: The digest of that file.
        resolved: champion.json, what the run looked up before it trained.
        training: training.json; None: there is no model.
        not_trained: not_trained.json; None: there is a model.
        package: The digest of the bytes in Format-Serving; None: there is no model.
        policy: The digest of the gate in the bundle.
        reproducible: What that gate asks of repeated trainings: reported or required.
        infra: The challenger in a process of its own; None: a pipeline of TFX where our InfraValidator was not asked.
    """

    anomalies: Mapping[str, Any]
    anomalies_digest: str
    profile: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    evaluation_digest: str
    resolved: Mapping[str, Any]
    training: Mapping[str, Any] | None
    not_trained: Mapping[str, Any] | None
    package: str | None
    policy: str
    reproducible: str = "reported"
    infra: Infra | None = None

    @cached_property
    def data_checks(self) -> tuple[Check, ...]:
        """The validator's checks."""
        return tuple(map(Check.from_json, self.anomalies["checks"]))

    @cached_property
    def model_checks(self) -> tuple[Check, ...]:
        """The evaluator's checks."""
        return tuple(map(Check.from_json, self.evaluation["checks"]))

    @property
    def infra_checks(self) -> tuple[Check, ...]:
        """The checks of the challenger in a process of its own."""
        return self.infra.checks if self.infra else ()

    @property
    def accepted(self) -> bool:
        """Whether validation let this very snapshot pass, by its word and by its checks."""
        said: str = self.anomalies["verdict"]
        passed = said == combine(self.data_checks) == Verdict.PASS
        return passed and bool(self.anomalies["snapshot"] == self.profile["snapshot"])

    @property
    def compared_with(self) -> Champion | None:
        """The champion in the evaluation."""
        return champion_in(self.evaluation)

    @property
    def spans(self) -> tuple[int, ...]:
        """The spans that the model was trained on."""
        return tuple(self.training["spans"]) if self.training else ()


@dataclass(frozen=True)
class Standing:
    """The registry at the moment of the push.

    Attributes:
        champion: The champion; where this very evaluation was promoted already, the one before, so that a repeated
            push comes to the same word as the first.
        champion_spans: What it was trained on.
        rolled_back: Who took this model out of the champion's place, and why; empty: nobody did.
        repeated: The model digests of other trainings of the same project on the same data, by package.
    """

    champion: Champion | None
    champion_spans: tuple[int, ...]
    rolled_back: str
    repeated: Mapping[str, str] = field(default_factory=dict)


def champion_in(document: Mapping[str, Any]) -> Champion | None:
    """The champion that evaluation.json or champion.json speaks of."""
    found = document["champion"]
    return Champion(found["number"], found["package"]) if found else None


def same_model(state: State, evidence: Evidence) -> frozenset[str]:
    """The registered packages that are this model: these bytes, or the same project, data and weights written again.

    The files of a SavedModel differ each time they are written, so without this every repeated training would look
    like a new model.
    """
    training = evidence.training
    if training is None:
        return frozenset()
    origin = {"bundle": training["bundle"], "snapshot": training["snapshot"], "model": training["model_digest"]}
    versions = state.versions.items()
    return frozenset(one for one, version in versions if one == evidence.package or version.entry.evidence == origin)


def promoted_already(state: State, evidence: Evidence) -> bool:
    """Whether this package is champion because of this very evaluation: a push that is repeated."""
    reign = state.reign
    return (
        reign is not None
        and reign.champion.package == evidence.package
        and isinstance(reign.entry, Promote)
        and reign.entry.evidence.get("evaluation") == evidence.evaluation_digest
    )


def standing(state: State, evidence: Evidence) -> Standing:
    """What the registry's state says to this evidence."""
    reign = state.reign
    champion = reign.entry.replaces if reign and promoted_already(state, evidence) else state.champion
    spans = state.versions[champion.package].entry.spans if champion else ()
    return Standing(champion, spans, _rolled_back(state, evidence), _repeated(state, evidence))


def _repeated(state: State, evidence: Evidence) -> dict[str, str]:
    """What else was trained by the same project on the same data; what goes on from a champion need not repeat."""
    training = evidence.training
    if training is None or training["base_model"]:
        return {}
    origin = {name: training[name] for name in ("bundle", "snapshot")}
    others = ((package, one.entry.evidence) for package, one in state.versions.items() if package != evidence.package)
    return {package: said["model"] for package, said in others if origin.items() <= said.items()}


def _rolled_back(state: State, evidence: Evidence) -> str:
    """The last rollback from this package, or from one with the same weights that was written again."""
    weights = evidence.training["model_digest"] if evidence.training else None
    for reign in reversed(state.reigns):
        entry = reign.entry
        gone = entry.replaces.package if isinstance(entry, Rollback) and entry.replaces else None
        if gone in state.rolled_back and weights == state.versions[gone].entry.evidence["model"]:
            return f"{entry.who} in entry {reign.champion.number}: {entry.why}"
    return ""
