"""The process in a task's container: the same code as the engine's, else nothing runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import benison
from benison.core.errors import BrokenError
from benison.engines import worker
from benison.engines.closure import closure_of


def main(path: str) -> None:
    """Does what a task file says; see `worker.main`.

    Args:
        path: JSON as `worker.main` has it, with ``code``, the digest of the engine's code of the task.
    """
    file = Path(path)
    task = json.loads(file.read_bytes())
    own = Path(benison.__file__).resolve().parent
    if closure_of(task["program"], {own.name: own}).digest != task["code"]:
        hint = "build the images of this version:  make images"
        found = f"Benison {benison.__version__} with other code"
        error = BrokenError(f"image {task['image']}", expected="the code of this command", got=found, hint=hint)
        (file.parent / "report.json").write_text(json.dumps({"error": worker.described(error), "outputs": {}}))
        return
    worker.main(path)


if __name__ == "__main__":
    main(sys.argv[1])
