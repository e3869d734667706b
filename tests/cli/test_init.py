"""``benison init`` fills in what the data say of times and keys."""

from pathlib import Path

import pytest

from benison import config
from benison.core.verdicts import Tier
from tests.cli.commands import call
from tests.docs import rides

Captured = pytest.CaptureFixture[str]


def test_times_and_keys_of_the_data_are_written_down(tmp_path: Path, capsys: Captured) -> None:
    rides.write(tmp_path)
    answer = call(
        capsys, "init", tmp_path / "shop", "--data", tmp_path / "rides/2024-{span:02d}.csv", "--label", "tipped"
    )
    assert answer.code == 0, answer.err
    read = config.read(tmp_path / "shop")
    assert read.data.time == "pickup"
    assert [(key.columns, key.tier) for key in read.validation.keys] == [(("ride",), Tier.SOFT)]


def test_of_several_dates_it_says_which_one_was_taken(tmp_path: Path, capsys: Captured) -> None:
    lines = [f"2020-01-{n % 28 + 1:02},2026-03-{n % 28 + 1:02},{n % 7},{n % 2}" for n in range(200)]
    (tmp_path / "a.csv").write_text("\n".join(["signed_up,seen,orders,left", *lines]))
    answer = call(capsys, "init", tmp_path / "shop", "--data", tmp_path / "a.csv", "--label", "left")
    assert "time: 'seen' is taken for when a row happened, and not signed_up (data.time chooses)" in answer.err


def test_it_says_which_columns_are_no_features_and_why(tmp_path: Path, capsys: Captured) -> None:
    lines = [f"T{n:04},{n},{n % 2 * 5},{n % 7},{n % 2}" for n in range(200)]
    (tmp_path / "a.csv").write_text("\n".join(["name,number,charged back,orders,fraud", *lines]))
    answer = call(capsys, "init", tmp_path / "shop", "--data", tmp_path / "a.csv", "--label", "fraud")
    assert [line for line in answer.err.splitlines() if line.startswith("left out: ")] == [
        "left out: 'charged back', tells the label alone: known only afterwards?",
        "left out: 'name', 200 different values: a name or an identifier?",
        "left out: 'number', another whole number in every row: an identifier?",
    ]


def test_of_many_columns_left_out_it_says_how_many_more_there_are(tmp_path: Path, capsys: Captured) -> None:
    names = [f"empty_{n}" for n in range(9)]
    lines = [f"{','.join('' for _ in names)},{n % 7},{n % 2}" for n in range(200)]
    (tmp_path / "a.csv").write_text("\n".join([f"{','.join(names)},orders,fraud", *lines]))
    answer = call(capsys, "init", tmp_path / "shop", "--data", tmp_path / "a.csv", "--label", "fraud")
    found = [line for line in answer.err.splitlines() if line.startswith("left out: ")]
    assert (len(found), found[-1]) == (7, "left out: 3 more, see benison.yaml")


@pytest.mark.parametrize(("every", "asked"), [(50, True), (4, False)])
def test_where_positives_are_rare_more_than_the_order_is_asked_for(
    tmp_path: Path, capsys: Captured, every: int, asked: bool
) -> None:
    lines = [f"{n % 7},{n % 11},{int(n % every == 0)}" for n in range(20_000)]
    (tmp_path / "a.csv").write_text("\n".join(["orders,visits,fraud", *lines]))
    assert call(capsys, "init", tmp_path / "shop", "--data", tmp_path / "a.csv", "--label", "fraud").code == 0
    found = [one for one in config.read(tmp_path / "shop").gate.checks if one.metric == "auc_precision_recall"]
    assert [(one.at_least, one.tier) for one in found] == ([(0.04, Tier.SOFT)] if asked else [])
    text = (tmp_path / "shop" / "benison.yaml").read_text()
    assert ("# - {metric: recall@0.02, at_least: 0.5}" in text) == asked
    # What is a comment there can be taken as it is.
    (tmp_path / "shop" / "benison.yaml").write_text(text.replace("# - {metric: recall", "- {metric: recall"))
    assert any(one.metric == "recall@0.02" for one in config.read(tmp_path / "shop").gate.checks) == asked


def test_without_data_they_are_comments_that_can_be_taken_as_they_are(tmp_path: Path, capsys: Captured) -> None:
    assert call(capsys, "init", tmp_path / "new").code == 0
    path = tmp_path / "new" / "benison.yaml"
    read = config.read(tmp_path / "new")
    assert (read.data.time, read.validation.keys, read.validation.freshness) == ("", (), None)
    lines = path.read_text().splitlines()
    start = lines.index("# validation:")
    taken = [
        line.removeprefix("# ").replace("#   ", "  ") if start <= n < start + 4 else line
        for n, line in enumerate(lines)
    ]
    path.write_text("\n".join(taken).replace("# time: happened_at", "time: happened_at"))
    read = config.read(tmp_path / "new")
    assert (read.data.time, read.validation.keys[0].columns) == ("happened_at", ("order_id",))
    assert read.validation.freshness is not None


def test_data_beside_the_project_are_named_as_seen_from_it_and_others_by_their_place(
    tmp_path: Path, capsys: Captured
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    rides.write(home)
    for folder, expected in (
        (home / "shop", "../rides/2024-{span:02d}.csv"),
        (home, "rides/2024-{span:02d}.csv"),
        (tmp_path / "far" / "shop", str(home / "rides/2024-{span:02d}.csv")),
    ):
        data = home / "rides/2024-{span:02d}.csv"
        assert call(capsys, "init", folder, "--data", data, "--label", "tipped").code == 0
        assert config.read(folder).data.path == expected
    assert call(capsys, "data", "profile", "-p", home / "shop").code == 0
    moved = (tmp_path / "elsewhere").resolve()
    home.rename(moved)
    assert call(capsys, "data", "profile", "-p", moved / "shop").code == 0


def test_columns_that_are_nearly_numbers_are_told(tmp_path: Path, capsys: Captured) -> None:
    lines = [f"{'NaN' if at % 5 == 0 else at % 60},${at}.50,{'yes' if at % 3 else 'no'}" for at in range(300)]
    (tmp_path / "shop.csv").write_text("\n".join(["age,price,bought", *lines]) + "\n")
    answer = call(capsys, "init", tmp_path / "shop", "--data", tmp_path / "shop.csv", "--label", "bought")
    assert answer.code == 0, answer.err
    assert "look at: 'age', numbers but for 'NaN' and the like in 60 rows: leave such fields empty" in answer.err
    assert "look at: 'price', numbers with signs, such as '$0.50': write 1299.5" in answer.err
