"""A pipeline of our components alone: by TFX's LocalDagRunner, and compiled by its KubeflowV2DagRunner."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import tensorflow_data_validation as tfdv
import tensorflow_model_analysis as tfma
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from tfx import v1 as tfx
from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_run_executor

from benison.components.champion_resolver.tfx import ChampionResolver
from benison.components.evaluator.tfx import Evaluator
from benison.components.example_gen.tfx import ExampleGen
from benison.components.example_validator.tfx import ExampleValidator
from benison.components.infra_validator.tfx import Executor as Judge
from benison.components.infra_validator.tfx import InfraValidator
from benison.components.pusher.tfx import Executor, Pusher
from benison.components.rollout.tfx import Rollout
from benison.components.trainer.tfx import Trainer
from benison.core import digests, documents
from benison.core.errors import ConfigError
from benison.registry.registry import Registry
from benison.tfx.project import digest_of
from tests.tfx.pipelines.taxi import SPLITS, Stock, Taxi, anomalies_in, prepared

pytestmark = [pytest.mark.tfx, pytest.mark.timeout(900)]


def chain(taxi: Taxi) -> dict[str, Any]:
    """Every one of ours, by name."""
    project, registry = str(taxi.project), taxi.registry
    gen = ExampleGen(project, str(taxi.root))
    examples = gen.outputs["examples"]
    resolver = ChampionResolver(project, registry)
    champion = resolver.outputs["model"]
    validator = ExampleValidator(examples, project, baseline_model=champion)
    anomalies = validator.outputs["anomalies"]
    trainer = Trainer(examples, anomalies, project)
    model = trainer.outputs["model"]
    evaluator = Evaluator(examples, model, project, baseline_model=champion)
    evaluation = evaluator.outputs["evaluation"]
    infra = InfraValidator(examples, model, project, evaluation=evaluation, baseline_model=champion)
    evidence = {"evaluation": evaluation, "anomalies": anomalies, "infra_blessing": infra.outputs["blessing"]}
    evidence |= {"profile": validator.outputs["profile"], "baseline_model": champion}
    pusher = Pusher(model, project, registry, commit="0" * 40, who="a test", **evidence)
    rollout = Rollout(pusher.outputs["pushed_model"], project, registry, why="a test")
    made = (gen, resolver, validator, trainer, evaluator, infra, pusher, rollout)
    return {type(one).__name__: one for one in made}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Taxi:
    return prepared(tmp_path_factory.mktemp("ours") / "taxi")


@pytest.fixture(scope="module")
def first(own: Taxi) -> dict[str, Any]:
    made = chain(own)
    own.run(list(made.values()))
    return made


def test_the_first_round_makes_a_champion(own: Taxi, first: Mapping[str, Any]) -> None:
    assert own.properties(first["ExampleValidator"], "anomalies")["verdict"] == "PASS"
    assert own.properties(first["Trainer"], "model")["trained"] == 1
    assert own.properties(first["Evaluator"], "blessing")["blessed"] == 1
    infra = own.properties(first["InfraValidator"], "blessing")
    assert (infra["blessed"], infra["verdict"]) == (1, "PASS")
    pushed = own.properties(first["Pusher"], "pushed_model")
    assert (pushed["outcome"], pushed["pushed"]) == ("pushed", 1)
    shown = Registry.open(own.registry, "taxi").show("champion")
    training = documents.read(own.output(first["Trainer"], "model") / "training.json", "training")
    assert shown.manifest.package == training["package"]
    assert (shown.manifest.provenance.commit, shown.manifest.by) == ("0" * 40, "a test")
    assert pushed["pushed_version"] == str(shown.promotions[-1].number)
    assert shown.promotions[-1].entry.evidence["infra"] == infra["infra"]
    # The project has no plan of a rollout, so that the Pusher itself made it champion.
    delivered = own.properties(first["Rollout"], "delivered_model")
    assert [delivered[name] for name in ("pushed", "outcome", "pushed_version")] == [
        1,
        "pushed",
        pushed["pushed_version"],
    ]


def test_tfx_libraries_read_what_ours_wrote(own: Taxi, first: Mapping[str, Any]) -> None:
    anomalies, profile = (own.output(first["ExampleValidator"], name) for name in ("anomalies", "profile"))
    rows = 0
    for split in SPLITS:
        statistics = tfdv.load_stats_binary(str(profile / f"Split-{split}" / "FeatureStats.pb"))
        rows += statistics.datasets[0].num_examples
        assert not anomalies_in(anomalies, split)
    assert rows == sum(1 for _ in (own.root / "data" / "taxi.csv").open()) - 1
    evaluation = str(own.output(first["Evaluator"], "evaluation"))
    assert tfma.load_validation_result(evaluation).validation_ok
    # A model that was compared with none has no name there.
    found = tfma.load_eval_result(evaluation).get_metrics_for_slice()
    assert found["auc"]["boundedValue"]["lowerBound"] > 0.6


def test_the_next_round_is_held_against_the_champion(own: Taxi, first: Mapping[str, Any]) -> None:
    made = chain(own)
    own.run(list(made.values()))
    number = Registry.open(own.registry, "taxi").state().champion
    assert number is not None
    found = own.properties(made["ChampionResolver"], "model")
    assert found["number"] == number.number
    serving = own.output(made["ChampionResolver"], "model") / "Format-Serving"
    assert digests.of_tree(serving) == found["package"]
    evaluation = documents.read(own.output(made["Evaluator"], "evaluation") / "evaluation.json", "evaluation")
    assert evaluation["champion"]["package"] == found["package"]
    assert own.properties(made["Pusher"], "pushed_model")["outcome"] == "unchanged"


def test_kubeflow_compiles_it(own: Taxi, tmp_path: Path) -> None:
    runner = tfx.orchestration.experimental
    config = runner.KubeflowV2DagRunnerConfig(default_image="registry/taxi:1")
    written = []
    for name in ("one.json", "two.json"):
        folder = str(tmp_path)
        dag = runner.KubeflowV2DagRunner(config, output_dir=folder, output_filename=name)
        dag.run(own.pipeline(list(chain(own).values())), write_out=True)
        written.append(json.loads((tmp_path / name).read_text())["pipelineSpec"])
    assert written[0] == written[1]
    spec = json_format.ParseDict(written[0], pipeline_spec_pb2.PipelineSpec())
    assert set(spec.components) >= {
        "ExampleGen",
        "ChampionResolver",
        "ExampleValidator",
        "Trainer",
        "Evaluator",
        "InfraValidator",
        "Pusher",
        "Rollout",
    }
    executors = spec.deployment_spec["executors"]
    for label in executors:
        arguments = list(executors[label]["container"]["args"])
        module, _, kind = arguments[arguments.index("--executor_class_path") + 1].rpartition(".")
        assert isinstance(getattr(import_module(module), kind), type)


def test_kubeflows_entry_point_runs_our_evaluator(own: Taxi, first: Mapping[str, Any], tmp_path: Path) -> None:
    """The names of artifacts on Vertex are texts; its resolver finds a blessed model by them."""
    names = {name: f"projects/1/locations/x/metadataStores/default/artifacts/{name}" for name in ("examples", "model")}
    given = {"examples": own.output(first["ExampleGen"], "examples"), "model": own.output(first["Trainer"], "model")}
    kinds = {"examples": "Examples", "model": "Model", "evaluation": "ModelEvaluation", "blessing": "ModelBlessing"}

    def artifacts(name: str, uri: Path, **metadata: Any) -> dict[str, Any]:
        kind = {"instanceSchema": f"title: tfx.{kinds[name]}\ntype: object\n"}
        return {"artifacts": [{"name": names.get(name, name), "uri": str(uri), "type": kind, "metadata": metadata}]}

    splits = {"examples": {"split_names": json.dumps(list(SPLITS)), "span": 1.0}}
    parameters = first["Evaluator"].exec_properties
    invocation = {
        "inputs": {
            "artifacts": {name: artifacts(name, uri, **splits.get(name, {})) for name, uri in given.items()},
            "parameters": {name: {"stringValue": value} for name, value in parameters.items()},
        },
        "outputs": {
            "artifacts": {name: artifacts(name, tmp_path / name) for name in ("evaluation", "blessing")},
            "outputFile": str(tmp_path / "task" / "executor_output.json"),
        },
    }
    arguments = ["", "--executor_class_path", "benison.components.evaluator.tfx.Executor"]
    arguments += ["--json_serialized_invocation_args", json.dumps(invocation)]
    kubeflow_v2_run_executor.main(kubeflow_v2_run_executor._parse_flags(arguments))
    told = json.loads((tmp_path / "task" / "executor_output.json").read_text())["artifacts"]["blessing"]
    metadata = told["artifacts"][0]["metadata"]
    assert (metadata["blessed"], metadata["current_model_id"]) == (1.0, names["model"])
    assert (tmp_path / "blessing" / "BLESSED").is_file()


def test_a_project_that_changes_under_a_pipeline_ends_it(own: Taxi, first: Mapping[str, Any], tmp_path: Path) -> None:
    other = Taxi(tmp_path / "other")
    shutil.copytree(own.root / "data", other.root / "data")
    shutil.copytree(own.project, other.project)
    gen = ExampleGen(str(other.project), str(other.root))
    (other.project / "model.py").write_text("changed = True\n")
    with pytest.raises(Exception, match="expected the project with which the pipeline was defined"):
        other.run([gen])


@pytest.mark.parametrize(
    ("ours", "reason"),
    [
        ({}, "not blessed: InfraValidator does not bless it"),
        ({"infra": "sha256:0", "blessing_message": "no model: no SavedModel"}, "not blessed: no model: no SavedModel"),
    ],
)
def test_what_infra_validator_does_not_bless_is_not_pushed(own: Taxi, ours: Mapping[str, str], reason: str) -> None:
    kinds = tfx.types.standard_artifacts
    word, pushed = kinds.InfraBlessing(), kinds.PushedModel()
    word.set_int_custom_property("blessed", 0)
    for name, value in ours.items():
        word.set_string_custom_property(name, value)
    Executor().Do({"infra_blessing": [word], "model": [kinds.Model()]}, {"pushed_model": [pushed]}, {})
    assert pushed.get_int_custom_property("pushed") == 0
    assert pushed.get_string_custom_property("reason") == reason


def test_what_ours_does_not_bless_is_in_the_log(own: Taxi, first: Mapping[str, Any], tmp_path: Path) -> None:
    """Executor after executor, as TFX calls them, on what the first round made, by a project with a limit to keep."""
    project, registry, kinds = tmp_path / "strict", str(tmp_path / "registry"), tfx.types.standard_artifacts
    shutil.copytree(own.project, project)
    config = project / "benison.yaml"
    config.write_text(config.read_text() + "\ninfra: {checks: [{metric: size_mb, at_most: 0.001}]}\n")

    def made(component: str, name: str, kind: Any) -> list[Any]:
        artifact = kind()
        artifact.uri = str(own.output(first[component], name))
        return [artifact]

    examples = made("ExampleGen", "examples", kinds.Examples)
    examples[0].splits, examples[0].span = list(SPLITS), 1
    model = made("Trainer", "model", kinds.Model)
    evaluation = made("Evaluator", "evaluation", kinds.ModelEvaluation)
    word, pushed = kinds.InfraBlessing(), kinds.PushedModel()
    word.uri, pushed.uri = str(tmp_path / "word"), str(tmp_path / "pushed")
    parameters = {"project": str(project), "project_digest": digest_of(project), "holdout": "holdout"}
    judging = {"examples": examples, "model": model, "evaluation": evaluation}
    Judge().Do(judging, {"blessing": [word]}, parameters)
    assert (word.get_int_custom_property("blessed"), word.get_string_custom_property("verdict")) == (0, "FAIL")
    evidence = {"model": model, "evaluation": evaluation, "infra_blessing": [word]}
    evidence["anomalies"] = made("ExampleValidator", "anomalies", kinds.ExampleAnomalies)
    evidence["profile"] = made("ExampleValidator", "profile", kinds.ExampleStatistics)
    Executor().Do(
        evidence, {"pushed_model": [pushed]}, {**parameters, "registry": registry, "commit": "", "who": "a test"}
    )
    assert pushed.get_string_custom_property("outcome") == "blocked"
    assert "size_mb" in pushed.get_string_custom_property("reason")
    last = Registry.open(registry, "taxi").log()[-1].entry
    assert last.evidence["infra"] == word.get_string_custom_property("infra")


def test_a_pusher_without_evidence_is_refused_as_it_is_defined(own: Taxi) -> None:
    model = Stock(own).model
    message = (
        "expected evaluation, anomalies and profile of our components, or model_blessing and examples, got neither"
    )
    with pytest.raises(ConfigError, match=message):
        Pusher(model, str(own.project), own.registry)
    with pytest.raises(ConfigError, match="got evaluation"):
        Pusher(model, str(own.project), own.registry, evaluation=model)
