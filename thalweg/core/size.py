"""The extents of a tensor's axes, and the number of its elements."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from typing import Any, SupportsIndex, overload

from thalweg.errors import AxisError


class Size(tuple[int, ...]):
    """The extent of each axis: a tuple that prints, slices and adds as PyTorch's.

    Raises:
        TypeError: If an extent is not an integer.

    Example:
        >>> import thalweg as tw
        >>> size = tw.zeros((2, 3, 4)).shape
        >>> size
        thalweg.Size([2, 3, 4])
        >>> size.numel(), size[1:], size == (2, 3, 4)
        (24, thalweg.Size([3, 4]), True)
    """

    __slots__ = ()

    def __new__(cls, extents: Iterable[SupportsIndex] = ()) -> Size:
        """Make a Size of the extents, each checked to be an integer."""
        return super().__new__(cls, map(operator.index, extents))

    def numel(self) -> int:
        """Return the number of elements of a tensor of this size: ∏ nᵢ, and 1 for none."""
        return math.prod(self)

    @overload
    def __getitem__(self, key: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> Size: ...
    def __getitem__(self, key: SupportsIndex | slice) -> int | Size:
        part = super().__getitem__(key)
        return Size(part) if isinstance(part, tuple) else part

    def __add__(self, other: tuple[Any, ...]) -> Size:
        return Size(super().__add__(other))

    def __radd__(self, other: tuple[Any, ...]) -> Size:
        return Size(other.__add__(self))

    def __mul__(self, count: SupportsIndex) -> Size:
        return Size(super().__mul__(count))

    def __rmul__(self, count: SupportsIndex) -> Size:
        return Size(super().__rmul__(count))

    def __format__(self, form: str) -> str:
        # Inside a sentence, such as an error's, a size reads as a tuple.
        return format(tuple(self), form)

    def __repr__(self) -> str:
        return f"thalweg.Size([{', '.join(map(repr, self))}])"


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
        if dim is None:
            return Size(self.shape)
        if not -len(self.shape) <= dim < len(self.shape):
            raise AxisError(f"size got axis {dim} of the shape {self.shape}. Give one it has.")
        return self.shape[dim]

    def __reduce__(self) -> Any:
        return int, (int(self),)
