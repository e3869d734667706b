"""evaluation: in benison.yaml: the evaluation config, and what measures by it."""

from __future__ import annotations

from dataclasses import dataclass

from benison.config.paths import inside
from benison.core.sections import Section

FILE = "eval_config.json"

MEMORY, BEAM = "memory", "beam"


@dataclass(frozen=True)
class Evaluation:
    """How models are evaluated.

    Attributes:
        file: The evaluation config, a path inside the project.
        engine: ``memory``, or ``beam``: TFMA measures every figure, without intervals.
        beam_options: As on Beam's command line.
    """

    file: str
    engine: str = "memory"
    beam_options: tuple[str, ...] = ()


def evaluation_of(top: Section) -> Evaluation:
    """Reads the section, which may be the file's path alone.

    Raises:
        ConfigError: Something in it is not understood.
    """
    if not isinstance(top.content.get("evaluation"), dict):
        return Evaluation(inside(top, "evaluation", FILE))
    section = top.section("evaluation")
    engine = section.choice("engine", (MEMORY, BEAM), MEMORY)
    if engine != BEAM and "beam_options" in section.content:
        raise section.error("beam_options", "engine: beam beside it", engine)
    if engine == BEAM and "metrics" in top.content:
        hint = "leave engine out: metrics of your own are measured in memory"
        raise section.error("engine", "metrics that TFMA has", f"metrics: {top.content['metrics']}", hint)
    found = Evaluation(inside(section, "config", FILE), engine, section.texts("beam_options", ()))
    section.close()
    return found
