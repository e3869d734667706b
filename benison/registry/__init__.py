"""Where models live: immutable packages, and a log that says which of them is champion and why."""
