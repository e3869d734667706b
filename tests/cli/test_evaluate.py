"""``benison evaluate`` as somebody with another framework calls it."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tensorflow_model_analysis.api import model_eval_lib

from benison.core import documents
from benison.core.digests import of_tree
from tests.cli import answered
from tests.cli.commands import Answer, call

Captured = pytest.CaptureFixture[str]
COLUMNS = ("--label", "paid", "--positive", "yes", "--prediction", "boosted")
SLICES = ("--slice", "sex", "--slice", "city")
CONFIG: dict[str, Any] = {
    "modelSpecs": [
        {"name": "new", "labelKey": "paid", "predictionKey": "boosted"},
        {"name": "before", "labelKey": "paid", "predictionKey": "linear", "isBaseline": True},
    ],
    "slicingSpecs": [{}, {"featureKeys": ["sex"]}],
    "metricsSpecs": [{"metrics": [{"className": "AUC"}, {"className": "Recall"}]}],
}


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return answered.write(tmp_path_factory.mktemp("prices") / "prices.csv", answered.prices())


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return answered.write(tmp_path_factory.mktemp("people") / "people.csv", answered.rows())


def evaluate(capsys: Captured, file: Path, *words: object) -> Answer:
    return call(capsys, "evaluate", "--predictions", file, *words)


def gate(folder: Path, *checks: dict[str, Any]) -> Path:
    path = folder / "policy.yaml"
    path.write_text(json.dumps({"gate": {"min_rows": 100, "checks": checks}}))
    return path


def test_a_file_and_the_names_of_its_columns_are_enough(people: Path, capsys: Captured) -> None:
    answer = evaluate(capsys, people, *COLUMNS, *SLICES)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("Measured: AUC of boosted is 0.8933 [")
    for name in ("overall", "sex=Female", "sex=Male", "city=Ulm", "city=Jena"):
        assert f"  {name} " in answer.out
    assert max(map(len, answer.out.splitlines())) <= 80


def test_beside_a_baseline_the_slice_that_loses_most_is_told_first(people: Path, capsys: Captured) -> None:
    answer = evaluate(capsys, people, *COLUMNS, "--baseline", "linear", *SLICES)
    assert answer.code == 0
    assert "its gain over linear" in " ".join(answer.out.split())
    lines = answer.out.splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("  Slice"))
    assert [line.split()[0] for line in lines[head + 1 : head + 3]] == ["overall", "sex=Female"]
    last = lines[lines.index("", head) - 1]
    assert "sex=Male" in last or "city=Jena" in last


def test_every_format_gives_the_same_figures(people: Path, tmp_path: Path, capsys: Captured) -> None:
    content = answered.rows()
    typed = [{**row, "linear": float(row["linear"]), "boosted": float(row["boosted"])} for row in content]
    pq.write_table(pa.Table.from_pylist(typed), tmp_path / "people.parquet")
    (tmp_path / "people.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in typed))
    shown = [
        json.loads(evaluate(capsys, path, *COLUMNS, "--slice", "sex", "--json").out)["slices"]
        for path in (people, tmp_path / "people.parquet", tmp_path / "people.jsonl")
    ]
    assert shown[0] == shown[1] == shown[2]


def test_the_folder_has_the_report_the_document_and_tfma_s_files(
    people: Path, tmp_path: Path, capsys: Captured
) -> None:
    (tmp_path / "eval.json").write_text(json.dumps(CONFIG))
    out = tmp_path / "out"
    words = ("--eval-config", tmp_path / "eval.json", "--positive", "yes", "--output", out)
    answer = evaluate(capsys, people, *words)
    assert (answer.code, answer.out.splitlines()[-1]) == (0, f"report: {out}/evaluation.html")
    document = documents.read(out / "evaluation.json", "evaluation")
    assert document["champion"] == {"name": "before", "column": "linear"}
    assert document["predictions"]["label"] == {"column": "paid", "positive": "yes", "negative": "no"}
    assert [file["path"] for file in document["predictions"]["files"]] == ["people.csv"]
    assert list(document["slices"][0]["metrics"]) == ["auc", "recall"]
    assert model_eval_lib.load_eval_result(str(out), model_name="before").get_metrics_for_slice()
    before = of_tree(out)
    assert evaluate(capsys, people, *words).code == 0
    assert of_tree(out) == before


def test_a_folder_with_something_else_in_it_is_left_alone(people: Path, tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    answer = evaluate(capsys, people, *COLUMNS, "--output", tmp_path)
    assert answer.code == 2
    assert "expected a folder for the results, got something else" in answer.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_what_somebody_laid_beside_an_earlier_evaluation_stays(people: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "out"
    assert evaluate(capsys, people, *COLUMNS, "--output", out).code == 0
    copied = out / "people.csv"
    copied.write_bytes(people.read_bytes())
    assert evaluate(capsys, copied, *COLUMNS, *SLICES, "--output", out).code == 0
    assert copied.read_bytes() == people.read_bytes()
    assert len(documents.read(out / "evaluation.json", "evaluation")["slices"]) == 6


def test_plots_are_written_where_the_config_asks_and_do_not_outlive_it(
    people: Path, tmp_path: Path, capsys: Captured
) -> None:
    out, config = tmp_path / "out", tmp_path / "eval_config.json"
    asked = [*CONFIG["metricsSpecs"][0]["metrics"], {"className": "CalibrationPlot", "config": '{"num_buckets": 10}'}]
    config.write_text(json.dumps({**CONFIG, "metricsSpecs": [{"metrics": asked}]}))
    assert evaluate(capsys, people, "--eval-config", config, "--positive", "yes", "--output", out).code == 0
    for model in ("new", "before"):
        drawn = model_eval_lib.load_eval_result(str(out), model_name=model).plots
        assert sorted(key for key, _ in drawn) == [(), (("sex", "Female"),), (("sex", "Male"),)]
        assert all(len(found[""][""]["calibrationHistogramBuckets"]["buckets"]) == 12 for _, found in drawn)
    assert evaluate(capsys, people, *COLUMNS, "--output", out).code == 0
    assert [path.name for path in out.glob("plots*")] == []


def test_a_file_in_the_place_of_the_folder_is_said(people: Path, tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "file").write_text("")
    answer = evaluate(capsys, people, *COLUMNS, "--output", tmp_path / "file" / "out")
    assert answer.code == 2
    assert "expected a folder with room that can be written" in answer.err


def test_json_is_the_document_and_nothing_else(people: Path, tmp_path: Path, capsys: Captured) -> None:
    answer = evaluate(capsys, people, *COLUMNS, "--json", "--output", tmp_path / "out")
    assert documents.problems("evaluation", json.loads(answer.out)) == []
    assert answer.out == (tmp_path / "out" / "evaluation.json").read_text()
    assert answer.err == f"report: {tmp_path}/out/evaluation.html\n"


@pytest.mark.parametrize(
    ("check", "code", "word"),
    [
        ({"metric": "auc", "at_least": 0.6}, 0, "Pass"),
        ({"metric": "auc", "at_least": 0.99}, 1, "Fail"),
        ({"metric": "auc", "tolerance": 0.0, "slices": ["sex=Female"]}, 1, "Fail"),
    ],
)
def test_a_policy_decides_and_the_exit_code_says_so(
    people: Path, tmp_path: Path, capsys: Captured, check: dict[str, Any], code: int, word: str
) -> None:
    answer = evaluate(capsys, people, *COLUMNS, "--baseline", "linear", *SLICES, "--gate", gate(tmp_path, check))
    assert (answer.code, answer.out.split(":")[0]) == (code, word), answer.out


def test_what_holds_on_average_may_fail_for_a_slice_and_is_told_with_its_name(
    people: Path, tmp_path: Path, capsys: Captured
) -> None:
    policy = gate(tmp_path, {"metric": "auc", "tolerance": 0.01, "slices": "all"})
    words = ("--baseline", "linear", *SLICES, "--gate", policy, "--output", tmp_path / "out")
    answer = evaluate(capsys, people, *COLUMNS, *words)
    assert answer.code == 1
    assert "- sex=Female: auc_gain over champion -0.0" in answer.out
    assert (tmp_path / "out" / "evaluation.html").is_file()


def test_a_project_s_own_benison_yaml_is_a_policy(people: Path, tmp_path: Path, capsys: Captured) -> None:
    project = Path(__file__).resolve().parents[2] / "examples" / "census" / "benison.yaml"
    answer = evaluate(capsys, people, *COLUMNS, "--gate", project)
    assert answer.code == 2
    assert "benison.yaml (gate.checks." in answer.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--label", "payd", "--prediction", "boosted"), "--label: expected a column of the predictions, got 'payd'"),
        (("--label", "paid", "--prediction", "boosted"), "counts as positive: --positive no or --positive yes"),
        (("--label", "city", "--prediction", "boosted"), "label column 'city': expected two values, got 3"),
        (("--label", "paid"), "--prediction: expected the column of the predictions of the model, got none"),
        ((*COLUMNS, "--eval-config", "gone.json"), "gone.json: expected a file that can be read"),
        ((*COLUMNS, "--gate", "gone.yaml"), "gone.yaml: expected a file that can be read"),
        (("--labels", "paid"), "No such option"),
    ],
)
def test_what_cannot_be_used_ends_with_2_and_says_why(
    people: Path, capsys: Captured, words: tuple[str, ...], said: str
) -> None:
    answer = evaluate(capsys, people, *words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_a_tolerance_needs_a_baseline(people: Path, tmp_path: Path, capsys: Captured) -> None:
    answer = evaluate(capsys, people, *COLUMNS, "--gate", gate(tmp_path, {"metric": "auc", "tolerance": 0.01}))
    assert answer.code == 2
    assert "policy.yaml (gate.checks.0.tolerance): expected a baseline" in answer.err


def test_a_policy_with_an_unknown_key_is_refused(people: Path, tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "p.yaml").write_text("gate: {checks: [{metric: auc, at_least: 0.5}]}\ngates: {}\n")
    answer = evaluate(capsys, people, *COLUMNS, "--gate", tmp_path / "p.yaml")
    assert (answer.code, "p.yaml:2 (gates)" in answer.err) == (2, True), answer.err


@pytest.mark.slow
def test_tfma_measures_on_beam_where_that_is_asked_for(tmp_path: Path, capsys: Captured) -> None:
    people, config = answered.write(tmp_path / "few.csv", answered.rows(200)), tmp_path / "config.json"
    metrics = [{"className": "Recall"}, {"className": "CoefficientOfDiscrimination"}]
    config.write_text(json.dumps({**CONFIG, "metricsSpecs": [{"metrics": metrics}]}))
    words = ("--eval-config", config, "--positive", "yes", "--engine", "beam", "--beam-option", "runner=DirectRunner")
    answer = evaluate(capsys, people, *words, "--output", tmp_path / "report")
    assert answer.code == 0
    assert "TFMA measured every figure, on Apache Beam: none has an interval." in answer.out
    document = documents.read(tmp_path / "report" / "evaluation.json", "evaluation")
    assert document["predictions"]["engine"] == {"name": "beam", "options": ["--runner=DirectRunner"]}
    assert set(document["slices"][0]["metrics"]) == {"recall", "coefficient_of_discrimination"}
    read = model_eval_lib.load_eval_result(str(tmp_path / "report"), model_name="new").get_metrics_for_slice()
    assert read is not None
    held = documents.read(tmp_path / "report" / "evaluation.json", "evaluation")["slices"][0]["metrics"]["recall"]
    assert float(read["recall"]["doubleValue"]) == held["challenger"]["value"]


def test_options_of_beam_need_its_engine(people: Path, capsys: Captured) -> None:
    answer = evaluate(capsys, people, *COLUMNS, "--beam-option", "runner=FlinkRunner")
    assert (answer.code, answer.out) == (2, "")
    assert "--beam-option: expected --engine beam beside it, got none" in answer.err


@pytest.mark.parametrize("content", ["", "paid,boosted\n"])
def test_a_file_without_rows_is_said(tmp_path: Path, capsys: Captured, content: str) -> None:
    (tmp_path / "empty.csv").write_text(content)
    answer = evaluate(capsys, tmp_path / "empty.csv", *COLUMNS)
    assert (answer.code, answer.out) == (2, "")
    assert "empty.csv" in answer.err


def test_a_file_that_is_not_there_is_said(tmp_path: Path, capsys: Captured) -> None:
    answer = evaluate(capsys, tmp_path / "gone.csv", *COLUMNS)
    assert answer.code == 2
    assert "no" in answer.err and "gone.csv" in answer.err


def test_rows_counted_as_they_are_read_give_the_same_figures_from_any_format(
    people: Path, tmp_path: Path, capsys: Captured
) -> None:
    pq.write_table(
        pa.Table.from_pylist([{**row, "boosted": float(row["boosted"])} for row in answered.rows()]),
        tmp_path / "people.parquet",
    )
    words = (*COLUMNS, "--baseline", "linear", *SLICES)
    shown = [
        json.loads(evaluate(capsys, path, *words, "--engine", "tables", "--json").out)
        for path in (people, tmp_path / "people.parquet")
    ]
    held = json.loads(evaluate(capsys, people, *words, "--engine", "memory", "--json").out)
    assert shown[0]["slices"] == shown[1]["slices"]
    assert (shown[0]["predictions"]["engine"]["name"], held["predictions"]["engine"]["name"]) == ("tables", "memory")
    for ours, theirs in zip(shown[0]["slices"], held["slices"], strict=True):
        assert {**ours, "metrics": None} == {**theirs, "metrics": None}
        for exact in ("recall", "f1_score", "binary_accuracy"):
            assert ours["metrics"][exact] == theirs["metrics"][exact]


def test_figures_that_were_counted_say_so(people: Path, capsys: Captured) -> None:
    answer = evaluate(capsys, people, *COLUMNS, "--engine", "tables")
    assert answer.code == 0
    said = " ".join(answer.out.split())
    assert "Rows were counted as they were read, in 10,000 buckets of predictions: counts, rates and means" in said
    assert "into one bucket" not in said
    assert max(map(len, answer.out.splitlines())) <= 80


def test_scores_squeezed_into_one_bucket_are_told(tmp_path: Path, capsys: Captured) -> None:
    content = [{**row, "boosted": f"{float(row['boosted']) / 5000:.12f}"} for row in answered.rows(400)]
    answer = evaluate(capsys, answered.write(tmp_path / "small.csv", content), *COLUMNS, "--engine", "tables")
    assert answer.code == 0
    said = " ".join(answer.out.split())
    assert re.search(
        r"boosted squeezes \d\d\.\d% of the pairs of a positive and a negative row into one bucket, ", said
    )
    assert "--engine memory" in said


def test_what_cannot_be_counted_as_it_is_read_is_said(people: Path, capsys: Captured) -> None:
    answer = evaluate(capsys, people, *COLUMNS, "--unit", "city", "--engine", "tables")
    assert (answer.code, answer.out) == (2, "")
    assert "--engine tables: expected what tables can tell, got units in column 'city'" in answer.err
    assert "evaluate in memory: --engine memory" in answer.err


@pytest.mark.parametrize("content", ["", "paid,boosted\n"])
def test_a_file_without_rows_is_said_where_they_are_counted_too(tmp_path: Path, capsys: Captured, content: str) -> None:
    (tmp_path / "empty.csv").write_text(content)
    answer = evaluate(capsys, tmp_path / "empty.csv", *COLUMNS, "--engine", "tables")
    assert (answer.code, answer.out) == (2, "")
    assert "empty.csv" in answer.err


def test_the_metrics_of_the_config_say_that_models_answer_numbers(
    prices: Path, tmp_path: Path, capsys: Captured
) -> None:
    metrics = [{"className": "MeanSquaredError"}, {"className": "RootMeanSquaredError"}]
    config = {"modelSpecs": CONFIG["modelSpecs"][:1], "metricsSpecs": [{"metrics": metrics}]}
    config["modelSpecs"] = [{"labelKey": "price", "predictionKey": "forest"}]
    (tmp_path / "config.json").write_text(json.dumps(config))
    words = ("--eval-config", tmp_path / "config.json", "--slice", "town", "--output", tmp_path / "report")
    answer = evaluate(capsys, prices, *words)
    assert (answer.code, answer.out.partition(" is ")[0]) == (0, "Measured: Mean squared error of forest")
    said = json.loads((tmp_path / "report" / "evaluation.json").read_text())
    assert (said["task"], list(said["slices"][0]["metrics"])) == (
        "regression",
        ["mean_squared_error", "root_mean_squared_error"],
    )
    page = (tmp_path / "report" / "evaluation.html").read_text()
    for words_of_classes in ("ositive", "ROC", "0.5."):
        assert words_of_classes not in page.partition("</style>")[2]


def test_the_values_do_not_say_the_task(prices: Path, capsys: Captured) -> None:
    answer = evaluate(capsys, prices, "--label", "price", "--prediction", "forest")
    assert answer.code == 2
    assert "hint: say  --task multiclass  where labels are classes, or  --task regression  where they" in answer.err


def test_a_metric_of_another_task_is_told_so(prices: Path, tmp_path: Path, capsys: Captured) -> None:
    policy = gate(tmp_path, {"metric": "mean_absolute_error", "at_most": 20})
    answer = evaluate(capsys, prices, "--label", "price", "--prediction", "forest", "--gate", policy)
    assert answer.code == 2
    assert "hint: mean_absolute_error is a metric of other models: benison evaluate --task regression" in answer.err
    answer = evaluate(
        capsys, prices, "--task", "regression", "--label", "price", "--prediction", "forest", "--gate", policy
    )
    assert (answer.code, answer.out.splitlines()[0]) == (
        0,
        "Pass: forest clears the policy: 2 of 2 pass of the hard checks.",
    )


def test_models_of_several_classes_are_measured_from_columns_or_from_lists(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    animals = answered.animals(400)
    names = ("cat", "dog", "owl")
    lists = [[float(row[f"wide_{name}"]) for name in names] for row in animals]
    numbers = [names.index(row["animal"]) for row in animals]
    pq.write_table(pa.table({"kind": numbers, "scores": lists}), tmp_path / "lists.parquet")
    asked = {
        str(answered.write(tmp_path / "animals.csv", animals)): ("animal", "wide_{class}"),
        str(tmp_path / "lists.parquet"): ("kind", "scores"),
    }
    found = []
    for source, (label, prediction) in asked.items():
        options = ("--task", "multiclass", "--label", label, "--prediction", prediction)
        answer = call(capsys, "evaluate", "--predictions", source, *options, "--json")
        assert answer.code == 0, answer.err
        metrics = json.loads(answer.out)["slices"][0]["metrics"]
        found.append([metrics[name]["challenger"]["value"] for name in ("auc[macro]", "recall[macro]@top_1")])
        assert found[0] == pytest.approx(found[-1], rel=1e-9)
        for engine in ("tables", "beam"):
            other = call(capsys, "evaluate", "--predictions", source, *options, "--engine", engine)
            assert other.code == 2 and "got models of multiclass" in other.err
        positive = call(capsys, "evaluate", "--predictions", source, *options, "--positive", "1")
        assert "--positive: expected none where the task is multiclass" in positive.err
    untold = call(
        capsys, "evaluate", "--predictions", next(iter(asked)), "--label", "animal", "--prediction", "wide_cat"
    )
    assert "say  --task multiclass  where labels are classes" in untold.err
