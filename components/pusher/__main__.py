"""``python -m benison.components.pusher --help``: the component alone, from a shell."""

from benison.components.pusher.run import run
from benison.core import shell

shell.main(run)
