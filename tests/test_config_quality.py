"""monitor: quality: in benison.yaml."""

import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from benison import config
from benison.config.limits import Limits
from benison.config.quality import Quality, QualityCheck
from benison.core.errors import ConfigError

SAID: dict[str, Any] = {
    "name": "census",
    "data": {"path": "rides.csv"},
    "label": {"column": "income", "positive": "yes", "negative": "no"},
    "features": {"age": "numeric"},
    "model": {"hyperparameters": {"units": [8]}},
    "gate": {"checks": [{"metric": "auc", "at_least": 0.8}, {"metric": "calibration", "at_most": 1.2}], "min_rows": 50},
}


def read(folder: Path, quality: dict[str, Any], **more: Any) -> Quality:
    said = {**SAID, "monitor": {"quality": quality}, **more}
    (folder / "benison.yaml").write_text(yaml.safe_dump(said))
    (folder / "eval_config.json").write_text('{"metrics_specs": [{"metrics": [{"class_name": "AUC"}]}]}')
    found = config.read(folder).monitor.quality
    assert found is not None
    return found


def test_what_the_rollout_and_the_gate_say_is_not_written_twice(tmp_path: Path) -> None:
    rollout = {"outcomes": "labels", "labels_mature_minutes": 60}
    found = read(tmp_path, {}, rollout=rollout)
    usual = Limits(0.02, 0.1)
    assert found == Quality("labels", 60.0, checks=(QualityCheck("auc", usual, at_least=0.8),), min_rows=50)
    own = read(tmp_path, {"outcomes": "others", "labels_mature_minutes": 5}, rollout=rollout)
    assert (own.outcomes, own.mature_minutes) == ("others", 5)


def test_everything_that_is_said_is_understood(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "outcomes": "o",
            "period_minutes": 10080,
            "slices": ["sex=F"],
            "missing": 0.3,
            "stale_days": 14,
            "limit": 0.03,
            "checks": [
                {"metric": "recall@0.30", "severe": 0.2},
                {"metric": "brier_score", "limit": 0.01, "at_most": 0.2},
            ],
        },
    )
    assert (found.period_minutes, found.slices, found.missing, found.stale_days) == (10080, ("sex=F",), 0.3, 14)
    recall, brier = found.checks
    assert recall == QualityCheck("recall@0.3", Limits(0.03, 0.2))
    assert brier == QualityCheck("brier_score", Limits(0.01, 0.1), -math.inf, 0.2)


@pytest.mark.parametrize(
    ("quality", "more", "message"),
    [
        ({}, {}, "(monitor.quality.outcomes): expected where the labels of live requests are, got none"),
        ({"outcomes": "o", "checks": [{"metric": "calibration"}]}, {}, "with a better and a worse, got calibration"),
        ({"outcomes": "o", "checks": [{"metric": "aux"}]}, {}, "expected a known metric, got 'aux'"),
        ({"outcomes": "o", "period_minutes": 90}, {}, "such as 1440 or 10080, got 90"),
        ({"outcomes": "o", "period_minutes": 2880}, {}, "such as 1440 or 10080, got 2880"),
        ({"outcomes": "o", "stale": 3}, {}, "got 'stale'"),
        (
            {"outcomes": "o", "labels_mature_minutes": 43200},
            {"serving": {"requests": {"folder": "/srv/requests"}}},
            "serving.requests.keep_days above 31, since requests are read when their labels have come, got 30",
        ),
        (
            {"outcomes": "o"},
            {"gate": {"checks": [{"metric": "calibration", "at_most": 1.2}]}},
            "(monitor.quality.checks): expected metrics that labels and answers tell, got none in gate:",
        ),
    ],
)
def test_what_is_not_understood_is_refused(
    tmp_path: Path, quality: dict[str, Any], more: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, quality, **more)
    assert message in str(caught.value)
