"""The shape of a tensor, which prints and adds as PyTorch's does and is otherwise a tuple."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from typing import Any, SupportsIndex, overload


class Size(tuple[int, ...]):
    """A tuple of extents that stays a Size when it is sliced, added or repeated.

    Raises:
        TypeError: If an extent is not an integer.

    Example:
        >>> size = Size((2, 3, 4))
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

    def __repr__(self) -> str:
        return f"thalweg.Size([{', '.join(map(repr, self))}])"
