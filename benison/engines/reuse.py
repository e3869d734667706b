"""Content-addressed reuse: a task with the same code, packages, parameters and input contents is not run again."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benison.core import digests, documents
from benison.core.errors import BenisonError
from benison.engines import installed
from benison.engines.closure import Closure
from benison.engines.ir import Component
from benison.engines.record import Output
from benison.engines.trees import digest_of, stamp_of

FOLDER = ".reuse"
# Where a task keeps what it needs to go on after an interruption; what comes out does not depend on it.
PLACES = frozenset({"checkpoint_root"})


@dataclass(frozen=True)
class Kept:
    """What an earlier run left of a task.

    Attributes:
        run: That run.
        log: Its log, relative to the runs folder.
        parameters: Output parameters.
        outputs: Output artifacts, where that run wrote them.
        stamps: The stamps they had when they were last read; see `trees.stamp_of`.
    """

    run: str
    log: str
    parameters: Mapping[str, Any]
    outputs: Mapping[str, Output]
    stamps: Mapping[str, str]


def key_of(
    component: Component,
    closure: Closure,
    parameters: Mapping[str, Any],
    inputs: Mapping[str, Output | None],
    place: str = "",
) -> str:
    """The digest of all that a task's result depends on.

    Args:
        component: Its environment and outputs count; its name does not.
        closure: Its code, and the packages whose versions count.
        parameters: Values by name; those in `PLACES` do not count.
        inputs: Input artifacts by name; their contents count, their places do not.
        place: The image that it runs in; empty: none, and what is installed here counts.
    """
    here = {
        "packages": installed.versions(closure.packages),
        "python": [*sys.version_info[:3], sys.platform, platform.machine()],
    }
    return digests.of_json(
        {
            "code": closure.digest,
            "function": component.function,
            "environment": dict(component.environment),
            "outputs": sorted([*component.parameter_outputs, *component.artifact_outputs]),
            **({"image": place} if place else here),
            "parameters": {name: value for name, value in parameters.items() if name not in PLACES},
            "inputs": {name: [given.digest, dict(given.metadata)] for name, given in inputs.items() if given},
        }
    )


class ReuseIndex:
    """The results that a runs folder holds, by key. An entry is a claim: it counts once the outputs bear it out."""

    def __init__(self, runs: Path) -> None:
        self._runs = runs

    def keep(self, key: str, kept: Kept) -> None:
        """Enters a result.

        Raises:
            StorageError: The runs folder cannot be written.
        """
        documents.write(self._path(key), "reuse", asdict(kept), durable=False)

    def find(self, key: str) -> Kept | None:
        """The result with this key, if there is one whose outputs are all there and unchanged."""
        try:
            content = documents.read(self._path(key), "reuse")
        except BenisonError:
            return None
        outputs = {name: Output(**output) for name, output in content["outputs"].items()}
        kept = Kept(content["run"], content["log"], content["parameters"], outputs, content["stamps"])
        stamps = {name: self._borne_out(output, kept.stamps.get(name, "")) for name, output in outputs.items()}
        sound = {name: stamp for name, stamp in stamps.items() if stamp is not None}
        if sound.keys() != stamps.keys():
            return None
        if sound != kept.stamps:
            kept = replace(kept, stamps=sound)
            self.keep(key, kept)
        return kept

    def _borne_out(self, output: Output, stamp: str) -> str | None:
        """The stamp of an output whose content is as entered; None where it is not."""
        path = self._runs / output.path
        found = stamp_of(path)
        if found and found == stamp:
            return found
        try:
            return found if digest_of(path) == output.digest else None
        except (BenisonError, OSError):
            return None

    def _path(self, key: str) -> Path:
        return self._runs / FOLDER / f"{digests.as_folder_name(key)}.json"
