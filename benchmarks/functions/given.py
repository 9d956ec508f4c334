"""What a case is given: a library, a size, and the tensors it makes of both."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

# A call that is timed, and how a case makes one.
Call = Callable[[], Any]
Case = Callable[["Given"], Call]


class Given:
    """A library with tensors of about `n` elements, of the same numbers for each library.

    Attributes:
        lib: `torch` or `thalweg.torch`.
        n: The number of elements.
        rows, columns: The shape of a matrix of about so many.
        leaves: The tensors whose gradients are asked for, where they are.
    """

    def __init__(self, lib: Any, n: int, recorded: bool) -> None:
        self.lib, self.n = lib, n
        self.rows, self.columns = {32: (4, 8), 1000: (25, 40)}.get(n, (math.isqrt(n),) * 2)
        self.leaves: list[Any] = []
        self._recorded = recorded
        self._random = np.random.default_rng(0)

    def floats(self, *shape: int, low: float | None = None) -> Any:
        """Return normal numbers, or uniform ones between `low` and `low` + 1, as float32."""
        drawn = self._random.standard_normal(shape)
        if low is not None:
            drawn = self._random.random(shape) + low
        tensor = self.lib.tensor(drawn.astype(np.float32))
        if self._recorded:
            tensor.requires_grad_()
            self.leaves.append(tensor)
        return tensor

    def constant(self, *shape: int) -> Any:
        """Return normal numbers of which no gradient is asked."""
        return self.lib.tensor(self._random.standard_normal(shape).astype(np.float32))

    def vector(self, low: float | None = None) -> Any:
        """Return `n` numbers."""
        return self.floats(self.n, low=low)

    def matrix(self) -> Any:
        """Return `rows` × `columns` numbers."""
        return self.floats(self.rows, self.columns)

    def integers(self, high: int, *shape: int) -> Any:
        """Return integers from 0 up to `high`, without it."""
        return self.lib.tensor(self._random.integers(0, high, shape))

    def truths(self, *shape: int) -> Any:
        """Return booleans."""
        return self.lib.tensor(self._random.random(shape) < 0.5)

    def images(self) -> Any:
        """Return images of shape (examples, channels, height, width)."""
        return self.floats(*self.image_shape)

    @property
    def image_shape(self) -> tuple[int, int, int, int]:
        """The shape of images: 32, 1024 or 1048576 elements."""
        return {32: (1, 2, 4, 4), 1000: (2, 8, 8, 8)}.get(self.n, (16, 16, 64, 64))
