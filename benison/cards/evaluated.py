"""The card with what an evaluation found: every metric of every slice, the comparison, the gate's verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benison.cards.card import Card
from benison.cards.stated import described
from benison.core.errors import IntegrityError
from benison.core.verdicts import Check, Tier, Verdict
from benison.pages.figures import count, estimate, metric_name, percent, plural

Document = Mapping[str, Any]
OVERALL = "overall"
_MOST_SMALL, _SHOWN_SMALL = 6, 3


def evaluated(card: Card, evaluation: Document) -> Card:
    """The card of a model that was measured.

    Args:
        card: As the trainer wrote it.
        evaluation: evaluation.json, of the same model.

    Raises:
        IntegrityError: They speak of different models.
    """
    _of_same_model(card, evaluation)
    details, said = card["model_details"], card["considerations"]
    version = details["version"]
    if compared := comparison(evaluation):
        version = {**version, "diff": compared}
    limitations = [*said.get("limitations", ()), *described(findings(evaluation))]
    return {
        **card,
        "model_details": {
            **details,
            "documentation": f"{details['documentation']} {verdict(evaluation)}",
            "version": version,
        },
        "quantitative_analysis": {"performance_metrics": list(_metrics(evaluation))},
        "considerations": {**said, "limitations": limitations} if limitations else said,
    }


def _of_same_model(card: Card, evaluation: Document) -> None:
    """Makes sure that card and evaluation speak of one package.

    Raises:
        IntegrityError: They do not.
    """
    package, found = evaluation["challenger"]["package"], card["model_details"].get("version", {}).get("name", "none")
    if found != package:
        hint = "the card was copied from another model or changed; run the trainer again"
        raise IntegrityError("model_card.json", expected=f"the card of package {package}", got=found, hint=hint)


def baselines(evaluation: Document) -> list[str]:
    """What the model was compared with; a reference that is the champion itself is not told twice."""
    champion, reference = evaluation["champion"], evaluation["reference"]
    # Models of which there are the predictions alone have no package, and are two.
    same = champion and reference and champion.get("package", "") == reference.get("package")
    return ["champion"] * bool(champion) + ["reference"] * bool(reference and not same)


def _metrics(evaluation: Document) -> Iterator[dict[str, Any]]:
    """Each metric, then its gains; what is undefined is left out, since 0 would be a figure."""
    for one in evaluation["slices"]:
        for name, metric in one["metrics"].items():
            found = {name: metric["challenger"]}
            gains = metric["gain"]
            found |= {f"{name}_gain_over_{role}": gains[role] for role in baselines(evaluation) if role in gains}
            for kind, figure in found.items():
                if figure["value"] is not None:
                    yield _performance(kind, figure, one["slice"])


def _performance(kind: str, figure: Document, name: str) -> dict[str, Any]:
    """A figure with all its digits; the format takes one without a slice for that of all rows."""
    found: dict[str, Any] = {"type": kind, "value": _digits(figure["value"])}
    if name != OVERALL:
        found["slice"] = name
    if figure["lower"] is not None and figure["upper"] is not None:
        bounds = {"lower_bound": _digits(figure["lower"]), "upper_bound": _digits(figure["upper"])}
        found["confidence_interval"] = bounds
    return found


def _digits(figure: float) -> str:
    """All digits of a number, also of one of NumPy's, which tells its type besides."""
    return repr(float(figure))


def verdict(evaluation: Document) -> str:
    """The gate's word, and what it was given on."""
    holdout, checks = evaluation["holdout"], [Check.from_json(one) for one in evaluation["checks"]]
    hard = [check for check in checks if check.tier is Tier.HARD]
    passed = sum(check.verdict is Verdict.PASS for check in hard)
    return (
        f"Measured on {plural(holdout['rows'], 'row')} of the holdout of snapshot {holdout['snapshot']}, "
        f"{count(holdout['positives'])} of them positive ({percent(holdout['positives'], holdout['rows'])}); "
        f"intervals hold with {evaluation['interval_level']:.0%}. The gate's verdict on the model is "
        f"{evaluation['verdict']}: {passed} of {plural(len(hard), 'hard check')} pass (policy {evaluation['policy']})."
    )


def comparison(evaluation: Document) -> str:
    """What all rows say of the model beside each baseline; empty where there is none."""
    overall: Document = next((one["metrics"] for one in evaluation["slices"] if one["slice"] == OVERALL), {})
    return " ".join(_against(evaluation[role], role, overall) for role in baselines(evaluation))


def _against(entry: Document, role: str, metrics: Document) -> str:
    gains = {name: one["gain"][role] for name, one in metrics.items() if role in one["gain"]}
    told = [f"{metric_name(name)} {estimate(gain, sign=True)}" for name, gain in gains.items()]
    return (
        f"Gain over {role} number {entry['number']} (package {entry['package']}) on the same rows, more is better: "
        f"{'; '.join(told) or 'none was measured'}."
    )


def findings(evaluation: Document) -> list[str]:
    """What the evaluation itself says against relying on the model: checks without a pass, slices too small."""
    checks = [Check.from_json(one) for one in evaluation["checks"]]
    against = [check for check in checks if check.verdict is not Verdict.PASS]
    told = [f"A {check.tier} check is {check.verdict} on {check.subject}: {check.reason}" for check in against]
    small = [f"Too small to be judged: {one['slice']}, {one['reason']}" for one in evaluation["not_judged"]]
    return [*told, *(small if len(small) <= _MOST_SMALL else _first_of(small))]


def _first_of(small: Sequence[str]) -> list[str]:
    """Crossed columns make hundreds of them, which would bury whatever else is said."""
    left = f"{len(small) - _SHOWN_SMALL:,} more slices are too small to be judged: evaluation.json lists each"
    return [*small[:_SHOWN_SMALL], left]
