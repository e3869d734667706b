"""building: a model in the precision of its training, and the one of the same weights that is exported."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import keras
import numpy.typing as npt

from benison.components.trainer.fit.plan import Plan, seeded
from benison.config import Model as Settings
from benison.core.errors import ModelCodeError

_FLOAT32 = 'Dense(1, activation="sigmoid", dtype="float32")'
_log = logging.getLogger(__name__)
Build = Callable[[], Any]


def built(
    build: Build, sample: Mapping[str, npt.NDArray[Any]], settings: Settings, where: str, plan: Plan
) -> tuple[Any, Plan]:
    """The model that is trained, and the plan: in float32 where the model's answer would be something else.

    Args:
        build: Makes an accepted model.
        sample: A few transformed rows of train.
        settings: Whether the precision was asked for.
        where: The model's file.
        plan: How it is to be computed.

    Raises:
        ModelCodeError: A precision was asked for in which the model's answer is not float32.
    """
    with plan.building():
        model = build()
    if plan.precision == "float32":
        return model, plan
    found = keras.backend.standardize_dtype(model(dict(sample), training=False).dtype)
    if found == "float32":
        return _clips_as_on_one(model, where, plan), plan
    if settings.precision != "auto":
        hint = f"end with  {_FLOAT32}"
        expected = f"an answer in float32, while the rest computes in {plan.precision}"
        raise ModelCodeError(where, expected=expected, got=found, hint=hint)
    told = "%s answers in %s in mixed precision, so it is trained in float32; to change that, end with  %s"
    _log.warning(told, where, found, _FLOAT32)
    plan = replace(plan, precision="float32")
    seeded(settings.seed, deterministic=settings.deterministic)
    with plan.building():
        return build(), plan


def _clips_as_on_one(model: Any, where: str, plan: Plan) -> Any:
    """Refuses what would come out otherwise on several devices: Keras scales and clips within each of them."""
    inner = getattr(model.optimizer, "inner_optimizer", None)
    clips = [name for name in ("clipnorm", "global_clipnorm", "clipvalue") if getattr(inner, name, None)]
    if plan.replicas > 1 and clips:
        raise ModelCodeError(
            where,
            expected=f"an optimizer without {clips[0]}, which float16 on several GPUs does not keep",
            got=f"{type(inner).__name__} with it",
            hint="write  precision: float32  or  precision: bfloat16  under model: in benison.yaml",
        )
    return model


def exported(build: Build, model: Any, plan: Plan) -> Any:
    """The trained model as it is exported: in float32 and on one device, with the same weights."""
    if plan.precision == "float32" and plan.replicas == 1:
        return model
    weights = model.get_weights()
    # So that layers are named as they were.
    keras.utils.clear_session()
    with Plan().building():
        final = build()
    final.set_weights(weights)
    return final
