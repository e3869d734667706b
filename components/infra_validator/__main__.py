"""``python -m benison.components.infra_validator --help``: the component alone, from a shell."""

from benison.core import logs, shell

logs.configure()
with logs.quiet_imports():
    from benison.components.infra_validator.run import run

shell.main(run)
