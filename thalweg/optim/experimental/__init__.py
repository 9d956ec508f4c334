"""Optax's experimental modules."""

from thalweg.optim.experimental import aggregating

__all__ = ["aggregating"]
