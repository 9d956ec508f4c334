"""Sequences of several lengths: one after another by moment, or beside each other with padding."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from thalweg.core.spec import Array
from thalweg.core.tensor import Tensor
from thalweg.ops.creation.creation import full
from thalweg.ops.index.take import take
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import reshape


class Packing:
    """Which examples, sorted by length, have how many moments.

    Args:
        sizes: How many examples have a moment, for each; never more than at the one before.
        length: The number of moments with padding; by default none is padding alone.
    """

    def __init__(self, sizes: Array, length: int | None = None) -> None:
        self.length = len(sizes) if length is None else length
        self.batch = int(sizes[0]) if len(sizes) else 0
        counts = np.zeros(self.length, np.int64)
        counts[: len(sizes)] = sizes
        self._is_there = np.arange(self.batch) < counts[:, None]

    @classmethod
    def of_lengths(cls, lengths: Array) -> Packing:
        """Return the packing of examples of these lengths, the longest first."""
        moments = np.arange(int(lengths[0]))
        return cls((lengths > moments[:, None]).sum(1))

    @property
    def sizes(self) -> Array:
        """How many examples have a moment, for each."""
        counts: Array = self._is_there.sum(1)
        return counts

    @property
    def lengths(self) -> Array:
        """How many moments each example has."""
        counts: Array = self._is_there.sum(0)
        return counts

    @property
    def stays(self) -> Array | None:
        """Which examples have no moment where others have one, (moments, batch, 1)."""
        return None if self._is_there.all() else ~self._is_there[..., None]

    @functools.cached_property
    def _places(self) -> Array:
        return np.flatnonzero(self._is_there)

    def pack(self, padded: Tensor) -> Tensor:
        """Return the moments of (moments, batch, …) that are there, one after another."""
        rows = reshape(padded, (self.length * self.batch, *padded.shape[2:]))
        return take(rows, self._places, axis=0)

    def pad(self, data: Tensor, value: float = 0.0) -> Tensor:
        """Return (moments, batch, …) of the moments that are there, and a value elsewhere."""
        rest = tuple(data.shape[1:])
        places = np.full(self.length * self.batch, len(self._places))
        places[self._places] = np.arange(len(self._places))
        if len(self._places) < len(places):
            data = concatenate([data, full((1, *rest), value, data.dtype, like=data)])
        return reshape(take(data, places, axis=0), (self.length, self.batch, *rest))


def as_counts(given: Any) -> Array:
    """Return numbers of moments or of examples as an array of integers."""
    held = given.numpy(force=True) if isinstance(given, Tensor) else given
    return np.asarray(held).astype(np.int64, copy=False)
