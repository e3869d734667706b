"""drift: below validation: in benison.yaml: how far a distribution may move, and from what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benison.config.bounds import NEVER, Bounds, bounds_of, by_column
from benison.core.sections import Section

# By measure, of any column and of the label: docs/validation.md says why these.
_DRIFT = {
    "psi": (Bounds(0.1, 3.0), Bounds(0.1, 0.5)),
    "jensen_shannon": (Bounds(0.02, 0.5), Bounds(0.02, 0.1)),
    "l_infinity": (Bounds(0.1, 0.7), Bounds(0.1, 0.3)),
}
ASSOCIATION = Bounds(0.1, NEVER)


@dataclass(frozen=True)
class DriftRules:
    """How far a distribution may move.

    Attributes:
        measure: ``psi``, ``jensen_shannon`` or ``l_infinity``, over bins that the reference fixed.
        level: A shift counts only if it is more than chance, at this false discovery rate over all columns.
        previous: Of the newest span against the one before it; numbers follow the seasons far.
        label: Of the label in the newest span against the one before it; labels do not.
        champion: Of train against what the champion was trained on.
        serving: Of serving examples against train: skew.
        association: Of the AUC of each numeric feature alone, in the newest span against the one before it.
        columns: Exceptions, by which of the four and by column; a bound that one leaves out is the usual one of that.
    """

    measure: str
    level: float
    previous: Bounds
    label: Bounds
    champion: Bounds
    serving: Bounds
    columns: Mapping[str, Mapping[str, Bounds]]
    association: Bounds = ASSOCIATION

    def bounds(self, against: str, column: str, label: str = "") -> Bounds:
        """Those of a column against ``previous``, ``champion`` or ``serving``: its own, or the usual ones."""
        of = "label" if against == "previous" and column == label else against
        usual: Bounds = getattr(self, of)
        return self.columns[of].get(column, usual)


def drift_of(section: Section) -> DriftRules:
    """Reads the section; an empty one gives the defaults.

    Raises:
        ConfigError: Something in it is not understood.
    """
    measure = section.choice("measure", tuple(_DRIFT), "psi")
    usual, label = _DRIFT[measure]
    soft = Bounds(usual.warn, NEVER)
    defaults = {"previous": usual, "label": label, "champion": soft, "serving": soft}
    of = {name: bounds_of(section, name, default) for name, default in defaults.items()}
    level = section.number("level", 0.01, low=1e-9, high=0.5)
    columns = {name: by_column(section, bounds) for name, bounds in of.items()}
    association = bounds_of(section, "association", ASSOCIATION)
    rules = DriftRules(measure=measure, level=level, association=association, columns=columns, **of)
    section.close()
    return rules
