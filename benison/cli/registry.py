"""``benison registry``: versions and promotions, for people."""

from __future__ import annotations

import click

from benison.cli import registry_changing as changing
from benison.cli import registry_viewing as viewing
from benison.cli.registry_mirror import mirror
from benison.cli.registry_signing import sign
from benison.cli.registry_timeline import timeline


@click.group()
def command() -> None:
    """Look at versions and promotions, promote by hand, roll back.

    VERSION is champion, challenger, reference, the number of the log entry that made it champion, or the start of its
    digest.
    """


for _one in (
    viewing.log,
    viewing.list_versions,
    viewing.show,
    viewing.lineage,
    viewing.verify,
    timeline,
    changing.promote,
    changing.approve,
    sign,
    changing.rollback,
    changing.materialize,
    mirror,
    changing.alias,
    changing.retire,
    changing.gc,
):
    command.add_command(_one)
