"""The container image that components run in where they run in containers."""

from benison import __version__

IMAGE = f"benison:{__version__}"
