"""model: in benison.yaml: the module and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from benison.config.paths import inside
from benison.core.sections import Section


@dataclass(frozen=True)
class Model:
    """The user's model and how it is trained.

    Attributes:
        module: The Python file with ``build_model(features, hyperparameters)``; empty: model.py, or Benison's own where
            there is none.
        epochs: At most so many passes over train.
        batch_size: Rows per step.
        patience: Epochs without a better loss on eval after which training stops; the best weights are kept.
        seed: Governs Python, NumPy, TensorFlow, shuffling and initialisation.
        hyperparameters: Handed to ``build_model`` as they are.
    """

    module: str
    epochs: int
    batch_size: int
    patience: int
    seed: int
    hyperparameters: dict[str, Any] = field(default_factory=dict)


def model_of(section: Section) -> Model:
    """Reads the section.

    Raises:
        ConfigError: Something in it is not understood.
    """
    model = Model(
        module=inside(section, "module", "") if "module" in section.content else "",
        epochs=section.whole("epochs", 20, low=1),
        batch_size=section.whole("batch_size", 256, low=1),
        patience=section.whole("patience", 3, low=1),
        seed=section.whole("seed", 1),
        hyperparameters=section.take("hyperparameters", dict, {}),
    )
    section.close()
    return model
