"""Steps on JAX: one compiled call that loops over steps, and within a step over micro-batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
import numpy.typing as npt
from jax import lax
from jax import numpy as jnp

from benison.components.trainer.steps import protocol
from benison.components.trainer.steps.blocks import Blocks
from benison.components.trainer.steps.order import cut

_SMALLEST_CALL = 8


class JaxSteps:
    """Training steps in JAX; see `protocol.Steps`.

    Args:
        model: A compiled model.
        rows: What it is fitted to.
        micro_batch: Rows that go through the model at once.
        resident: Whether the rows lie on the device; else those of a call are brought there before it.
    """

    def __init__(self, model: Any, rows: Blocks, *, micro_batch: int, resident: bool = True) -> None:
        self.model, self._rows = model, rows
        protocol.variables_of(model)
        self._placed = jax.device_put((rows.floats, rows.whole)) if resident else None
        self._part = jax.jit(self._evaluated)
        self.micro_batch, self.evaluated_at_once = micro_batch, protocol.EVALUATED_AT_ONCE

    @property
    def micro_batch(self) -> int:
        return self._micro_batch

    @micro_batch.setter
    def micro_batch(self, rows: int) -> None:
        self._micro_batch = rows
        # A function of its own, since the micro-batch is part of what is compiled.
        self._many = jax.jit(lambda *given: self._steps(*given), donate_argnums=0)

    def load(self, order: npt.NDArray[np.int32]) -> Any:
        steps, batch = order.shape
        placed = self._placed
        if placed is None:
            rows = self._rows.take(order.ravel())
            order = np.arange(order.size, dtype=np.int32).reshape(order.shape)
            short = _room_for(steps) * batch - len(rows)
            placed = jax.device_put((_padded(rows.floats, short), _padded(rows.whole, short)))
        # Of sizes that are powers of 8, since each size is compiled anew.
        return *placed, jax.device_put(_padded(order, _room_for(steps) - steps)), steps

    def run(self, loaded: Any) -> npt.NDArray[np.float32]:
        every = self._variables()
        values = tuple([variable.value for variable in kind] for kind in every)
        values, losses, done = self._many(values, *loaded)
        for kind, found in zip(every, values, strict=True):
            for variable, value in zip(kind, found, strict=True):
                variable.assign(value)
        return np.asarray(losses)[: int(done)]

    def _variables(self) -> tuple[list[Any], list[Any], list[Any]]:
        model = self.model
        return model.trainable_variables, model.non_trainable_variables, model.optimizer.variables

    def _steps(self, variables: Any, floats: Any, whole: Any, order: Any, count: Any) -> Any:
        """Does steps one after the other; ends with the first whose loss is not finite."""

        def step(state: Any) -> Any:
            done, _, losses, variables = state
            loss, variables = self._step(variables, floats, whole, order[done])
            return done + 1, jnp.isfinite(loss), losses.at[done].set(loss), variables

        start = (jnp.int32(0), jnp.bool_(True), jnp.zeros(len(order), jnp.float32), variables)
        done, _, losses, variables = lax.while_loop(lambda state: state[1] & (state[0] < count), step, start)
        return variables, losses, done

    def _step(self, variables: Any, floats: Any, whole: Any, rows: Any) -> Any:
        """One update of the optimizer; returns the mean loss over the rows, and the variables."""
        trained, others, optimizer = variables
        loss, gradients, others = self._accumulated((trained, others, optimizer), floats, whole, rows)
        trained, optimizer = self.model.optimizer.stateless_apply(optimizer, gradients, trained)
        return loss, (list(trained), others, list(optimizer))

    def _accumulated(self, variables: Any, floats: Any, whole: Any, rows: Any) -> Any:
        """The mean loss over a batch and its gradient, by micro-batches."""
        batch = len(rows)
        count, rest = cut(batch, self._micro_batch)
        if count == 1 and not rest:
            return self._gradients(variables, floats, whole, rows, 1.0)
        trained, others, optimizer = variables

        def add(state: Any, part: Any) -> Any:
            total, sums, others = state
            share = len(part) / batch
            loss, gradients, others = self._gradients((trained, others, optimizer), floats, whole, part, share)
            return (total + loss, jax.tree.map(jnp.add, sums, gradients), others), None

        start = (jnp.float32(0), jax.tree.map(jnp.zeros_like, trained), others)
        state, _ = lax.scan(add, start, rows[: batch - rest].reshape(count, -1))
        return add(state, rows[batch - rest :])[0] if rest else state

    def _gradients(self, variables: Any, floats: Any, whole: Any, rows: Any, share: float) -> Any:
        """Loss and gradients of one micro-batch, both times its share of the batch, and the other variables."""
        trained, others, optimizer = variables
        inputs, labels = self._rows.layout.unpack(floats[rows], whole[rows])

        def shared(trained: Any) -> Any:
            # Keras's own function for jax.grad: it scales the loss where the optimizer asks for that.
            scaled, (loss, _, updated, _) = self.model.compute_loss_and_updates(
                trained, others, self._metrics(), inputs, labels, None, training=True, optimizer_variables=optimizer
            )
            return scaled * share, (jnp.float32(loss * share), updated)

        (_, (loss, updated)), gradients = jax.value_and_grad(shared, has_aux=True)(trained)
        return loss, gradients, list(updated)

    def _metrics(self) -> list[Any]:
        return [variable.value for variable in self.model.metrics_variables]

    def evaluate(self, rows: Blocks) -> tuple[float, npt.NDArray[Any]]:
        trained, others, _ = self._variables()
        values = [variable.value for variable in trained], [variable.value for variable in others]
        size = self.evaluated_at_once
        return protocol.by_parts(rows, size, lambda part: self._part(*values, part.floats, part.whole))

    def _evaluated(self, trained: Any, others: Any, floats: Any, whole: Any) -> tuple[Any, Any]:
        inputs, labels = self._rows.layout.unpack(floats, whole)
        _, (loss, answer, _, _) = self.model.compute_loss_and_updates(
            trained, others, self._metrics(), inputs, labels, None, training=False
        )
        return jnp.float32(loss), jnp.float32(answer)

    def state(self) -> protocol.Arrays:
        return protocol.snapshot(self.model)

    def restore(self, state: Sequence[npt.NDArray[Any]]) -> None:
        protocol.assign(self.model, state)

    def out_of_memory(self, error: BaseException) -> bool:
        return isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)

    def device_peak_mb(self) -> float | None:
        device = jax.devices()[0]
        if device.platform == "cpu":
            return None
        return float((device.memory_stats() or {}).get("peak_bytes_in_use", 0)) / 1e6


def _room_for(steps: int) -> int:
    """The power of 8 that is not below it.

    >>> [_room_for(steps) for steps in (1, 8, 9, 65)]
    [8, 8, 64, 512]
    """
    room = _SMALLEST_CALL
    while room < steps:
        room *= _SMALLEST_CALL
    return room


def _padded(block: npt.NDArray[Any], rows: int) -> npt.NDArray[Any]:
    """A block with rows of zeros at its end."""
    return np.pad(block, [(0, rows), *[(0, 0)] * (block.ndim - 1)]) if rows else block
