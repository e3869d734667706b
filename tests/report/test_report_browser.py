"""The page in a real browser: quiet, whole on a phone, dark and light, on paper."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

from benison import report
from tests.cli import answered

pytestmark = pytest.mark.browser
Write = Callable[[dict[str, Any]], Path]

_TOO_WIDE = """
JSON.stringify([...document.querySelectorAll("body *")]
  .filter(one => !one.closest(".skip, .unseen, .signs, thead, caption"))
  .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
  .map(one => one.tagName + "." + one.getAttribute("class") + " " + one.textContent.slice(0, 40)))
"""


@pytest.fixture(scope="session")
def chromium(beside: Callable[[str], ModuleType], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with beside("chromium").Chromium(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture
def browser(chromium: Any) -> Iterator[Any]:
    yield chromium
    chromium.close_pages()


@pytest.fixture
def pushed(census: ModuleType, write_run: Write) -> Path:
    return report.write(write_run(census.pushed()))


def assert_fits(view: Any, width: int) -> None:
    """Nothing reaches beyond the right edge, and nothing does when all that is folded is opened."""
    assert view.value("document.documentElement.clientWidth") == width
    assert view.value("document.documentElement.scrollWidth") == width
    view.value("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert json.loads(view.value(_TOO_WIDE)) == []
    assert view.value("document.documentElement.scrollWidth") == width


def test_every_report_is_quiet_and_whole_on_a_phone(browser: Any, folder: Path) -> None:
    view = browser.show(report.write(folder), width=360)
    assert view.value("document.querySelector('h1').textContent.length") > 10
    assert view.complaints == []
    assert_fits(view, 360)


@pytest.mark.parametrize("width", [600, 961, 1057, 1400])
def test_the_report_fits_wider_screens(browser: Any, pushed: Path, width: int) -> None:
    view = browser.show(pushed, width=width)
    assert view.complaints == []
    assert_fits(view, width)


@pytest.mark.parametrize("width", [360, 600, 961, 1400])
def test_the_model_card_is_quiet_and_fits_every_screen(browser: Any, pushed: Path, width: int) -> None:
    view = browser.show(pushed.with_name("model_card.html"), width=width)
    assert view.complaints == []
    assert_fits(view, width)


SLICED = ("--slice", "sex", "--slice", "city")
POLICY = "gate: {min_rows: 100, checks: [{metric: auc, tolerance: 0.01, slices: all}, {metric: recall, at_least: 0.5}]}"


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 600, 961, 1400])
@pytest.mark.parametrize(
    ("words", "policy"),
    [(SLICED, ""), ((*SLICED, "--baseline", "linear"), ""), ((*SLICED, "--baseline", "linear"), POLICY)],
)
def test_an_evaluation_is_quiet_and_fits_every_screen(
    browser: Any, evaluated: Callable[..., Path], words: tuple[str, ...], policy: str, width: int
) -> None:
    view = browser.show(evaluated(*words, policy=policy) / "evaluation.html", width=width)
    assert view.value("document.querySelector('h1').textContent.length") > 10
    assert view.complaints == []
    assert_fits(view, width)


_INTO_THE_MARGIN = """
JSON.stringify([...document.querySelectorAll("main *")]
  .filter(one => one.getBoundingClientRect().right > document.querySelector("main").getBoundingClientRect().right + 0.5)
  .map(one => one.tagName + "." + one.getAttribute("class") + " " + one.textContent.slice(0, 40)))
"""


@pytest.mark.slow
@pytest.mark.parametrize("width", [961, 1057, 1100, 1400])
def test_verdicts_beside_two_baselines_stay_out_of_the_margin(
    browser: Any, evaluated: Callable[..., Path], width: int
) -> None:
    content = [{**row, "mean": row["linear"][:4]} for row in answered.rows(600)]
    words = (*SLICED, "--baseline", "linear", "--baseline", "mean")
    folder = evaluated(*words, policy=POLICY.replace("0.01", "0.03"), content=content)
    view = browser.show(folder / "evaluation.html", width=width)
    assert "INCONCLUSIVE" in view.value("document.querySelector('#slices').textContent")
    assert json.loads(view.value(_INTO_THE_MARGIN)) == []


def test_curves_beside_each_other_stand_level_where_a_legend_takes_two_lines(browser: Any, pushed: Path) -> None:
    tops = """JSON.stringify([...document.querySelectorAll("#curves .panel:not([hidden]) .curves svg")].slice(0, 3)
      .map(one => Math.round(one.getBoundingClientRect().bottom)))"""
    legends = tops.replace(".curves svg", ".curves figcaption").replace(".bottom", ".height")
    view = browser.show(pushed, width=1300)
    assert len(set(json.loads(view.value(legends)))) > 1
    assert len(set(json.loads(view.value(tops)))) == 1


def test_the_slice_that_is_chosen_is_shown_and_no_other(browser: Any, evaluated: Callable[..., Path]) -> None:
    view = browser.show(evaluated(*SLICED) / "evaluation.html")
    panels = "[...document.querySelectorAll('.panel')].filter(one => one.checkVisibility())"
    shown = f"{panels}.map(one => one.querySelector('h3').textContent).join()"
    assert view.value(shown) == "All rows"
    view.value("[...document.querySelectorAll('.picker label')].find(one => one.textContent == 'sex=Male').click()")
    assert view.value(shown) == "sex=Male"


def test_long_names_in_an_evaluation_do_not_widen_the_page(browser: Any, evaluated: Callable[..., Path]) -> None:
    content = [{**row, "city": row["city"] + "WithAVeryLongName" * 9} for row in answered.rows(600)]
    renamed = [{"linear" * 20 if name == "linear" else name: value for name, value in row.items()} for row in content]
    folder = evaluated("--slice", "city", "--baseline", "linear" * 20, content=renamed)
    assert_fits(browser.show(folder / "evaluation.html", width=360), 360)


def test_long_names_are_broken_and_do_not_widen_the_page(browser: Any, census: ModuleType, write_run: Write) -> None:
    documents = census.blocked()
    long = "column=" + "VeryLongValueWithoutASpace" * 8
    documents["evaluation"]["slices"][1].update(slice=long, keys={"column": long})
    documents["evaluation"]["not_judged"][0].update(slice=long, reason=long)
    columns = documents["profile"]["spans"][0]["columns"]
    columns[long] = columns.pop("sex")
    for one in (*documents["comparisons"]["comparisons"], *documents["bands"]["bands"][:5]):
        one["column"] = f"{long} {one['column']}"
    documents["blessing"]["reasons"] = [long]
    documents["checks"]["checks"][0].update(subject=long, observed=long, allowed=long, verdict="FAIL", reason=long)
    documents["blessing"]["checks"][0] = documents["checks"]["checks"][0]
    assert_fits(browser.show(report.write(write_run(documents)), width=360), 360)


def grey_of_the_corner(view: Any) -> int:
    found: int = Image.open(io.BytesIO(view.picture())).convert("L").getpixel((2, 2))
    return found


def test_dark_and_light_follow_the_readers_wish(browser: Any, pushed: Path) -> None:
    assert grey_of_the_corner(browser.show(pushed, scheme="light")) > 240
    assert grey_of_the_corner(browser.show(pushed, scheme="dark")) < 40


def test_paper_is_white_and_shows_what_the_screen_folds_away(browser: Any, pushed: Path) -> None:
    folded = "document.querySelector('#lineage details table').checkVisibility()"
    screen = browser.show(pushed, scheme="dark")
    paper = browser.show(pushed, width=680, scheme="dark", medium="print")
    assert grey_of_the_corner(paper) > 240
    assert screen.value(folded) is False
    assert paper.value(folded) is True
    assert paper.value("document.documentElement.scrollWidth") == 680


def test_it_prints_on_some_pages_of_paper(browser: Any, pushed: Path) -> None:
    printed = browser.show(pushed).pdf()
    assert printed.startswith(b"%PDF-")
    assert 4 <= printed.count(b"/Type /Page\n") <= 20


def test_a_script_in_the_data_does_not_run(browser: Any, census: ModuleType, write_run: Write) -> None:
    documents = census.pushed()
    documents["pushed"]["reason"] = "<script>document.title = 'owned'</script><img src=x onerror='document.title=1'>"
    view = browser.show(report.write(write_run(documents)))
    assert view.value("document.title").startswith("census: Pushed")
    assert view.complaints == []


def test_a_keyboard_reaches_the_details_first(browser: Any, pushed: Path) -> None:
    view = browser.show(pushed)
    for kind in ("keyDown", "keyUp"):
        browser.ask("Input.dispatchKeyEvent", view.session, type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
    assert view.value("document.activeElement.textContent") == "Skip to the details"
    assert view.value("document.activeElement.getBoundingClientRect().left") >= 0
