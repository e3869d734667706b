"""reference: what the champion was trained on, as bins."""

from __future__ import annotations

import json
from collections.abc import Mapping

from benison.config import Config
from benison.config.features import columns_of
from benison.config.serving import DROP, HASH
from benison.core.errors import ConfigError, DataError
from benison.core.profiles import ColumnProfile, Profile
from benison.core.spelling import nearest
from benison.monitoring.grid import Grid
from benison.registry.registry import Registry


class References:
    """The bins that trainings leave, read from the registry's history, each once.

    Args:
        registry: The model's.
        config: What benison.yaml says.
    """

    def __init__(self, registry: Registry, config: Config) -> None:
        self._registry, self._config = registry, config
        self._profiles: dict[str, Mapping[str, ColumnProfile]] = {}
        self._grids: dict[tuple[str, tuple[str, ...]], Grid] = {}

    def watched(self, snapshot: str) -> tuple[str, ...]:
        """The columns that are watched: those asked for, else all features of the model that the log keeps.

        Raises:
            ConfigError: One that is asked for is unknown, or the request log leaves it out.
        """
        known, asked = self._columns(snapshot), self._config.monitor.features
        dropped = {name for name, how in self._redacted().items() if how == DROP}
        usual = (
            columns_of(self._config.features) if self._config.features else known.keys() - {self._config.label.column}
        )
        for name in asked:
            if name not in known:
                expected, hint = "columns that the champion was trained on", nearest(name, known)
                raise ConfigError("benison.yaml (monitor.features)", expected=expected, got=repr(name), hint=hint)
            if name in dropped:
                hint = "remove it here, or keep it there"
                got = f"{name}, which serving.requests.redact drops"
                raise ConfigError("benison.yaml (monitor.features)", expected="columns in the log", got=got, hint=hint)
        return tuple(sorted(asked or ((set(usual) & known.keys()) - dropped)))

    def grid(self, snapshot: str, columns: tuple[str, ...]) -> Grid:
        """The bins of some columns of a training.

        Raises:
            DataError: The registry has no profile of it.
        """
        key = (snapshot, tuple(sorted(columns)))
        if key not in self._grids:
            hashed = [name for name, how in self._redacted().items() if how == HASH]
            self._grids[key] = Grid.of(snapshot, self._columns(snapshot), columns, hashed)
        return self._grids[key]

    def _redacted(self) -> Mapping[str, str]:
        kept = self._config.serving.requests
        return kept.redact if kept else {}

    def _columns(self, snapshot: str) -> Mapping[str, ColumnProfile]:
        if snapshot not in self._profiles:
            raw = self._registry.history.entries().get(snapshot)
            if raw is None:
                hint = "the pusher keeps it with every version; train and push once more"
                where = f"history of {self._registry.model}"
                raise DataError(where, expected=f"the profile of {snapshot}", got="none", hint=hint)
            self._profiles[snapshot] = Profile.from_json(json.loads(raw)["profile"]).train.columns
        return self._profiles[snapshot]
