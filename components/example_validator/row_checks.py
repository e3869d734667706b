"""Row checks: all that is asked of rows by their keys, from one pass over them that spills keys to files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benison.components.example_validator import integrity, leakage
from benison.components.example_validator.duplicates import duplicates
from benison.components.example_validator.examine import Rows
from benison.components.example_validator.keyed import Keyed
from benison.config import Validation
from benison.core.verdicts import Check


def row_checks(rows: Rows, tables: Mapping[str, Rows], rules: Validation, scratch: Path) -> list[Check]:
    """Uniqueness, references, combinations, leakage from train to holdout, labels before features, duplicates.

    Memory is bounded by a cell of rows; files take 8 bytes for each row and key.

    Args:
        rows: The snapshot's; cells belong to ``split train`` and so on, and to ``span <number>``.
        tables: Reference tables, by name.
        rules: What is asked.
        scratch: An empty folder, which is left full.
    """
    (scratch / "rows").mkdir()
    asked = [*leakage.questions(rules.leakage, rows), *integrity.questions(rules, rows, tables)]
    keyed = Keyed.of(rows, asked, scratch / "rows")
    found = [*integrity.integrity(keyed, tables, rules, scratch), *leakage.leakage(keyed, rules.leakage)]
    return [*found, *duplicates(keyed)]
