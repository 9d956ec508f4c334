"""Activations as modules: each applies the function of `functional` that its name says."""

from __future__ import annotations

import warnings
from typing import Any

from thalweg.core.program import level_of_user
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ShapeError
from thalweg.torch.nn import functional, init
from thalweg.torch.nn.modules.module import Module
from thalweg.torch.nn.parameter import Parameter, new_parameter

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "SELU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]  # fmt: skip


# ---- without arguments


class Sigmoid(Module):
    """Logistic function: 1 / (1 + e⁻ˣ)."""

    def forward(self, input: Any) -> Tensor:
        """Return σ(x)."""
        return functional.sigmoid(input)


class LogSigmoid(Module):
    """Logarithm of the logistic function."""

    def forward(self, input: Any) -> Tensor:
        """Return ln σ(x)."""
        return functional.logsigmoid(input)


class Tanh(Module):
    """Hyperbolic tangent."""

    def forward(self, input: Any) -> Tensor:
        """Return tanh x."""
        return functional.tanh(input)


class Tanhshrink(Module):
    """Return x - tanh x."""

    def forward(self, input: Any) -> Tensor:
        """Return x - tanh x."""
        return functional.tanhshrink(input)


class Softsign(Module):
    """Return x / (1 + |x|)."""

    def forward(self, input: Any) -> Tensor:
        """Return x / (1 + |x|)."""
        return functional.softsign(input)


# ---- with one choice: to write into the input


class _Rectifier(Module):
    """A function whose only argument is whether the result is written into the input.

    Args:
        inplace: Whether it is.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        """Return whether the result is written into the input, if it is."""
        return "inplace=True" if self.inplace else ""


class ReLU(_Rectifier):
    """Rectified linear unit: x where x > 0, else 0.

    Args:
        inplace: Whether the result is written into the input.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> nn.ReLU()(torch.tensor([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    def forward(self, input: Any) -> Tensor:
        """Return x where it is positive, else 0."""
        return functional.relu(input, self.inplace)


class SELU(_Rectifier):
    """Self-normalizing linear unit; see `functional.selu`."""

    def forward(self, input: Any) -> Tensor:
        """Return the unit of each element."""
        return functional.selu(input, self.inplace)


class SiLU(_Rectifier):
    """Sigmoid linear unit: x σ(x)."""

    def forward(self, input: Any) -> Tensor:
        """Return x σ(x)."""
        return functional.silu(input, self.inplace)


class Mish(_Rectifier):
    """Return x tanh(ln(1 + eˣ))."""

    def forward(self, input: Any) -> Tensor:
        """Return x tanh(ln(1 + eˣ))."""
        return functional.mish(input, self.inplace)


class Hardswish(Module):
    """Return x (x + 3) / 6 between -3 and 3, 0 below and x above."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Any) -> Tensor:
        """Return the piece of each element."""
        return functional.hardswish(input, self.inplace)


class Hardsigmoid(Module):
    """Return (x + 3) / 6, limited to lie between 0 and 1."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Any) -> Tensor:
        """Return (x + 3) / 6, limited."""
        return functional.hardsigmoid(input, self.inplace)


# ---- with numbers


class Hardtanh(Module):
    """Limit x to lie between two bounds.

    Args:
        min_val: The lower.
        max_val: The upper.
        inplace: Whether the result is written into the input.
        min_value: An older name of `min_val`.
        max_value: An older name of `max_val`.

    Raises:
        ArgumentError: When called, if the lower bound is above the upper.
    """

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__()
        for old, new, given in (
            ("min_value", "min_val", min_value),
            ("max_value", "max_val", max_value),
        ):
            if given is not None:
                warnings.warn(
                    f"keyword argument `{old}` is deprecated, use `{new}` instead",
                    FutureWarning,
                    stacklevel=level_of_user(),
                )
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        self.inplace = inplace

    def forward(self, input: Any) -> Tensor:
        """Return x, limited."""
        return functional.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        """Return the bounds."""
        return f"min_val={self.min_val}, max_val={self.max_val}{_in_place(self.inplace)}"


class ReLU6(Hardtanh):
    """Return x limited to lie between 0 and 6."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        """Return whether the result is written into the input, if it is."""
        return "inplace=True" if self.inplace else ""


class LeakyReLU(Module):
    """Return x where x > 0, else a small multiple of x."""

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Any) -> Tensor:
        """Return x, or its multiple."""
        return functional.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        """Return the slope."""
        return f"negative_slope={self.negative_slope}{_in_place(self.inplace)}"


class RReLU(Module):
    """Leaky rectifier whose slope is random in training; see `functional.rrelu`."""

    def __init__(
        self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False
    ) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Any) -> Tensor:
        """Return x, or a multiple of it."""
        return functional.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        """Return the least and the largest slope."""
        return f"lower={self.lower}, upper={self.upper}{_in_place(self.inplace)}"


class PReLU(Module):
    """Return x where x > 0, else w x with learned slopes w.

    Args:
        num_parameters: 1, or the number of channels, which are along the second axis.
        init: The slopes at first.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The slopes' dtype; by default the default dtype.

    Attributes:
        weight: The slopes, of shape (num_parameters,).
    """

    weight: Parameter

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = new_parameter(num_parameters, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the slopes to what they were at first."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Any) -> Tensor:
        """Return x, or w x."""
        return functional.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """Return the number of slopes."""
        return f"num_parameters={self.num_parameters}"


class _Exponential(Module):
    """An exponential unit with α.

    Args:
        alpha: α.
        inplace: Whether the result is written into the input.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def extra_repr(self) -> str:
        """Return α."""
        return f"alpha={self.alpha}{_in_place(self.inplace)}"


class ELU(_Exponential):
    """Exponential linear unit: x where x > 0, else α (eˣ - 1)."""

    def forward(self, input: Any) -> Tensor:
        """Return the unit of each element."""
        return functional.elu(input, self.alpha, self.inplace)


class CELU(_Exponential):
    """Exponential linear unit with a continuous derivative: x where x > 0, else α (e^(x/α) - 1)."""

    def forward(self, input: Any) -> Tensor:
        """Return the unit of each element."""
        return functional.celu(input, self.alpha, self.inplace)


class GELU(Module):
    """Gaussian error linear unit: x Φ(x), or an approximation by tanh."""

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Any) -> Tensor:
        """Return x Φ(x)."""
        return functional.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        """Return the approximation."""
        return f"approximate={self.approximate!r}"


class Softplus(Module):
    """Smooth rectifier: ln(1 + e^(βx)) / β, and x itself where βx is above the threshold."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Any) -> Tensor:
        """Return the smooth rectifier of each element."""
        return functional.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """Return β and the threshold."""
        return f"beta={self.beta}, threshold={self.threshold}"


class _Shrinking(Module):
    """A function that sets what is near zero to zero.

    Args:
        lambd: λ, how near.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def extra_repr(self) -> str:
        """Return λ."""
        return str(self.lambd)


class Hardshrink(_Shrinking):
    """Return x where |x| > λ, else 0."""

    def forward(self, input: Any) -> Tensor:
        """Return x, or 0."""
        return functional.hardshrink(input, self.lambd)


class Softshrink(_Shrinking):
    """Return x moved towards zero by λ, and 0 where |x| ≤ λ."""

    def forward(self, input: Any) -> Tensor:
        """Return x moved, or 0."""
        return functional.softshrink(input, self.lambd)


class Threshold(Module):
    """Return x where it is above the threshold, else the value."""

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Any) -> Tensor:
        """Return x, or the value."""
        return functional.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        """Return the threshold and the value."""
        return f"threshold={self.threshold}, value={self.value}{_in_place(self.inplace)}"


def _in_place(inplace: bool) -> str:
    return ", inplace=True" if inplace else ""


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
