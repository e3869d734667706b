"""``benison evaluate`` of models that rank, as somebody with another framework calls it."""

from pathlib import Path

import pytest

from tests.cli import answered
from tests.cli.commands import Answer, call

Captured = pytest.CaptureFixture[str]
RANKED = ("--task", "ranking", "--query", "search", "--label", "clicks", "--prediction", "new")


@pytest.fixture(scope="module")
def searches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return answered.write(tmp_path_factory.mktemp("searches") / "searches.csv", answered.searches())


def evaluate(capsys: Captured, file: Path, *words: object) -> Answer:
    return call(capsys, "evaluate", "--predictions", file, *words)


def test_models_that_rank_are_reported_in_the_words_of_rankings(
    searches: Path, tmp_path: Path, capsys: Captured
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("gate: {min_rows: 100, checks: [{metric: ndcg@10, at_least: 0.75}]}")
    answer = evaluate(capsys, searches, *RANKED, "--gate", policy, "--output", tmp_path / "report")
    assert (answer.code, answer.out.splitlines()[0]) == (
        0,
        "Pass: new clears the policy: 2 of 2 pass of the hard checks.",
    )
    page = (tmp_path / "report" / "evaluation.html").read_text().partition("</style>")[2]
    for said in ("NDCG@10", "Mean reciprocal rank", "Query, within which rows are ranked", "column search"):
        assert said in page
    for words_of_classes in ("ositive", "ROC", "0.5."):
        assert words_of_classes not in page


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ("tables", "--engine tables: expected what tables can tell, got models of ranking"),
        ("beam", "--engine beam: expected models that answer yes or no, or numbers, got models of ranking"),
    ],
)
def test_rankings_are_evaluated_in_memory_alone(searches: Path, capsys: Captured, engine: str, message: str) -> None:
    answer = evaluate(capsys, searches, *RANKED, "--engine", engine)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
    assert "hint: evaluate in memory: --engine memory" in answer.err
