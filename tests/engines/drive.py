"""The engine in a process of its own, for tests that end it."""

import json
import signal
import sys
from pathlib import Path

from benison.engines.local import LocalEngine, RunRequest


def main() -> None:
    # Whoever started the tests, nohup or a job in the background, may have had signals ignored: the engine respects it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    ir, runs, packages, parameters = sys.argv[1:]
    request = RunRequest(Path(ir), json.loads(parameters), Path(runs))
    with LocalEngine(packages=[Path(packages)]) as engine:
        engine.run(request)


if __name__ == "__main__":
    main()
