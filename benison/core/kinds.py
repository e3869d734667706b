"""What a metric is without its parameter, and what models may answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

THRESHOLD = "threshold"
TOP_K = "top_k"
BINARY, REGRESSION, MULTICLASS, RANKING = "binary", "regression", "multiclass", "ranking"


@dataclass(frozen=True)
class OfTfma:
    """How TFMA is asked for a metric that is not measured here.

    Attributes:
        module: Where its class stands; empty: among those of TFMA and Keras that need none.
        arguments: Of its class, as JSON, without the name.
    """

    module: str
    arguments: str


@dataclass(frozen=True)
class Kind:
    """A metric without its parameter.

    Attributes:
        name: TFMA's default name, or the field's where TFMA has none.
        classes: TFMA's classes; the first is written, all are read.
        better: 1: more is better; -1: less is; 0: neither.
        low: It is never below.
        high: It is never above; infinity: there is no end.
        parameter: What the number behind @ is; empty: it takes none.
        default: The parameter where none is given; NaN: without one it is another figure.
        most: The parameter is never above, and never below 0.
        argument: What TFMA's classes call the parameter; empty: as here.
        needs: Whether there is no such metric without a parameter.
        task: What a model that it is asked of answers.
        own: The module of a metric that the user wrote; empty: it is one of these.
        needed: Of such a metric: with fewer rows that count there is no interval.
        tfma: How TFMA measures it, which gives no interval and does not say what is better; None: it is measured here.
    """

    name: str
    classes: tuple[str, ...]
    better: int
    low: float = 0.0
    high: float = 1.0
    parameter: str = ""
    default: float = math.nan
    most: float = 1.0
    argument: str = ""
    needs: bool = False
    task: str = BINARY
    own: str = ""
    needed: int = 0
    tfma: OfTfma | None = None
