"""How many different values there are, without keeping them: the K minimum values sketch."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from benison.core.hashes import Hashes

# The relative standard error of the estimate is 1 / sqrt(KEPT - 2), 0.8%.
KEPT = 1 << 14


@dataclass
class DistinctSketch:
    """The smallest hashes of all values seen: the same whatever the order, and whatever parts are merged.

    With the k-th smallest of evenly spread hashes at u of the whole range, about (k - 1) / u values were seen
    (Bar-Yossef, Jayram, Kumar, Sivakumar and Trevisan 2002).

    Attributes:
        smallest: At most `KEPT` hashes, ascending, each once.
    """

    smallest: Hashes = field(default_factory=lambda: np.zeros(0, np.uint64))

    def add(self, hashes: Hashes) -> None:
        """Takes in values by their hashes; those seen before change nothing."""
        if len(self.smallest) == KEPT:
            hashes = hashes[hashes < self.smallest[-1]]
        if len(hashes):
            self.smallest = np.unique(np.concatenate([self.smallest, hashes]))[:KEPT]

    def merge(self, other: DistinctSketch) -> None:
        """Takes in what another one has seen."""
        self.add(other.smallest)

    @property
    def estimate(self) -> int:
        """How many different values were seen; exact below `KEPT`."""
        if len(self.smallest) < KEPT:
            return len(self.smallest)
        return round((KEPT - 1) * 2.0**64 / float(self.smallest[-1]))
