"""``python -m benison.components.evaluator --help``: the component alone, from a shell."""

from benison.components.evaluator.run import run
from benison.core import shell

shell.main(run)
