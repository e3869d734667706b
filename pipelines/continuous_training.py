"""Continuous training: from raw data to a champion that was compared with the one before it."""

from typing import NamedTuple

from kfp import dsl

from benison.components.bundle.component import bundle
from benison.components.champion_resolver.component import champion_resolver
from benison.components.evaluator.component import evaluator
from benison.components.example_gen.component import example_gen
from benison.components.example_validator.component import example_validator
from benison.components.infra_validator.component import infra_validator
from benison.components.pusher.component import pusher
from benison.components.trainer.component import trainer


class Outputs(NamedTuple):
    """What a run of the pipeline comes to."""

    verdict: str


@dsl.pipeline(name="continuous-training")
def continuous_training(
    bundle_uri: str,
    bundle_digest: str,
    data_root: str,
    registry_uri: str,
    span: int,
    commit: str,
    who: str,
    checkpoint_root: str = "",
) -> Outputs:
    """Reads a window of spans, validates it, trains a challenger, compares it with the champion, serves and pushes it.

    Args:
        bundle_uri: Where the staged project lies.
        bundle_digest: Its content digest.
        data_root: The folder that relative paths under data: in benison.yaml start at.
        registry_uri: Where the registry lies.
        span: The newest span to use; 0 for the newest there is.
        commit: The commit that the project came from; empty where there is none.
        who: Who or what asked for this run.
        checkpoint_root: A folder, or one of an object store, where an interrupted training leaves what a retry needs to
            go on; empty: it begins anew.

    Returns:
        verdict: pushed, held, unchanged, superseded or blocked.
    """
    project = bundle(bundle_uri=bundle_uri, bundle_digest=bundle_digest).set_caching_options(False)
    user = project.outputs["bundle"]
    data = example_gen(data_root=data_root, span=span, bundle=user).set_caching_options(False)
    examples, holdout = data.outputs["examples"], data.outputs["holdout"]
    resolved = champion_resolver(registry_uri=registry_uri, bundle=user).set_caching_options(False)
    champion, base = resolved.outputs["champion"], resolved.outputs["base_model"]
    held = {"bundle": user, "holdout": holdout, "champion": champion}
    references, history = data.outputs["references"], resolved.outputs["history"]
    validated = example_validator(examples=examples, references=references, history=history, **held)
    proven, root = validated.outputs["validation"], checkpoint_root
    trained = trainer(bundle=user, examples=examples, validation=proven, base_model=base, checkpoint_root=root)
    model = trained.outputs["model"]
    judged = evaluator(model=model, **held)
    served = infra_validator(model=model, predictions=judged.outputs["predictions"], **held)
    pushed = pusher(
        registry_uri=registry_uri,
        commit=commit,
        who=who,
        bundle=user,
        statistics=validated.outputs["statistics"],
        anomalies=validated.outputs["anomalies"],
        model=model,
        champion=champion,
        evaluation=judged.outputs["evaluation"],
        infra_evaluation=served.outputs["infra_evaluation"],
    ).set_caching_options(False)
    return Outputs(verdict=pushed.outputs["verdict"])
