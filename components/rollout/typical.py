"""typical: rows made of a package's own figures, since nobody's data are in it: what a server is asked in staging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benison.core.signatures import NUMBER, TEXT
from benison.sources.bodies import Row, is_whole

ROWS = 24


def typical(told: Mapping[str, Any]) -> list[Row]:
    """Rows over the range that each column had in training, some values missing in some, and all of them in the last.

    Args:
        told: The package's features.json.

    Returns:
        `ROWS` rows, each with every column that the package reads, as JSON has them.
    """
    values = {column["name"]: _values(column, told["features"]) for column in told["columns"]}
    # Each column at a pace of its own, so that low values meet high ones.
    paces = {name: 1 + place % 5 for place, name in enumerate(values)}
    rows = [{name: own[number // paces[name] % len(own)] for name, own in values.items()} for number in range(ROWS - 1)]
    return [*rows, dict.fromkeys(values)]


def _values(column: Mapping[str, Any], features: Sequence[Mapping[str, Any]]) -> list[Any]:
    own = [feature for feature in features if feature["columns"] == [column["name"]]]
    if column["type"] == TEXT:
        return [*_words(own, whole=is_whole(column)), None]
    numbers = sorted({number for feature in own for number in _numbers(feature)}) or [0.0, 1.0]
    if column["type"] != NUMBER:
        return [0.0, None]
    return [*(round(number) if is_whole(column) else float(number) for number in numbers), None]


def _words(features: Sequence[Mapping[str, Any]], *, whole: bool) -> list[Any]:
    """The words that were most frequent in training, and one that it knows nothing of."""
    found = [word for feature in features for word in feature["fitted"].get("vocabulary", [])[:5]]
    if whole:
        return [*(int(word) for word in found if word.lstrip("-").isdigit()), 0]
    return [*found, "1970-01-01" if any(feature["kind"] == "date" for feature in features) else "a"]


def _numbers(feature: Mapping[str, Any]) -> list[float]:
    """Values over the range of a number, on the scale on which it is sent."""
    fitted = feature["fitted"]
    if "boundaries" in fitted:
        return [float(edge) for edge in np.asarray(fitted["boundaries"])[:5]] if fitted["boundaries"] else []
    if "offset" not in fitted:
        return []
    scaled = fitted["offset"] + fitted["scale"] * np.array([-1.0, 0.0, 1.0])
    return [float(one) for one in (np.expm1(scaled) if feature["declared"]["log"] else scaled)]
