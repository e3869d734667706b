"""Columns: what the configuration asks of the data's columns, and whether their names are there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benison.config import FILE, Config, columns_of, date_columns, number_columns, text_columns
from benison.core.errors import DataError
from benison.core.spelling import nearest

_NUMBER = re.compile(r"\s*[-+]?\d+(\.\d*)?\s*")


@dataclass(frozen=True)
class Columns:
    """The columns that the configuration names.

    Attributes:
        numeric: Features that become int64 or float64.
        text: Columns of categorical features and texts, and the label, kept as text.
        others: Dates, and columns that rows are split or checked by, of whatever type they are.
        lists: Columns that become one for each place, where they are lists of numbers.
        said: The section of the configuration that names each, for messages.
    """

    numeric: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    said: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, config: Config) -> Columns:
        """Reads them off the configuration."""
        splits = config.data.splits
        dates = date_columns(config.features)
        others = (*splits.key, splits.time, config.data.time, *config.validation.columns, *dates)
        sections = {
            "validation": config.validation.columns,
            "data.splits": (*splits.key, splits.time),
            "data.time": (config.data.time,),
            "features": columns_of(config.features),
            "label": (config.label.column,),
        }
        return cls(
            numeric=number_columns(config.features),
            text=(*text_columns(config.features), config.label.column),
            others=tuple(dict.fromkeys(name for name in others if name)),
            said={name: section for section, names in sections.items() for name in names if name},
        )

    @property
    def named(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.numeric, *self.text, *self.others)


def check_names(found: Sequence[str], columns: Columns, source: str) -> None:
    """Makes sure that every column of the configuration is there, once.

    Args:
        found: The names in the source, in its order.
        columns: What the configuration asks for.
        source: The source's name, for the message.

    Raises:
        DataError: A name is missing, empty or there twice; the message names the nearest one.
    """
    if "" in found:
        where, hint = f"{source}, column {found.index('') + 1}", "write it without its index, or give the column a name"
        raise DataError(where, expected="a column with a name", got="an empty one", hint=hint)
    for name, times in Counter(found).items():
        if times > 1:
            raise DataError(source, expected="each column once", got=f"{name!r} {times} times", hint="rename one")
    for name in columns.named:
        if name not in found:
            spaced = next((other for other in found if other.strip() == name), None)
            hint = f"take the spaces out of {spaced!r}" if spaced else nearest(name, found)
            named = f", which {FILE} names under {columns.said[name]}" if name in columns.said else ""
            raise DataError(source, expected=f"a column {name!r}{named}", got="none", hint=hint)


def check_header(found: Sequence[str], columns: Columns, source: str) -> None:
    """Tells a header that is not one from a header with a name wrong.

    Raises:
        DataError: No name is known, and what stands there looks like values, or is separated by something else.
    """
    if set(found) & set(columns.named):
        return
    if numbers := [name for name in found if _NUMBER.fullmatch(name)]:
        example = ",".join(columns.named[:3]) or "age,city"
        hint = f"put a line with the columns' names first: {example},..."
        where, got = f"{source}, line 1", f"values such as {numbers[0].strip()!r}"
        raise DataError(where, expected="a header with the columns' names", got=got, hint=hint)
    for sign, spelt in ((";", "semicolons"), ("\t", "tabs")):
        if len(found) == 1 and sign in found[0]:
            written = f"pandas.read_csv({source.rpartition('/')[2]!r}, sep={sign!r}).to_csv('commas.csv', index=False)"
            hint = f"write the file with commas, for example  {written}"
            raise DataError(f"{source}, line 1", expected="columns separated by commas", got=spelt, hint=hint)
