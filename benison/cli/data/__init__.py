"""``benison data``: looking at data, checking them, accepting what a check found, without training anything."""

from __future__ import annotations

from pathlib import Path

import click

from benison.cli import project as projects
from benison.cli import results
from benison.core import logs

_FILE = click.Path(path_type=Path)
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")


@click.group()
def command() -> None:
    """Profile data, validate them, compare them, accept what a check found.

    SOURCE is a file (CSV, Parquet, TFRecord of tf.Example, JSON lines; gzipped as well), a glob in quotes, a folder of
    files, or a URI of them.
    """


@command.command("profile")
@click.argument("sources", metavar="[SOURCE]...", nargs=-1)
@click.option("-p", "--project", "folder", type=projects.FOLDER, help="Profile the data of this project instead.")
@click.option("--span", type=click.IntRange(min=1), help="With -p: the newest span; the newest there is by default.")
@click.option("--schema", type=_FILE, help="A schema.pbtxt, which says what type each column has.")
@click.option("--out", type=_FILE, help="A folder for FeatureStats.pb (TFDV's), profile.json and profile.html.")
@_JSON
def profile_command(
    sources: tuple[str, ...],
    folder: Path | None,
    span: int | None,
    schema: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Show what the columns of some data look like."""
    with logs.quiet_imports():
        from benison.cli.data.profile import Wanted, show

    _either(sources, folder, span)
    if out is not None:
        results.check_folder(out)
    show(Wanted(sources, folder, span or 0, schema, out, as_json))


@command.command("sample")
@projects.project_option
@click.option("--rows", default=2000, show_default=True, type=click.IntRange(min=50), help="How many to draw.")
@click.option("--out", type=_FILE, required=True, help="The Parquet file to write.")
def sample_command(folder: Path, rows: int, out: Path) -> None:
    """Draw rows of a project's newest span, with both of the label's values as evenly as can be.

    The same data give the same rows. They are real ones: look whether they may lie in a repository.
    """
    import pyarrow.parquet as pq

    with logs.quiet_imports():
        from benison.cli.data.sample import sample

    results.check_file(out)
    table = sample(projects.find(folder), rows)
    out.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, out)
    click.echo(f"{out}: {len(table):,} rows, {len(table.column_names)} columns", err=True)


@command.command("validate")
@click.argument("source", required=False)
@click.option("-p", "--project", "folder", type=projects.FOLDER, help="Check this project's own data instead.")
@click.option("--span", type=click.IntRange(min=1), help="With -p: the newest span; the newest there is by default.")
@projects.registry_option
@click.option("--schema", type=_FILE, help="A schema.pbtxt to hold SOURCE to; inferred where there is none.")
@click.option("--reference", metavar="SOURCE", help="Other data: their distributions are compared, column by column.")
@click.option("--out", type=_FILE, help="A folder for checks.json, the statistics and what else a run would leave.")
@click.option("--html", type=_FILE, help="A file for a page that shows all of it.")
@_JSON
def validate_command(
    source: str | None,
    folder: Path | None,
    span: int | None,
    registry: str | None,
    schema: Path | None,
    reference: str | None,
    out: Path | None,
    html: Path | None,
    as_json: bool,
) -> None:
    """Check SOURCE against a schema and a reference, or a project's data as its pipeline would.

    Nothing is trained and nothing is written but what --out and --html name. Exits with 1 where a check blocks.
    """
    with logs.quiet_imports():
        from benison.cli.data.judged import show
        from benison.cli.data.validate import of_project, of_source

    _either((source,) if source else (), folder, span)
    if out is not None:
        results.check(out, "checks.json")
    if html is not None:
        results.check_file(html)
    if folder is not None:
        if schema or reference:
            raise click.UsageError("--schema and --reference go with a SOURCE; a project has its own")
        found = of_project(folder, registry, span or 0)
    else:
        found = of_source(source or "", schema, reference)
    with found as judgement:
        show(judgement, out=out, html=html, as_json=as_json)


@command.command("accept")
@click.argument("check", required=False)
@click.argument("subject", required=False)
@click.option("--why", default="", help="The reason; accepted.yaml keeps it.")
@projects.project_option
@projects.runs_option
@click.option(
    "--run",
    metavar="RUN",
    help="A run's id or folder, or a folder that validate --out wrote; else the newest with data checks.",
)
@click.option(
    "--margin",
    type=click.FloatRange(min=0),
    default=0.1,
    show_default=True,
    help="How far beyond what was observed the new bound lies, as a share of it.",
)
@click.option("--once", is_flag=True, help="Accept it of this very snapshot, and of no later one.")
@click.option("--dry-run", is_flag=True, help="Show what would be changed and change nothing.")
def accept_command(
    check: str | None,
    subject: str | None,
    why: str,
    folder: Path,
    runs: Path | None,
    run: str | None,
    margin: float,
    once: bool,
    dry_run: bool,
) -> None:
    """Accept what CHECK found of SUBJECT, as the report names them: change the schema, or the bound.

    SUBJECT may also be a column's name alone. Without CHECK: list what could be accepted. Shows what is changed as a
    diff, in schema.pbtxt and in accepted.yaml, which keeps who accepted it, when and why.
    """
    with logs.quiet_imports():
        from benison.cli.data.accept import How, accept, listed
        from benison.cli.data.evidence import find

    found = find(folder, runs, run)
    if check is None:
        listed(found)
        return
    if not why.strip():
        raise click.UsageError("--why is missing: say in a few words why this is right")
    accept(found, check, subject, How(why.strip(), margin, once, dry_run))


@command.command("diff")
@click.argument("sources", metavar="[SOURCE SOURCE]", nargs=-1)
@click.option("-p", "--project", "folder", type=projects.FOLDER, help="Compare two spans of this project instead.")
@click.option("--span", "spans", type=click.IntRange(min=1), multiple=True, help="With -p, twice: before and now.")
@_JSON
def diff_command(sources: tuple[str, ...], folder: Path | None, spans: tuple[int, ...], as_json: bool) -> None:
    """Show what changed between two sources, or two spans of a project: rows, columns, distributions."""
    with logs.quiet_imports():
        from benison.cli.data.diff import show

    if folder is None and (len(sources) != 2 or spans):
        raise click.UsageError("name two sources, or -p PROJECT --span 1 --span 2")
    if folder is not None and (sources or len(spans) != 2):
        raise click.UsageError("with -p name two spans: --span 1 --span 2")
    show(sources, folder, spans, as_json=as_json)


def _either(sources: tuple[str, ...], folder: Path | None, span: int | None) -> None:
    """One of the two ways to say which data are meant."""
    if bool(sources) == (folder is not None):
        raise click.UsageError("name a SOURCE, or a project with -p" if not sources else "a SOURCE or -p, not both")
    if span is not None and folder is None:
        raise click.UsageError("--span goes with -p: a source has no spans")
