"""A tally of texts: how often each occurs, by class, exact up to a number of different ones."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from benison.core.hashes import of_texts, spelling
from benison.measures.distinct import DistinctSketch
from benison.measures.numbers import CLASSES, Classes, Counts, counted

# As many different texts are counted one by one.
EXACT_VALUES = 1 << 16


def _empty() -> Counts:
    return np.zeros((0, CLASSES), np.int64)


@dataclass
class TextTally:
    """How often texts occurred, by class.

    Exact for up to `EXACT_VALUES` different texts. Past that it is the sketch of Misra and Gries (1982), merged as by
    Agarwal and others (2012), and depends on the order: the texts with least credit make room, each lacks at most
    `error` rows, and one that is not there had at most so many.

    Attributes:
        places: The place of each text in the counts.
        counts: Rows by text and class, (texts, 3), each since the text came to stay.
        rows: All that were taken in.
        size: Bytes of all of them.
        error: At most so many rows of any one text are not counted: at most rows / `EXACT_VALUES`.
        sketch: The different texts; None as long as all are counted.
    """

    places: dict[str, int] = field(default_factory=dict)
    counts: Counts = field(default_factory=_empty)
    rows: int = 0
    size: int = 0
    error: int = 0
    sketch: DistinctSketch | None = None
    _credit: Counts = field(default_factory=lambda: np.zeros(0, np.int64))

    def __deepcopy__(self, memo: dict[int, object]) -> TextTally:
        # One by one, the texts of a full tally would take ten times as long.
        places, sketch = dict(self.places), copy.deepcopy(self.sketch, memo)
        return replace(self, places=places, counts=self.counts.copy(), sketch=sketch, _credit=self._credit.copy())

    def add(self, values: pa.Array, classes: Classes) -> None:
        """Takes in rows.

        Args:
            values: Texts, none missing.
            classes: `NEGATIVE`, `POSITIVE` or `NEITHER` for each.
        """
        dictionary, counts = counted(values.dictionary_encode(), classes)
        self.add_counts(dictionary, counts[:-1])

    def add_counts(self, values: pa.StringArray, counts: Counts) -> None:
        """Takes in rows that are counted.

        Args:
            values: Texts, each once.
            counts: How often each occurred, by class, (values, 3).
        """
        totals = counts.sum(axis=1)
        if self.sketch is not None:
            self.sketch.add(of_texts(values))
        self.rows += int(totals.sum())
        self.size += int(spelling(values)[1] @ totals)
        self._take(values.to_pylist(), counts, totals)

    def merge(self, other: TextTally) -> None:
        """Takes in what another tally has seen."""
        if self.sketch is not None or other.sketch is not None:
            self.sketch, theirs = self._sketched(), other._sketched()
            self.sketch.merge(theirs)
        self.rows += other.rows
        self.size += other.size
        self.error += other.error
        self._take(list(other.places), other.counts, other._credit)

    def _take(self, texts: list[str], counts: Counts, credit: Counts) -> None:
        places = np.fromiter((self.places.get(text, -1) for text in texts), np.int64, len(texts))
        known = places >= 0
        self.counts[places[known]] += counts[known]
        self._credit[places[known]] += credit[known]
        new = np.flatnonzero(~known)
        if len(self.places) + len(new) > EXACT_VALUES:
            if self.sketch is None:
                self.sketch = self._sketched()
                self.sketch.add(of_texts(pa.array([texts[number] for number in new], pa.string())))
            taken = self._make_room(credit[new])
            credit = credit - taken
            new = new[credit[new] > 0]
        first = len(self.places)
        self.places.update({texts[number]: first + place for place, number in enumerate(new.tolist())})
        self.counts = np.concatenate([self.counts, counts[new]])
        self._credit = np.concatenate([self._credit, credit[new]])

    def _sketched(self) -> DistinctSketch:
        """The sketch; where there is none yet, one of the texts, which are still all there."""
        if self.sketch is not None:
            return self.sketch
        sketch = DistinctSketch()
        sketch.add(of_texts(pa.array(list(self.places), pa.string())))
        return sketch

    def _make_room(self, wanting: Counts) -> int:
        """Takes as much credit from all, the ones that want a place too, as leaves at most `EXACT_VALUES` with some."""
        credit = np.concatenate([self._credit, wanting])
        place = len(credit) - EXACT_VALUES - 1
        taken = int(np.partition(credit, place)[place])
        stay = self._credit > taken
        texts = [text for text, stays in zip(self.places, stay.tolist(), strict=True) if stays]
        self.places = {text: place for place, text in enumerate(texts)}
        self.counts, self._credit = self.counts[stay], self._credit[stay] - taken
        self.error += taken
        return taken

    @property
    def exact(self) -> bool:
        """Whether every text is counted, from its first row on."""
        return self.sketch is None

    @property
    def distinct(self) -> int:
        """Different texts: exact where all are counted, else an estimate with a standard error of 0.8%."""
        return len(self.places) if self.sketch is None else self.sketch.estimate

    def count(self, texts: list[str]) -> Counts:
        """Rows of some texts by class, (texts, 3); zeros for one that is not there."""
        nothing = np.zeros(CLASSES, np.int64)
        found = [self.counts[self.places[text]] if text in self.places else nothing for text in texts]
        return np.array(found, np.int64).reshape(-1, CLASSES)

    def most_frequent(self, most: int, *, last_first: bool = False) -> dict[str, int]:
        """The texts with the most rows and their rows, most frequent first.

        Args:
            most: At most so many.
            last_first: Whether equally frequent ones come in the order of the alphabet turned round, as in TFDV.
        """
        totals = self.counts.sum(axis=1)
        least = np.partition(totals, len(totals) - most)[len(totals) - most] if len(totals) > most > 0 else 0
        found = zip(self.places, totals.tolist(), strict=True)
        ranked = sorted((text, rows) for text, rows in found if rows >= least)
        ranked = sorted(ranked[::-1] if last_first else ranked, key=lambda pair: -pair[1])
        return dict(ranked[:most])
