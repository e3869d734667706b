"""The oracle is a naive comparison of each row of the holdout with all that a model was trained on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benison.components.evaluator.overlap import Holdout, Seen, disjoint
from benison.config.validation import NEVER, Bounds
from benison.core import key_sets
from benison.core.errors import IntegrityError
from benison.core.key_sets import TrainedOn
from benison.core.verdicts import Check, Tier, Verdict
from benison.sources.keys import complete_keys, content_keys
from components.evaluator.tests.world import World

USUAL = Bounds(0.0, 0.01)
ROLES = ("challenger", "champion", "reference")


def visits(*numbers: int, user: str | None = "") -> pa.Table:
    """A row for each number; ten numbers belong to one user, unless one is given."""
    users = [f"user {number // 10}" if user == "" else user for number in numbers]
    columns = {"number": pa.array(numbers, pa.int64()), "user": pa.array(users, pa.string())}
    return pa.table({**columns, "bought": [("no", "yes")[number % 2] for number in numbers]})


@pytest.fixture
def checked(tmp_path: Path) -> Callable[..., Check]:
    def check(
        train: pa.Table | None,
        rows: pa.Table,
        role: str = "challenger",
        recorded: tuple[str, ...] = (),
        entity: tuple[str, ...] | None = None,
        bounds: Bounds = USUAL,
    ) -> Check:
        seen = None if train is None else record(train, recorded, tmp_path)
        holdout = Holdout(rows, recorded if entity is None else entity, bounds)
        (found,) = disjoint({role: Seen(seen, tmp_path)}, holdout)
        return found

    return check


def record(train: pa.Table, entity: tuple[str, ...], folder: Path) -> TrainedOn:
    names = tuple(train.column_names)
    rows = key_sets.write(content_keys(train, names), names, 0, folder)
    if not entity:
        return TrainedOn(rows, None)
    keys = complete_keys(train, entity)
    return TrainedOn(rows, key_sets.write(keys, entity, len(train) - len(keys), folder))


@pytest.mark.parametrize("role", ROLES)
def test_rows_that_no_model_has_seen_pass_with_their_counts(checked: Callable[..., Check], role: str) -> None:
    check = checked(visits(*range(100)), visits(*range(100, 140)), role, recorded=("user",))
    assert (check.name, check.subject, check.tier, check.verdict) == ("holdout_disjoint", role, Tier.HARD, Verdict.PASS)
    assert check.observed == "0 of 40 rows (0.00%) and 0 of 4 entities (0.00%)"
    assert check.reason == (
        f"0 of 40 rows (0.00%) and 0 of 4 entities (0.00%) of the holdout stand in what the {role} was trained on or "
        "stopped by; allowed at most 0.00% (more than 1.00% blocks) of rows, and no entity; told by 3 of 3 columns "
        "and by column user"
    )
    assert check.numbers == {
        "rows": 40,
        "shared": 0,
        "share": 0,
        "entities": 4,
        "shared_entities": 0,
        "rows_of_shared": 0,
    }


@pytest.mark.parametrize("role", ROLES)
def test_planted_rows_are_counted_exactly_and_block(checked: Callable[..., Check], role: str) -> None:
    check = checked(visits(*range(100)), visits(*range(93, 293)), role)
    assert (check.tier, check.verdict) == (Tier.HARD, Verdict.INCONCLUSIVE)
    assert check.numbers == {"rows": 200, "shared": 7, "share": 0.035}
    assert check.observed == "7 of 200 rows (3.50%)"


@pytest.mark.parametrize("role", ROLES)
def test_a_single_entity_in_both_blocks_though_no_row_is(checked: Callable[..., Check], role: str) -> None:
    check = checked(visits(*range(95)), visits(*range(95, 395)), role, recorded=("user",))
    assert (check.tier, check.verdict, check.numbers["shared"]) == (Tier.HARD, Verdict.INCONCLUSIVE, 0)
    assert {name: check.numbers[name] for name in ("entities", "shared_entities", "rows_of_shared")} == {
        "entities": 31,
        "shared_entities": 1,
        "rows_of_shared": 5,
    }


def test_what_to_do_depends_on_whose_rows_they_are(checked: Callable[..., Check]) -> None:
    rows = visits(*range(100))
    again = checked(rows, rows)
    assert again.reason.endswith("; drop the copies, or split by a key of which they share the value: data.splits.key")
    known = checked(rows, rows, recorded=("user",))
    assert known.reason.endswith("; split by them: data.splits: {key: [user]}")
    old = checked(rows, rows, "champion")
    assert old.reason.endswith(
        "; rows came again, or data.splits is not what it was: put its key and shares back, or promote a model by hand "
        "that was not trained on them: benison registry promote --force"
    )


@pytest.mark.parametrize(
    ("bounds", "tier", "verdict"),
    [
        (Bounds(0.0, 0.05), Tier.SOFT, Verdict.INCONCLUSIVE),
        (Bounds(0.04, 0.05), Tier.HARD, Verdict.PASS),
        (Bounds(0.04, NEVER), Tier.SOFT, Verdict.PASS),
        (Bounds(0.0, NEVER), Tier.SOFT, Verdict.INCONCLUSIVE),
        (Bounds(0.01, 0.02), Tier.HARD, Verdict.INCONCLUSIVE),
    ],
)
def test_rows_that_are_alike_by_nature_are_allowed_as_far_as_the_validator_allows_them(
    checked: Callable[..., Check], bounds: Bounds, tier: Tier, verdict: Verdict
) -> None:
    check = checked(visits(*range(100)), visits(*range(97, 197)), bounds=bounds)
    assert (check.tier, check.verdict, check.numbers["share"]) == (tier, verdict, 0.03)


def test_no_allowance_for_rows_lets_an_entity_through(checked: Callable[..., Check]) -> None:
    check = checked(visits(5), visits(6, 17), recorded=("user",), bounds=Bounds(NEVER, NEVER))
    assert (check.tier, check.verdict, check.allowed) == (
        Tier.HARD,
        Verdict.INCONCLUSIVE,
        "anything of rows, and no entity",
    )


def test_a_row_whose_entity_is_missing_is_told_by_its_columns_alone(checked: Callable[..., Check]) -> None:
    train = pa.concat_tables([visits(1), visits(2, user=None)])
    rows = pa.concat_tables([visits(30), visits(2, 3, user=None)])
    check = checked(train, rows, recorded=("user",), bounds=Bounds(0.5, 0.5))
    assert (check.verdict, check.numbers["shared"], check.numbers["entities"]) == (Verdict.PASS, 1, 1)


def test_a_row_is_the_same_though_its_columns_changed_their_types_and_order_and_there_are_more(
    checked: Callable[..., Check],
) -> None:
    train = visits(*range(10))
    later = pa.table(
        {
            "bought": train["bought"],
            "new": pa.array(range(10)),
            "user": train["user"],
            "number": train["number"].cast(pa.string()),
        }
    )
    assert checked(train, later, "champion").numbers["shared"] == 10


OLD = "it was registered before it was recorded what a model is trained on"
GONE = "its rows were told by column gone too, which the holdout does not have"
NO_ENTITY = "entities are told by column user, and its own were told by no column"
FINER = "entities are told by column user, and its own were told by columns number, user"
MISSING = "column user is missing in every row of the holdout, or in every row that it was trained on"
UNKNOWN = [
    (None, {"role": "champion"}, OLD),
    (visits(1).append_column("gone", pa.array([1])), {}, GONE),
    (visits(1), {"entity": ("user",)}, NO_ENTITY),
    (visits(1), {"recorded": ("number", "user"), "entity": ("user",)}, FINER),
    (visits(1, user=None), {"recorded": ("user",)}, MISSING),
]


@pytest.mark.parametrize("role", ["challenger", "champion"])
@pytest.mark.parametrize(("train", "asked", "why"), UNKNOWN, ids=["old", "gone", "no_entity", "finer", "missing"])
def test_what_cannot_be_told_is_no_pass_and_blocks_for_the_challenger_alone(
    checked: Callable[..., Check], train: pa.Table | None, asked: dict[str, Any], why: str, role: str
) -> None:
    check = checked(train, visits(50, 60), **{**asked, "role": role})
    tier = Tier.HARD if role == "challenger" else Tier.SOFT
    assert (check.tier, check.verdict) == (tier, Verdict.INCONCLUSIVE)
    known = why in (OLD, GONE)
    assert check.observed == ("not known" if known else "0 of 2 rows (0.00%), entities not known")
    said = f"whether the {role} was trained on what is in the holdout cannot be told: {why}"
    if role == "champion":
        said += "; if it was, it looks better than it is, so that the challenger is held to more"
    assert check.reason == said


def test_rows_are_counted_and_block_also_where_entities_cannot_be_told(checked: Callable[..., Check]) -> None:
    check = checked(visits(*range(50)), visits(*range(50)), "champion", entity=("user",))
    assert (check.tier, check.verdict, check.numbers["shared"]) == (Tier.HARD, Verdict.INCONCLUSIVE, 50)
    assert check.observed == "50 of 50 rows (100.00%)"


def test_a_row_is_told_by_the_columns_that_a_model_was_trained_with(checked: Callable[..., Check]) -> None:
    later = visits(1, 2, 3).append_column("new", pa.array([1, 2, 3]))
    check = checked(visits(3, 4), later, "champion")
    assert check.numbers["shared"] == 1
    assert "; told by 3 of 4 columns; " in check.reason


def test_entities_told_by_fewer_columns_than_now_are_told_strictly_enough(checked: Callable[..., Check]) -> None:
    check = checked(visits(5), visits(6), recorded=("user",), entity=("number", "user"))
    assert (check.verdict, check.numbers["shared_entities"]) == (Verdict.INCONCLUSIVE, 1)


def test_an_empty_holdout_proves_nothing(checked: Callable[..., Check]) -> None:
    assert checked(visits(1), visits(1)[:0]).reason.endswith("the holdout has no rows")


def test_a_record_that_was_changed_is_an_error(tmp_path: Path) -> None:
    seen = record(visits(1, 2), (), tmp_path)
    (tmp_path / seen.rows.file).write_bytes(b"")
    with pytest.raises(IntegrityError, match="expected 2 keys"):
        list(disjoint({"champion": Seen(seen, tmp_path)}, Holdout(visits(3), (), USUAL)))


@pytest.mark.parametrize("seed", range(5))
def test_random_tables_are_counted_as_by_comparing_each_row_with_all(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)

    def table(rows: int) -> pa.Table:
        letters = rng.choice(np.array(["x", "y", "7", None], object), rows)
        return pa.table({"user": rng.integers(0, 40, rows), "letter": pa.array(letters, pa.string())})

    train, rows = table(50), table(150_000 if not seed else 60)
    seen = Seen(record(train, ("user",), tmp_path), tmp_path)
    (check,) = disjoint({"challenger": seen}, Holdout(rows, ("user",), USUAL))
    known, users = {tuple(row.values()) for row in train.to_pylist()}, set(train["user"].to_pylist())
    held = [tuple(row.values()) for row in rows.to_pylist()]
    assert check.numbers["shared"] == sum(row in known for row in held)
    assert check.numbers["rows_of_shared"] == sum(user in users for user, _ in held)
    assert check.numbers["shared_entities"] == len(users & {user for user, _ in held})


def test_the_evaluator_blocks_a_challenger_that_was_trained_on_its_holdout(
    tmp_path: Path, package: Callable[..., Path], people: Callable[..., pa.Table]
) -> None:
    world, table = World(tmp_path), people()
    world.holdout(table)
    world.challenger(package(0.09, -1.3, -0.4), trained_on=table[:100])
    world.champion(champion=package(0.03, 0.0, -0.4))
    found = world.run()
    assert found["verdict"] == "INCONCLUSIVE"
    checks = {check["subject"]: check for check in found["checks"] if check["name"] == "holdout_disjoint"}
    known = {tuple(row.values()) for row in table[:100].to_pylist()}
    assert checks["challenger"]["numbers"]["shared"] == sum(tuple(row.values()) in known for row in table.to_pylist())
    assert (checks["challenger"]["verdict"], checks["champion"]["verdict"]) == ("INCONCLUSIVE", "PASS")


def test_a_champion_of_which_it_was_not_recorded_warns_and_does_not_block(
    tmp_path: Path, package: Callable[..., Path], people: Callable[..., pa.Table]
) -> None:
    world = World(tmp_path)
    world.holdout(people())
    world.challenger(package(0.09, -1.3, -0.4))
    world.champion(champion=package(0.03, 0.0, -0.4), recorded=False)
    found = world.run()
    (check,) = [one for one in found["checks"] if one["name"] == "holdout_disjoint" and one["subject"] == "champion"]
    assert (found["verdict"], check["verdict"], check["tier"]) == ("PASS", "INCONCLUSIVE", "soft")


def test_a_champion_of_which_it_was_not_recorded_blocks_a_challenger_that_started_from_it(
    tmp_path: Path, package: Callable[..., Path], people: Callable[..., pa.Table]
) -> None:
    world, old = World(tmp_path), package(0.03, 0.0, -0.4)
    world.holdout(people())
    world.challenger(package(0.09, -1.3, -0.4), base=old)
    world.champion(champion=old, reference=package(0.01, 1.0, -0.4), recorded=False)
    found = world.run()
    checks = {check["subject"]: check for check in found["checks"] if check["name"] == "holdout_disjoint"}
    assert found["verdict"] == "INCONCLUSIVE"
    assert {role: check["tier"] for role, check in checks.items()} == {
        "challenger": "hard",
        "champion": "hard",
        "reference": "soft",
    }
    assert checks["champion"]["reason"].endswith(
        "; the challenger started from it, and has seen what it has: train once without model.warm_start"
    )
