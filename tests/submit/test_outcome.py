import json
from pathlib import Path

import pytest

from benison.core import documents
from benison.core.errors import BrokenError
from benison.submit import outcome

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples" / "valid"


def push(folder: Path, word: str) -> None:
    said = {"outcome": word, "reason": "a test", "package": None, "number": None, "registry": "none"}
    pushed = {**said, "champion_before": None, "champion_after": None}
    documents.write(folder / "pushed_model" / "pushed.json", "pushed", pushed)


def test_the_word_is_found_however_deep_it_lies(tmp_path: Path) -> None:
    push(tmp_path / "9f3a", "held")
    (tmp_path / "9f3a" / "blessing").mkdir()
    assert outcome.read(str(tmp_path)) == "held"
    assert outcome.read(str(tmp_path / "9f3a" / "pushed_model")) == "held"


def test_a_look_at_live_traffic_has_its_verdict(tmp_path: Path) -> None:
    told = json.loads((EXAMPLES / "monitoring.json").read_text())
    (tmp_path / "record").mkdir()
    (tmp_path / "record" / "monitoring.json").write_text(json.dumps(told))
    assert outcome.read(str(tmp_path), outcome.WATCHED) == told["verdict"]


def test_attempts_that_agree_are_one_word(tmp_path: Path) -> None:
    for attempt in ("a", "b"):
        push(tmp_path / attempt, "held")
    assert outcome.read(str(tmp_path)) == "held"


@pytest.mark.parametrize(("words", "got"), [([], "none"), (["pushed", "blocked"], "blocked, pushed")])
def test_no_word_and_two_words_are_no_verdict(tmp_path: Path, words: list[str], got: str) -> None:
    for word in words:
        push(tmp_path / word, word)
    with pytest.raises(BrokenError, match=rf"expected one pushed.json, got {got}\n\nhint: look at the run's page"):
        outcome.read(str(tmp_path))
