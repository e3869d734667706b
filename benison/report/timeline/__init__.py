"""The page of what happened to a model over time: traffic, alerts, triggers, verdicts, rollouts, champions."""

from benison.report.timeline.events import Event, Spell, Timeline
from benison.report.timeline.page import render
from benison.report.timeline.read import read

__all__ = ["Event", "Spell", "Timeline", "read", "render"]
