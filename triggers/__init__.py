"""The trigger manager: what changed -> what has to run -> started once, and a ledger that says why."""
