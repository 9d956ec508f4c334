"""Every deliberate error, each also the builtin a user would catch.

    ThalwegError
    ├── DataError (ValueError)      a file, table or array that cannot be used as it is
    └── SpecError (ValueError)      an optimizer or model written as text that means nothing

A message has three parts: what was given, what was wanted, what to do.
"""


class ThalwegError(Exception):
    """Anything thalweg refuses on purpose; catch this to catch them all."""


class DataError(ThalwegError, ValueError):
    """A file, table or array cannot be used as it is; the message names where, and what to do."""


class SpecError(ThalwegError, ValueError):
    """An optimizer or model written as text cannot be understood; the message says which part."""
