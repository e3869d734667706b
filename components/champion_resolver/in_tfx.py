"""The champion resolver for a TFX pipeline; asked by tfx.py, in a process of its own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from benison.components.champion_resolver.run import run
from benison.core import documents, logs
from benison.tfx.asked import PACKAGE, Asked
from benison.tfx.champions import DOCUMENT, HISTORY
from benison.tfx.given import Given


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Looks up the champion.

    Args:
        request: An `Asked`: no inputs; the output ``model``; the parameters ``project``, ``project_digest`` and
            ``registry``.

    Returns:
        The champion's ``number`` and ``package``; 0 and empty text where there is none.
    """
    logs.configure()
    asked = Asked.from_json(request)
    given, model = Given.of(asked), asked.outputs["model"]
    run(
        registry_uri=asked.parameters["registry"],
        bundle=given.bundle,
        champion=model,
        history=model / HISTORY,
        base_model=asked.scratch / "base_model",
    )
    champion = documents.read(model / DOCUMENT, "champion")["champion"]
    if champion is None:
        return {"number": 0, "package": ""}
    # Where TFX's own components look for a model.
    shutil.copytree(model / champion["folder"], model / PACKAGE)
    return {"number": champion["number"], "package": champion["package"]}
