"""The page of a model's live traffic: windows over time, alerts, figures."""

from benison.report.monitoring.page import render

__all__ = ["render"]
