import json
import shutil
from pathlib import Path

import pytest

from benison.config import acceptances
from benison.core import documents
from tests.cli.commands import Answer, call
from tests.pipelines import small_project

Captured = pytest.CaptureFixture[str]
SCHEMA = """\
# What the shop's rows must look like.
feature {
  name: "age"
  type: INT
  int_domain { min: 18 max: 80 }  # by law
  presence { min_fraction: 1 min_count: 1 }
}
feature { name: "city" type: BYTES domain: "city" presence { min_fraction: 1 min_count: 1 } }
feature { name: "team" type: BYTES presence { min_fraction: 1 min_count: 1 } }
feature { name: "bought" type: BYTES presence { min_fraction: 1 min_count: 1 } }
feature { name: "order" type: BYTES }

string_domain {
  name: "city"
  value: "Ulm"
  # Since 2019.
  value: "Bonn"
  value: "Jena"
}
"""


def rows(seed: int, **changes: object) -> list[dict[str, str]]:
    """Rows of which every third has other values in some columns; a column of None is left out."""
    made = small_project.rows(seed)
    for number, row in enumerate(made):
        for name, value in changes.items():
            if value is None:
                row.pop(name)
            elif number % 3 == 0:
                row[name] = str(value)
    return made


class Shop:
    """A project with a span that its checks refuse."""

    def __init__(self, folder: Path, capsys: Captured) -> None:
        self.folder, self._capsys = folder, capsys
        small_project.make(folder)
        text = small_project.CONFIG.replace("window: 2", "window: 2\n  splits: {by: hash, key: [order]}")
        (folder / "benison.yaml").write_text(text)
        (folder / "schema.pbtxt").write_text(SCHEMA)

    def span(self, **changes: object) -> None:
        small_project.write_csv(self.folder / "data/span-2.csv", rows(2, **changes))

    def validate(self, *words: object) -> Answer:
        shutil.rmtree(self.folder.parent / "out", ignore_errors=True)
        return call(
            self._capsys, "data", "validate", "-p", self.folder, "--out", self.folder.parent / "out", "--json", *words
        )

    def failed(self) -> set[tuple[str, str]]:
        checks = json.loads(self.validate().out)["checks"]
        return {(one["name"], one["subject"]) for one in checks if one["verdict"] == "FAIL"}

    def accept(self, *words: object, why: str = "new tariff") -> Answer:
        told = ["--why", why] if why else []
        run = self.folder.parent / "out"
        return call(self._capsys, "data", "accept", *words, *told, "-p", self.folder, "--run", run)

    @property
    def schema(self) -> str:
        return (self.folder / "schema.pbtxt").read_text()


@pytest.fixture
def shop(tmp_path: Path, capsys: Captured) -> Shop:
    return Shop(tmp_path / "shop", capsys)


def test_new_values_go_into_the_domain_and_every_other_line_stays(shop: Shop) -> None:
    shop.span(city="Rom")
    assert ("schema", "column city in train") in shop.failed()
    answer = shop.accept("schema", "city", why="a shop in Rome")
    assert answer.code == 0, answer.err
    assert shop.schema == SCHEMA.replace('"Jena"\n', '"Jena"\n  value: "Rom"\n')
    assert '+  value: "Rom"' in answer.out and "+++ schema.pbtxt" in answer.out and "+++ accepted.yaml" in answer.out
    [trace] = acceptances.read(shop.folder)
    assert (trace.check, trace.why, trace.changed) == (
        "schema", "a shop in Rome", ("string_domain city: value + 'Rom'",)
    )  # fmt: skip
    assert not {one for one in shop.failed() if one[0] == "schema"}


def test_a_wider_range_leaves_a_margin(shop: Shop) -> None:
    shop.span(age=90)
    shop.failed()
    assert shop.accept("schema", "column age in train", "--margin", "0.1").code == 0
    assert shop.schema == SCHEMA.replace("max: 80", "max: 99")
    assert not {one for one in shop.failed() if one[0] == "schema"}


def test_missing_values_lower_what_is_asked_for(shop: Shop) -> None:
    shop.span(team="")
    shop.failed()
    assert shop.accept("schema", "team").code == 0
    assert 'name: "team" type: BYTES presence { min_fraction: 0.8' in shop.schema
    assert not {one for one in shop.failed() if one[0] == "schema"}


def test_a_new_column_becomes_known(shop: Shop) -> None:
    for span in (1, 2):
        made = [{**row, "shop": "north"} for row in small_project.rows(span)]
        small_project.write_csv(shop.folder / f"data/span-{span}.csv", made)
    assert ("schema", "column shop in holdout") in shop.failed()
    assert shop.accept("schema", "shop").code == 0
    assert 'name: "shop"' in shop.schema and shop.schema.startswith(SCHEMA[: SCHEMA.index("\nstring_domain")])
    assert shop.failed() == set()


def test_a_drift_is_accepted_as_a_bound_that_says_who_why_and_when(shop: Shop) -> None:
    shop.span(city="Ulm")
    (shop.folder / "accepted.yaml").write_text("# Ours.\naccepted: []\n")
    assert shop.failed() == {("drift_from_previous", "column city")}
    assert shop.accept("drift_from_previous", "city").code == 0
    [found] = acceptances.read(shop.folder)
    assert (found.measure, found.why, "@" in found.who) == ("psi", "new tariff", True)
    document = json.loads(shop.validate().out)
    [check] = [one for one in document["checks"] if (one["name"], one["subject"]) == (found.check, found.subject)]
    assert check["verdict"] == "PASS"
    assert f"psi accepted up to {found.at_most:g} by {found.who} on {found.when[:10]}: new tariff" in check["reason"]
    assert found.at_most == pytest.approx(check["numbers"]["psi"] * 1.1, rel=0.02)


def test_what_is_accepted_already_is_not_said_to_change_anything(shop: Shop) -> None:
    shop.span(city="Ulm")
    assert shop.failed() == {("drift_from_previous", "column city")}
    assert "changed accepted.yaml" in shop.accept("drift_from_previous", "city").err
    before = (shop.folder / "accepted.yaml").read_text()
    again = shop.accept("drift_from_previous", "city")
    assert (again.code, again.out, (shop.folder / "accepted.yaml").read_text()) == (0, "", before)
    assert "nothing was changed: it is accepted already" in again.err


def test_once_is_for_this_snapshot_alone(shop: Shop) -> None:
    shop.span(city="Ulm")
    shop.failed()
    assert shop.accept("drift_from_previous", "city", "--once").code == 0
    assert shop.failed() == set()
    shop.span(city="Ulm", team="a")
    assert ("drift_from_previous", "column city") in shop.failed()


def test_a_dry_run_shows_the_diff_and_changes_nothing(shop: Shop) -> None:
    shop.span(city="Rom")
    shop.failed()
    answer = shop.accept("schema", "city", "--dry-run")
    assert (answer.code, '+  value: "Rom"' in answer.out) == (0, True)
    assert "nothing was changed" in answer.err
    assert shop.schema == SCHEMA and not (shop.folder / "accepted.yaml").exists()


def test_without_a_check_it_lists_what_could_be_accepted(shop: Shop) -> None:
    shop.span(city="Rom")
    shop.failed()
    answer = shop.accept(why="")
    lines = [line.split("  ")[0] for line in answer.out.splitlines()]
    assert (answer.code, lines[0], set(lines[1:])) == (0, "check", {"schema", "drift_from_previous"})
    shop.span()
    shop.failed()
    assert "no check failed, so there is nothing to accept" in shop.accept(why="").out


def test_a_column_of_the_model_that_is_gone_cannot_be_accepted(shop: Shop) -> None:
    shop.span()
    document = json.loads(shop.validate().out)
    gone = {"name": "columns", "subject": "column city", "tier": "hard", "verdict": "FAIL", "observed": "missing"}
    gone |= {"allowed": "there", "reason": "column city: a feature that is not in the data", "numbers": {"rows": 0}}
    content = {**document, "checks": [gone]}
    documents.write(shop.folder.parent / "out/checks.json", "checks", content)
    answer = shop.accept("columns", "city")
    assert (answer.code, "the model cannot be fed without the column" in answer.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "why", "said"),
    [
        (["shcema", "city"], "x", "a check that failed, got 'shcema'\n\nhint: did you mean schema?; failed in it:"),
        (["schema", "citty"], "x", "expected a subject of which schema failed, got 'citty'"),
        (["volume", "span 2"], "x", "expected a check that failed, got 'volume'"),
        (["schema", "city"], "", "--why is missing"),
        (["schema", "city", "--once"], "x", "expected a check other than the schema's"),
    ],
)
def test_what_cannot_be_meant_is_told_with_what_failed(words: list[str], why: str, said: str, shop: Shop) -> None:
    shop.span(city="Rom")
    shop.failed()
    answer = shop.accept(*words, why=why)
    assert (answer.code, said in answer.err) == (2, True), answer.err
    assert shop.schema == SCHEMA


def test_a_schema_that_was_changed_since_is_not_changed_again(shop: Shop) -> None:
    shop.span(city="Rom")
    shop.failed()
    assert shop.accept("schema", "city").code == 0
    answer = shop.accept("schema", "city")
    assert (answer.code, "expected an anomaly, got none" in answer.err) == (2, True), answer.err


def test_the_newest_run_is_what_is_meant(shop: Shop, capsys: Captured) -> None:
    answer = call(capsys, "data", "accept", "-p", shop.folder)
    assert (answer.code, "expected a run, got no run at all" in answer.err) == (2, True), answer.err
