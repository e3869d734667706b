from pathlib import Path

import pytest

from checks import contracts

SOURCE = '''
from kfp import dsl

@dsl.component(base_image="image")
def judge(span: int, model: Input[Model], report: Output[Artifact]) -> NamedTuple("Outputs", [("verdict", str)]):
    """Judges a model.

    Args:
        span: The newest span
            to use.
        model: What is judged.

    Returns:
        report: Every reason.
        verdict: yes or no.
    """
    from somewhere import run

    run(span=span)
'''


def component(folder: Path, name: str, source: str) -> Path:
    path = folder / name / "component.py"
    path.parent.mkdir()
    path.write_text(source)
    return path


def test_tabulates_parameters_artifacts_and_results(tmp_path: Path) -> None:
    found = contracts.contract_of(component(tmp_path, "judge", SOURCE))
    assert found.summary == "Judges a model."
    assert contracts.table(found).splitlines()[2:] == [
        "| in | `span` | int | The newest span to use. |",
        "| in | `model` | Model | What is judged. |",
        "| out | `report` | Artifact | Every reason. |",
        "| out | `verdict` | str | yes or no. |",
    ]


def test_refuses_an_input_that_the_docstring_leaves_out(tmp_path: Path) -> None:
    path = component(tmp_path, "judge", SOURCE.replace("        model: What is judged.\n", ""))
    with pytest.raises(ValueError, match=r"component.py: no line in the docstring for model$"):
        contracts.contract_of(path)


def test_chains_components_after_those_they_read_from(tmp_path: Path) -> None:
    trainer = 'def a_late_name(model: Output[Model]):\n    """Trains.\n\n    Returns:\n        model: It.\n    """\n'
    late = contracts.contract_of(component(tmp_path, "a_late_name", trainer))
    judge = contracts.contract_of(component(tmp_path, "judge", SOURCE))
    rows = contracts.chain([judge, late]).splitlines()[2:]
    assert rows == [
        "| [a_late_name](a_late_name/) | Trains. |  | `model` |",
        "| [judge](judge/) | Judges a model. | `model` of a_late_name | `report`, `verdict` |",
    ]


def test_replaces_what_is_between_the_marks_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("# One\n<!-- contract -->\nold\n<!-- /contract -->\nafter\n")
    assert contracts.renewed(page, "new") == "# One\n<!-- contract -->\nnew\n<!-- /contract -->\nafter\n"


@pytest.mark.parametrize("text", ["# One\n", "# One\n<!-- contract -->\nold\n"])
def test_says_which_page_has_no_place_for_its_table(text: str, tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(text)
    with pytest.raises(ValueError, match=r"README.md: expected a place for the table, <!-- contract -->"):
        contracts.renewed(page, "new")
