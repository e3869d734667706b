"""The environments of a TFMD schema: which of its features there are where a model serves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benison.core.errors import ConfigError

SERVING = "SERVING"


def require_served(schema: Any, columns: Sequence[str], environment: str, file: str) -> None:
    """Refuses features that a served model would never receive.

    Args:
        schema: A ``tensorflow.metadata.v0.Schema``.
        columns: What the model sees.
        environment: The one that serving examples are held to; empty: SERVING, where the schema has it.
        file: The schema's name, for the message.

    Raises:
        ConfigError: A column is not in the environment.
    """
    environment = environment or (SERVING if SERVING in schema.default_environment else "")
    if not environment:
        return
    for feature in schema.feature:
        if feature.name in columns and not _is_in(schema, feature, environment):
            raise ConfigError(
                f"{file} (feature {feature.name})",
                expected=f"every feature of benison.yaml in the environment {environment}",
                got="one that is not there when the model serves",
                hint="take it out of features: in benison.yaml, or out of not_in_environment if it is there after all",
            )


def _is_in(schema: Any, feature: Any, environment: str) -> bool:
    """By TFDV's rule: what a feature says of itself counts before the schema's default."""
    if environment in feature.in_environment:
        return True
    return environment not in feature.not_in_environment and environment in schema.default_environment
