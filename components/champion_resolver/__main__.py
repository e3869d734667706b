"""``python -m benison.components.champion_resolver --help``: the component alone, from a shell."""

from benison.core import logs, shell

logs.configure()
with logs.quiet_imports():
    from benison.components.champion_resolver.run import run

shell.main(run)
