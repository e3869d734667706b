"""Alerts: raised, told, acknowledged, recovered, each an entry of a log; and the messages that they cause."""
