"""The error that a command line shows as one line."""


class UserError(ValueError):
    """What was expected, what came, and what to do, in one line."""
