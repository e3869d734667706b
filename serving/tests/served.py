"""A server whose traffic a file says: ``python served.py MODEL REGISTRY TRAFFIC SETTINGS``, the last one as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benison.config.serving import Batching, RequestLog, Serving
from benison.core import logs
from benison.delivery.traffic import Traffic
from benison.registry.log import Champion
from benison.registry.registry import Registry


class FromFile:
    """Traffic as a file says at this moment; a file that is not there is a registry that cannot be reached."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> Traffic:
        said = json.loads(self._path.read_text())
        return Traffic(Champion(*said.pop("champion")), **said)


def settings_of(said: dict[str, object]) -> Serving:
    if "requests" in said:
        kept = dict(said["requests"])  # type: ignore[call-overload]
        said["requests"] = RequestLog(**{**kept, "folder": Path(kept["folder"])})
    if "batching" in said:
        said["batching"] = Batching(**said["batching"])  # type: ignore[arg-type]
    return Serving(**said)  # type: ignore[arg-type]


def main() -> None:
    model, registry, traffic, said = sys.argv[1:]
    sys.argv = sys.argv[:1]
    logs.configure()
    from benison.serving import server

    opened = Registry.open(registry, model)
    server.serve(model, FromFile(Path(traffic)), opened, settings_of(json.loads(said)))


if __name__ == "__main__":
    main()
