"""What all tests share."""

from hypothesis import settings

# The same examples on every machine, and no time limits, which a busy machine would break.
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.load_profile("repeatable")
