"""``python -m benison.components.example_validator --help``: the component alone, from a shell."""

from benison.components.example_validator.run import run
from benison.core import shell

shell.main(run)
