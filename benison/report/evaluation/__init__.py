"""The report of predictions that were ready: what `benison evaluate` shows, as a page and in the terminal."""

from __future__ import annotations

from benison.report.evaluation.evidence import Evaluation as Evaluation

FILE = "evaluation.html"
