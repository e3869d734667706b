"""Rules: which steps what changed asks for. What no rule knows asks for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from benison.config import FILE, Config
from benison.plan.changes import Changes

# In the order in which they run: what is quick and fails often comes first.
STEPS: Mapping[str, str] = {
    "lint": "the project is held to what its targets can run",
    "test": "the project's own tests",
    "data": "the data contract, on a sample",
    "smoke": "the whole pipeline, on a sample",
    "compile": "what is submitted",
    "train": "the model, on all data, to the gate's verdict",
}
_ALL = tuple(STEPS)
_CODE = ("test", "smoke", "train")
_CONTRACT = ("data", "smoke", "train")
# Of benison.yaml; what is not here asks for everything.
_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "description": (),
    "model_card": (),
    "mirror": ("lint",),
    "triggers": ("lint",),
    "targets": ("lint", "compile"),
    "registry": ("lint",),
    "release": ("lint",),
    "serving": ("smoke", "train"),
    "gate": ("smoke", "train"),
    "evaluation": ("smoke", "train"),
    "metrics": _CODE,
    "validation": _CONTRACT,
    "data": ("lint", *_CONTRACT),
    "label": _CONTRACT,
    "features": ("test", *_CONTRACT),
    "model": ("lint", *_CODE),
}
# The first that matches counts. `*` matches slashes too.
_FILES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("tests/*", ("test",), "a test"),
    ("data/*", _CONTRACT, "data"),
    (".github/workflows/*", _ALL, "how this is checked"),
    ("cloudbuild*.yaml", _ALL, "how this is checked"),
    ("requirements*.txt", _ALL, "what it runs with"),
    ("pyproject.toml", _ALL, "what it runs with"),
    ("Dockerfile*", _ALL, "what it runs with"),
    ("*.lock", _ALL, "what it runs with"),
    (".*", (), "hidden, so no part of what runs"),
    ("*.md", (), "for people"),
    ("LICENSE*", (), "for people"),
    ("runs/*", (), "what runs left"),
    ("*.py", _CODE, "code"),
    ("*", _ALL, "code may read it"),
)


@dataclass(frozen=True)
class Step:
    """A step, and whether it has to run.

    Attributes:
        name: A key of `STEPS`.
        because: What asks for it; empty: nothing, so that it need not run.
    """

    name: str
    because: tuple[str, ...]

    @property
    def runs(self) -> bool:
        """Whether it has to run."""
        return bool(self.because)


def planned(changes: Changes, config: Config | None) -> list[Step]:
    """All steps in their order.

    Args:
        changes: What changed.
        config: The project as it is now; None: it cannot be read, and whatever finds that out has to run.
    """
    if changes.whole or config is None:
        why = changes.whole or f"{FILE} cannot be read"
        return [Step(name, (why,)) for name in STEPS]
    found = list(_asked(changes, config))
    return [Step(name, tuple(why for steps, why in found if name in steps)) for name in STEPS]


def _asked(changes: Changes, config: Config) -> Iterator[tuple[tuple[str, ...], str]]:
    for section in changes.sections:
        yield _SECTIONS.get(section, _ALL), f"{FILE}: {section}"
    named = dict(_named(config))
    for name in changes.files:
        yield named.get(name) or _of_file(name)


def _named(config: Config) -> Iterator[tuple[str, tuple[tuple[str, ...], str]]]:
    """The files that benison.yaml names, whatever they are called."""
    yield config.evaluation.file, (("lint", "smoke", "train"), f"{config.evaluation.file}: slices and metrics")
    yield config.data.schema, (_CONTRACT, f"{config.data.schema}: the schema")
    if config.data.query:
        yield config.data.query.file, (("lint", *_CONTRACT), f"{config.data.query.file}: the query")


def _of_file(name: str) -> tuple[tuple[str, ...], str]:
    steps, what = next((steps, what) for pattern, steps, what in _FILES if fnmatchcase(name, pattern))
    return steps, f"{PurePosixPath(name)}: {what}"


def why(step: Step, most: int = 3) -> str:
    """A step's reasons on one line."""
    if not step.because:
        return "nothing it looks at changed"
    more = len(step.because) - most
    return "; ".join(step.because[:most]) + (f"; and {more} more" if more > 0 else "")


def chosen(steps: Iterable[Step], only: Iterable[str]) -> list[Step]:
    """The steps that have to run among some."""
    wanted = set(only)
    return [step for step in steps if step.runs and step.name in wanted]
