"""One round of TFX 1.21 on the taxi data, from CsvExampleGen to Pusher: python round.py DATA OUTPUT."""

import sys
from pathlib import Path

import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import config_pb2
from tfx import v1 as tfx

LABEL = "big_tip"
TRAIN_STEPS, EVAL_STEPS = 1000, 60


def eval_config() -> config_pb2.EvalConfig:
    """One slice, the whole; blessed from an AUC of 0.6 on."""
    threshold = config_pb2.MetricThreshold(value_threshold=config_pb2.GenericValueThreshold(lower_bound={"value": 0.6}))
    metrics = [
        config_pb2.MetricConfig(class_name="AUC", threshold=threshold),
        config_pb2.MetricConfig(class_name="BinaryAccuracy"),
        config_pb2.MetricConfig(class_name="Calibration"),
        config_pb2.MetricConfig(class_name="ExampleCount"),
    ]
    return config_pb2.EvalConfig(
        model_specs=[config_pb2.ModelSpec(signature_name="serving_default", label_key=LABEL)],
        slicing_specs=[config_pb2.SlicingSpec()],
        metrics_specs=[config_pb2.MetricsSpec(metrics=metrics)],
    )


def components(data: Path, output: Path) -> list[object]:
    """The standard chain with its defaults; functions by name, since module files cost a pip install each."""
    examples = tfx.components.CsvExampleGen(input_base=str(data))
    statistics = tfx.components.StatisticsGen(examples=examples.outputs["examples"])
    schema = tfx.components.SchemaGen(statistics=statistics.outputs["statistics"])
    validator = tfx.components.ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    )
    transform = tfx.components.Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        preprocessing_fn="trainer_module.preprocessing_fn",
    )
    trainer = tfx.components.Trainer(
        run_fn="trainer_module.run_fn",
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema.outputs["schema"],
        train_args=tfx.proto.TrainArgs(num_steps=TRAIN_STEPS),
        eval_args=tfx.proto.EvalArgs(num_steps=EVAL_STEPS),
    )
    champion = tfx.dsl.Resolver(
        strategy_class=tfx.dsl.experimental.LatestBlessedModelStrategy,
        model=tfx.dsl.Channel(type=tfx.types.standard_artifacts.Model),
        model_blessing=tfx.dsl.Channel(type=tfx.types.standard_artifacts.ModelBlessing),
    ).with_id("latest_blessed_model_resolver")
    evaluator = tfx.components.Evaluator(
        examples=examples.outputs["examples"],
        model=trainer.outputs["model"],
        baseline_model=champion.outputs["model"],
        eval_config=eval_config(),
    )
    destination = tfx.proto.PushDestination(
        filesystem=tfx.proto.PushDestination.Filesystem(base_directory=str(output / "serving"))
    )
    pusher = tfx.components.Pusher(
        model=trainer.outputs["model"], model_blessing=evaluator.outputs["blessing"], push_destination=destination
    )
    return [examples, statistics, schema, validator, transform, trainer, champion, evaluator, pusher]


def main(data: Path, output: Path) -> None:
    """Runs the chain; a round that pushed nothing has failed."""
    pipeline = tfx.dsl.Pipeline(
        pipeline_name="taxi",
        pipeline_root=str(output / "root"),
        metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config(
            str(output / "metadata.db")
        ),
        components=components(data, output),
        enable_cache=False,
    )
    tfx.orchestration.LocalDagRunner().run(pipeline)
    result = tfma.load_eval_result(str(next(output.glob("root/Evaluator/evaluation/*"))))
    auc = result.get_metrics_for_slice()["auc"]["doubleValue"]
    pushed = any((output / "serving").glob("*/saved_model.pb"))
    print(f"outcome: {'pushed' if pushed else 'blocked'}, auc {auc:.4f}")
    sys.exit(0 if pushed else 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
