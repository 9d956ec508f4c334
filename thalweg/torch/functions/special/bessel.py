"""Bessel's functions of both kinds, also modified, spherical, and Airy's.

In a compiled run those of the second kind and Airy's are called back; the others are native.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.control.callback import pure_callback
from thalweg.control.custom import custom_jvp
from thalweg.core.operation import op
from thalweg.core.spec import Array, Spec
from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.elementwise.trigonometric import sinc
from thalweg.ops.special import bessel
from thalweg.torch.functions.special import numbers
from thalweg.torch.functions.special.operands import floating
from thalweg.torch.naming import as_tensor

Function = Callable[[Any], Tensor]

Slope = Callable[[Tensor, Tensor], Tensor]


def _computed(values: Callable[[Array], Array], slope: Slope) -> Callable[[Any], Tensor]:
    """Return a function of real tensors that NumPy computes.

    Args:
        values: Maps an array to an array of its shape and dtype.
        slope: The derivative, as a function of the argument and the result.
    """

    @custom_jvp
    def computed(x: Tensor) -> Any:
        spec = Spec(x.shape, x.dtype)
        return pure_callback(values, spec, x, vmap_method="expand_dims")

    @computed.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        found = computed(primals[0])
        return found, tangents[0] * slope(primals[0], found)

    return lambda x: as_tensor(computed(floating(x)))


_y0: Function = _computed(lambda x: numbers.bessel_y(0, x), lambda x, y: -_y1(x))
_y1: Function = _computed(lambda x: numbers.bessel_y(1, x), lambda x, y: _y0(x) - y / x)
_k0: Function = _computed(lambda x: numbers.modified_k(0, x, False), lambda x, y: -_k1(x))
_k1: Function = _computed(lambda x: numbers.modified_k(1, x, False), lambda x, y: -_k0(x) - y / x)
_k0e: Function = _computed(lambda x: numbers.modified_k(0, x, True), lambda x, y: y - _k1e(x))
_k1e: Function = _computed(
    lambda x: numbers.modified_k(1, x, True), lambda x, y: y - _k0e(x) - y / x
)
_ai: Function = _computed(lambda x: numbers.airy(x)[0], lambda x, y: _ai_slope(x))
_ai_slope: Function = _computed(lambda x: numbers.airy(x)[1], lambda x, y: x * _ai(x))


def bessel_j0(input: Any) -> Tensor:
    """Bessel function of the first kind and order 0.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.special.bessel_j0(torch.tensor([0.0, 1.0]))
        tensor([1.0000, 0.7652])
    """
    return bessel.j0(floating(input))


def bessel_j1(input: Any) -> Tensor:
    """Bessel function of the first kind and order 1."""
    return bessel.j1(floating(input))


def bessel_y0(input: Any) -> Tensor:
    """Bessel function of the second kind and order 0, of x > 0; -Inf at 0 and NaN below.

    Within 3·10⁻¹⁴ of SciPy's, as part of the larger of |Y₀| and 1/√x, up to 700; its derivative is
    -Y₁.
    """
    return _y0(input)


def bessel_y1(input: Any) -> Tensor:
    """Bessel function of the second kind and order 1, of x > 0; -Inf at 0 and NaN below.

    As exact as `bessel_y0`; its derivative is Y₀ - Y₁/x.
    """
    return _y1(input)


def modified_bessel_i0(input: Any) -> Tensor:
    """Modified Bessel function of the first kind and order 0."""
    return bessel.i0(floating(input))


def modified_bessel_i1(input: Any) -> Tensor:
    """Modified Bessel function of the first kind and order 1."""
    return bessel.i1(floating(input))


def modified_bessel_k0(input: Any) -> Tensor:
    """Modified Bessel function of the second kind and order 0, of x > 0; Inf at 0, NaN below.

    Within 2·10⁻¹⁵ of SciPy's, relatively; its derivative is -K₁.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.special.modified_bessel_k0(torch.tensor([0.5, 2.0]))
        tensor([0.9244, 0.1139])
    """
    return _k0(input)


def modified_bessel_k1(input: Any) -> Tensor:
    """Modified Bessel function of the second kind and order 1, of x > 0; Inf at 0, NaN below.

    Within 2·10⁻¹⁵ of SciPy's, relatively; its derivative is -K₀ - K₁/x.
    """
    return _k1(input)


def scaled_modified_bessel_k0(input: Any) -> Tensor:
    """Modified Bessel function of the second kind and order 0, scaled: eˣ K₀(x).

    Within 2·10⁻¹⁵ of SciPy's, relatively.
    """
    return _k0e(input)


def scaled_modified_bessel_k1(input: Any) -> Tensor:
    """Modified Bessel function of the second kind and order 1, scaled: eˣ K₁(x).

    Within 2·10⁻¹⁵ of SciPy's, relatively.
    """
    return _k1e(input)


def spherical_bessel_j0(input: Any) -> Tensor:
    """Spherical Bessel function of the first kind and order 0: sin x / x, 1 at 0.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.special.spherical_bessel_j0(torch.tensor([0.0, 1.0]))
        tensor([1.0000, 0.8415])
    """
    x = floating(input)
    infinite = op.isinf(x)
    return where(infinite, 0.0, sinc(where(infinite, 1.0, x) / np.pi))


def airy_ai(input: Any) -> Tensor:
    """Airy's function Ai, for which Ai'' = x Ai.

    Relatively within 10⁻¹³ of SciPy's where it falls, and to 2·10⁻¹⁴ where it oscillates, down to
    -60. PyTorch's is NaN from about 100 on, where this is small.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.special.airy_ai(torch.tensor([-1.0, 0.0, 1.0]))
        tensor([0.5356, 0.3550, 0.1353])
    """
    return _ai(input)


FUNCTIONS = [
    airy_ai, bessel_j0, bessel_j1, bessel_y0, bessel_y1, modified_bessel_i0, modified_bessel_i1,
    modified_bessel_k0, modified_bessel_k1, scaled_modified_bessel_k0, scaled_modified_bessel_k1,
    spherical_bessel_j0,
]  # fmt: skip
