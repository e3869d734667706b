"""What a table's columns probably are: the label's values, features, slices, and what a feature should not be."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benison.cli.nearly import said_of
from benison.core.casts import as_text
from benison.core.errors import DataError
from benison.core.spelling import nearest
from benison.measures.levels import Levels
from benison.measures.ranking import roc_area

MOST_CATEGORIES = 1000
MOST_SLICES = 12
LEAST_OF_A_CLASS = 20
_YES_AND_NO = [{"1", "0"}, {"1", "-1"}, {"true", "false"}, {"yes", "no"}, {"y", "n"}]
_YES = {"1", "true", "yes", "y"}
# A column that tells the label this well alone was most likely written down after it.
_TOO_GOOD = 0.99
_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9:.]+)?(Z|[+-][0-9:]+)?$"
# From so many words on, half of the texts having them, a text is one and no name.
_WORDS_OF_A_TEXT = 3
# With fewer rows it may be chance that each has its own value.
_LEAST_TO_TELL_APART = 50
# Columns by which quality is told apart first where they are there, as in fairness audits.
_SENSITIVE = re.compile(
    r"(?i)(^|_)(sex|gender|race|ethnic\w*|male|female|black|white|hispan\w*|age_?group|nationality)($|_)"
)


@dataclass(frozen=True)
class Column:
    """A column and what it seems to be.

    Attributes:
        name: As in the table's header.
        role: ``numeric``, ``log`` (numeric with a long tail), ``categorical``, ``hash`` (categorical with very many
            values), ``text``, ``date``, or empty for no feature.
        why: For no feature: why not. For a feature: empty.
        values: How many different values it has.
        apart: Whether every row has a value, and each its own.
        nearly: What a column of texts would be, were it not for some of them; empty: nothing else.
    """

    name: str
    role: str
    why: str
    values: int
    apart: bool = False
    nearly: str = ""


@dataclass(frozen=True)
class Suggestion:
    """A start for benison.yaml.

    Attributes:
        label: The label's column.
        positive: Its value that says yes, such as 1; else the rarer one, which is what is mostly looked for.
        negative: The other one.
        columns: All other columns.
        slices: Categorical columns with few values, by which quality can be told apart.
        holdout_rows: Rows in holdout at the default shares.
        holdout_positives: Positive ones among them.
    """

    label: str
    positive: str
    negative: str
    columns: tuple[Column, ...]
    slices: tuple[str, ...]
    holdout_rows: int
    holdout_positives: int

    @property
    def times(self) -> tuple[str, ...]:
        """The columns of dates or times."""
        return tuple(column.name for column in self.columns if column.role == "date")

    @property
    def time(self) -> str:
        """The first column of dates or times; empty where there is none."""
        return next(iter(self.times), "")

    @property
    def key(self) -> str:
        """The first column that numbers or names the rows; empty where there is none."""
        return next((column.name for column in self.columns if column.apart and column.role != "date"), "")

    @property
    def min_rows(self) -> int:
        """Rows from which a slice is judged: 200, or half of a holdout that is too small for that."""
        return min(200, max(40, self.holdout_rows // 2))

    @property
    def too_small(self) -> str:
        """Why no holdout of these data can be judged; empty where it can."""
        smaller = min(self.holdout_positives, self.holdout_rows - self.holdout_positives)
        if smaller >= LEAST_OF_A_CLASS and self.holdout_rows >= self.min_rows:
            return ""
        return (
            f"holdout will have about {self.holdout_rows:,} rows, {smaller:,} of the rarer label; "
            f"an interval needs {LEAST_OF_A_CLASS}: take more data, or a larger share for holdout"
        )

    @property
    def tolerance(self) -> float:
        """A loss of AUC that this holdout can tell from none, rounded up to 0.005.

        Twice the 95% bound of a paired difference whose models agree to 0.9, by Hanley and McNeil's (1982) deviation
        of an AUC at 0.8.
        """
        positives, negatives = self.holdout_positives, self.holdout_rows - self.holdout_positives
        if not positives or not negatives:
            return 0.05
        deviation = _auc_deviation(0.8, positives, negatives) * math.sqrt(2 * (1 - 0.9))
        return min(0.1, max(0.005, math.ceil(2 * 1.645 * deviation / 0.005) * 0.005))


def _auc_deviation(auc: float, positives: int, negatives: int) -> float:
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    within = (positives - 1) * (q1 - auc**2) + (negatives - 1) * (q2 - auc**2)
    return math.sqrt((auc * (1 - auc) + within) / (positives * negatives))


def suggest(table: pa.Table, label: str, positive: str | None, holdout_share: float = 0.2) -> Suggestion:
    """Looks at every column of a table.

    Args:
        table: The rows.
        label: The column to predict, which must have two values.
        positive: The value that counts as positive; None: the one that says yes, such as 1, else the rarer one.
        holdout_share: The share of rows that goes into holdout.

    Raises:
        DataError: There is no such column, it has not two values, or `positive` is not one of them.
    """
    counts = _label_counts(table, label)
    first, second = sorted(counts, key=lambda value: (not _says_yes(value, counts), counts[value], value))
    chosen = first if positive is None else positive
    if chosen not in counts:
        got, hint = f"{first!r} and {second!r}", nearest(chosen, counts)
        raise DataError(f"label column {label!r}", expected=f"a value {chosen!r}", got=got, hint=hint)
    positives = np.asarray(pc.equal(as_text(table[label]), chosen).to_numpy())
    columns = tuple(_column(name, table[name], positives) for name in table.column_names if name != label)
    return Suggestion(
        label=label,
        positive=chosen,
        negative=second if chosen == first else first,
        columns=columns,
        slices=_slices(columns),
        holdout_rows=int(holdout_share * len(table)),
        holdout_positives=int(holdout_share * counts[chosen]),
    )


def _says_yes(value: str, values: Collection[str]) -> bool:
    """Whether this is the yes of a pair such as 1 and 0, which is what people mean by positive, rare or not."""
    return value.lower() in _YES and {text.lower() for text in values} in _YES_AND_NO


def _label_counts(table: pa.Table, label: str) -> dict[str, int]:
    if label not in table.column_names:
        hint = nearest(label, table.column_names)
        raise DataError("--label", expected="a column of the data", got=repr(label), hint=hint)
    found = {item["values"]: item["counts"] for item in pc.value_counts(as_text(table[label])).to_pylist()}
    if len(found) != 2 or None in found:
        shown = ", ".join("missing" if value is None else repr(value) for value in list(found)[:5])
        raise DataError(
            f"label column {label!r}",
            expected="two different values and none missing",
            got=f"{len(found)}: {shown}{', ...' if len(found) > 5 else ''}",
            hint="Benison decides yes-or-no questions; drop rows without a label and join values before",
        )
    return found


def _slices(columns: tuple[Column, ...]) -> tuple[str, ...]:
    """At most two columns with few values: those that fairness audits ask for, else text."""
    few = [column for column in columns if 2 <= column.values <= MOST_SLICES]
    sensitive = [column.name for column in few if _SENSITIVE.search(column.name)]
    text = [column.name for column in few if column.role == "categorical" and column.name not in sensitive]
    return tuple([*sensitive, *text][:2])


def _column(name: str, values: pa.ChunkedArray, positives: npt.NDArray[np.bool_]) -> Column:
    kept = values.drop_null()
    different = len(pc.unique(kept))
    why, nearly = _why_not(kept, different) or _too_good(values, different, positives), said_of(kept)
    if why:
        return Column(name, "", why, different, different == len(values) > _LEAST_TO_TELL_APART, nearly)
    return Column(name, _role(kept, different), "", different, nearly=nearly)


def _why_not(values: pa.ChunkedArray, different: int) -> str:
    """Why a column is no feature; empty where it may be one."""
    kind = values.type
    if not different:
        return "no values at all"
    if different == 1:
        return "one value only"
    if _is_text(kind):
        return "" if _text_role(values, different) else f"{different:,} different values: a name or an identifier?"
    if pa.types.is_integer(kind) and different == len(values) and len(values) > _LEAST_TO_TELL_APART:
        return "another whole number in every row: an identifier?"
    known = pa.types.is_integer(kind) or pa.types.is_floating(kind) or _is_moment(kind)
    return "" if known else f"{kind}: not a kind a feature can be"


def _too_good(values: pa.ChunkedArray, different: int, positives: npt.NDArray[np.bool_]) -> str:
    """Whether the column alone ranks nearly every positive row above every negative one, or the other way round.

    A column with few values is ranked by the positive rate of each value, a missing one being a value too; other
    numbers by themselves.
    """
    if different <= 0.05 * len(values):
        codes = _codes(values)
        scores = (np.bincount(codes, positives) / np.maximum(np.bincount(codes), 1))[codes]
    elif _is_text(values.type) or _is_moment(values.type):
        return ""
    else:
        scores = np.asarray(pc.fill_null(pc.cast(values, pa.float64()), -math.inf).to_numpy())
        scores = np.nan_to_num(scores, neginf=-1e308)
    auc = roc_area(Levels.of(positives, scores)).area
    return "tells the label alone: known only afterwards?" if max(auc, 1 - auc) > _TOO_GOOD else ""


def _codes(values: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Each row's value as a whole number from 0; missing ones share one."""
    encoded = pc.dictionary_encode(values, null_encoding="encode").combine_chunks()
    indices = encoded.indices if isinstance(encoded, pa.DictionaryArray) else encoded.chunk(0).indices
    return np.asarray(indices.to_numpy(zero_copy_only=False), dtype=np.int64)


def _is_moment(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_boolean(kind) or pa.types.is_dictionary(kind))


def _role(values: pa.ChunkedArray, different: int) -> str:
    if _is_moment(values.type):
        return "date"
    return _text_role(values, different) if _is_text(values.type) else _numeric_role(values)


def _text_role(values: pa.ChunkedArray, different: int) -> str:
    """What a column of texts is to a model; empty for one of names, of which most stand there once."""
    if not pa.types.is_string(values.type):
        return "categorical"
    if pc.all(pc.match_substring_regex(values, _MOMENT)).as_py():
        return "date"
    mostly_once = different > 50 and different > 0.5 * len(values)
    if different <= MOST_CATEGORIES and not mostly_once:
        return "categorical"
    # Apart by white space: a UUID's hyphens make no words of it.
    words = pc.count_substring_regex(values, r"\S*[\pL\pN]\S*").to_numpy()
    if np.median(words) >= _WORDS_OF_A_TEXT:
        return "text"
    return "" if mostly_once else "hash"


def _numeric_role(values: pa.ChunkedArray) -> str:
    """``log`` where no value is negative and the mean lies far above the median."""
    numbers = pc.cast(values, pa.float64())
    median = pc.quantile(numbers, q=0.5)[0].as_py()
    long_tail = pc.min(numbers).as_py() >= 0 and pc.mean(numbers).as_py() > 2 * median and pc.max(numbers).as_py() > 100
    return "log" if long_tail else "numeric"


def feature_lines(suggestion: Suggestion) -> Iterator[tuple[str, str, str]]:
    """(name, what stands behind it, comment) for each column; no-features have nothing behind the name."""
    written = {"log": "{kind: numeric, log: true}"}
    for column in suggestion.columns:
        hashed = {"hash": f"{{kind: categorical, hash: {2 * column.values}}}"}
        yield column.name, {**written, **hashed}.get(column.role, column.role), column.why
