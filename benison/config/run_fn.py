"""model: in benison.yaml, where a TFX Trainer module takes the place of build_model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from benison.config.paths import inside
from benison.core import documents
from benison.core.sections import Section
from benison.core.spelling import nearest

_KEYS = ("run_fn", "train_steps", "eval_steps", "custom_config", "hyperparameters", "seed", "warm_start")


@dataclass(frozen=True)
class RunFn:
    """A TFX Trainer module and what it is told besides the data.

    Attributes:
        module: The Python file with ``run_fn(fn_args)``.
        train_steps: Batches of train; None, written as 0: as TFX says it, until the data end.
        eval_steps: Batches of eval, likewise.
        custom_config: Handed over as it is; None where there is none.
    """

    module: str
    train_steps: int | None
    eval_steps: int | None
    custom_config: dict[str, Any] | None


def run_fn_of(section: Section) -> RunFn | None:
    """Reads what belongs to a run_fn module; None where there is none.

    Raises:
        ConfigError: Something in it is not understood, or settles what the module settles itself.
    """
    section.asked.add("run_fn")
    if "run_fn" not in section.content:
        return None
    for key in section.content:
        if key not in _KEYS:
            raise _of_no_meaning(section, str(key))
    module = inside(section, "run_fn", "")
    if PurePosixPath(module).suffix != ".py":
        hint = "name the file, such as trainer_module.py; its function is always called run_fn"
        raise section.error("run_fn", "the path of a Python file of the project", repr(module), hint)
    return RunFn(
        module=module,
        train_steps=_steps(section, "train_steps"),
        eval_steps=_steps(section, "eval_steps"),
        custom_config=_custom_config(section),
    )


def _of_no_meaning(section: Section, key: str) -> Exception:
    if key == "module":
        hint = "remove module: for the TFX module, or run_fn: for build_model"
        return section.error(key, "either run_fn: or module:", "both", hint)
    expected = f"beside run_fn: no other keys than {', '.join(_KEYS[1:])}, since the module settles the rest itself"
    hint = nearest(key, _KEYS)
    return section.error(key, expected, repr(key), hint if hint.startswith("did") else "remove it")


def _steps(section: Section, key: str) -> int | None:
    """Asked for in so many words, since TFX's own datasets repeat for ever unless a module tells them not to."""
    if key not in section.content:
        hint = "TFX's num_steps; 0 is until the data end, for modules whose datasets do not repeat"
        raise section.error(key, f"a key {key}: a whole number of batches", "none", hint)
    return section.whole(key) or None


def _custom_config(section: Section) -> dict[str, Any] | None:
    found = section.take("custom_config", dict, {})
    try:
        documents.encode(found)
    except (TypeError, ValueError) as error:
        expected = "texts, finite numbers, true, false, lists and mappings of texts to such"
        raise section.error("custom_config", expected, error) from error
    return found or None
