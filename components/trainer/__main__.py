"""``python -m benison.components.trainer --help``: the component alone, from a shell."""

from benison.components.trainer.run import run
from benison.core import shell

shell.main(run)
