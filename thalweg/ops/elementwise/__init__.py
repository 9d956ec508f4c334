"""Functions that act on each element alone."""
