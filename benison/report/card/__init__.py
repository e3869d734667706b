"""The model card of a run's challenger as one HTML file that needs nothing else."""

from benison.report.card.page import FILE, render

__all__ = ["FILE", "render"]
