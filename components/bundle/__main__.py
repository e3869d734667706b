"""``python -m benison.components.bundle --help``: the component alone, from a shell."""

from benison.components.bundle.run import run
from benison.core import shell

shell.main(run)
