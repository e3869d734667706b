"""The scorecard in Markdown, read by a parser of Markdown as the places where it is posted read it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from benison.report.gather import gather
from benison.report.pull_request import MOST_ROWS, escaped, markdown
from benison.report.scorecard import lines

Write = Callable[[dict[str, Any]], Path]
OUR_TAGS = {"details", "summary", "sub"}


def parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(text)


def tables(text: str) -> list[list[list[str]]]:
    """By table the rows, by row the cells as they are shown."""
    found: list[list[list[str]]] = []
    for token, inside in zip(parsed(text), [*parsed(text)[1:], None], strict=True):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type in ("th_open", "td_open") and inside is not None:
            found[-1][-1].append(shown(inside))
    return found


def shown(inline: Token) -> str:
    return "".join(child.content for child in inline.children or [] if child.type != "html_inline")


def tags(text: str) -> set[str]:
    blocks = [token for token in parsed(text) if token.type == "html_block"]
    inline = [child for token in parsed(text) for child in token.children or [] if child.type == "html_inline"]
    return set(re.findall(r"</?([a-zA-Z]+)", "".join(token.content for token in [*blocks, *inline])))


def test_every_run_gives_a_card_with_whole_tables_and_no_tags_but_ours(folder: Path) -> None:
    text = markdown(gather(folder))
    assert text.startswith("<!-- benison: census -->\n\n### ")
    assert tags(text) <= OUR_TAGS
    assert all(len(row) == len(rows[0]) for rows in tables(text) for row in rows)
    assert text.count("<details") == text.count("</details>")


def test_it_says_what_the_scorecard_says(census: ModuleType, write_run: Write) -> None:
    evidence = gather(write_run(census.pushed()))
    text = markdown(evidence)
    heading = next(inside for token, inside in zip(parsed(text), parsed(text)[1:], strict=False) if token.tag == "h3")
    assert shown(heading).startswith(f"\U0001f7e2 {lines(evidence)[0]}")
    [auc] = [rows for rows in tables(text) if rows[0][0] == "Slice" and "0.9043" in rows[1][2]]
    assert auc[0] == ["Slice", "Rows", "Challenger", "Champion", "Gain over champion"]
    assert ["sex=Female", "0.9003 [0.8756, 0.9250]", "0.8991", "+0.0012 [-0.0074, +0.0098]"] in [
        [row[0], *row[2:]] for row in auc
    ]
    assert not [row for row in auc if "race=Other" in row[0]]


def test_what_blocks_is_open_and_comes_first(census: ModuleType, write_run: Write) -> None:
    text = markdown(gather(write_run(census.blocked())))
    assert "<details open><summary>Hard checks: " in text
    checks = next(rows for rows in tables(text) if rows[0][0] == "Verdict")
    assert checks[1][0].endswith("FAIL")
    assert re.search(r"\*\*Why\*\*\n\n- auc", text)


HOSTILE = "a|b <script>alert(1)</script> [x](javascript:1) ![y](z) @ann #12 `c` *d* <!-- --> \\"


def test_names_of_anybody_s_are_shown_as_they_are() -> None:
    text = f"| head |\n| --- |\n| {escaped(HOSTILE)} |\n"
    [[_, [cell]]] = tables(text)
    assert cell == HOSTILE.replace("  ", " ")
    assert tags(text) == set()
    assert not re.search(r"@\w|#\d", text)
    assert "link_open" not in {child.type for token in parsed(text) for child in token.children or []}


def test_it_fits_into_a_comment_however_many_slices_there_are(census: ModuleType, write_run: Write) -> None:
    documents = census.pushed()
    evaluation = documents["evaluation"]
    one = next(each for each in evaluation["slices"] if each["judged"] and each["slice"] != "overall")
    for number in range(500):
        more = copy.deepcopy(one)
        more["slice"], more["keys"] = f"city=town {number}", {"city": f"town {number}"}
        evaluation["slices"].append(more)
    text = markdown(gather(write_run(documents)))
    assert len(text) < 60_000
    assert max(map(len, tables(text))) == MOST_ROWS + 1


def test_checks_that_are_not_listed_are_counted(census: ModuleType, write_run: Write) -> None:
    evidence = gather(write_run(census.pushed()))
    text = markdown(evidence)
    said = re.search(r"(\d+) more pass: all of them are in the run's `report.html`", text)
    rows = next(rows for rows in tables(text) if rows[0][0] == "Verdict")
    assert said and int(said[1]) + len(rows) - 1 == 32


def test_gaps_that_cannot_be_measured_say_why(census: ModuleType, write_run: Write) -> None:
    documents = census.pushed()
    figures = {"difference": {}, "ratio": {}, "gain": {}, "groups": [], "against_largest": [], "largest": ""}
    left_out = [{"slice": "sex=Male", "reason": "0 rows answered positive"}]
    said = {"across": ["sex"], "metrics": ["recall"], "parity": "equal_opportunity", "method": "MOVER"}
    documents["evaluation"]["fairness"] = [{**said, **figures, "left_out": left_out}]
    assert "- Equal opportunity across sex: sex=Male: 0 rows answered positive" in markdown(
        gather(write_run(documents))
    )
