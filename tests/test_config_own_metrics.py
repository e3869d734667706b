"""A user's own metrics, as they are declared: read without running the file, every fault by its line."""

import math
import re
from pathlib import Path

import pytest

from benison.config.own_metrics import declared
from benison.core.errors import ConfigError, ModelCodeError
from benison.core.metrics import better, find, speaking

FILE = """
raise RuntimeError("nobody may run this file to know what it declares")

LIMIT = 3


class Threshold:
    value = 0.5


class MoneyLost:
    name = "money_lost"
    better = "less"
    low: float = 0
    needed = 50
    columns = ("amount", "hours-per-week")

    def terms(self, labels, predictions, columns):
        return labels, 1


class Lift:
    name, UNIT = "lift", "points"
    name = "lift"
    better = "more"

    def terms(self, *given):
        return given[0], given[1]
"""


def write(folder: Path, body: str) -> Path:
    path = folder / "own.py"
    path.write_text(body)
    return path


def of_class(folder: Path, *lines: str, terms: str = "def terms(self, labels, predictions, columns): ...") -> Path:
    return write(folder, "\n".join(["class Money:", *(f"    {line}" for line in (*lines, terms))]))


def test_a_file_is_read_without_being_run(tmp_path: Path) -> None:
    found = declared(write(tmp_path, FILE)).metrics
    assert [one.class_name for one in found] == ["MoneyLost", "Lift"]
    money, lift = (one.kind for one in found)
    assert (money.name, money.better, money.low, money.high, money.needed) == ("money_lost", -1, 0, math.inf, 50)
    assert (lift.better, lift.low, lift.high, lift.needed, lift.own) == (1, -math.inf, math.inf, 20, "own")
    assert found[0].columns == ("amount", "hours-per-week")


def test_its_names_are_known_while_they_are_spoken_and_then_no_longer(tmp_path: Path) -> None:
    with speaking(more=declared(write(tmp_path, FILE)).kinds) as known:
        assert (better("money_lost"), better("lift"), better("auc")) == (-1, 1, 1)
        assert known.usual[-2:] == ("money_lost", "lift")
        assert known.classes["MoneyLost"].name == "money_lost"
    assert find("money_lost") is None


def test_a_column_that_there_is_not_is_told_by_its_line(tmp_path: Path) -> None:
    message = "own.py:11 (MoneyLost.columns): expected columns of the data, got 'amount'\n\nhint: did you mean amounts?"
    with pytest.raises(ConfigError, match=re.escape(message)):
        declared(write(tmp_path, FILE)).check_columns(["amounts", "hours-per-week"])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["name = 'auc'", "better = 'more'"],
         "own.py:2 (Money.name): expected a name that no other metric has, got 'auc', a metric of binary models"),
        (["name = 'mean_error'", "better = 'more'"], "got 'mean_error', a metric of regression models"),
        (["name = 'Money'", "better = 'more'"], "expected small letters, digits and _, a letter first, at most 63"),
        (["better = 'more'"], "own.py:1 (Money.name): expected small letters, digits and _, a letter"),
        (["name = 'money'"], "own.py:1 (Money.better): expected more, less or neither, got none"),
        (["name = 'money'", "better = 'up'"], "own.py:3 (Money.better): expected more, less or neither, got 'up'"),
        (["name = 'money'", "better = 1"], "expected more, less or neither, got 1"),
        (["name = 'money'", "better = LESS"], "got LESS\n\nhint: write it out, since the file is read without running"),
        (["name = 'money'", "better = 'less'", "hihg = 1"],
         "own.py:4 (Money.hihg): expected a known name, got 'hihg'\n\nhint: did you mean high?"),
        (["name = 'money'", "better = 'less'", "low = '0'"],
         "expected a number, or none where there is no end, got '0'"),
        (["name = 'money'", "better = 'less'", "low = 1", "high = 1"],
         "own.py:5 (Money.high): expected a number above low, 1, got 1"),
        (["name = 'money'", "better = 'less'", "needed = 5"], "expected a whole number from 20, got 5"),
        (["name = 'money'", "better = 'less'", "needed = 30.0"], "expected a whole number from 20, got 30.0"),
        (["name = 'money'", "better = 'less'", "columns = 'amount'"],
         "own.py:4 (Money.columns): expected names of columns, as in ('amount',), got 'amount'"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_told_by_line_and_name(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(ModelCodeError, match=re.escape(message)):
        declared(of_class(tmp_path, *lines))


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ("pass", "own.py:1 (Money.terms): expected a method terms(self, labels, predictions, columns), got none"),
        ("def term(self): ...", "got none\n\nhint: is term meant for it?"),
        ("def terms(self, labels, predictions): ...",
         "own.py:4 (Money.terms): expected a method terms(self, labels, predictions, columns), got "
         "terms(self, labels, predictions)"),
        ("def terms(self, a, b, c, d): ...", "got terms(self, a, b, c, d)"),
    ],
)  # fmt: skip
def test_terms_take_what_they_are_given(tmp_path: Path, terms: str, message: str) -> None:
    with pytest.raises(ModelCodeError, match=re.escape(message)):
        declared(of_class(tmp_path, "name = 'money'", "better = 'less'", terms=terms))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("x = 1", "own.py: expected a class that is a metric, got none\n\nhint: class MoneyLost:  with  name = 'money"),
        ("class A:\n  x = (", "own.py:2: expected Python, got SyntaxError: '(' was never closed"),
        (FILE + FILE.split("LIMIT = 3")[1], "own.py:36 (MoneyLost.name): expected a name of its own, got 'money_lost'"),
        ("class AUC:\n  name = 'area'\n  better = 'more'\n  def terms(self, a, b, c): ...",
         "own.py:2 (AUC.name): expected a class that TFMA has not, got AUC"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_told(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(ModelCodeError, match=re.escape(message)):
        declared(write(tmp_path, body))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelCodeError, match=r"own.py: expected a Python file, got No such file or directory"):
        declared(tmp_path / "own.py")
