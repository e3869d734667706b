"""Shares: how many of a column's rows are missing, or hold a value that the schema does not list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from benison.core.texts import spell
from benison.measures.tallies import ColumnTally

Feature: TypeAlias = statistics_pb2.FeatureNameStatistics


def listed_values(feature: schema_pb2.Feature, schema: schema_pb2.Schema) -> list[str] | None:
    """The values that a feature's string domain lists; None where it has none."""
    kind = feature.WhichOneof("domain_info")
    if kind == "string_domain":
        return list(feature.string_domain.value)
    domains = {domain.name: list(domain.value) for domain in schema.string_domain}
    return domains.get(feature.domain) if kind == "domain" else None


def unknown_share(tally: ColumnTally, listed: Iterable[str]) -> float | None:
    """The share of a column's values that are not listed; missing ones are no values.

    Args:
        tally: The column; whole numbers count as their text.
        listed: The values of the domain.

    Returns:
        From 0 to 1, and rather too high than too low where a column has too many values to count them all; None where
        it cannot be told.
    """
    if not tally.present:
        return 0.0
    known = _listed_rows(tally, list(dict.fromkeys(listed)))
    return None if known is None else (tally.present - known) / tally.present


def _listed_rows(tally: ColumnTally, listed: list[str]) -> int | None:
    if tally.texts is not None:
        return int(tally.texts.count(listed).sum())
    if tally.figures is None or tally.figures.dropped:
        return None
    spelt = np.array([spell(number) for number in tally.figures.lowest.tolist()])
    return int(tally.figures.counts[np.isin(spelt, listed)].sum())


def missing_share(feature: Feature | None, rows: int) -> float:
    """The share of rows without a value, as TFDV counted them; 1 for a column that is not there.

    Args:
        feature: The column's statistics; None: there are none.
        rows: All rows, at least 1.
    """
    if feature is None:
        return 1.0
    kind = feature.WhichOneof("stats")
    present = int(getattr(feature, kind).common_stats.num_non_missing) if kind else 0
    return (rows - present) / rows


def missing_beyond(feature: Feature | None, declared: schema_pb2.Feature, rows: int) -> float:
    """The share of rows that lack a value although the schema's min_fraction asks for one."""
    allowed = 1 - float(declared.presence.min_fraction)
    return max(0.0, round(missing_share(feature, rows) - allowed, 12))
