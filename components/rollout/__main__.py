"""``python -m benison.components.rollout --help``: the component alone, from a shell."""

from benison.core import logs, shell

logs.configure()
with logs.quiet_imports():
    from benison.components.rollout.run import run

shell.main(run)
