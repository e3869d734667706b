import copy

import pytest

from benison.core import errors

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.BenisonError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_says_where_expected_got_and_hint(kind: type[errors.BenisonError]) -> None:
    error = kind("benison.yaml:3 (name)", expected="a name", got="7", hint="write letters")
    assert str(error) == "benison.yaml:3 (name): expected a name, got 7\n\nhint: write letters"


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_survives_a_copy(kind: type[errors.BenisonError]) -> None:
    error = kind("a", expected="b", got="c")
    assert (type(copy.copy(error)), str(copy.copy(error))) == (kind, "a: expected b, got c")


@pytest.mark.parametrize("kind", KINDS)
def test_a_refusal_leaves_with_1_bad_input_with_2_and_what_broke_with_3(kind: type[errors.BenisonError]) -> None:
    refused = 1 if issubclass(kind, errors.RefusedError) else 3
    assert kind.exit_code == (2 if issubclass(kind, errors.InputError) else refused)


@pytest.mark.parametrize("kind", KINDS)
def test_the_tree_at_the_top_of_the_module_names_every_error(kind: type[errors.BenisonError]) -> None:
    assert kind.__name__ in (errors.__doc__ or "")
