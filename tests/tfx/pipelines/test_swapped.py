"""TFX's own taxi pipeline by TFX's own LocalDagRunner, with one of its components replaced by ours at a time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import tensorflow_data_validation as tfdv
import tensorflow_model_analysis as tfma
from tfx import v1 as tfx

from benison.components.champion_resolver.tfx import ChampionResolver
from benison.components.evaluator.tfx import Evaluator
from benison.components.example_gen.tfx import ExampleGen
from benison.components.example_validator.tfx import ExampleValidator
from benison.components.infra_validator.tfx import InfraValidator
from benison.components.pusher.tfx import Pusher
from benison.components.trainer.tfx import Trainer
from benison.core import digests, documents
from benison.registry.registry import Registry
from tests.tfx.pipelines.taxi import SPLITS, Stock, Taxi, anomalies_in

pytestmark = [pytest.mark.tfx, pytest.mark.timeout(900)]


def served(taxi: Taxi) -> list[Path]:
    """The models that TFX's Pusher pushed, oldest first."""
    folder = taxi.root / "serving"
    return sorted(folder.iterdir(), key=lambda path: int(path.name)) if folder.exists() else []


def with_another(taxi: Taxi, folder: Path, file: str, old: str, new: str) -> str:
    """A copy of the project with one thing changed."""
    shutil.copytree(taxi.project, folder)
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))
    return str(folder)


def test_tfx_pushes_what_our_evaluator_blesses_and_its_resolver_finds_it(taxi: Taxi) -> None:
    words = []
    for _ in range(2):
        stock = Stock(taxi)
        ours = Evaluator(
            stock.examples, stock.model, str(taxi.project), baseline_model=stock.blessed, schema=stock.schema
        )
        push = stock.pusher(stock.model, ours.outputs["blessing"])
        stock.run(ours)
        words.append(taxi.properties(ours, "blessing"))
        assert taxi.properties(push, "pushed_model")["pushed"] == 1
    assert [(word["blessed"], word["verdict"]) for word in words] == [(1, "PASS")] * 2
    # What the first one blessed is what LatestBlessedModelStrategy finds for the second.
    assert "baseline_model" not in words[0]
    assert words[1]["baseline_model"] == words[0]["current_model"] == str(taxi.output_of("Trainer", "model"))
    evaluation = taxi.output(ours, "evaluation")
    assert tfma.load_validation_result(str(evaluation)).validation_ok
    own = documents.read(evaluation / "evaluation.json", "evaluation")
    theirs = tfma.load_eval_result(str(evaluation), model_name="challenger").get_metrics_for_slice()
    (overall,) = (one for one in own["slices"] if one["slice"] == "overall")
    assert theirs["auc"]["boundedValue"]["value"] == overall["metrics"]["auc"]["challenger"]["value"]


def test_our_validator_lets_training_begin_where_the_data_pass(taxi: Taxi) -> None:
    stock = Stock(taxi)
    ours = ExampleValidator(stock.examples, str(taxi.project), statistics=stock.statistics, schema=stock.schema)
    with tfx.dsl.Cond(ours.outputs["anomalies"].future()[0].custom_property("passed") == 1):
        trained = stock.model
    stock.run(ours)
    assert taxi.properties(ours, "anomalies")["verdict"] == "PASS"
    assert (taxi.output_of("Trainer", "model") / "Format-Serving" / "saved_model.pb").is_file()
    assert trained.producer_component_id == "Trainer"
    anomalies, profile = taxi.output(ours, "anomalies"), taxi.output(ours, "profile")
    for split in SPLITS:
        own = tfdv.load_stats_binary(str(profile / f"Split-{split}" / "FeatureStats.pb")).datasets[0]
        theirs = tfdv.load_stats_binary(
            str(taxi.output_of("StatisticsGen", "statistics") / f"Split-{split}" / "FeatureStats.pb")
        ).datasets[0]
        assert own.num_examples == theirs.num_examples
        assert not anomalies_in(anomalies, split)
    assert (anomalies / "report.html").is_file()


def test_what_waits_for_our_validator_does_not_begin_where_they_do_not(taxi: Taxi, tmp_path: Path) -> None:
    other = Taxi(tmp_path / "other")
    shutil.copytree(taxi.root / "data", other.root / "data")
    project = with_another(taxi, other.project, "schema.pbtxt", "float_domain { min: 0 }", "float_domain { min: 1000 }")
    stock = Stock(other)
    ours = ExampleValidator(stock.examples, project)
    with tfx.dsl.Cond(ours.outputs["anomalies"].future()[0].custom_property("passed") == 1):
        pushed = stock.pusher(stock.imported(taxi.output_of("Trainer", "model")), None)
    stock.run(ours)
    assert other.properties(ours, "anomalies")["verdict"] == "FAIL"
    assert not (other.root / "serving").exists()
    assert pushed.id == "Pusher"


def test_tfx_evaluates_and_pushes_what_our_trainer_trained(taxi: Taxi) -> None:
    stock = Stock(taxi)
    ours = Trainer(stock.examples, stock.anomalies, str(taxi.project), schema=stock.schema)
    judge = stock.evaluator(ours.outputs["model"])
    push = stock.pusher(ours.outputs["model"], judge.outputs["blessing"])
    stock.run(ours)
    assert taxi.properties(judge, "blessing")["blessed"] == 1
    result = tfma.load_eval_result(str(taxi.output(judge, "evaluation")))
    training = documents.read(taxi.output(ours, "model") / "training.json", "training")
    holdout = result.get_metrics_for_slice()
    assert holdout["auc"]["doubleValue"] == pytest.approx(training["curves"][-1]["eval_auc"], abs=0.05)
    assert taxi.properties(push, "pushed_model")["pushed"] == 1
    # TFX's Pusher leaves nothing out that the model needs: the same files.
    assert digests.of_tree(served(taxi)[-1]) == training["package"]


def test_tfx_pushes_nothing_that_our_evaluator_does_not_bless(taxi: Taxi, tmp_path: Path) -> None:
    project = with_another(taxi, tmp_path / "strict", "benison.yaml", "at_least: 0.6", "at_least: 0.9999")
    before = served(taxi)
    stock = Stock(taxi)
    ours = Evaluator(stock.examples, stock.model, project, schema=stock.schema)
    push = stock.pusher(stock.model, ours.outputs["blessing"])
    stock.run(ours)
    word = taxi.properties(ours, "blessing")
    assert (word["blessed"], word["verdict"]) == (0, "FAIL")
    assert "0.9999" in word["blessing_message"]
    assert (taxi.output(ours, "blessing") / "NOT_BLESSED").is_file()
    assert taxi.properties(push, "pushed_model")["pushed"] == 0
    assert served(taxi) == before


def test_our_pusher_makes_champion_what_tfx_blesses_and_nothing_else(taxi: Taxi) -> None:
    outcomes = []
    for least in (0.9999, 0.6, 0.6):
        stock = Stock(taxi)
        blessing = stock.evaluator(stock.model, least_auc=least).outputs["blessing"]
        baseline, project = stock.blessed, str(taxi.project)
        ours = Pusher(
            stock.model,
            project,
            taxi.registry,
            model_blessing=blessing,
            examples=stock.examples,
            baseline_model=baseline,
        )
        stock.run(ours)
        outcomes.append(taxi.properties(ours, "pushed_model"))
    # The third says again what the second came to: the same blessing from TFX's cache.
    assert [one["outcome"] for one in outcomes] == ["blocked", "pushed", "pushed"]
    assert [one["pushed"] for one in outcomes] == [0, 1, 1]
    assert len(Registry.open(taxi.registry, "taxi").state().reigns) == 1
    assert "TFX's Evaluator does not bless it" in outcomes[0]["reason"]
    champion = Registry.open(taxi.registry, "taxi").state().champion
    assert champion is not None
    assert outcomes[1]["pushed_version"] == str(champion.number)


def test_tfx_takes_the_examples_of_our_reader(taxi: Taxi, tmp_path: Path) -> None:
    other = Taxi(tmp_path / "other")
    shutil.copytree(taxi.root / "data", other.root / "data")
    shutil.copytree(taxi.project, other.project)
    stock = Stock(other)
    ours = ExampleGen(str(other.project), str(other.root))
    stock.examples = ours.outputs["examples"]
    assert stock.anomalies.producer_component_id == "ExampleValidator"
    stock.run(ours)
    rows = 0
    for split in SPLITS:
        place = other.output_of("StatisticsGen", "statistics") / f"Split-{split}" / "FeatureStats.pb"
        rows += tfdv.load_stats_binary(str(place)).datasets[0].num_examples
    assert rows == sum(1 for _ in (other.root / "data" / "taxi.csv").open()) - 1


def test_tfx_pushes_what_our_infra_validator_blesses_and_nothing_else(taxi: Taxi, tmp_path: Path) -> None:
    limit = "infra: {checks: [{metric: size_mb, at_most: 0.001}]}\n\ngate:\n"
    strict = with_another(taxi, tmp_path / "strict", "benison.yaml", "gate:\n", limit)
    words, pushed = [], []
    for project in (strict, str(taxi.project)):
        stock = Stock(taxi)
        ours = InfraValidator(stock.examples, stock.model, project)
        push = stock.pusher(stock.model, None, ours.outputs["blessing"])
        stock.run(ours)
        words.append(taxi.properties(ours, "blessing"))
        pushed.append(taxi.properties(push, "pushed_model")["pushed"])
        marker = "INFRA_BLESSED" if words[-1]["blessed"] else "INFRA_NOT_BLESSED"
        assert (taxi.output(ours, "blessing") / marker).is_file()
    assert [(word["blessed"], word["verdict"]) for word in words] == [(0, "FAIL"), (1, "PASS")]
    assert "size_mb" in words[0]["blessing_message"]
    assert pushed == [0, 1]
    found = documents.read(taxi.output(ours, "blessing") / "infra.json", "infra")
    assert {one["name"] for one in found["checks"]} == {"lives", "contract", "same_answers", "size_mb"}


def test_tfx_holds_its_model_against_the_champion_of_our_resolver(taxi: Taxi, tmp_path: Path) -> None:
    project, registry = str(taxi.project), str(tmp_path / "registry")
    stock = Stock(taxi)
    blessing = stock.evaluator(stock.model).outputs["blessing"]
    baseline = stock.blessed
    first = Pusher(
        stock.model, project, registry, model_blessing=blessing, examples=stock.examples, baseline_model=baseline
    )
    stock.run(first)
    champion = Registry.open(registry, "taxi").state().champion
    assert champion is not None
    stock, ours = Stock(taxi), ChampionResolver(project, registry)
    judge = stock.evaluator(stock.model, baseline=ours.outputs["model"])
    push = stock.pusher(stock.model, judge.outputs["blessing"])
    stock.run(ours)
    found = taxi.properties(ours, "model")
    assert (found["number"], found["package"]) == (champion.number, champion.package)
    word = taxi.properties(judge, "blessing")
    assert (word["blessed"], word["baseline_model"]) == (1, str(taxi.output(ours, "model")))
    # The champion is this very model, so TFX measures the same of both.
    aucs = [
        tfma.load_eval_result(str(taxi.output(judge, "evaluation")), model_name=name).get_metrics_for_slice()["auc"]
        for name in ("candidate", "baseline")
    ]
    assert aucs[0] == aucs[1]
    assert taxi.properties(push, "pushed_model")["pushed"] == 1
