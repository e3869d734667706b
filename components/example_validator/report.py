"""Report: the data alone on a page that needs nothing else: the verdict, what is wrong, and what the rows look like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benison.config.acceptances import Acceptance
from benison.core.profiles import Profile
from benison.core.verdicts import Check, Tier, Verdict, combine
from benison.pages import anomalies, columns, drift, exceptions, history, snapshots
from benison.pages.badges import LOOKS, sign
from benison.pages.figures import count, plural
from benison.pages.frame import document
from benison.pages.markup import Markup, join, section, tag

Document = Mapping[str, Any]


def page(
    snapshot: Document | None,
    checks: Sequence[Check],
    profile: Profile,
    comparisons: Document,
    bands: Document,
    acceptances: Sequence[Acceptance] = (),
) -> str:
    """A whole HTML file, which loads nothing and runs nothing.

    Args:
        snapshot: snapshot.json; None where rows were read that belong to none.
        checks: Every check of the data; empty where it was only profiled.
        profile: What train and each span look like.
        comparisons: comparisons.json; ``{"comparisons": []}`` where nothing was compared.
        bands: bands.json; ``{"bands": [], "span": 1}`` where there is no history.
        acceptances: What accepted.yaml says.

    Returns:
        The file's text.
    """
    parts = list(_parts(snapshot, checks, profile, comparisons, bands))
    if acceptances:
        parts.insert(bool(checks), ("exceptions", "Accepted exceptions", exceptions.render(acceptances)))
    headline = _headline(checks, profile)
    return document(
        f"Data: {headline}",
        join([_answer(checks, headline), _glance(checks, profile), _contents(parts)]),
        join(section(anchor, title, content) for anchor, title, content in parts),
        tag("span", "Every figure stands in profile.json, checks.json, comparisons.json and bands.json."),
        skip_to=parts[0][0],
    )


def _parts(
    snapshot: Document | None, checks: Sequence[Check], profile: Profile, comparisons: Document, bands: Document
) -> Iterable[tuple[str, str, Markup]]:
    """The page's sections: anchor, title, content."""
    newest = profile.spans[profile.newest]
    if checks:
        yield "anomalies", "Anomalies", anomalies.render(checks)
    if comparisons["comparisons"]:
        yield "drift", "Drift", drift.render(comparisons, checks)
    if bands["bands"]:
        kinds = {name: column.kind for name, column in newest.columns.items()}
        yield "history", "History", history.render(bands, kinds, checks)
    label = snapshot["label"]["column"] if snapshot else ""
    caption = f"{plural(newest.rows, 'row')} of span {profile.newest}" if snapshot else plural(newest.rows, "row")
    yield "columns", "Columns", columns.render(newest, caption, label)
    if snapshot:
        yield "snapshot", "Snapshot", snapshots.render(snapshot, profile.spans)


def _headline(checks: Sequence[Check], profile: Profile) -> str:
    """The answer in a sentence."""
    if not checks:
        return f"{plural(profile.spans[profile.newest].rows, 'row')} profiled, nothing was checked"
    against = [check for check in checks if check.verdict is not Verdict.PASS]
    blocking, warning = (sum(check.tier is tier for check in against) for tier in Tier)
    verdict = combine(checks)
    if verdict is Verdict.PASS:
        warns = f", and {plural(warning, 'check warns', 'checks warn')}" if warning else ""
        return f"Pass: nothing blocks{warns}"
    if not blocking:
        return f"{str(verdict).title()}: no hard check was made"
    return f"{str(verdict).title()}: {plural(blocking, 'hard check does', 'hard checks do')} not pass"


def _answer(checks: Sequence[Check], headline: str) -> Markup:
    if not checks:
        return tag("div", tag("h1", headline), class_="answer")
    word, _, rest = headline.partition(": ")
    look = LOOKS[combine(checks)]
    title = tag("h1", sign(look, word), tag("span", ": ", class_="unseen"), tag("span", rest[:1].upper() + rest[1:]))
    reasons = [
        check.reason
        for check in anomalies.ranked(checks)
        if check.tier is Tier.HARD and check.verdict is not Verdict.PASS
    ]
    return tag("div", title, _reasons(reasons), class_=f"answer {look}")


_MOST_REASONS = 8


def _reasons(reasons: Sequence[str]) -> Markup | None:
    if not reasons:
        return None
    lines = [tag("li", reason) for reason in reasons[:_MOST_REASONS]]
    left = len(reasons) - _MOST_REASONS
    more = tag("li", tag("a", f"{left:,} more", href="#anomalies")) if left > 0 else None
    return tag("div", tag("h2", "Why"), tag("ul", *lines, more), class_="reasons")


def _glance(checks: Sequence[Check], profile: Profile) -> Markup:
    newest = profile.spans[profile.newest]
    tiles: list[tuple[str, object]] = [
        ("Rows of the newest span" if len(profile.spans) > 1 else "Rows", count(newest.rows)),
        ("Events", snapshots.period(newest)),
        ("Columns", len(newest.columns)),
    ]
    for tier in Tier:
        asked = [check for check in checks if check.tier is tier]
        passed = sum(check.verdict is Verdict.PASS for check in asked)
        tiles.append((f"{str(tier).title()} checks", f"{passed} of {len(asked)} pass" if asked else "none"))
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", shown)) for name, shown in tiles), class_="glance")


def _contents(parts: Sequence[tuple[str, str, Markup]]) -> Markup:
    links = [tag("li", tag("a", title, href=f"#{anchor}")) for anchor, title, _ in parts]
    return tag("nav", tag("ul", *links), aria_label="Parts of this page")
