"""What changed in a project, what has to run therefore, and why."""
