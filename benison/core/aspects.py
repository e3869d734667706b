"""What a metric of a yes-or-no model may be asked of, where models tell several classes apart: the part in brackets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

CLASS, MICRO, MACRO, WEIGHTED_MACRO = "class", "micro", "macro", "weighted_macro"
RANK, MICRO_RANKS, MACRO_RANKS = "k", "micro_k", "macro_k"
AVERAGES = (MICRO, MACRO, WEIGHTED_MACRO)
# Stands for every class until these are known.
EACH = "each"
_NUMBER = r"(?:[0-9]*\.)?[0-9]+(?:e[-+]?[0-9]+)?"
_AVERAGE = re.compile(rf"(?P<how>{'|'.join(AVERAGES)})(?P<weights>(?: [0-9]+:{_NUMBER})*)")
_RANKS = re.compile(rf"(?P<how>{MICRO_RANKS}|{MACRO_RANKS}|{RANK})_(?P<rank>[1-9][0-9]*)")


@dataclass(frozen=True)
class Aspect:
    """One class against the others, an average over classes, or the class that a model puts at some rank.

    Attributes:
        how: `CLASS`; `MICRO`: rows of all classes together; `MACRO`: the mean of the classes' figures;
            `WEIGHTED_MACRO`: likewise, each class by its share of labels; `RANK`: the prediction at a rank, right or
            not; `MICRO_RANKS`: those down to a rank together; `MACRO_RANKS`: the mean of their figures.
        name: The class, where it is one.
        rank: From 1, where it is ranks.
        weights: Of an average what each class counts, by its number; empty: all of them the same.
    """

    how: str
    name: str = ""
    rank: int = 0
    weights: Mapping[int, float] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """As it stands in brackets."""
        if self.how == CLASS:
            return self.name
        if self.rank:
            return f"{self.how}_{self.rank}"
        return self.how + "".join(f" {number}:{weight:.12g}" for number, weight in sorted(self.weights.items()))


def aspect(text: str) -> Aspect:
    """What stands in brackets; whatever is no average and no rank is a class.

    >>> aspect("macro"), aspect("k_2").rank, aspect("macro 0:2 1:0.5").weights, aspect("cat").name
    (Aspect(how='macro', name='', rank=0, weights={}), 2, {0: 2.0, 1: 0.5}, 'cat')
    """
    if average := _AVERAGE.fullmatch(text):
        pairs = (pair.split(":") for pair in average["weights"].split())
        return Aspect(average["how"], weights={int(number): float(weight) for number, weight in pairs})
    if ranks := _RANKS.fullmatch(text):
        return Aspect(ranks["how"], rank=int(ranks["rank"]))
    return Aspect(CLASS, text)


def reserved(name: str) -> bool:
    """Whether a class of this name could not be asked for."""
    return name == EACH or aspect(name).how != CLASS
