"""``benison serve``: the model server of a project."""

from benison.serving.command import command as command
