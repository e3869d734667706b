import copy

import numpy as np
import pyarrow as pa
import pytest

from benison.measures import texts
from benison.measures.tallies import TextTally


def test_a_copy_of_a_tally_of_texts_goes_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "EXACT_VALUES", 3)
    tally, other = TextTally(), TextTally()
    tally.add(pa.array(list("aabbcde")), np.zeros(7, np.int8))
    other.add(pa.array(list("ccf")), np.zeros(3, np.int8))
    before, theirs = copy.deepcopy(tally), copy.deepcopy(tally)
    theirs.merge(other)
    assert repr(tally) == repr(before) != repr(theirs)
