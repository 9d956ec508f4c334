"""Random numbers for each example of a batch: what `vmap` asks of the functions that draw."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.core.spec import Shape
from thalweg.core.tensor import Tensor, make
from thalweg.errors import ArgumentError

Array = NDArray[Any]
Fill = Callable[[Shape], Array]


@dataclass(frozen=True)
class Batch:
    """How numbers are drawn in a function of one example that is applied to a batch.

    Attributes:
        randomness: "error", "different" for every example, or the "same" for all.
        size: The number of examples.
        mapped: Given a tensor with the examples along axis 0, returns what stands for one.
        outer: The batch that the function applied to this one is itself applied to.
    """

    randomness: str
    size: int
    mapped: Callable[[Tensor], Tensor]
    outer: Batch | None


_batch: ContextVar[Batch | None] = ContextVar("batch", default=None)


@contextlib.contextmanager
def drawing_for(batch: Batch | None) -> Iterator[None]:
    """Let what is drawn inside be drawn for a batch."""
    before = _batch.set(batch)
    try:
        yield
    finally:
        _batch.reset(before)


def drawing_batch() -> Batch | None:
    """Return the batch that numbers are being drawn for."""
    return _batch.get()


def drawn(fill: Fill, shape: Shape) -> Tensor:
    """Return a tensor of random numbers, for one example where there is a batch.

    Args:
        fill: Draws numbers in a shape.
        shape: The shape of the result.

    Raises:
        ArgumentError: If the batch's function shall not draw.
    """
    batch = _batch.get()
    if batch is None:
        return make(fill(shape))
    if batch.randomness == "error":
        raise ArgumentError(
            "vmap: called random operation while in randomness error mode. Please either use the "
            "'same' or 'different' randomness flags on vmap or perform the randomness operation "
            "outside of vmap."
        )
    with drawing_for(batch.outer):
        if batch.randomness == "same":
            return drawn(fill, shape)
        return batch.mapped(drawn(fill, (batch.size, *shape)))


def one_by_one(draw: Callable[[], Array], rank: int) -> Fill:
    """Return what fills a shape with as many draws as its axes before the last `rank` count."""

    def fill(shape: Shape) -> Array:
        if len(shape) == rank:
            return draw()
        parts = [fill(shape[1:]) for _ in range(shape[0])]
        return np.stack(parts) if parts else np.zeros(shape, draw().dtype)

    return fill
