"""Layers that change the shape: axes joined into one, one axis split."""

from __future__ import annotations

import math
from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import CallError, ShapeError
from thalweg.ops.shape.axes import normalize_axis
from thalweg.ops.shape.reshape import reshape
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn.modules.module import Module

__all__ = ["Flatten", "Unflatten"]


class Flatten(Module):
    """Join the axes from one to another into one.

    Args:
        start_dim: The first axis that is joined.
        end_dim: The last.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> nn.Flatten()(torch.ones((5, 2, 3))).shape == (5, 6)
        True
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Any) -> Tensor:
        """Return the input with the axes joined."""
        x = as_tensor(input)
        shape = tuple(x.shape) or (1,)
        first, last = (
            normalize_axis("flatten", d, len(shape)) for d in (self.start_dim, self.end_dim)
        )
        if first > last:
            raise ShapeError(
                "flatten() has invalid args: start_dim cannot come after end_dim, and "
                f"{self.start_dim} and {self.end_dim} were given for shape {x.shape}. Swap them."
            )
        joined = math.prod(shape[first : last + 1])
        return reshape(x, (*shape[:first], joined, *shape[last + 1 :]))

    def extra_repr(self) -> str:
        """Return the axes."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Split one axis into several.

    Args:
        dim: The axis.
        unflattened_size: The extents of the new axes; one of them may be -1.

    Raises:
        CallError: If the extents are not integers in a tuple or a list.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> nn.Unflatten(1, (2, 3))(torch.ones((5, 6))).shape == (5, 2, 3)
        True
    """

    def __init__(self, dim: int, unflattened_size: tuple[int, ...]) -> None:
        super().__init__()
        if not isinstance(unflattened_size, tuple | list):
            raise CallError(
                "unflattened_size must be a tuple of ints, but found type "
                f"{type(unflattened_size).__name__}. Give the extents of the new axes."
            )
        for position, extent in enumerate(unflattened_size):
            if not isinstance(extent, int):
                raise CallError(
                    "unflattened_size must be tuple of ints, but found element of type "
                    f"{type(extent).__name__} at pos {position}. Give the extents of the new axes."
                )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Any) -> Tensor:
        """Return the input with the axis split."""
        x = as_tensor(input)
        axis = normalize_axis("unflatten", self.dim, x.ndim)
        sizes = list(self.unflattened_size)
        extent = x.shape[axis]
        product = math.prod(sizes)
        if -1 in sizes and product and extent % product == 0:
            sizes[sizes.index(-1)] = -extent // product
        elif product != extent:
            raise ShapeError(
                f"unflatten: Provided sizes {sizes} don't multiply up to the size of dim "
                f"{self.dim} ({extent}) in the input tensor. Let their product be {extent}."
            )
        return reshape(x, (*x.shape[:axis], *sizes, *x.shape[axis + 1 :]))

    def extra_repr(self) -> str:
        """Return the axis and the extents."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
