"""model: in benison.yaml: the module and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from benison.config.paths import inside
from benison.config.run_fn import RunFn, run_fn_of
from benison.core.sections import Section


@dataclass(frozen=True)
class Model:
    """The user's model and how it is trained.

    Attributes:
        module: The Python file with ``build_model(features, hyperparameters)``.
        epochs: At most so many passes over train.
        batch_size: Rows per step.
        patience: Epochs without a better loss on eval after which training stops; the best weights are kept.
        seed: Governs Python, NumPy, TensorFlow, shuffling and initialisation.
        hyperparameters: Handed to ``build_model`` as they are.
        run_fn: A TFX Trainer module in the place of all this but seed and hyperparameters; None: there is none.
    """

    module: str
    epochs: int
    batch_size: int
    patience: int
    seed: int
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    run_fn: RunFn | None = None

    @property
    def source(self) -> tuple[str, str]:
        """The key under ``model:`` that names the Python file, and the file."""
        return ("run_fn", self.run_fn.module) if self.run_fn else ("module", self.module)


def model_of(section: Section) -> Model:
    """Reads the section.

    Raises:
        ConfigError: Something in it is not understood.
    """
    run_fn = run_fn_of(section)
    model = Model(
        run_fn=run_fn,
        module=inside(section, "module", "model.py"),
        epochs=section.whole("epochs", 20, low=1),
        batch_size=section.whole("batch_size", 256, low=1),
        patience=section.whole("patience", 3, low=1),
        seed=section.whole("seed", 1),
        hyperparameters=section.take("hyperparameters", dict, {}),
    )
    section.close()
    return model
