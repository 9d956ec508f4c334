"""Activations along an axis as modules: softmax and its kin, gated units."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ShapeError
from thalweg.nn import functional
from thalweg.nn.module import Module


class _AlongAxis(Module):
    """A function along an axis.

    Args:
        dim: The axis; by default 0 for tensors of 0, 1 and 3 axes, else 1.
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def extra_repr(self) -> str:
        """Return the axis."""
        return f"dim={self.dim}"


class Softmax(_AlongAxis):
    """Exponentials that sum to one along an axis."""

    def forward(self, input: Any) -> Tensor:
        """Return eˣ / Σ eˣ."""
        return functional.softmax(input, self.dim)


class Softmin(_AlongAxis):
    """Softmax of -x."""

    def forward(self, input: Any) -> Tensor:
        """Return e⁻ˣ / Σ e⁻ˣ."""
        return functional.softmin(input, self.dim)


class LogSoftmax(_AlongAxis):
    """Logarithm of the softmax along an axis."""

    def forward(self, input: Any) -> Tensor:
        """Return x - ln Σ eˣ."""
        return functional.log_softmax(input, self.dim)


class Softmax2d(Module):
    """Softmax over the channels of (N, C, H, W) or (C, H, W)."""

    def forward(self, input: Any) -> Tensor:
        """Return eˣ / Σ eˣ."""
        x = as_tensor(input)
        if x.ndim not in (3, 4):
            raise ShapeError(f"Softmax2d: expected input to be 3D or 4D, got shape {x.shape}.")
        return functional.softmax(x, -3)


class GLU(Module):
    """Gated linear unit: a σ(b), a the first half along the axis and b the second."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Tensor:
        """Return a σ(b)."""
        return functional.glu(input, self.dim)

    def extra_repr(self) -> str:
        """Return the axis."""
        return f"dim={self.dim}"
