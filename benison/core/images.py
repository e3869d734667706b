"""The container images that components run in where they run in containers: one for each set of dependencies."""

from __future__ import annotations

from collections.abc import Mapping

from benison import __version__

DATA = f"benison-data:{__version__}"
TRAIN = f"benison-train:{__version__}"
TRAIN_GPU = f"benison-train-gpu:{__version__}"
EVALUATE = f"benison-evaluate:{__version__}"
DELIVER = f"benison-deliver:{__version__}"

IMAGES: Mapping[str, str] = {
    "data": DATA,
    "train": TRAIN,
    "train-gpu": TRAIN_GPU,
    "evaluate": EVALUATE,
    "deliver": DELIVER,
}

SERVE = "serve"
"""The group of the model server, in whose image no component runs, so that no pipeline names it."""

# A component's code decides which it needs: deliver has no TensorFlow.
GROUP_OF: Mapping[str, str] = {
    "bundle": "deliver",
    "champion_resolver": "deliver",
    "evaluator": "evaluate",
    "example_gen": "data",
    "example_validator": "data",
    "infra_validator": "evaluate",
    "monitor": "evaluate",
    "pusher": "deliver",
    "rollout": "deliver",
    "trainer": "train",
}
