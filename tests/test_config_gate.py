import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from benison import config
from benison.config import PARITIES, Gate
from benison.core.errors import ConfigError
from benison.core.verdicts import Tier


def read(folder: Path, **lines: list[dict[str, Any]]) -> Gate:
    (folder / "gate.yaml").write_text(yaml.safe_dump({"gate": lines}))
    return config.read_gate(folder / "gate.yaml")


def test_a_line_on_fairness_says_figure_groups_and_limits(tmp_path: Path) -> None:
    [gap, ratio] = read(
        tmp_path,
        fairness=[
            {"gap": "equalized_odds", "across": ["sex", "race"], "at_most": 0.1, "tolerance": 0.02, "tier": "soft"},
            {"ratio": "recall", "across": "sex", "at_least": 0.8},
        ],
    ).fairness
    assert (gap.name, gap.metrics) == ("equalized_odds", ("recall", "false_positive_rate"))
    assert (gap.across, gap.tier, gap.at_most, gap.tolerance) == (("race", "sex"), Tier.SOFT, 0.1, 0.02)
    assert (gap.at_least, gap.no_worse_than) == (-math.inf, ("champion", "reference"))
    assert (ratio.metrics, ratio.across, ratio.at_least, ratio.at_most) == (("recall",), ("sex",), 0.8, math.inf)


@pytest.mark.parametrize("name", PARITIES)
def test_a_parity_goes_by_the_field_s_name(tmp_path: Path, name: str) -> None:
    [found] = read(tmp_path, fairness=[{"gap": name, "across": "sex", "at_most": 0.1}]).fairness
    assert found.metrics == PARITIES[name]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"gap": "recal"}, r"gate.fairness.0.gap.*a metric, or a parity that is known, got 'recal'\n\n.*mean recall\?"),
        ({"gap": "equal_oportunity"}, r"did you mean equal_opportunity\?"),
        ({"gap": "example_count"}, r"got 'example_count'"),
        ({"gap": None}, r"either gap or ratio, each in a line of its own, got neither\n\nhint: write  \{gap: recall"),
        ({"ratio": "recall"}, r"either gap or ratio, .* got both"),
        ({"across": None}, r"across.*a list of names"),
        ({"at_most": None}, r"at_most or tolerance beside it, got none of them"),
        ({"at_most": 0}, r"a number above 0, below 1, as a gap is, got 0\n\nhint: a gap of 5 points is written 0.05"),
        ({"at_most": 1}, r"a number above 0, below 1, as a gap is, got 1"),
        ({"at_most": 5}, r"got 5"),
        ({"at_most": math.nan}, r"got nan"),
        ({"at_least": 0.1}, r"at_most or tolerance beside gap, got at_least\n\nhint: .* ask both in two lines"),
        ({"tolerance": -0.1}, r"0 or more, below 1, as a gap is, got -0.1"),
        ({"gap": "binary_crossentropy", "at_most": math.inf}, r"a number above 0 that is finite, got inf"),
        ({"gap": "mean_prediction", "tolerance": 0.1}, r"mean_prediction has no better and no worse, .* write at_most"),
        ({"no_worse_than": "champion"}, r"tolerance.*how much wider the gap may be.*write  tolerance: 0.02"),
        ({"no_worse_than": "champ", "tolerance": 0.1}, r"champion or reference, got 'champ'"),
        ({"gap": None, "ratio": "recall"}, r"at_least beside ratio, got at_most"),
        ({"gap": None, "ratio": "recall", "at_most": None}, r"ratio.*at_least beside it, got none"),
        ({"gap": None, "ratio": "recall", "at_most": None, "at_least": 1.25},
         r"above 0, below 1, as a ratio is, got 1.25\n\nhint: the smallest figure over the largest"),
        ({"gap": None, "ratio": "recall", "at_most": None, "at_least": 1}, r"got 1\n"),
        ({"acros": "sex"}, r"'acros'\n\nhint: did you mean across\?"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_line_on_fairness_is_named(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    line = {"gap": "recall", "across": "sex", "at_most": 0.1} | changed
    with pytest.raises(ConfigError, match=f"(?s){said}"):
        read(tmp_path, fairness=[{key: value for key, value in line.items() if value is not None}])


def test_a_gap_of_what_goes_beyond_1_may_be_larger(tmp_path: Path) -> None:
    [found] = read(tmp_path, fairness=[{"gap": "binary_crossentropy", "across": "sex", "at_most": 1.5}]).fairness
    assert found.at_most == 1.5


def test_fairness_alone_is_a_policy_but_not_if_it_is_soft(tmp_path: Path) -> None:
    line = {"gap": "recall", "across": "sex", "at_most": 0.1}
    assert read(tmp_path, fairness=[line]).metrics == ("recall",)
    with pytest.raises(ConfigError, match="at least one hard check"):
        read(tmp_path, fairness=[{**line, "tier": "soft"}])


def test_superiority_and_the_point_are_asked_for_by_name(tmp_path: Path) -> None:
    [better, point] = read(
        tmp_path,
        checks=[{"metric": "auc", "better_by": 0}, {"metric": "auc", "at_least": 0.8, "judge": "point"}],
    ).checks
    assert (better.better_by, better.better_than, better.judge) == (0.0, ("champion",), "bound")
    assert (point.judge, math.isnan(point.better_by)) == ("point", True)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"better_by": -0.01}, r"better_by.*0 or more, got -0.01"),
        ({"better_by": 1}, r"better_by.*from 0 to below 1, as auc is, got 1"),
        ({"better_by": math.inf}, r"better_by.*finite"),
        ({"better_by": 0, "better_than": "champ"}, r"better_than.*champion or reference, got 'champ'"),
        (
            {"at_least": 0.8, "better_than": "champion"},
            r"better_by.*by how much .*hint: write  better_by: 0",
        ),
        ({"metric": "calibration", "better_by": 0}, r"better_by.*calibration has no better and no worse"),
        (
            {"tolerance": 0.01, "judge": "point"},
            r"judge.*at_least or at_most beside it.*gains are judged by",
        ),
        ({"at_least": 0.8, "judge": "mean"}, r"judge.*one of bound, point"),
    ],
)
def test_a_mistake_in_what_is_asked_of_a_metric_is_named(tmp_path: Path, line: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){said}"):
        read(tmp_path, checks=[{"metric": "auc"} | line])


def test_the_digest_is_that_of_what_is_asked_and_not_of_how_it_is_written(tmp_path: Path) -> None:
    check = {"metric": "auc", "tolerance": 0.01}
    plain = read(tmp_path, checks=[check]).digest
    assert plain == "sha256:afa7a85a2a650f16d92ff380312f2e9a90c6269eb1aad950f23c7fc95ce11750"
    assert read(tmp_path, checks=[{**check, "judge": "bound", "tier": "hard"}]).digest == plain
    assert read(tmp_path, checks=[{**check, "better_by": 0.01}]).digest != plain
    gap = {"gap": "recall", "across": ["sex", "race"], "at_most": 0.1}
    with_gap = read(tmp_path, checks=[check], fairness=[gap]).digest
    assert with_gap != plain
    turned = {**gap, "across": ["race", "sex"], "no_worse_than": ["champion"], "tolerance": 0.1}
    assert read(tmp_path, checks=[check], fairness=[{**gap, "across": ["race", "sex"]}]).digest == with_gap
    assert read(tmp_path, checks=[check], fairness=[turned]).digest != with_gap
