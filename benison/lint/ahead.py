"""What a run would stumble over after minutes, said before it starts: model.py, schema, columns, labels.

Nothing of the project is executed, and TensorFlow is not needed: model.py is parsed, of the data the header is read,
and of the labels as much as it takes to meet both values.
"""

from __future__ import annotations

import ast
import gzip
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.compute as pc

from benison import eval_config
from benison.components.example_validator import parse
from benison.config import FILE, Config
from benison.core.casts import as_text
from benison.core.errors import BenisonError, ConfigError, DataError, ModelCodeError
from benison.core.sections import Section, load
from benison.core.spelling import misspelt, nearest
from benison.sources.columns import Columns
from benison.sources.find import File, find, is_remote, pattern_of, store_of
from benison.sources.pieces import compression
from benison.sources.read_csv import read_csv, read_header
from benison.sources.read_parquet import read_footer, read_group

_MOST_NAMED = 5


def of_files(project: Path, config: Config) -> Iterator[BenisonError]:
    """What model.py and the schema say that a run cannot use.

    Args:
        project: The folder.
        config: Its benison.yaml.
    """
    yield from _told(lambda: _model(project, config))
    yield from _told(lambda: _schema(project, config))


def of_data(project: Path, config: Config, data_root: Path, span: int = 0) -> Iterator[BenisonError]:
    """What benison.yaml and the evaluation config say of columns and labels that the data do not have.

    Nothing is said of queries, of data elsewhere, and of formats without a header.

    Args:
        project: The folder.
        config: Its benison.yaml.
        data_root: The folder that relative paths start at.
        span: The newest span to use; 0: the newest there is.
    """
    if not config.data.path or is_remote(config.data.path) or config.data.format not in ("csv", "parquet"):
        return
    try:
        pattern = pattern_of(config.data.path, str(data_root))
        spans = (0, 1) if config.data.every else (span, config.data.window)
        files = find(pattern, config.data.format, *spans, store_of(pattern))
        names = [_names(file, config) for file in files]
    except BenisonError as error:
        yield error
        return
    top = load(project / FILE)
    yield from _columns(top, config, names[0], files[0].name)
    yield from _told(lambda: _slices(project, config, sorted({one for found in names for one in found})))
    if all(config.label.column in found for found in names):
        try:
            yield from _labels(top, config, files)
        except BenisonError as error:
            yield error


def _told(look: Callable[[], None]) -> Iterator[BenisonError]:
    try:
        look()
    except BenisonError as error:
        yield error


def _model(project: Path, config: Config) -> None:
    """The function that a run calls is there, as far as that can be seen without executing anything."""
    key, name = config.model.source_in(project)
    wanted = "run_fn" if key == "run_fn" else "build_model"
    if not name or not (project / name).is_file():
        return
    defined = _defined(_parsed(project / name))
    if wanted in defined or "*" in defined:
        return
    arguments = "fn_args" if wanted == "run_fn" else "features, hyperparameters"
    hint = misspelt(wanted, defined) or f"write  def {wanted}({arguments}):"
    got = f"one that defines {', '.join(sorted(defined)[:_MOST_NAMED]) or 'nothing'}"
    raise ModelCodeError(f"{name}:1", expected=f"a function {wanted}({arguments})", got=got, hint=hint)


def _parsed(module: Path) -> ast.Module:
    try:
        return ast.parse(module.read_bytes(), filename=str(module))
    except SyntaxError as error:
        place = f"{module.name}:{error.lineno}" if error.lineno else module.name
        raise ModelCodeError(place, expected="Python", got=f"{type(error).__name__}: {error.msg}") from error
    except ValueError as error:
        raise ModelCodeError(module.name, expected="Python", got=str(error)) from error


def _defined(tree: ast.Module) -> set[str]:
    """The names that a module binds, also within if, try and with, but in no function; ``*``: and others."""
    found: set[str] = set()
    left: list[ast.AST] = list(tree.body)
    while left:
        node = left.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        left.extend(ast.iter_child_nodes(node))
    return found


def _schema(project: Path, config: Config) -> None:
    name = config.data.schema
    if not (project / name).is_file():
        return
    try:
        text = (project / name).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(name, expected="UTF-8 text", got=f"byte {error.object[error.start]:#x}") from error
    parse.covers(parse.parse(text, name), config, name)


def _names(file: File, config: Config) -> list[str]:
    """The columns of a file, and those that its folders name."""
    of_folders = [name for name, _ in file.partitions]
    if config.data.format == "parquet":
        return [*read_footer(Path(file.found.path), file.name)[0].names, *of_folders]
    with compression(file.name), _opened(file) as stream:
        if not stream.read(1):
            raise DataError(file.name, expected="rows", got="an empty file")
        stream.seek(0)
        return [*read_header(stream, file.name, Columns.of(config))[0], *of_folders]


def _opened(file: File) -> BinaryIO:
    path = file.found.path
    return cast("BinaryIO", gzip.open(path, "rb")) if path.endswith(".gz") else Path(path).open("rb")


def _columns(top: Section, config: Config, known: list[str], source: str) -> Iterator[BenisonError]:
    """Each name of benison.yaml that is no column of the first file, at its line."""
    asked = Columns.of(config)
    for name in asked.named:
        if name not in known:
            where = _where(top, asked.said.get(name, ""), name)
            spaced = next((other for other in known if other.strip() == name), None)
            hint = f"take the spaces out of {spaced!r}" if spaced else nearest(name, known)
            yield ConfigError(where, expected=f"a column of {source}", got=repr(name), hint=hint)


def _where(top: Section, section: str, column: str) -> str:
    """The line that names a column: a feature's own, where it is called as its column, else its section's."""
    at = tuple(section.split(".")) if section else ()
    lined = (*at, column) if (*at, column) in top.lines else at
    return Section(top.file, {}, top.lines, lined).where()


def _slices(project: Path, config: Config, known: list[str]) -> None:
    path = project / config.evaluation.file
    with config.speaking():
        eval_config.check_columns(eval_config.read(path), path, known)


def _labels(top: Section, config: Config, files: list[File]) -> Iterator[BenisonError]:
    """A value under label: that stands in no row, where another one does, as every row's reader would find."""
    absent, others = {"positive": config.label.positive, "negative": config.label.negative}, set[str]()
    for values in _told_values(config, files):
        found = {value for value in values if value is not None}
        absent = {key: word for key, word in absent.items() if word not in found}
        others |= found - {config.label.positive, config.label.negative}
        if not absent:
            return
    for key, word in absent.items() if others else ():
        named = ", ".join(map(repr, sorted(others)[:_MOST_NAMED]))
        hint = misspelt(word, others) or f"there are {named}"
        expected = f"a value of column {config.label.column!r}, such as {named}"
        yield top.section("label").error(key, expected, repr(word), hint)


def _told_values(config: Config, files: list[File]) -> Iterator[list[str | None]]:
    """The labels' different values, block by block."""
    column = config.label.column
    for file in files:
        if config.data.format == "parquet":
            path = Path(file.found.path)
            for group in range(len(read_footer(path, file.name)[1])):
                for found in read_group(path, file.name, group, [column]):
                    yield pc.unique(as_text(pa.chunked_array([found[column]]))).to_pylist()
            continue
        with compression(file.name), _opened(file) as stream:
            names, begin = read_header(stream, file.name, Columns.of(config))
            stream.seek(begin)
            for block in read_csv(stream, names, file.name, partial(_opened, file)):
                yield pc.unique(block[column]).to_pylist()
