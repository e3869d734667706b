"""``python -m benison``."""

from benison.cli import main

main()
