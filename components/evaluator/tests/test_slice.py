import re

import numpy as np
import pyarrow as pa
import pytest

from benison.core.errors import ConfigError
from benison.eval_config import EvalConfig, Slicing
from benison.metrics.slice import cut

RANDOM = np.random.default_rng(1)
ROWS = 400
SEX = [str(value) for value in RANDOM.choice(["Male", "Female"], ROWS)]
RACE = [None if value == "-" else str(value) for value in RANDOM.choice(["White", "Black", "-"], ROWS)]
BAND = [int(value) for value in RANDOM.choice([2, 10, 30], ROWS)]
TABLE = pa.table({"sex": SEX, "race": RACE, "band": BAND})


def config(*slicings: Slicing) -> EvalConfig:
    return EvalConfig("", slicings, ("auc",))


def names(*slicings: Slicing, table: pa.Table = TABLE) -> list[str]:
    return [one.name for one in cut(table, config(*slicings), "eval_config.json")]


def test_all_rows_come_first_and_each_value_is_a_slice() -> None:
    assert names(Slicing(("sex",))) == ["overall", "sex=Female", "sex=Male"]
    assert names() == ["overall"]


def test_rows_are_those_of_a_loop() -> None:
    found = cut(TABLE, config(Slicing(("sex", "race")), Slicing(("race",))), "eval_config.json")
    for one in found:
        wanted = dict(one.keys)
        assert one.rows.tolist() == [
            row
            for row in range(ROWS)
            if wanted.get("sex", SEX[row]) == SEX[row] and wanted.get("race", RACE[row]) == RACE[row]
        ]
    assert [one.name for one in found][1:] == [
        "race=Black, sex=Female",
        "race=White, sex=Female",
        "race=Black, sex=Male",
        "race=White, sex=Male",
        "race=Black",
        "race=White",
    ]


def test_a_row_without_a_value_is_in_no_slice_of_that_column() -> None:
    found = {one.name: len(one.rows) for one in cut(TABLE, config(Slicing(("race",))), "eval_config.json")}
    assert found["race=White"] + found["race=Black"] == sum(value is not None for value in RACE) < found["overall"]


def test_numbers_are_in_the_order_of_numbers_and_whole_floats_are_written_whole() -> None:
    assert names(Slicing(("band",))) == ["overall", "band=2", "band=10", "band=30"]
    floats = pa.table({"band": pa.array([10.0, 2.0, None])})
    assert names(Slicing(("band",)), table=floats) == ["overall", "band=2", "band=10"]


def test_fixed_values_cut_alone_or_across_keys() -> None:
    assert names(Slicing(values=(("sex", "Female"),))) == ["overall", "sex=Female"]
    assert names(Slicing(("race",), (("sex", "Female"),))) == [
        "overall",
        "race=Black, sex=Female",
        "race=White, sex=Female",
    ]


def test_the_same_slice_asked_for_twice_is_there_once() -> None:
    assert names(Slicing(("sex",)), Slicing(values=(("sex", "Male"),)), Slicing()) == [
        "overall",
        "sex=Female",
        "sex=Male",
    ]


def test_values_are_matched_whatever_chunks_and_dictionaries_they_come_in() -> None:
    chunks = [pa.array(["b", "a"]).dictionary_encode(), pa.array(["a", "c"]).dictionary_encode()]
    table = pa.table({"letter": pa.chunked_array(chunks)})
    found = cut(table, config(Slicing(("letter",))), "eval_config.json")
    assert {one.name: one.rows.tolist() for one in found[1:]} == {"letter=a": [1, 2], "letter=b": [0], "letter=c": [3]}


def test_an_empty_holdout_has_all_rows_which_are_none() -> None:
    found = cut(TABLE.slice(0, 0), config(Slicing(("sex",))), "eval_config.json")
    assert [(one.name, len(one.rows)) for one in found] == [("overall", 0)]


def test_a_value_that_does_not_occur_is_an_error_that_names_the_nearest() -> None:
    said = (
        "eval_config.json (slicing_specs): expected values of column 'sex' that occur in the holdout, got 'Femal'\n\n"
        "hint: did you mean Female?"
    )
    with pytest.raises(ConfigError, match=re.escape(said)):
        names(Slicing(values=(("sex", "Femal"),)))


def test_a_column_of_too_many_values_is_an_error() -> None:
    table = pa.table({"id": list(range(1001))})
    with pytest.raises(ConfigError, match=r"expected at most 1,000 slices, got more, by id\n\nhint: slice by columns"):
        names(Slicing(("id",)), table=table)


def test_two_slices_with_one_name_are_an_error_since_a_policy_calls_them_by_name() -> None:
    table = pa.table({"place": ["x, sex=Male", "x"], "sex": ["Male", "Male"]})
    said = "(slicing_specs): expected slices with names of their own, got 2 named 'place=x, sex=Male'\n\nhint: write"
    with pytest.raises(ConfigError, match=re.escape(said)):
        names(Slicing(("place",)), Slicing(("place", "sex")), table=table)


@pytest.mark.parametrize("keys", [("race",), ("sex", "race")])
def test_a_column_without_values_is_an_error_since_its_slices_would_go_unjudged(keys: tuple[str, ...]) -> None:
    table = pa.table({"sex": ["Male", "Female"], "race": pa.nulls(2, pa.string())})
    said = f"(slicing_specs): expected rows of the holdout to cut, got none with values of {', '.join(keys)}\n\nhint"
    with pytest.raises(ConfigError, match=re.escape(said)):
        names(Slicing(keys), table=table)
