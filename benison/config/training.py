"""model: in benison.yaml: the module and how it is trained."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benison.config.paths import inside
from benison.config.run_fn import RunFn, run_fn_of
from benison.config.search import Search, search_of
from benison.core.sections import Section

# The file of a model that benison.yaml does not name.
USUAL = "model.py"
PRECISIONS = ("auto", "float32", "bfloat16", "float16")
XLA = ("auto", "always", "never")
ACCELERATORS = ("auto", "required", "none")
_RATE = "learning_rate"
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
LONGEST_CHECKPOINT_MINUTES = 7 * 24 * 60


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
        deterministic: Whether training again gives the same model, for which a GPU works more slowly.
        precision: What the model computes with in training: a word of `PRECISIONS`.
        xla: Whether XLA compiles the steps: a word of `XLA`.
        accelerator: Whether GPUs are used: a word of `ACCELERATORS`.
        micro_batch: Rows that go through the model at once, at most `batch_size`; None: as many as is best.
        checkpoint_minutes: Time between two checkpoints, where there is a place for them.
        warm_start: Whether training starts from the champion's weights and fitted features.
        run_fn: A TFX Trainer module in the place of all this but seed and hyperparameters; None: there is none.
        search: What of the hyperparameters is searched; None: they are all given.
    """

    module: str
    epochs: int
    batch_size: int
    patience: int
    seed: int
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    deterministic: bool = True
    precision: str = "auto"
    xla: str = "auto"
    accelerator: str = "auto"
    micro_batch: int | None = None
    checkpoint_minutes: float = 10.0
    warm_start: bool = False
    run_fn: RunFn | None = None
    search: Search | None = None

    def source_in(self, project: Path) -> tuple[str, str]:
        """The key under ``model:`` that names the project's Python file, and the file; empty: Benison's own model."""
        if self.run_fn:
            return "run_fn", self.run_fn.module
        return "module", self.module or (USUAL if (project / USUAL).exists() else "")


def model_of(section: Section) -> Model:
    """Reads the section.

    Raises:
        ConfigError: Something in it is not understood.
    """
    run_fn = run_fn_of(section)
    model = Model(
        run_fn=run_fn,
        module=inside(section, "module", "") if "module" in section.content else "",
        epochs=section.whole("epochs", 20, low=1),
        batch_size=section.whole("batch_size", 256, low=1),
        patience=section.whole("patience", 3, low=1),
        seed=section.whole("seed", 1),
        hyperparameters=_hyperparameters(section.section("hyperparameters", optional=True)),
        deterministic=section.take("deterministic", bool, True),
        precision=section.choice("precision", PRECISIONS, "auto"),
        xla=section.choice("xla", XLA, "auto"),
        accelerator=section.choice("accelerator", ACCELERATORS, "auto"),
        micro_batch=_micro_batch(section),
        checkpoint_minutes=_checkpoint_minutes(section),
        warm_start=section.take("warm_start", bool, False),
    )
    model = replace(model, search=search_of(section, model.hyperparameters))
    if model.micro_batch is not None and model.micro_batch > model.batch_size:
        expected = f"at most batch_size, {model.batch_size}: a step's rows are cut into micro-batches"
        raise section.error("micro_batch", expected, model.micro_batch)
    section.close()
    return model


def _hyperparameters(section: Section) -> dict[str, Any]:
    """They are the user's own words, but a number is finite, and a learning rate moves a model forward."""
    for key, value in section.content.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise section.error(key, "a finite number", value)
    rate = section.content.get(_RATE)
    if isinstance(rate, str) and _NUMBER.fullmatch(rate):
        raise section.error(_RATE, "a number", repr(rate), f"YAML takes it for a text: write {_plain(rate)}")
    if isinstance(rate, bool) or (isinstance(rate, int | float) and rate <= 0):
        raise section.error(_RATE, "a number above 0", rate)
    return dict(section.content)


def _plain(number: str) -> str:
    """Without an exponent, which YAML takes only behind a point."""
    return f"{float(number):.15f}".rstrip("0").rstrip(".")


def _micro_batch(section: Section) -> int | None:
    if section.content.get("micro_batch", "auto") == "auto":
        section.asked.add("micro_batch")
        return None
    if type(section.content["micro_batch"]) is not int:
        raise section.error("micro_batch", "auto or a whole number", repr(section.content["micro_batch"]))
    return section.whole("micro_batch", low=1)


def _checkpoint_minutes(section: Section) -> float:
    minutes = section.number("checkpoint_minutes", 10.0, low=0.0, high=LONGEST_CHECKPOINT_MINUTES)
    if not minutes:
        raise section.error("checkpoint_minutes", "a number greater than 0", "0")
    return minutes
