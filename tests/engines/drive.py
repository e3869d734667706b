"""The engine in a process of its own, for tests that end it."""

import json
import sys
from pathlib import Path

from benison.engines.local import LocalEngine, RunRequest


def main() -> None:
    ir, runs, packages, parameters = sys.argv[1:]
    request = RunRequest(Path(ir), json.loads(parameters), Path(runs))
    with LocalEngine(packages=[Path(packages)]) as engine:
        engine.run(request)


if __name__ == "__main__":
    main()
