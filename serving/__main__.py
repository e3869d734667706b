"""``python -m benison.serving``, which is ``benison serve``: the model server of a project."""

from benison.core import logs, shell
from benison.serving.command import command

logs.configure()
shell.leave_by(command)
