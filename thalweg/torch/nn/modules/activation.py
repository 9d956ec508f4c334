"""Activations as modules: each applies the function of `functional` that its name says."""

from __future__ import annotations

import warnings
from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ShapeError
from thalweg.lines import level_of_user
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn import functional, init
from thalweg.torch.nn.modules.module import Layer, Module, describe
from thalweg.torch.nn.parameter import Parameter, add_parameters

__all__ = [
    "CELU", "ELU", "GELU", "GLU", "SELU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh",
    "LeakyReLU", "LogSigmoid", "LogSoftmax", "Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SiLU",
    "Sigmoid", "Softmax", "Softmax2d", "Softmin", "Softplus", "Softshrink", "Softsign", "Tanh",
    "Tanhshrink", "Threshold",
]  # fmt: skip


class _Activation(Layer):
    """A function of each element, or along an axis."""

    def extra_repr(self) -> str:
        """Return the arguments; of `inplace` only that it is true."""
        hidden = {"training"} if getattr(self, "inplace", False) else {"training", "inplace"}
        return describe(self, *(name for name in self._keywords if name not in hidden))


# ---- without arguments


class Sigmoid(_Activation, of=functional.sigmoid):
    """Logistic function: 1 / (1 + e⁻ˣ)."""


class LogSigmoid(_Activation, of=functional.logsigmoid):
    """Logarithm of the logistic function."""


class Tanh(_Activation, of=functional.tanh):
    """Hyperbolic tangent."""


class Tanhshrink(_Activation, of=functional.tanhshrink):
    """Return x - tanh x."""


class Softsign(_Activation, of=functional.softsign):
    """Return x / (1 + |x|)."""


# ---- with a choice: to write into the input


class _Rectifier(_Activation):
    """A function whose result may be written into the input.

    Args:
        inplace: Whether it is.
    """

    def __init__(self, inplace: bool = False) -> None:
        self._begin(locals())


class ReLU(_Rectifier, of=functional.relu):
    """Rectified linear unit: x where x > 0, else 0.

    Args:
        inplace: Whether the result is written into the input.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> nn.ReLU()(torch.tensor([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """


class SELU(_Rectifier, of=functional.selu):
    """Self-normalizing linear unit; see `functional.selu`."""


class SiLU(_Rectifier, of=functional.silu):
    """Sigmoid linear unit: x σ(x)."""


class Mish(_Rectifier, of=functional.mish):
    """Return x tanh(ln(1 + eˣ))."""


class _HardRectifier(_Rectifier):
    """A rectifier that prints without its argument, as PyTorch's do."""

    def extra_repr(self) -> str:
        """Return nothing."""
        return ""


class Hardswish(_HardRectifier, of=functional.hardswish):
    """Return x (x + 3) / 6 between -3 and 3, 0 below and x above."""


class Hardsigmoid(_HardRectifier, of=functional.hardsigmoid):
    """Return (x + 3) / 6, limited to lie between 0 and 1."""


# ---- with numbers


class Hardtanh(_Rectifier, of=functional.hardtanh):
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
        self._begin(locals())
        self.min_val = _by_old_name("min_value", min_value, "min_val", min_val)
        self.max_val = _by_old_name("max_value", max_value, "max_val", max_val)


def _by_old_name(old: str, given: float | None, new: str, value: float) -> float:
    """Return what was given under an older name, with a warning, or else the value."""
    if given is None:
        return value
    warnings.warn(
        f"keyword argument `{old}` is deprecated, use `{new}` instead",
        FutureWarning,
        stacklevel=level_of_user(),
    )
    return given


class ReLU6(Hardtanh):
    """Return x limited to lie between 0 and 6."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        """Return whether the result is written into the input, if it is."""
        return describe(self, inplace=False)


class LeakyReLU(_Rectifier, of=functional.leaky_relu):
    """Return x where x > 0, else a small multiple of x."""

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        self._begin(locals())


class RReLU(_Rectifier, of=functional.rrelu):
    """Leaky rectifier whose slope is random in training; see `functional.rrelu`."""

    def __init__(
        self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False
    ) -> None:
        self._begin(locals())


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
        add_parameters(self, dtype, weight=(num_parameters,))

    def reset_parameters(self) -> None:
        """Set the slopes to what they were at first."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Any) -> Tensor:
        """Return x, or w x."""
        return functional.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """Return the number of slopes."""
        return f"num_parameters={self.num_parameters}"


class _Exponential(_Rectifier):
    """An exponential unit with α.

    Args:
        alpha: α.
        inplace: Whether the result is written into the input.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        self._begin(locals())


class ELU(_Exponential, of=functional.elu):
    """Exponential linear unit: x where x > 0, else α (eˣ - 1)."""


class CELU(_Exponential, of=functional.celu):
    """Exponential linear unit with a continuous derivative: x where x > 0, else α (e^(x/α) - 1)."""


class GELU(_Activation, of=functional.gelu):
    """Gaussian error linear unit: x Φ(x), or an approximation by tanh."""

    def __init__(self, approximate: str = "none") -> None:
        self._begin(locals())

    def extra_repr(self) -> str:
        """Return the approximation."""
        return f"approximate={self.approximate!r}"


class Softplus(_Activation, of=functional.softplus):
    """Smooth rectifier: ln(1 + e^(βx)) / β, and x itself where βx is above the threshold."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self._begin(locals())


class _Shrinking(_Activation):
    """A function that sets what is near zero to zero.

    Args:
        lambd: λ, how near.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        self._begin(locals())

    def extra_repr(self) -> str:
        """Return λ."""
        return str(self.lambd)


class Hardshrink(_Shrinking, of=functional.hardshrink):
    """Return x where |x| > λ, else 0."""


class Softshrink(_Shrinking, of=functional.softshrink):
    """Return x moved towards zero by λ, and 0 where |x| ≤ λ."""


class Threshold(_Rectifier, of=functional.threshold):
    """Return x where it is above the threshold, else the value."""

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        self._begin(locals())


class _AlongAxis(_Activation):
    """A function along an axis.

    Args:
        dim: The axis; by default 0 for tensors of 0, 1 and 3 axes, else 1.
    """

    def __init__(self, dim: int | None = None) -> None:
        self._begin(locals())


class Softmax(_AlongAxis, of=functional.softmax):
    """Exponentials that sum to one along an axis."""


class Softmin(_AlongAxis, of=functional.softmin):
    """Softmax of -x."""


class LogSoftmax(_AlongAxis, of=functional.log_softmax):
    """Logarithm of the softmax along an axis."""


class Softmax2d(Module):
    """Softmax over the channels of (N, C, H, W) or (C, H, W)."""

    def forward(self, input: Any) -> Tensor:
        """Return eˣ / Σ eˣ."""
        x = as_tensor(input)
        if x.ndim not in (3, 4):
            raise ShapeError(f"Softmax2d: expected input to be 3D or 4D, got shape {x.shape}.")
        return functional.softmax(x, -3)


class GLU(_AlongAxis, of=functional.glu):
    """Gated linear unit: a σ(b), a the first half along the axis and b the second."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim)
