"""The report of a rollout: where traffic went and why, and how what is known of each guardrail grew."""

from __future__ import annotations

from benison.report.rollout.evidence import RolloutEvidence as RolloutEvidence
from benison.report.rollout.evidence import of_look as of_look
from benison.report.rollout.evidence import of_past as of_past
from benison.report.rollout.page import render as render
