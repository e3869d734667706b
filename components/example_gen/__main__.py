"""``python -m benison.components.example_gen --help``: the component alone, from a shell."""

from benison.components.example_gen.run import run
from benison.core import shell

shell.main(run)
