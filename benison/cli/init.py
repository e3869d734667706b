"""``benison init``: a project to start from, filled in from the user's data where they are named."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import click

from benison import config as configuration
from benison.cli import init_ci
from benison.cli.suggest import Column, Suggestion, feature_lines, suggest
from benison.core import logs
from benison.core.errors import ConfigError, DataError
from benison.core.files import write_atomically

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOST_LEFT_OUT = 6
# Below such a share of positives, judging them at 0.5 tells little.
_RARE = 0.1
_WORDS_OF_YAML = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_EXAMPLE = Suggestion(
    label="label",
    positive="1",
    negative="0",
    columns=(Column("age", "numeric", "", 80), Column("city", "categorical", "", 9)),
    slices=("city",),
    holdout_rows=2000,
    holdout_positives=500,
)


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--data", help="Your data: a CSV, Parquet, TFRecord or JSON lines file; {span} in it stands for a span's number."
)
@click.option("--label", help="The column to predict; needed with --data.")
@click.option("--positive", help="The label's value that counts as positive; else 1, true, yes or y, or the rarer one.")
@click.option("--ci", "service", type=click.Choice(init_ci.KINDS), help="Add CI for this service too.")
def command(folder: Path, data: str | None, label: str | None, positive: str | None, service: str | None) -> None:
    """Start a project in DIR.

    With --data and --label the project is filled in from your data and runs as it is: label values, features, slices,
    a schema, and a tolerance that your holdout can decide. Without them it is a commented example to fill in. With --ci
    a project gets continuous integration; one that is there already gets nothing else.
    """
    if service and data is None and (folder / configuration.FILE).is_file():
        click.echo("\n".join(map(str, init_ci.add(folder, service))))
        return
    if data is None and (label is not None or positive is not None):
        raise click.UsageError("--label and --positive say something of the data: name them with --data")
    _refuse_to_overwrite(folder)
    if data is None:
        suggestion = _EXAMPLE
        files = {
            "benison.yaml": _configuration(folder.resolve().name, "data/data.csv", _EXAMPLE),
            "schema.pbtxt": _template("schema.pbtxt"),
        }
    else:
        suggestion, files = _from_data(folder, data, label, positive)
    files |= {
        "eval_config.json": _eval_config(suggestion),
        "model.py": resources.files("benison.components.trainer").joinpath("default_model.py").read_text(),
        ".gitignore": "runs/\nregistry/\n",
    }
    for name, text in files.items():
        write_atomically(folder / name, text.encode())
    click.echo("\n".join(str(folder / name) for name in sorted(files)))
    if service:
        click.echo("\n".join(map(str, init_ci.add(folder, service))))
    click.echo(_next(folder, suggestion, filled=data is not None), err=True)


def _refuse_to_overwrite(folder: Path) -> None:
    held = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    taken = {"benison.yaml", "eval_config.json", "model.py", "schema.pbtxt"} & set(held)
    if taken:
        got = f"one with {', '.join(sorted(taken))}"
        raise ConfigError(str(folder), expected="a folder without a project", got=got, hint="name another folder")


def _from_data(folder: Path, data: str, label: str | None, positive: str | None) -> tuple[Suggestion, dict[str, str]]:
    from benison.sources.peek import peek

    with logs.quiet_imports():
        from benison.components.example_validator.infer import infer_table
    path = Path(data).absolute()
    table = peek(str(path), _kind(data))
    if label is None:
        columns = ", ".join(table.column_names)
        raise DataError("--label", expected="the column to predict", got="none", hint=f"the data has {columns}")
    suggestion = suggest(table, label, positive)
    return suggestion, {
        "benison.yaml": _configuration(folder.resolve().name, _relative(path, folder), suggestion),
        "schema.pbtxt": infer_table(table),
    }


def _kind(data: str) -> str:
    kind = configuration.format_of(data)
    if Path(data).is_dir():
        hint = "name a file in it; where there is one for each day or week, put {span} where its number stands"
        raise DataError("--data", expected="a file", got=f"the folder {data!r}", hint=hint)
    if kind is None:
        hint = "rename it, or write data.format by hand after  benison init DIR"
        raise DataError("--data", expected="a name that ends in .csv, .parquet or .tfrecord", got=repr(data), hint=hint)
    return kind


def _relative(path: Path, folder: Path) -> str:
    """As seen from the project where the data lie inside it or beside it, so that both move together; else absolute."""
    home = folder.resolve()
    if path.is_relative_to(home.parent) and home.parent != Path(home.anchor):
        return Path(os.path.relpath(path, home)).as_posix()
    return str(path)


def _template(name: str) -> str:
    return resources.files("benison.template").joinpath(name).read_text()


def _configuration(name: str, path: str, suggestion: Suggestion) -> str:
    """benison.yaml, with a comment wherever a choice was made for the user."""
    values = {
        "NAME": re.sub(r"[^a-z0-9_-]+", "_", name.lower()).strip("_-").lstrip("0123456789_-") or "model",
        "PATH": _scalar(path),
        "TIME": _time(suggestion),
        "VALIDATION": _validation(suggestion),
        "LABEL": _scalar(suggestion.label),
        "POSITIVE": json.dumps(suggestion.positive),
        "NEGATIVE": json.dumps(suggestion.negative),
        "FEATURES": "\n".join(_feature_line(*line) for line in feature_lines(suggestion)),
        "MIN_ROWS": f"{suggestion.min_rows}",
        "TOLERANCE": f"{suggestion.tolerance:g}",
        "SLICE_TOLERANCE": f"{min(0.2, 4 * suggestion.tolerance):g}",
        "HOLDOUT": f"{suggestion.holdout_rows:,}",
        "RARE": _rare(suggestion),
    }
    return re.sub(r"@([A-Z_]+)@", lambda match: values[match[1]], _template("benison.yaml"))


def _rare(suggestion: Suggestion) -> str:
    """What else to ask where positives are so rare that a model may never say yes at 0.5, however well it ranks."""
    share = suggestion.holdout_positives / max(suggestion.holdout_rows, 1)
    if not 0 < share < _RARE:
        return ""
    said = f"{share:.2g}"
    return (
        f"    # {100 * share:.2g}% of rows are positive: at 0.5 the model may never say yes. Ask where you act, too.\n"
        f"    - {{metric: auc_precision_recall, at_least: {2 * share:.2g}, tier: soft}}   # chance has {said}\n"
        f"    # - {{metric: recall@{said}, at_least: 0.5}}   # at the threshold that you act at, here {said}\n"
    )


def _time(suggestion: Suggestion) -> str:
    """The column that says when a row happened."""
    if suggestion.time:
        return f"  time: {_scalar(suggestion.time)}  # when a row happened; spans may be cut by it:  every: month"
    return "  # time: happened_at    # the column that says when a row happened; spans may be cut by it:  every: month"


def _validation(suggestion: Suggestion) -> str:
    """What the columns suggest of what to ask; the rest as comments."""
    fresh = "  # freshness: {max_age: 3d}   # how old the newest row may be; needs data.time"
    key = suggestion.key or "order_id"
    keys = f"  keys:\n    - {{columns: [{_scalar(key)}], tier: soft}}   # stands once; tier: hard lets it block"
    if suggestion.key:
        return f"validation:\n{fresh}\n{keys}"
    return f"# validation:\n{_commented(fresh.replace('# ', '', 1))}\n{_commented(keys)}"


def _commented(lines: str) -> str:
    return "\n".join(f"# {line}" for line in lines.splitlines())


def _feature_line(name: str, kind: str, why: str) -> str:
    return f"  {_scalar(name)}: {kind}" if kind else f"  # {_scalar(name)}: left out, {why}"


def _scalar(text: str) -> str:
    """Text as YAML reads it back: as it is where that is safe, else in quotes."""
    return (
        text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS_OF_YAML else json.dumps(text, ensure_ascii=False)
    )


def _eval_config(suggestion: Suggestion) -> str:
    """TFMA's EvalConfig: all rows, each slicing column, and the columns crossed."""
    slicings: list[dict[str, list[str]]] = [{}, *({"featureKeys": [name]} for name in suggestion.slices)]
    if len(suggestion.slices) > 1:
        slicings.append({"featureKeys": list(suggestion.slices)})
    names = ("ExampleCount", "AUC", "AUCPrecisionRecall", "BinaryAccuracy", "Precision", "Recall", "Calibration")
    content = {
        "modelSpecs": [{"labelKey": suggestion.label}],
        "slicingSpecs": slicings,
        "metricsSpecs": [{"metrics": [{"className": name} for name in names]}],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _next(folder: Path, suggestion: Suggestion, *, filled: bool) -> str:
    if filled:
        return (
            f"\nlabel {suggestion.label!r}: positive {suggestion.positive!r}, negative {suggestion.negative!r}"
            " (--positive chooses)"
            f"{_said_of_left_out(suggestion.columns)}"
            f"{_said_of_nearly(suggestion.columns)}"
            f"{_said_of_time(suggestion.times)}"
            f"\nslices: {', '.join(suggestion.slices) or 'none found; name columns in eval_config.json'}"
            f"{_warned(suggestion.too_small)}"
            f"\nnext: look at {folder / 'benison.yaml'}, then  benison run {folder}"
        )
    return (
        f"\nnext: fill in {folder / 'benison.yaml'}, or let it be filled in:"
        "\n  benison init DIR --data FILE --label COLUMN"
    )


def _said_of_left_out(columns: Sequence[Column]) -> str:
    """Which columns are no features, and why: whoever knows better has to hear of it."""
    out = [f"\nleft out: {column.name!r}, {column.why}" for column in columns if column.why]
    more = f"\nleft out: {len(out) - _MOST_LEFT_OUT:,} more, see benison.yaml" if len(out) > _MOST_LEFT_OUT else ""
    return "".join(out[:_MOST_LEFT_OUT]) + more


def _said_of_nearly(columns: Sequence[Column]) -> str:
    """Columns that somebody would take for numbers or dates, and the data do not let."""
    found = [f"\nlook at: {column.name!r}, {column.nearly}" for column in columns if column.nearly]
    more = f"\nlook at: {len(found) - _MOST_LEFT_OUT:,} more of the kind" if len(found) > _MOST_LEFT_OUT else ""
    return "".join(found[:_MOST_LEFT_OUT]) + more


def _said_of_time(times: Sequence[str]) -> str:
    """Which of several dates was taken for the time of a row: that is a guess."""
    if len(times) < 2:
        return ""
    return f"\ntime: {times[0]!r} is taken for when a row happened, and not {', '.join(times[1:])} (data.time chooses)"


def _warned(text: str) -> str:
    return f"\nwarning: {text}" if text else ""
