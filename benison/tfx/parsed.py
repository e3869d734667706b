"""Parsed: which features of a tf.Example a signature reads, by its graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from benison.core.logs import quiet_imports

with quiet_imports():
    import tensorflow as tf

# The inputs of tf.io.parse_example's operation that name features: sparse, dense and ragged ones.
_KEYS = {"ParseExampleV2": (2, 3, 4)}


def parsed_features(signature: Any) -> set[str] | None:
    """The features that a signature reads.

    Args:
        signature: A function of a loaded SavedModel.

    Returns:
        Their names; None where its graph does not tell: another operation reads the examples, or names are computed.
    """
    graph = signature.graph.as_graph_def()
    scopes = [graph.node, *(function.node_def for function in graph.library.function)]
    found = [names for nodes in scopes for names in _of_scope(nodes)]
    return set[str]().union(*found) if found and None not in found else None  # type: ignore[arg-type]


def _of_scope(nodes: Iterable[Any]) -> Iterator[set[str] | None]:
    by_name = {node.name: node for node in nodes}
    for node in by_name.values():
        if node.op in _KEYS:
            yield _names(node, by_name)


def _names(node: Any, by_name: Mapping[str, Any]) -> set[str] | None:
    names: set[str] = set()
    for place in _KEYS[node.op]:
        source = by_name.get(node.input[place].partition(":")[0])
        if source is None or source.op != "Const":
            return None
        names |= {name.decode() for name in tf.make_ndarray(source.attr["value"].tensor).ravel().tolist()}
    return names
