"""What a target cannot run of a compiled pipeline, and why: before anything is submitted."""

from __future__ import annotations

from pathlib import Path

from benison.config.machines import LOCAL
from benison.core.errors import ConfigError
from benison.engines import ir_reading
from benison.lint import artifacts, caching, containers, control, inputs, kubernetes, protos, reading, references
from benison.lint.finding import ERROR as ERROR
from benison.lint.finding import WARNING as WARNING
from benison.lint.finding import Finding as Finding

_RULES = (
    artifacts.findings,
    caching.findings,
    containers.findings,
    control.findings,
    inputs.findings,
)


def file(path: Path, target: str) -> list[Finding]:
    """Looks at a compiled pipeline, of Benison's or of any other tool's.

    Args:
        path: The YAML file.
        target: One of `benison.config.machines.TARGETS`.

    Returns:
        What was found, by line; the target runs it where no error is among them.

    Raises:
        ConfigError: The file cannot be read, or is no YAML.
    """
    found = _found(path, target)
    return sorted(dict.fromkeys(found), key=lambda one: (one.severity != ERROR, one.line, one.where))


def _found(path: Path, target: str) -> list[Finding]:
    pipeline, *others = reading.documents(path)
    wrong = [*protos.of_pipeline(pipeline), *kubernetes.findings(others, target)]
    if not wrong:
        wrong = list(references.findings(pipeline))
    if wrong:
        return wrong
    found = [finding for rule in _RULES for finding in rule(pipeline, target)]
    return [*found, *_as_the_engine_reads_it(path)] if target == LOCAL and not others else found


def _as_the_engine_reads_it(path: Path) -> list[Finding]:
    """What the local engine says itself."""
    try:
        ir_reading.read(path)
    except ConfigError as error:
        return [Finding.of(error)]
    return []
