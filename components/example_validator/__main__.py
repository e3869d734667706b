"""``python -m benison.components.example_validator --help``: the component alone, from a shell."""

from benison.core import logs, shell

logs.configure()
with logs.quiet_imports():
    from benison.components.example_validator.run import run

shell.main(run)
