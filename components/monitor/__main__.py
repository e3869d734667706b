"""``python -m benison.components.monitor --help``: the component alone, from a shell."""

from benison.components.monitor.run import run
from benison.core import logs, shell

logs.configure()
shell.main(run)
