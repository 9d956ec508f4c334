"""The extents of a tensor's axes, and the number of its elements."""

from __future__ import annotations

import math
from typing import Any


class Size(tuple[int, ...]):
    """The extent of each axis: a tuple that prints as PyTorch's.

    Example:
        >>> import thalweg as tw
        >>> tw.zeros((2, 3)).shape
        thalweg.Size([2, 3])
    """

    __slots__ = ()

    def numel(self) -> int:
        """Return the number of elements of a tensor of this shape."""
        return math.prod(self)

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return Size(found) if isinstance(key, slice) else found

    def __add__(self, other: Any) -> Size:
        return Size((*self, *other))

    def __radd__(self, other: Any) -> Size:
        return Size((*other, *self))

    def __mul__(self, times: Any) -> Size:
        return Size(super().__mul__(times))

    __rmul__ = __mul__

    def __str__(self) -> str:
        return str(tuple(self))  # inside a sentence

    def __repr__(self) -> str:
        return f"thalweg.Size({list(self)})"


class Count(int):
    """The number of elements of a tensor: NumPy's `x.size`, and called, PyTorch's `x.size()`."""

    shape: tuple[int, ...]

    def __new__(cls, count: int, shape: tuple[int, ...] = ()) -> Count:
        """Return the number, which knows the shape too."""
        found = super().__new__(cls, count)
        found.shape = shape
        return found

    def __call__(self, dim: int | None = None) -> Any:
        """Return the shape, or the extent of one axis."""
        return Size(self.shape) if dim is None else self.shape[dim]

    def __reduce__(self) -> Any:
        return int, (int(self),)
