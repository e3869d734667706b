"""Find: the files of each span that a run uses, wherever they lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from benison.config.data import FORMATS, format_of
from benison.core.errors import DataError
from benison.core.locations import local_path
from benison.core.spelling import nearest
from benison.sources.files import Files, Found, LocalFiles
from benison.sources.locate import alone, choose
from benison.sources.patterns import Pattern


@dataclass(frozen=True)
class File:
    """A file that is read.

    Attributes:
        span: Its span; 1 where there are none.
        name: Without the machine's folders; a URI for objects.
        found: Where it lies.
        partitions: Columns that its folders name, with their values.
    """

    span: int
    name: str
    found: Found
    partitions: tuple[tuple[str, str | None], ...] = ()


def is_remote(path: str) -> bool:
    """Whether a path leads to an object store or a web server.

    >>> is_remote("s3://rides/2024"), is_remote("file:///rides"), is_remote("rides/2024")
    (True, False, False)
    """
    return "://" in path and not path.lower().startswith("file://")


def pattern_of(path: str, root: str) -> Pattern:
    """A path of benison.yaml, which starts at `root` where it is relative.

    Raises:
        DataError: The root is no absolute path and no URI.
    """
    if is_remote(path):
        scheme, _, rest = path.partition("://")
        return Pattern(f"{scheme}://", rest)
    if path.startswith(("file://", "/")):
        return Pattern("", str(local_path(path, "data.path")))
    base = root.rstrip("/") if is_remote(root) else str(local_path(root, "data_root")).rstrip("/")
    return Pattern(f"{base}/", str(PurePosixPath(path)))


def store_of(pattern: Pattern) -> Files:
    """What lists and fetches a pattern's files."""
    if not is_remote(pattern.path):
        return LocalFiles()
    from benison.sources.objects import ObjectFiles

    return ObjectFiles(pattern.path)


def find(pattern: Pattern, format: str, newest: int, window: int, store: Files) -> list[File]:
    """The files of a window of spans: by span, then by path.

    Args:
        pattern: Where they lie.
        format: What they are; files of a folder must look like it.
        newest: The newest span; 0: the newest there is.
        window: How many spans up to it.
        store: Lists them.

    Raises:
        DataError: There are none, one is missing in the window, or a folder holds something else.
    """
    if isinstance(store, LocalFiles) and not pattern.numbered and Path(pattern.path).exists():
        # A name with [ or * in it that is there means itself.
        pattern = Pattern(pattern.path, "")
    by_span: dict[int, list[Found]] = {}
    for found in _listed(pattern, store):
        span = pattern.span_of(found.path) if pattern.numbered else 1
        if span is not None and pattern.matches(found.path) and not _hidden(pattern.below(found.path)):
            by_span.setdefault(span, []).append(found)
    if pattern.numbered:
        chosen = choose(by_span, newest, window, pattern)
    elif by_span:
        chosen = alone(newest, pattern.path)
    else:
        raise _none(pattern)
    files = [(span, found) for span in chosen for found in sorted(by_span[span], key=lambda found: found.path)]
    _check_formats(pattern, format, [found for _, found in files])
    return [_file(pattern, span, found) for span, found in files]


def _file(pattern: Pattern, span: int, found: Found) -> File:
    return File(span, pattern.short_name(found.path), found, pattern.partitions(found.path))


def _listed(pattern: Pattern, store: Files) -> Iterable[Found]:
    """A superset of the files; on this machine by wildcard, so that folders beside them are not walked."""
    if not isinstance(store, LocalFiles):
        return store.list(pattern.path if pattern.plain else f"{pattern.base}/")
    if pattern.plain:
        return store.list(pattern.path)
    hits = sorted(Path(pattern.base or "/").glob(pattern.wildcard()))
    found = {entry.path: entry for hit in hits for entry in store.list(str(hit))}
    return [found[path] for path in sorted(found)]


def _hidden(below: str) -> bool:
    """Marks such as _SUCCESS and .part.crc, which writers leave in folders."""
    return any(name.startswith(("_", ".")) for name in below.split("/")) if below else False


def _check_formats(pattern: Pattern, format: str, files: Iterable[Found]) -> None:
    """What was not named itself but lies in a folder must say by its name that it is data."""
    for found in files:
        if pattern.below(found.path) and format_of(found.path) != format:
            suffix = FORMATS[format][0]
            hint = f"take it away, or name the files: {pattern.path.rstrip('/').rpartition('/')[2]}/*{suffix}"
            expected = f"a folder of {suffix} files alone"
            raise DataError(pattern.path, expected=expected, got=repr(pattern.below(found.path)), hint=hint)


def _none(pattern: Pattern) -> DataError:
    path = Path(pattern.path)
    if is_remote(pattern.path):
        return DataError(pattern.path, expected="an object", got="none", hint="look for a misspelt name")
    if path.is_dir():
        return DataError(pattern.path, expected="a folder with files", got="an empty one")
    if not pattern.plain:
        return DataError(pattern.path, expected="a file", got="none that fits")
    names = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    return DataError(pattern.path, expected="a file", got="none", hint=nearest(path.name, names))
