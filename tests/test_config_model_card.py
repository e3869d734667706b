"""model_card: in benison.yaml."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from benison import config
from benison.config.model_card import ModelCard, Owner, Risk
from benison.core.errors import ConfigError
from benison.template import __file__ as template

FRAME: dict[str, Any] = {
    "name": "census",
    "data": {"path": "people.csv"},
    "label": {"column": "income", "positive": ">50K", "negative": "<=50K"},
    "features": {"age": "numeric"},
    "model": {},
    "gate": {"checks": [{"metric": "auc", "at_least": 0.8}]},
}


def read(folder: Path, **said: object) -> ModelCard:
    (folder / config.FILE).write_text(yaml.safe_dump({**FRAME, "model_card": said} if said else FRAME))
    return config.read(folder).model_card


def test_everything_that_people_say_is_understood(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        overview="Who earns\nmore?",
        owners=[{"name": "Ada", "contact": "ada@example.org"}, {"name": "Bob"}],
        licenses="Apache-2.0",
        references=["https://example.org/a", "doi:10.1000/182"],
        citations=["Ada (2026)"],
        users=["students"],
        use_cases=["to learn"],
        out_of_scope=["decisions"],
        limitations=["old", "small"],
        tradeoffs="speed for AUC",
        ethical_considerations=[{"name": "harm", "mitigation_strategy": "none"}, {"name": "more harm"}],
        sensitive=["sex", "race"],
    )
    assert found == ModelCard(
        overview="Who earns more?",
        owners=(Owner("Ada", "ada@example.org"), Owner("Bob", "")),
        licenses=("Apache-2.0",),
        references=("https://example.org/a", "doi:10.1000/182"),
        citations=("Ada (2026)",),
        users=("students",),
        use_cases=("to learn",),
        out_of_scope=("decisions",),
        limitations=("old", "small"),
        tradeoffs=("speed for AUC",),
        ethical_considerations=(Risk("harm", "none"), Risk("more harm", "")),
        sensitive=("sex", "race"),
    )


def test_nothing_of_it_has_to_be_said(tmp_path: Path) -> None:
    assert read(tmp_path) == ModelCard()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"limitation": ["old"]}, r":\d+ \(model_card.limitation\).*'limitation'\n\nhint: did you mean limitations\?"),
        ({"overview": 3}, r"\(model_card.overview\): expected text, got 3"),
        ({"users": [{"since 1994": "students"}]}, r"users\): expected a text, or a list of texts, got .*into quotes"),
        ({"users": [" "]}, r"users\): expected a text, or a list of texts, got \[' '\]"),
        ({"limitations": [1994]}, r"limitations\): expected a text, or a list of texts, got \[1994\]"),
        ({"sensitive": {"sex": True}}, r"sensitive\): expected names of columns, got \{'sex': True\}"),
        ({"sensitive": ["sex", "sex"]}, r"sensitive\): expected each column once, got 'sex' 2 times"),
        ({"references": ["www.example.org"]}, r"references\): expected URIs, got 'www.example.org'\n\nhint: write"),
        ({"owners": ["Ada"]}, r"\(model_card.owners.0\): expected a mapping, got 'Ada'"),
        ({"owners": [{"contact": "x"}]}, r"owners.0.name\): expected a key name: text, got none"),
        ({"owners": [{"name": "  "}]}, r"owners.0.name\): expected a text, got an empty one"),
        ({"owners": [{"name": "Ada", "mail": "x"}]}, r"owners.0.mail\): expected a key that is known here, got 'mail'"),
        ({"ethical_considerations": [{"name": "harm", "mitigation": "x"}]}, r"did you mean mitigation_strategy\?"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line_and_key(tmp_path: Path, said: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){message}"):
        read(tmp_path, **said)


def test_the_gate_s_digest_does_not_change_with_the_card(tmp_path: Path) -> None:
    read(tmp_path)
    before = config.read(tmp_path).gate.digest
    read(tmp_path, users=["students"])
    assert config.read(tmp_path).gate.digest == before


def test_the_stub_of_a_new_project_can_be_taken_as_it_is(tmp_path: Path) -> None:
    lines = Path(template).with_name("benison.yaml").read_text().splitlines()
    stub = [line.removeprefix("# ") for line in lines[lines.index("# model_card:") :]]
    said = yaml.safe_load("\n".join(stub).replace("#   ", "  "))["model_card"]
    assert set(said) == {"overview", "owners", "use_cases", "out_of_scope", "limitations", "sensitive"}
    assert read(tmp_path, **said) == ModelCard()
