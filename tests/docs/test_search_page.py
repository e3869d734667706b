"""What docs/search.md shows of a configuration is one."""

import re
from pathlib import Path

import yaml

from benison.config import Choices, Range, read
from benison.config.search import ALGORITHMS, OBJECTIVES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "search.md"
CONTENT = {
    "name": "visits",
    "data": {"path": "visits.csv"},
    "label": {"column": "returns", "positive": "yes", "negative": "no"},
    "features": {"age": "numeric"},
    "gate": {"checks": [{"metric": "auc", "at_least": 0.5}]},
}


def test_the_example_is_read_as_the_page_says(tmp_path: Path) -> None:
    example = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)[0]
    (tmp_path / "benison.yaml").write_text(yaml.safe_dump(CONTENT) + example)
    search = read(tmp_path).model.search
    assert search is not None
    assert (search.trials, search.minutes) == (20, 60)
    assert search.space == {
        "learning_rate": Range(0.0001, 0.01, None, log=True),
        "units": Range(16, 256, 16),
        "hidden_units": Choices(([64], [128, 64])),
    }


def test_every_word_that_may_be_written_is_explained() -> None:
    page = PAGE.read_text()
    assert all(f"`{word}`" in page for word in (*ALGORITHMS, *OBJECTIVES, "choices", "step", "minutes", "trials"))
