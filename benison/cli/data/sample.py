"""Some rows of a project's data, for CI and for a run that only has to show that it goes through."""

from __future__ import annotations

import pyarrow as pa

from benison.cli.data.source import opened_span
from benison.cli.project import Project
from benison.sources.draw import draw


def sample(project: Project, rows: int) -> pa.Table:
    """Rows of a project's newest span, with both of the label's values as evenly as can be.

    Raises:
        BenisonError: The data cannot be read, or have no label.
    """
    label = project.config.label.column
    with opened_span(project.folder, 0, window=1) as (_, dataset):
        return draw((batch for part in dataset.parts for batch in dataset.batches(part)), rows, label)
