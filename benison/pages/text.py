"""Text from outside as it may be shown: no control characters, and nothing that turns the line around."""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def printable(text: object) -> str:
    """The text with every character that acts instead of showing replaced by U+FFFD.

    Terminals obey escape sequences, and the marks for right-to-left text can make one value look like another.

    >>> printable("sex=\\x1b[31mFemale")
    'sex=�[31mFemale'
    """
    return _UNSEEN.sub("\ufffd", str(text))
