"""Names of the user's own."""

from __future__ import annotations

import pytest

from benison.core.errors import RefusedError, RegistryError
from benison.registry.testing import SAID, Bench


def test_a_name_of_ones_own_stands_for_a_version_until_it_is_moved_or_removed(bench: Bench) -> None:
    one, two = bench.crown("one").package, bench.crown("two").package
    assert bench.registry.alias("holiday-season", "3", **SAID) is not None
    assert bench.registry.alias("holiday-season", "3", **SAID) is None
    assert bench.registry.resolve("holiday-season") == one
    with pytest.raises(RefusedError, match="got the reference and holiday-season"):
        bench.registry.retire(one, **SAID)
    bench.registry.alias("holiday-season", two, **SAID)
    assert bench.registry.show(two).aliases == ("champion", "holiday-season")
    bench.registry.alias("holiday-season", **SAID)
    with pytest.raises(RegistryError, match="version 'holiday-season': expected champion"):
        bench.registry.resolve("holiday-season")
    assert [one.entry.action for one in bench.registry.log()][-3:] == ["alias"] * 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("champion", "expected a name of your own, got one that the log moves by itself"),
        ("decade", "expected a name, got what could be the start of a digest"),
        ("Holiday", "expected small letters, digits, - and _, a letter first"),
        ("../up", "expected small letters"),
        ("7", "expected small letters"),
    ],
)
def test_a_name_that_could_be_something_else_is_refused(bench: Bench, name: str, message: str) -> None:
    bench.crown("one")
    with pytest.raises(RegistryError, match=message):
        bench.registry.alias(name, "champion", **SAID)


def test_what_is_retired_gets_no_name(bench: Bench) -> None:
    bench.crown("one")
    two = bench.add("two")
    bench.registry.retire(two, **SAID)
    with pytest.raises(RefusedError, match="expected a version in use"):
        bench.registry.alias("spare", two, **SAID)
