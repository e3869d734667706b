"""``python -m benison.components.example_gen --help``: the component alone, from a shell."""

from benison.core import logs, shell

logs.configure()
with logs.quiet_imports():
    from benison.components.example_gen.run import run

shell.main(run)
