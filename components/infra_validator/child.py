"""The child: a package in a process of its own, which answers rows as JSON over pipes.

It speaks first, when TensorFlow is there, which takes as long for every package. At the first request, whatever it
says, it loads the package and tells how long that took. Then each request, ``{"instances": [...]}`` as a server takes
it, has a reply with ``answers``, whatever they are, or with ``error``.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benison.components.infra_validator import frames
from benison.core.errors import BenisonError
from benison.core.fresh import die_with

if TYPE_CHECKING:
    from benison.serving.package import Package

_MOST_SAID = 1000
# TensorFlow and Keras take seconds for these where they find them, and do without where not, as where models serve.
_WITHOUT = ("jax", "pandas", "sklearn")


class _Without(MetaPathFinder):
    """Has some modules not be there. None in their place in sys.modules is taken for a module by Arrow."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name in _WITHOUT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def main(package: str, reads: str, writes: str, parent: str) -> None:
    """Loads a package and answers until nobody asks any more.

    Args:
        package: Its folder.
        reads: The pipe with requests.
        writes: The pipe for replies.
        parent: The process that started this one, with which it ends.
    """
    die_with(int(parent))
    sys.meta_path.insert(0, _Without())
    from benison.serving.package import Package

    requests, replies = int(reads), int(writes)
    frames.write(replies, b"{}")
    if frames.read(requests) is None:
        return
    opened, told = _opened(Package, Path(package))
    frames.write(replies, json.dumps(told).encode())
    while opened is not None and (request := frames.read(requests)) is not None:
        frames.write(replies, json.dumps(_reply(opened, request)).encode())


def _opened(kind: type[Package], folder: Path) -> tuple[Package | None, dict[str, Any]]:
    begun = time.perf_counter()
    try:
        opened = kind.open(folder, "package")
    except BenisonError as error:
        return None, {"error": str(error)}
    return opened, {"seconds": time.perf_counter() - begun}


def _reply(package: Package, request: bytes) -> dict[str, Any]:
    import tensorflow as tf

    from benison.serving.requests import table_of

    try:
        rows = table_of(json.loads(request)["instances"], package.columns)
        return {"answers": package.answer(rows).tolist()}
    except BenisonError as error:
        return {"error": str(error)}
    except tf.errors.OpError as error:
        return {"error": error.message[:_MOST_SAID]}
