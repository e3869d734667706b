"""``python -m benison.components.champion_resolver --help``: the component alone, from a shell."""

from benison.components.champion_resolver.run import run
from benison.core import shell

shell.main(run)
