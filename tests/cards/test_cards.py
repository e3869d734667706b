"""The card: what trainer and evaluator write into it, held to its schema and to the documents that it is made of."""

from __future__ import annotations

import copy
import html
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benison import config
from benison.cards import card as cards
from benison.cards import stated
from benison.cards.evaluated import evaluated
from benison.cards.markdown import escape, markdown
from benison.cards.trained import trained
from benison.config import Config, ModelCard
from benison.config.model_card import Owner, Risk
from benison.core import documents
from benison.core.errors import BrokenError, ConfigError, DataError, IntegrityError

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = documents.SCHEMAS / "examples" / "valid"
HOSTILE = "<b>*bold*</b> | `code` [x](javascript:alert(1)) ![i](y)\n# head & \x1b[31m"


def example(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text())
    return found


def census(**said: Any) -> Config:
    found = config.read(ROOT / "examples" / "census")
    return replace(found, model_card=ModelCard(**said)) if said else found


def training() -> dict[str, Any]:
    return {**example("training"), "package": example("evaluation")["challenger"]["package"]}


def made(settings: Config | None = None, **other: Any) -> cards.Card:
    given = {"training": training(), "snapshot": example("snapshot"), "features": example("features"), **other}
    return trained(settings or census(), **given, architecture="A Keras model: Dense (1).")


def requires_schema(card: cards.Card) -> cards.Card:
    assert documents.problems("model_card", json.loads(documents.encode(card))) == []
    return card


def test_what_people_say_stands_where_the_format_has_it() -> None:
    card = requires_schema(
        made(
            census(
                overview="Who earns more?",
                owners=(Owner("Ada", "a@b.org"), Owner("Bob", "")),
                licenses=("Apache-2.0", "Ask Ada first"),
                references=("https://example.org",),
                users=("students",),
                out_of_scope=("decisions",),
                limitations=("old",),
                ethical_considerations=(Risk("harm", ""), Risk("more", "less")),
                sensitive=("age",),
            )
        )
    )
    details = card["model_details"]
    assert (details["name"], details["overview"]) == ("census_income", "Who earns more?")
    assert details["owners"] == [{"name": "Ada", "contact": "a@b.org"}, {"name": "Bob"}]
    assert details["licenses"] == [{"identifier": "Apache-2.0"}, {"custom_text": "Ask Ada first"}]
    assert details["references"] == [{"reference": "https://example.org"}]
    assert "citations" not in details
    assert card["considerations"] == {
        "users": [{"description": "students"}],
        "limitations": [{"description": "Out of scope: decisions"}, {"description": "old"}],
        "ethical_considerations": [{"name": "harm"}, {"name": "more", "mitigation_strategy": "less"}],
    }
    assert (stated.out_of_scope(card), stated.said_of(card, "limitations")) == (["decisions"], ["old"])
    assert stated.sensitive(card) == ["age"]


def test_without_an_overview_the_projects_description_is_taken() -> None:
    assert made(census(users=("x",)))["model_details"]["overview"] == census().description
    silent = requires_schema(made(replace(census(users=("x",)), description="")))
    assert "overview" not in silent["model_details"]


def test_every_split_is_told_with_its_rows_spans_and_snapshot() -> None:
    snapshot, data = example("snapshot"), made()["model_parameters"]["data"]
    assert [one["name"] for one in data] == ["train", "eval", "holdout"]
    for one in data:
        split = snapshot["splits"][one["name"]]
        share = split["positives"] / (split["positives"] + split["negatives"])
        told = f"{split['rows']:,} rows of spans 1 and 2, {split['positives']:,} of them positive ({share:.1%})"
        assert told in one["description"]
        assert snapshot["digest"] in one["description"]
        assert one["sensitive"] == {"sensitive_data": list(census().model_card.sensitive)}


@pytest.mark.parametrize("searched", [False, True])
def test_what_eval_chose_is_told(searched: bool) -> None:
    search = example("training")["search"] if searched else None
    parameters = made(training=training() | {"search": search})["model_parameters"]
    assert ("chooses the hyperparameters" in parameters["data"][1]["description"]) == searched
    assert "stops training early and chooses the weights that are kept" in parameters["data"][1]["description"]


def test_columns_are_features_label_or_unseen() -> None:
    features = example("features")
    told = made(census(sensitive=("age", "person")))["model_parameters"]["data"][0]["description"]
    assert f"Features are made of {features['columns'][0]['name']}, " in told
    assert f"The label is {features['label']['column']}: " in told
    assert "The model does not see capital_gain and person." in told
    assert "Features are made of these sensitive columns: age." in told
    assert "These sensitive columns are no features: person." in told


def test_inputs_are_named_with_their_types() -> None:
    parameters, features = made()["model_parameters"], example("features")
    assert [one["key"] for one in parameters["input_format_map"]] == [one["name"] for one in features["columns"]]
    kinds = {"number": "number: float32", "text": "text: string", "seconds": "time: seconds since 1970 as float64"}
    for one, column in zip(parameters["input_format_map"], features["columns"], strict=True):
        assert one["value"].startswith(kinds[column["type"]])
        assert column["stored_as"] in one["value"]
    assert parameters["output_format_map"] == [{"key": "probability", "value": "float32 from 0 to 1"}]
    assert "18,369 weights" in parameters["model_architecture"]
    assert "hidden [64, 32], dropout 0.2" in parameters["model_architecture"]


def test_of_a_tfx_module_only_what_is_known_is_told() -> None:
    parameters = requires_schema(made(features=example("features-2") | {"features": []}))["model_parameters"]
    assert parameters["input_format"] == "Rows as serialized tf.Examples (signature serving_default)."
    assert "output_format_map" not in parameters
    uses = [one["description"].partition(". ")[0] for one in parameters["data"]]
    assert uses[:2] == [
        "The project's TFX module trains on it",
        "The project's TFX module evaluates on it, and does with the answer as it likes",
    ]
    assert uses[2] == "The metrics are measured on it; training never receives it"


def test_digests_and_versions_stand_in_the_documentation() -> None:
    told, found = made()["model_details"], training()
    assert told["version"] == {"name": found["package"]}
    for key in ("package", "model_digest", "bundle", "snapshot"):
        assert found[key] in told["documentation"]
    assert "seed 1, deterministic, on CPU with Python 3.11.7, TensorFlow 2.16.2" in told["documentation"]


def test_of_a_model_of_tfx_it_says_who_trained_it() -> None:
    told = made(training={**training(), "seed": None})["model_details"]["documentation"]
    assert "Trained by TFX's Trainer on snapshot sha256:" in told
    assert "seed" not in told


def test_a_sensitive_column_that_the_data_do_not_have_is_refused() -> None:
    stated.require_sensitive(ModelCard(sensitive=("sex",)), ["age", "sex"])
    with pytest.raises(ConfigError) as raised:
        stated.require_sensitive(ModelCard(sensitive=("sex", "rase")), ["race", "sex"])
    assert str(raised.value) == (
        "benison.yaml (model_card.sensitive): expected columns of the data, got 'rase'\n\nhint: did you mean race?"
    )


def figures(evaluation: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Every figure of an evaluation that is defined, by type and slice, in a plain loop."""
    found = {}
    for one in evaluation["slices"]:
        for name, metric in one["metrics"].items():
            found[name, one["slice"]] = metric["challenger"]
            for role in ("champion", "reference"):
                if role in metric["gain"]:
                    found[f"{name}_gain_over_{role}", one["slice"]] = metric["gain"][role]
    return {key: figure for key, figure in found.items() if figure["value"] is not None}


def test_every_figure_of_the_evaluation_is_in_the_card_with_all_its_digits() -> None:
    evaluation = example("evaluation")
    evaluation["slices"][1]["metrics"]["auc"]["challenger"] = {"value": None, "lower": None, "upper": None}
    evaluation["slices"][0]["metrics"]["auc"]["challenger"]["value"] = np.float64(0.1) + 0.2
    card = requires_schema(evaluated(made(), evaluation))
    shown = {
        (one["type"], one.get("slice", "overall")): one for one in card["quantitative_analysis"]["performance_metrics"]
    }
    expected = figures(evaluation)
    assert len(expected) > 12
    assert shown.keys() == expected.keys()
    assert ("auc", evaluation["slices"][1]["slice"]) not in shown
    for key, figure in expected.items():
        assert float(shown[key]["value"]) == figure["value"]
        interval = shown[key].get("confidence_interval")
        assert (interval is None) == (figure["lower"] is None)
        if interval:
            assert (float(interval["lower_bound"]), float(interval["upper_bound"])) == (
                figure["lower"],
                figure["upper"],
            )
    assert shown["auc", "overall"]["value"] == "0.30000000000000004"


def test_verdict_comparison_and_what_stands_against_the_model_are_told() -> None:
    evaluation = example("evaluation")
    evaluation["checks"][0].update(verdict="FAIL", reason="auc 0.7 is not >= 0.8")
    evaluation["verdict"] = "FAIL"
    evaluation["not_judged"] = [
        {"slice": "race=Other", "rows": 12, "positives": 1, "reason": "12 rows where 200 are wanted"}
    ]
    card = evaluated(made(), evaluation)
    hard = [one for one in evaluation["checks"] if one["tier"] == "hard"]
    told = card["model_details"]["documentation"]
    passed = sum(one["verdict"] == "PASS" for one in hard)
    assert f"The gate's verdict on the model is FAIL: {passed} of {len(hard)} hard check" in told
    assert evaluation["policy"] in told
    assert f"Gain over champion number {evaluation['champion']['number']} " in card["model_details"]["version"]["diff"]
    limitations = [one["description"] for one in card["considerations"]["limitations"]]
    tier, subject = evaluation["checks"][0]["tier"], evaluation["checks"][0]["subject"]
    assert f"A {tier} check is FAIL on {subject}: auc 0.7 is not >= 0.8" in limitations
    assert "Too small to be judged: race=Other, 12 rows where 200 are wanted" in limitations
    assert limitations[: len(census().model_card.limitations)] != []


def test_many_slices_that_are_too_small_do_not_bury_other_limitations() -> None:
    evaluation = example("evaluation")
    evaluation["not_judged"] = [
        {"slice": f"town={at}", "rows": 1, "positives": 1, "reason": "1 row where 200 are wanted"} for at in range(50)
    ]
    told = [one["description"] for one in evaluated(made(), evaluation)["considerations"]["limitations"]]
    assert sum("Too small to be judged: town=" in one for one in told) == 3
    assert "47 more slices are too small to be judged: evaluation.json lists each" in told


def test_a_reference_that_is_the_champion_is_not_told_twice() -> None:
    evaluation = example("evaluation")
    evaluation["reference"] = evaluation["champion"]
    diff = evaluated(made(), evaluation)["model_details"]["version"]["diff"]
    assert diff.count("Gain over") == 1


def test_a_card_of_another_package_is_refused() -> None:
    other = {**training(), "package": "sha256:" + "0" * 64}
    with pytest.raises(
        IntegrityError, match=r"model_card.json: expected the card of package sha256:9efb.*, got sha256:000"
    ):
        evaluated(made(training=other), example("evaluation"))


def test_the_trainers_card_is_left_as_it_is() -> None:
    card = made()
    before = copy.deepcopy(card)
    evaluated(card, example("evaluation"))
    assert card == before


def test_equal_cards_are_equal_bytes_and_come_back(tmp_path: Path) -> None:
    cards.write(tmp_path, made())
    first = (tmp_path / cards.FILE).read_bytes()
    cards.write(tmp_path, made())
    assert (tmp_path / cards.FILE).read_bytes() == first
    assert cards.read(tmp_path) == made()


def test_what_is_no_card_is_neither_written_nor_read(tmp_path: Path) -> None:
    with pytest.raises(BrokenError, match=r"expected a model card, got .*'version' is a required property"):
        cards.write(tmp_path, {**made(), "model_details": {"name": "x", "documentation": "y"}})
    with pytest.raises(DataError, match=r"model_card.json: expected a JSON document of kind model_card"):
        cards.read(tmp_path)


def test_the_markdown_has_every_value_of_every_slice() -> None:
    evaluation = example("evaluation")
    text = markdown(made(), evaluation).replace("\\", "")
    for one in evaluation["slices"]:
        for name, metric in one["metrics"].items():
            found = metric["challenger"]
            if name == "example_count" or found["value"] is None:
                continue
            row = next(line for line in text.splitlines() if line.startswith(f"| {one['slice']} | ") and
                       f"{found['value']:.4f}" in line)  # fmt: skip
            assert f"| {one['rows']:,} | {one['positives']:,} |" in row
            if found["lower"] is not None:
                assert f"[{found['lower']:.4f}, {found['upper']:.4f}]" in row
            assert row.endswith("| yes |" if one["judged"] else "| too small |")


def test_the_markdown_says_what_nobody_stated() -> None:
    silent = replace(census(users=("students",)), description="")
    text = markdown(made(silent), example("evaluation")).replace("\\", "")
    for key in ("overview", "owners", "licenses", "references", "citations", "use_cases", "out_of_scope", "limitations",
                "tradeoffs", "ethical_considerations", "sensitive"):  # fmt: skip
        assert f"_Not stated; add {key}: under model_card: in benison.yaml._" in text
    assert "Not stated; add users:" not in text
    assert "- students\n" in text


def test_nothing_that_people_say_acts_in_markdown() -> None:
    said = census(
        overview=HOSTILE, users=(HOSTILE,), sensitive=("age",), ethical_considerations=(Risk(HOSTILE, HOSTILE),)
    )
    evaluation = example("evaluation")
    evaluation["slices"][1]["slice"] = HOSTILE
    text = markdown(made(said), evaluation)
    assert "<" not in text
    assert "\x1b" not in text
    assert not re.search(r"(?<!\\)[`*]|(?<!\\)\]\(|\n# head", text)
    cells = {len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if "bold" in line and line[0] == "|"}
    assert cells == {len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("| Slice |")}


@pytest.mark.parametrize(
    "text",
    ["a_b|c*d", "<b>&amp;", "1. one", "- two", "+ x", "---", "0.9 [0.8, 1]", "-0.1", "#z", "~~s~~", "[a](b)", "\\"],
)
def test_what_is_escaped_reads_as_it_was(text: str) -> None:
    assert html.unescape(re.sub(r"\\([\\`*_\[\]|~#.)+=-])", r"\1", escape(text))) == text
