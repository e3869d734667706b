"""Which columns are what, by evaluation config and command line together."""

import re
from pathlib import Path

import pytest

from benison.components.evaluator.columns import Columns, Model, Said, columns_of
from benison.core.errors import ConfigError
from benison.core.metrics import USUAL
from benison.eval_config import EvalConfig, ModelSpec, Slicing

KNOWN = ["y", "new", "old", "older", "sex", "race"]
FILE = Path("eval.json")
NEW, OLD = ModelSpec("boosted", "y", "new", "", False), ModelSpec("linear", "y", "old", "", True)


def config(*models: ModelSpec, label: str = "y") -> EvalConfig:
    return EvalConfig(label, (Slicing(), Slicing(("sex",))), ("auc",), models)


def both(said: Said, read: EvalConfig) -> Columns:
    return columns_of(said, FILE, read, KNOWN)


def test_the_command_line_alone_is_enough_and_then_every_metric_is_measured() -> None:
    found = columns_of(Said("y", "new", ("old", "older"), ("sex", "race")), None, None, KNOWN)
    assert found.label == "y"
    assert found.models == {
        "challenger": Model("new", "new"),
        "champion": Model("old", "old"),
        "reference": Model("older", "older"),
    }
    assert found.config.slicings == (Slicing(), Slicing(("sex",)), Slicing(("race",)))
    assert found.config.metrics == USUAL
    assert found.all == ("y", "new", "old", "older", "sex", "race")


def test_a_config_alone_is_enough_whatever_the_order_of_its_models() -> None:
    found = both(Said(), config(OLD, NEW))
    assert found.models == {"challenger": Model("boosted", "new"), "champion": Model("linear", "old")}
    assert (found.config.slicings, found.config.metrics) == ((Slicing(), Slicing(("sex",))), ("auc",))


def test_the_command_line_says_what_the_config_leaves_out() -> None:
    found = both(Said("y", "new", ("old",), ("sex", "race")), config(label=""))
    assert found.models == {"challenger": Model("new", "new"), "champion": Model("old", "old")}
    assert found.config.slicings == (Slicing(), Slicing(("sex",)), Slicing(("race",)))
    named = [ModelSpec("boosted", "", "", "", False), ModelSpec("linear", "", "", "", True)]
    found = both(Said("y", "new", ("old",)), config(*named, label=""))
    assert found.models == {"challenger": Model("boosted", "new"), "champion": Model("linear", "old")}


def test_what_both_say_alike_is_no_conflict() -> None:
    assert both(Said("y", "new", ("old",)), config(NEW, OLD)).models == both(Said(), config(NEW, OLD)).models


@pytest.mark.parametrize(
    ("said", "read", "message"),
    [
        (
            Said("", "new"),
            config(label=""),
            "--label: expected the column of the label, got none\n\n"
            "hint: name it with  --label COLUMN ; there are y, new, old, older, sex, race",
        ),
        (Said("y"), config(), "--prediction: expected the column of the predictions of the model, got none"),
        (Said("", "new"), config(label="yy"), "eval.json (model_specs): expected a column"),
        (Said("x"), config(NEW), "--label: expected 'y', got 'x'\n\nhint: leave --label out: eval.json (model_specs)"),
        (Said("", "old"), config(NEW), "--prediction: expected 'new', got 'old'"),
        (Said("y", "neww"), config(), "--prediction: expected a column of the predictions, got 'neww'\n\n"
         "hint: did you mean new?"),
        (Said("y", "new", (), ("sexx",)), config(), "--slice: expected a column of the predictions, got 'sexx'\n\n"
         "hint: did you mean sex?"),
        (Said("y", "new", ("old", "older", "sex")), config(), "--baseline: expected at most 2 baselines, got 3"),
        (Said("", "", ("old", "older")), config(NEW, OLD), "--baseline: expected as many as in eval.json "
         "(model_specs), 1, got 2"),
        (Said("y", "new", ("new",)), config(), "column 'new': expected label and predictions of each model with a "
         "column of their own, got the same twice"),
        (Said(), config(NEW, ModelSpec("boosted", "y", "old", "", True)), "name 'boosted': expected"),
        (
            Said(),
            config(NEW, ModelSpec("other", "y", "old", "", False)),
            "eval.json (model_specs): expected one model beside its baseline, got 2 without a baseline\n\n"
            "hint: evaluate one after another, or give the one that they are compared with  is_baseline: true",
        ),
        (Said(), config(OLD), "got 0, and 1 baselines"),
    ],
)  # fmt: skip
def test_what_is_missing_or_contradicts_is_said(said: Said, read: EvalConfig, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        both(said, read)


def test_a_slice_of_the_config_that_there_is_not_names_the_nearest() -> None:
    read = EvalConfig("y", (Slicing(("rase",)),), ("auc",), (NEW,))
    with pytest.raises(ConfigError, match=r"eval.json \(slicing_specs\).*'rase'\n\nhint: did you mean race"):
        both(Said(), read)
