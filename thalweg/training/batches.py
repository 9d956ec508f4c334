"""How a run goes through the rows: sizes of batches, steps of an epoch, the order."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from thalweg.core.spec import Spec
from thalweg.engines.engine import Array
from thalweg.errors import ArgumentError, DataError, did_you_mean

Shuffle = Literal["epoch", "once", False]

_INT32 = np.dtype(np.int32)
_ROWS_LIMIT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Batches:
    """The layout of an epoch.

    Attributes:
        rows: How many rows the data have.
        batch_size: The rows of a batch; 0 if each step uses the data whole.
        remainder: The rows of an epoch's last, smaller batch; 0 if there is none.
        shuffle: "epoch", "once" or False.
        seed: What the order follows from.
    """

    rows: int
    batch_size: int
    remainder: int
    shuffle: Shuffle
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        """The number of steps in an epoch."""
        if self.batch_size == 0:
            return 1
        return self.rows // self.batch_size + (self.remainder > 0)

    @property
    def reshuffled(self) -> bool:
        """Whether each epoch has an order of its own."""
        return self.shuffle == "epoch" and self.batch_size > 0

    def specs(self) -> list[Spec]:
        """Return the specs of the row numbers of a full batch and of the remainder."""
        sizes = [size for size in (self.batch_size, self.remainder) if size]
        return [Spec((size,), _INT32) for size in sizes]

    def order(self) -> Array | None:
        """Return the order of the rows, or None where each epoch draws its own."""
        if self.batch_size == 0 or self.reshuffled:
            return None
        order = np.arange(self.rows)
        if self.shuffle == "once":
            np.random.default_rng(self.seed).shuffle(order)
        return order.astype(_INT32)


def read_batches(
    rows: int, batch_size: Any, shuffle: Any, seed: Any, drop_last: bool, has_data: bool
) -> Batches:
    """Check the arguments that lay out an epoch.

    Raises:
        ArgumentError: If one is outside its range.
        DataError: If the rows cannot be numbered in 32 bits.
    """
    if shuffle not in ("epoch", "once") and shuffle is not False:
        guess = did_you_mean(shuffle, ("epoch", "once")) if isinstance(shuffle, str) else ""
        raise ArgumentError(
            f"shuffle={shuffle!r} was given.{guess} It wants 'epoch' (a new order each epoch), "
            "'once' (one order for all) or False (the order of the data)."
        )
    seed = whole_number("seed", seed, 0, "It is a whole number, such as 0.")
    if batch_size is None:
        return Batches(rows, 0, 0, shuffle, seed)
    advice = "Choose one from 1 to the number of rows, or None to use all rows at each step."
    size = whole_number("batch_size", batch_size, 1, advice)
    if not has_data:
        raise ArgumentError(
            f"batch_size={size} was given, but data is None: there are no rows to draw from. "
            "Leave batch_size out."
        )
    if size > rows:
        raise ArgumentError(
            f"batch_size={size} was given, but the data have only {rows} rows. {advice}"
        )
    if rows > _ROWS_LIMIT:
        raise DataError(
            f"The data have {rows} rows, but batches are drawn from at most {_ROWS_LIMIT}. "
            "Train on a part of them, or set batch_size=None."
        )
    return Batches(rows, size, 0 if drop_last else rows % size, shuffle, seed)


def whole_number(name: str, value: Any, low: int, advice: str) -> int:
    """Return a whole number as an int.

    Raises:
        ArgumentError: If it is something else, or less than `low`.
    """
    try:
        number = None if isinstance(value, (bool, np.bool_)) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < low:
        raise ArgumentError(
            f"{name}={value!r} was given, but {name} must be a whole number of at least {low}. "
            f"{advice}"
        )
    return number
