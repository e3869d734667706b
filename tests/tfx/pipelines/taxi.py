"""The taxi data of benchmarks/tfx_round as a TFX pipeline, of TFX's components and of ours."""

from __future__ import annotations

import csv
import gzip
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2
from tensorflow_model_analysis.proto import config_pb2
from tfx import v1 as tfx
from tfx.orchestration import metadata
from tfx.utils import io_utils

from benison.core.files import write_atomically

ROUND = Path(__file__).resolve().parents[3] / "benchmarks" / "tfx_round"
LABEL = "big_tip"
SPLITS = {"train": 6, "eval": 2, "holdout": 2}
ROWS = 6000


@dataclass(frozen=True)
class Taxi:
    """A pipeline root, what TFX keeps of it, the data and the project."""

    root: Path

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def registry(self) -> str:
        return str(self.root / "registry")

    @property
    def connection(self) -> Any:
        return metadata.sqlite_metadata_connection_config(str(self.root / "metadata.db"))

    def run(self, components: Sequence[Any], *, name: str = "taxi") -> None:
        """By TFX's LocalDagRunner; what ran before on the same inputs is taken from its cache."""
        tfx.orchestration.LocalDagRunner().run(self.pipeline(components, name=name))

    def pipeline(self, components: Sequence[Any], *, name: str = "taxi") -> Any:
        return tfx.dsl.Pipeline(
            pipeline_name=name,
            pipeline_root=str(self.root / "pipeline"),
            metadata_connection_config=self.connection,
            components=list(components),
            enable_cache=True,
        )

    def output(self, component: Any, name: str) -> Path:
        """What a component wrote last."""
        return self.output_of(component.id, name)

    def output_of(self, component: str, name: str) -> Path:
        """Likewise, by its id."""
        runs = self.root / "pipeline" / component / name
        return max(runs.iterdir(), key=lambda path: int(path.name))

    def properties(self, component: Any, name: str) -> dict[str, Any]:
        """The custom properties of that, as ML Metadata has them."""
        with metadata.Metadata(self.connection) as store:
            (found,) = store.store.get_artifacts_by_uri(str(self.output(component, name)))
        return {key: getattr(value, value.WhichOneof("value")) for key, value in found.custom_properties.items()}


def prepared(root: Path) -> Taxi:
    """Data and project in a new folder."""
    (root / "data").mkdir(parents=True)
    write_rows(root / "data" / "taxi.csv", ROWS)
    shutil.copytree(ROUND / "project", root / "project")
    text = (root / "project" / "benison.yaml").read_text().replace("epochs: 4 ", "epochs: 2 ")
    write_atomically(root / "project" / "benison.yaml", text.encode())
    return Taxi(root)


def write_rows(path: Path, most: int) -> None:
    """The rows, whose tip becomes the label: over a fifth of the fare."""
    with gzip.open(ROUND / "data" / "simple.csv.gz", "rt", newline="") as source, path.open("w", newline="") as target:
        rows = csv.DictReader(source)
        kept = [name for name in rows.fieldnames or () if name not in ("tips", "pickup_census_tract")]
        writer = csv.DictWriter(target, [*kept, LABEL], extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for _, row in zip(range(most), rows, strict=False):
            writer.writerow({**row, LABEL: int(float(row["tips"]) > 0.2 * float(row["fare"]))})


def anomalies_in(artifact: Path, split: str) -> dict[str, Any]:
    """What a SchemaDiff.pb tells, as TFX's ExampleValidator keeps it."""
    raw = io_utils.read_bytes_file(str(artifact / f"Split-{split}" / "SchemaDiff.pb"))
    return dict(anomalies_pb2.Anomalies.FromString(raw).anomaly_info)


def eval_config(least_auc: float = 0.6) -> Any:
    """TFMA's, with a threshold."""
    bound = config_pb2.GenericValueThreshold(lower_bound={"value": least_auc})
    auc = config_pb2.MetricConfig(class_name="AUC", threshold=config_pb2.MetricThreshold(value_threshold=bound))
    return config_pb2.EvalConfig(
        model_specs=[config_pb2.ModelSpec(signature_name="serving_default", label_key=LABEL)],
        slicing_specs=[config_pb2.SlicingSpec()],
        metrics_specs=[config_pb2.MetricsSpec(metrics=[auc, config_pb2.MetricConfig(class_name="ExampleCount")])],
    )


class Stock:
    """TFX's own chain, of which a pipeline has what was asked for; a component belongs to one pipeline only."""

    def __init__(self, taxi: Taxi) -> None:
        self.taxi = taxi
        self.components: list[Any] = []

    def _added(self, component: Any) -> Any:
        self.components.append(component)
        return component

    @cached_property
    def examples(self) -> Any:
        cut = [tfx.proto.SplitConfig.Split(name=name, hash_buckets=share) for name, share in SPLITS.items()]
        output = tfx.proto.Output(split_config=tfx.proto.SplitConfig(splits=cut))
        made = tfx.components.CsvExampleGen(input_base=str(self.taxi.root / "data"), output_config=output)
        return self._added(made).outputs["examples"]

    @cached_property
    def statistics(self) -> Any:
        return self._added(tfx.components.StatisticsGen(examples=self.examples)).outputs["statistics"]

    @cached_property
    def schema(self) -> Any:
        return self._added(tfx.components.SchemaGen(statistics=self.statistics)).outputs["schema"]

    @cached_property
    def anomalies(self) -> Any:
        made = tfx.components.ExampleValidator(statistics=self.statistics, schema=self.schema)
        return self._added(made).outputs["anomalies"]

    @cached_property
    def transform(self) -> Any:
        function = "trainer_module.preprocessing_fn"
        made = tfx.components.Transform(examples=self.examples, schema=self.schema, preprocessing_fn=function)
        return self._added(made)

    @cached_property
    def model(self) -> Any:
        made = tfx.components.Trainer(
            run_fn="trainer_module.run_fn",
            examples=self.transform.outputs["transformed_examples"],
            transform_graph=self.transform.outputs["transform_graph"],
            schema=self.schema,
            train_args=tfx.proto.TrainArgs(num_steps=200),
            eval_args=tfx.proto.EvalArgs(num_steps=10),
        )
        return self._added(made).outputs["model"]

    @cached_property
    def blessed(self) -> Any:
        made = tfx.dsl.Resolver(
            strategy_class=tfx.dsl.experimental.LatestBlessedModelStrategy,
            model=tfx.dsl.Channel(type=tfx.types.standard_artifacts.Model),
            model_blessing=tfx.dsl.Channel(type=tfx.types.standard_artifacts.ModelBlessing),
        ).with_id("latest_blessed_model_resolver")
        return self._added(made).outputs["model"]

    def imported(self, model: Path) -> Any:
        """A model that another pipeline trained."""
        kind = tfx.types.standard_artifacts.Model
        made = tfx.dsl.Importer(source_uri=str(model), artifact_type=kind).with_id("another")
        return self._added(made).outputs["result"]

    def evaluator(self, model: Any, *, least_auc: float = 0.6, baseline: Any = None) -> Any:
        made = tfx.components.Evaluator(
            examples=self.examples,
            model=model,
            baseline_model=baseline or self.blessed,
            eval_config=eval_config(least_auc),
            example_splits=["holdout"],
        )
        return self._added(made)

    def pusher(self, model: Any, blessing: Any, infra: Any = None) -> Any:
        place = tfx.proto.PushDestination.Filesystem(base_directory=str(self.taxi.root / "serving"))
        destination = tfx.proto.PushDestination(filesystem=place)
        words = {"model_blessing": blessing, "infra_blessing": infra}
        made = tfx.components.Pusher(model=model, push_destination=destination, **words)
        return self._added(made)

    def run(self, *ours: Any) -> None:
        """Runs them with ours."""
        self.taxi.run([*self.components, *ours])
