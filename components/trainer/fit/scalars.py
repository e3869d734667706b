"""TensorBoard logs: a few figures per epoch, written once the training is done, whatever process did which epoch."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from benison.components.trainer.fit.progress import Training

FOLDER = "logs"


def write(training: Training, folder: Path) -> None:
    """Writes ``logs/train`` and ``logs/eval`` below a folder.

    Args:
        training: With at least one epoch.
        folder: The model artifact.
    """
    train, held = (tf.summary.create_file_writer(str(folder / FOLDER / split)) for split in ("train", "eval"))
    for epoch, speed in zip(training.curves, training.speed, strict=True):
        with train.as_default(step=epoch.epoch):
            tf.summary.scalar("loss", epoch.loss)
            tf.summary.scalar("examples_per_second", speed.to_json()["examples_per_second"])
        with held.as_default(step=epoch.epoch):
            tf.summary.scalar("loss", epoch.eval_loss)
            tf.summary.scalar("auc", epoch.eval_auc)
    for writer in (train, held):
        writer.close()
