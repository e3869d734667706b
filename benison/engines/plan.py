"""How each task of a pipeline is going to run: on which code, and in which warm process."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from benison.engines.closure import Closure, Packages, closure_of
from benison.engines.ir import Pipeline
from benison.engines.memo import ImportMemo
from benison.engines.pool import kind_of


@dataclass(frozen=True)
class Plan:
    """What the code of each task says, by the task's name.

    Attributes:
        closures: Digest, packages and what to preload.
        kinds: The warm process: ``light``, ``heavy`` or ``spawn``.
    """

    closures: Mapping[str, Closure]
    kinds: Mapping[str, str]

    def preload(self, kind: str, tasks: Collection[str]) -> list[str]:
        """What a warm process has to import for some tasks."""
        wanted = [self.closures[name].preload for name in tasks if self.kinds[name] == kind]
        return sorted({module for modules in wanted for module in modules})


def plan_of(pipeline: Pipeline, packages: Packages, memo: Path) -> Plan:
    """The plan for a pipeline.

    Args:
        pipeline: The pipeline.
        packages: First-party packages and their folders.
        memo: Where imports are kept from run to run.
    """
    imports = ImportMemo(memo)
    closures = {name: closure_of(task.component.program, packages, imports) for name, task in pipeline.tasks.items()}
    imports.save()
    return Plan(closures, {name: kind_of(task.component, closures[name]) for name, task in pipeline.tasks.items()})
