"""Duplicates: rows of the newest span that stand in it twice, or in the span before as well."""

from __future__ import annotations

from collections.abc import Iterator

from benison.components.example_validator.keyed import Keyed
from benison.components.example_validator.leakage import whole
from benison.components.example_validator.runs import repeated, rows_of, shared
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.bounds import share

DUPLICATES, REDELIVERED = "duplicate_rows", "redelivered_rows"
# Rows that are alike by nature are about as many in every span; so many times as many are not by nature.
_TIMES = 2.0
# Smaller shares are not worth a word.
_FEW_TWICE, _FEW_AGAIN = 0.01, 0.1


def duplicates(keyed: Keyed) -> Iterator[Check]:
    """Soft: a partition that was written twice, or delivered again as another span.

    Rows of few columns repeat by nature, so what is asked is whether they repeat more than in the span before.

    Args:
        keyed: The snapshot, with the runs of `leakage.whole`.
    """
    question = whole(keyed.rows)
    newest = keyed.group(question, keyed.newest)
    rows = rows_of(newest)
    if not rows:
        return
    twice = repeated(newest).rows / rows
    if not keyed.older:
        yield _without_past(keyed.newest, twice, rows)
        return
    previous = keyed.group(question, keyed.older[-1])
    before = rows_of(previous)
    usual = repeated(previous).rows / before if before else 0.0
    more = max(1.0, rows / before) if before else 1.0
    yield _twice(keyed, twice, max(_FEW_TWICE, _TIMES * more * usual), rows)
    again = shared(newest, previous).rows / rows
    fewer = max(1.0, before / rows)
    yield _again(keyed, again, max(_FEW_AGAIN, _TIMES * fewer * twice), rows)


def _without_past(newest: str, twice: float, rows: int) -> Check:
    observed, allowed = f"{share(twice)} of {rows:,} rows", "about as many as in the span before"
    verdict = Verdict.INCONCLUSIVE if twice else Verdict.PASS
    reason = f"{newest}: {observed} stand in it at least twice"
    reason += "; there is no span before to tell whether that is usual" if twice else ""
    numbers = {"share": twice, "rows": rows}
    return Check(DUPLICATES, newest, Tier.SOFT, verdict, observed, allowed, reason, numbers)


def _twice(keyed: Keyed, twice: float, bound: float, rows: int) -> Check:
    observed, allowed = f"{share(twice)} of {rows:,} rows", f"<= {share(min(bound, 1.0))}"
    verdict = Verdict.PASS if twice <= bound else Verdict.FAIL
    reason = f"{keyed.newest}: {observed} stand in it at least twice; allowed {allowed}, going by {keyed.older[-1]}"
    reason += "; a part of the data may have been written twice" if verdict is Verdict.FAIL else ""
    numbers = {"share": twice, "bound": bound, "rows": rows}
    return Check(DUPLICATES, keyed.newest, Tier.SOFT, verdict, observed, allowed, reason, numbers)


def _again(keyed: Keyed, again: float, bound: float, rows: int) -> Check:
    previous = keyed.older[-1]
    subject = keyed.newest
    observed, allowed = f"{share(again)} of {rows:,} rows", f"<= {share(min(bound, 1.0))}"
    verdict = Verdict.PASS if again <= bound else Verdict.FAIL
    reason = f"{subject}: {observed} stand in {previous} too; allowed {allowed}, "
    reason += "going by how many stand twice in one span"
    reason += f"; {previous} may have been delivered again" if verdict is Verdict.FAIL else ""
    numbers = {"share": again, "bound": bound, "rows": rows}
    return Check(REDELIVERED, subject, Tier.SOFT, verdict, observed, allowed, reason, numbers)
