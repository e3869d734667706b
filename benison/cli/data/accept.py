"""``benison data accept``: a false alarm's way out, which leaves a trace."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import click
from tensorflow_metadata.proto.v0 import schema_pb2

from benison.cli import project as projects
from benison.cli.data import text
from benison.cli.data.evidence import Evidence
from benison.components.example_validator import edit_schema, parse
from benison.components.example_validator.accept import column_of, proposed, refusal
from benison.components.example_validator.edit_text import edited
from benison.components.example_validator.run import read_schema
from benison.config import acceptances, columns_of
from benison.config.acceptances import OF_SCHEMA, Acceptance
from benison.core.errors import ConfigError, DataError
from benison.core.files import write_atomically
from benison.core.spelling import nearest
from benison.core.verdicts import Check, Tier, Verdict

_WHERE = re.compile(r"(?:column .+|all rows) in ((?:train|eval|holdout|serving|data)|span \d+)")
_AGAIN = "it was changed since that run; run again, or benison data validate -p PROJECT"
_COMPARATORS = {"schema_drift": "drift_comparator", "schema_skew": "skew_comparator"}


@dataclass(frozen=True)
class How:
    """How something is accepted: see the command's options."""

    why: str
    margin: float
    once: bool
    dry_run: bool


@dataclass(frozen=True)
class Change:
    """A file of the project that is written anew."""

    name: str
    before: str
    after: str

    def diff(self) -> Iterator[str]:
        """As ``diff -u`` shows it."""
        lines = self.before.splitlines(), self.after.splitlines()
        return difflib.unified_diff(*lines, self.name if self.before else "/dev/null", self.name, lineterm="")


def listed(found: Evidence) -> None:
    """Prints what failed, and whether it could be accepted."""
    failed = _failed(found.checks)
    if not failed:
        click.echo(f"{found.where}: no check failed, so there is nothing to accept")
        return
    rows = [
        [
            check.name,
            check.subject,
            "blocks" if check.tier is Tier.HARD else "warns",
            check.observed,
            refusal(check) or "yes",
        ]
        for check in failed
    ]
    # Check and subject are what accept is told next, so they stand there whole.
    header = ("check", "subject", "", "observed", "can be accepted")
    click.echo("\n".join(text.columns(header, rows, widest=200)))


def _failed(checks: Sequence[Check]) -> list[Check]:
    return sorted((one for one in checks if one.verdict is Verdict.FAIL), key=lambda one: one.tier is Tier.SOFT)


def accept(found: Evidence, name: str, subject: str | None, how: How) -> None:
    """Changes the schema, or accepted.yaml, so that the check passes; prints what is changed, as a diff.

    Raises:
        DataError: Nothing of this name failed, or it is nothing that could be accepted.
    """
    meant = _meant(found, name, subject)
    said = Acceptance(
        check=name,
        subject=meant[0].subject,
        why=how.why,
        who=projects.who(),
        when=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        snapshot=found.snapshot if how.once else "",
    )
    changes = _of_schema(found, meant, said, how) if name in OF_SCHEMA else _of_bounds(found, meant, said, how)
    if all(change.before == change.after for change in changes):
        click.echo("nothing was changed: it is accepted already", err=True)
        return
    for change in changes:
        click.echo("\n".join(change.diff()))
        if not how.dry_run:
            write_atomically(found.project.folder / change.name, change.after.encode())
    click.echo("nothing was changed: --dry-run" if how.dry_run else _next(found, changes), err=True)


def _next(found: Evidence, changes: Sequence[Change]) -> str:
    names = " and ".join(change.name for change in changes)
    return f"changed {names}; look it over, keep it in version control, then  benison run {found.project.folder}"


def _meant(found: Evidence, name: str, subject: str | None) -> list[Check]:
    """The failed checks that were named; a column's name stands for all of its subjects."""
    failed = _failed(found.checks)
    of_name = [check for check in failed if check.name == name]
    if not of_name:
        raise _unknown(found, "a check that failed", name, [check.name for check in failed])
    chosen = [check for check in of_name if subject in (None, check.subject, column_of(check.subject))]
    if chosen and (subject is not None or len({column_of(check.subject) or check.subject for check in chosen}) == 1):
        return chosen
    got = subject if subject is not None else "no subject"
    raise _unknown(found, f"a subject of which {name} failed", got, [check.subject for check in of_name])


def _unknown(found: Evidence, expected: str, got: str, known: Sequence[str]) -> DataError:
    names = list(dict.fromkeys(known))
    near = nearest(got, names) if names else ""
    failed = f"failed in it: {', '.join(names)}" if names else "no check failed in it"
    hint = near if near.startswith("known here") else "; ".join(part for part in (near, failed) if part)
    return DataError(found.where, expected=expected, got=repr(got), hint=hint)


def _of_bounds(found: Evidence, meant: Sequence[Check], said: Acceptance, how: How) -> list[Change]:
    return [_trace(found, [one for check in meant for one in proposed(check, said, how.margin)])]


def _trace(found: Evidence, added: Sequence[Acceptance]) -> Change:
    """accepted.yaml with more in it."""
    path = found.project.folder / acceptances.FILE
    acceptances.read(found.project.folder)
    before = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    after = before
    for one in added:
        after = acceptances.with_one_more(after, one)
    return Change(acceptances.FILE, before, after)


def _of_schema(found: Evidence, meant: Sequence[Check], said: Acceptance, how: How) -> list[Change]:
    """The schema's own words, and the trace of who changed them."""
    if how.once:
        hint = "a schema is of all data; leave --once out, or allow a share of it in validation.schema"
        raise DataError("--once", expected="a check other than the schema's", got=said.check, hint=hint)
    name = found.project.config.data.schema
    path = found.project.folder / name
    before = path.read_text(encoding="utf-8-sig")
    old = read_schema(path, name)
    new = _edited(old, found, meant, how.margin)
    _refuse_to_give_up(found, new)
    after = edited(before, old, new)
    parse.covers(parse.parse(after, name), found.project.config, name)
    changed = tuple(edit_schema.summary(old, new))
    if not changed:
        raise ConfigError(name, expected="a schema that these data break", got="one that they keep", hint=_AGAIN)
    return [Change(name, before, after), _trace(found, [replace(said, changed=changed)])]


def _edited(schema: schema_pb2.Schema, found: Evidence, meant: Sequence[Check], margin: float) -> schema_pb2.Schema:
    name, column = meant[0].name, column_of(meant[0].subject)
    if name == "schema":
        return edit_schema.conformed(schema, column, [found.seen(_where(check)) for check in meant], margin)
    for check in meant:
        distance, threshold = check.numbers.get("distance"), check.numbers.get("threshold")
        if distance is None or threshold is None:
            raise DataError(f"{name} {check.subject}", expected="a distance over its threshold", got=check.observed)
        schema = edit_schema.raised(schema, column, _COMPARATORS[name], distance, threshold, margin)
    return schema


def _where(check: Check) -> str:
    found = _WHERE.fullmatch(check.subject)
    if found is None:
        where = f"{check.name} {check.subject}"
        raise DataError(where, expected="rows that statistics were kept of", got=check.observed)
    return found[1]


def _refuse_to_give_up(found: Evidence, new: schema_pb2.Schema) -> None:
    """A column that is gone becomes a deprecated one, which the model cannot be fed with."""
    config = found.project.config
    model = {config.label.column, *columns_of(config.features)}
    for feature in new.feature:
        if feature.name in model and feature.lifecycle_stage == schema_pb2.DEPRECATED:
            raise DataError(
                f"schema column {feature.name}",
                expected="something that can be accepted",
                got="a column of the model that is gone",
                hint=acceptances.REFUSED["columns"],
            )
