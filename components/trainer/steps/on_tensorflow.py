"""Steps on TensorFlow: one call into a graph that loops over steps, and within a step over micro-batches."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from benison.components.trainer.steps import protocol
from benison.components.trainer.steps.blocks import Blocks
from benison.components.trainer.steps.order import cut


class TensorFlowSteps:
    """Training steps in TensorFlow; see `protocol.Steps`.

    Args:
        model: A compiled model.
        rows: What it is fitted to.
        batch_size: Rows of a step; all where there are fewer.
        micro_batch: Rows that go through the model at once.
        xla: Whether a step is compiled by XLA.
        resident: Whether the rows lie on the device; else those of a call are brought there before it.
        strategy: A `tf.distribute.MirroredStrategy` in whose scope the model was made; each step's rows are spread
            over its devices. None: there is one.
    """

    def __init__(
        self,
        model: Any,
        rows: Blocks,
        *,
        batch_size: int,
        micro_batch: int,
        xla: bool = False,
        resident: bool = True,
        strategy: Any = None,
    ) -> None:
        self.model, self._rows, self._xla, self._strategy = model, rows, xla, strategy
        with strategy.scope() if strategy else nullcontext():
            protocol.variables_of(model)
        self._placed = self._mirrored(rows) if resident else None
        floats, whole = (tf.TensorSpec([None, block.shape[1]], block.dtype) for block in (rows.floats, rows.whole))
        order = tf.TensorSpec([None, min(batch_size, len(rows))], tf.int32)
        # Of a strategy's values there is no such description beforehand; a graph is built for the first two shapes.
        self._described = None if strategy else [floats, whole, order]
        self._part = tf.function(self._evaluated, input_signature=[floats, whole], autograph=False)
        if model.run_eagerly:
            self._part = self._evaluated
        self.micro_batch, self.evaluated_at_once = micro_batch, protocol.EVALUATED_AT_ONCE

    @property
    def micro_batch(self) -> int:
        return self._micro_batch

    @micro_batch.setter
    def micro_batch(self, rows: int) -> None:
        self._micro_batch = rows
        if self.model.run_eagerly:
            self._one, self._many = self._step, self._steps
            return
        # Functions of their own, since the micro-batch is part of their graph.
        self._one = tf.function(self._step, jit_compile=True, autograph=False) if self._xla else self._step
        self._many = tf.function(self._steps, input_signature=self._described, reduce_retracing=True, autograph=False)

    def load(self, order: npt.NDArray[np.int32]) -> Any:
        if self._placed is not None:
            return *self._placed, tf.constant(order)
        own = np.arange(order.size, dtype=np.int32).reshape(order.shape)
        return *self._mirrored(self._rows.take(order.ravel())), tf.constant(own)

    def _mirrored(self, rows: Blocks) -> tuple[Any, Any]:
        """Rows on the device, or on each of them."""
        if self._strategy is None:
            return _placed(rows)
        copies = []
        for device in self._strategy.extended.worker_devices:
            with tf.device(device):
                copies.append(_placed(rows))
        spread = self._strategy.experimental_distribute_values_from_function
        return (
            spread(lambda context: copies[context.replica_id_in_sync_group][0]),
            spread(lambda context: copies[context.replica_id_in_sync_group][1]),
        )

    def run(self, loaded: Any) -> npt.NDArray[np.float32]:
        losses: npt.NDArray[np.float32] = self._many(*loaded).numpy()
        return losses

    def _steps(self, floats: Any, whole: Any, order: Any) -> Any:
        """Does steps one after the other; ends with the first whose loss is not finite."""
        count = tf.shape(order)[0]

        def step(done: Any, _: Any, losses: Any) -> Any:
            loss = self._one(floats, whole, order[done])
            return done + 1, tf.math.is_finite(loss), losses.write(done, loss)

        done, _, losses = tf.while_loop(
            lambda done, sound, _: sound & (done < count),
            step,
            (tf.constant(0), tf.constant(True), tf.TensorArray(tf.float32, size=count, element_shape=())),
            parallel_iterations=1,
        )
        return losses.stack()[:done]

    def _step(self, floats: Any, whole: Any, rows: Any) -> Any:
        """One update of the optimizer; returns the mean loss over the rows."""
        if self._strategy is not None:
            return self._mirrored_step(floats, whole, rows)
        loss, gradients = self._accumulated(floats, whole, rows, rows.shape[0])
        self.model.optimizer.apply(gradients, self.model.trainable_variables)
        return loss

    def _mirrored_step(self, floats: Any, whole: Any, rows: Any) -> Any:
        """The same with each device's part of the rows, and the sum of their gradients."""
        strategy, batch = self._strategy, rows.shape[0]
        edges = np.linspace(0, batch, strategy.num_replicas_in_sync + 1).astype(int).tolist()
        own = strategy.experimental_distribute_values_from_function(
            lambda context: rows[edges[context.replica_id_in_sync_group] : edges[context.replica_id_in_sync_group + 1]]
        )
        scaled = hasattr(self.model.optimizer, "inner_optimizer")

        def on_replica(floats: Any, whole: Any, rows: Any) -> Any:
            loss, gradients = self._accumulated(floats, whole, rows, batch)
            context = tf.distribute.get_replica_context()
            summed = [gradient if gradient is None else _all(context, gradient) for gradient in gradients]
            if scaled:
                # Keras adds up what replicas give its optimizers, and scales losses within a replica alone.
                parts = [one if one is None else one / strategy.num_replicas_in_sync for one in summed]
                self.model.optimizer.apply(parts, self.model.trainable_variables)
            return loss, [] if scaled else summed

        loss, gradients = strategy.run(on_replica, args=(floats, whole, own))
        if not scaled:
            # Outside of a replica an optimizer clips what was added up, as on one device.
            first = [one if one is None else strategy.experimental_local_results(one)[0] for one in gradients]
            self.model.optimizer.apply(first, self.model.trainable_variables)
        return strategy.reduce(tf.distribute.ReduceOp.SUM, loss, axis=None)

    def _accumulated(self, floats: Any, whole: Any, rows: Any, batch: int) -> tuple[Any, list[Any]]:
        """The mean loss over some rows and its gradient, by micro-batches; both times the rows' share of a batch."""
        own = rows.shape[0]
        count, rest = cut(own, self._micro_batch) if own else (0, 0)
        if count == 1 and not rest:
            return self._gradients(floats, whole, rows, own / batch)
        loss, gradients = self._looped(floats, whole, tf.reshape(rows[: own - rest], [count, -1]), batch)
        if rest:
            more, others = self._gradients(floats, whole, rows[own - rest :], rest / batch)
            loss, gradients = loss + more, [_sum(one, other) for one, other in zip(gradients, others, strict=True)]
        return loss, gradients

    def _looped(self, floats: Any, whole: Any, rows: Any, batch: int) -> tuple[Any, list[Any]]:
        """The same of micro-batches of one size, rows [count, micro-batch], as their share of the batch."""
        count, size = rows.shape
        trained = self.model.trainable_variables
        # Which variables take part is known once the body of the loop has been traced.
        connected = [True] * len(trained)

        def add(done: Any, total: Any, sums: Any) -> Any:
            loss, gradients = self._gradients(floats, whole, rows[done], size / batch)
            connected[:] = [gradient is not None for gradient in gradients]
            added = [_sum(one, other) for one, other in zip(sums, gradients, strict=True)]
            return done + 1, total + loss, added

        zeros = [tf.zeros(variable.shape, variable.dtype) for variable in trained]
        _, loss, sums = tf.while_loop(
            lambda done, *_: done < count, add, (tf.constant(0), tf.constant(0.0), zeros), parallel_iterations=1
        )
        return loss, [value if known else None for value, known in zip(sums, connected, strict=True)]

    def _gradients(self, floats: Any, whole: Any, rows: Any, share: float) -> tuple[Any, list[Any]]:
        """Loss and gradients of one micro-batch, both times its share of the batch."""
        inputs, labels = self._gathered(floats, whole, rows)
        with tf.GradientTape() as tape:
            loss = tf.cast(self._loss(inputs, labels, training=True)[0], tf.float32)
            # Within a replica Keras's losses come divided by the number of replicas.
            share *= self._strategy.num_replicas_in_sync if self._strategy else 1
            loss = loss if share == 1 else loss * share
            scaled = self.model.optimizer.scale_loss(loss)
        return loss, tape.gradient(scaled, [variable.value for variable in self.model.trainable_variables])

    def _gathered(self, floats: Any, whole: Any, rows: Any) -> tuple[dict[str, Any], Any]:
        return self._rows.layout.unpack(tf.gather(floats, rows), tf.gather(whole, rows))

    def _loss(self, inputs: Any, labels: Any, *, training: bool) -> tuple[Any, Any]:
        answer = self.model(inputs, training=training)
        loss = self.model._compute_loss(x=inputs, y=labels, y_pred=answer, sample_weight=None, training=training)
        return loss, answer

    def evaluate(self, rows: Blocks) -> tuple[float, npt.NDArray[Any]]:
        return protocol.by_parts(rows, self.evaluated_at_once, lambda part: self._part(*_placed(part)))

    def _evaluated(self, floats: Any, whole: Any) -> tuple[Any, Any]:
        inputs, labels = self._rows.layout.unpack(floats, whole)
        loss, answer = self._loss(inputs, labels, training=False)
        return tf.cast(loss, tf.float32), tf.cast(answer, tf.float32)

    def state(self) -> protocol.Arrays:
        return protocol.snapshot(self.model)

    def restore(self, state: Sequence[npt.NDArray[Any]]) -> None:
        protocol.assign(self.model, state)

    def out_of_memory(self, error: BaseException) -> bool:
        return isinstance(error, (tf.errors.ResourceExhaustedError, MemoryError)) or "RESOURCE_EXHAUSTED" in str(error)

    def device_peak_mb(self) -> float | None:
        found = tf.config.list_logical_devices("GPU")
        if not found:
            return None
        return max(float(tf.config.experimental.get_memory_info(gpu.name[-5:])["peak"]) for gpu in found) / 1e6


def _placed(rows: Blocks) -> tuple[Any, Any]:
    return tf.constant(rows.floats), tf.constant(rows.whole)


def _all(context: Any, gradient: Any) -> Any:
    return context.all_reduce(tf.distribute.ReduceOp.SUM, tf.convert_to_tensor(gradient))


def _sum(total: Any, gradient: Any) -> Any:
    """A sum of gradients, of which any may be missing or sparse."""
    if total is None or gradient is None:
        return gradient if total is None else total
    return tf.convert_to_tensor(total) + tf.convert_to_tensor(gradient)
