"""Split: every row falls into exactly one of train, eval and holdout."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benison.sources.keys import Keys
from benison.sources.times import Moments

Assignment = npt.NDArray[np.int8]
Shares = tuple[float, float, float]


def by_hash(keys: Keys, shares: Shares) -> Assignment:
    """Cuts the range of keys in proportion to the shares.

    A row's split depends on its key alone: equal keys stay together, and a row keeps its split whatever the window is.

    Args:
        keys: One key for each row, as `keys.row_keys` makes them.
        shares: Of train, eval and holdout; they add up to 1.

    Returns:
        0, 1 or 2 for each row.
    """
    cuts = np.array([min(int(share * 2**64), 2**64 - 1) for share in (shares[0], shares[0] + shares[1])], np.uint64)
    return np.searchsorted(cuts, keys, side="right").astype(np.int8)


def by_time(moments: Moments, shares: Shares) -> Assignment:
    """Gives the oldest rows to train and the newest to holdout; rows of one moment stay together.

    A moment falls where the middle of its rows falls, so that the shares are met as nearly as moments allow.

    Args:
        moments: One for each row, larger is later.
        shares: Of train, eval and holdout; they add up to 1.

    Returns:
        0, 1 or 2 for each row.
    """
    _, which, counts = np.unique(moments, return_inverse=True, return_counts=True)
    middles = (np.cumsum(counts) - counts / 2) / max(len(moments), 1)
    splits: Assignment = np.searchsorted([shares[0], shares[0] + shares[1]], middles, side="right").astype(np.int8)
    return splits[which]
