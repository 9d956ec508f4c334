"""Functions of `scipy.special` in its own form, where NumPy, PyTorch or the rest here has another.

What has one form is registered by SciPy's names where it is written.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.operation import op, operation, register
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError
from thalweg.ops.elementwise import conversion
from thalweg.ops.elementwise.arithmetic import absolute, multiply, power
from thalweg.ops.elementwise.comparison import equal, less, where
from thalweg.ops.elementwise.exponential import exp, log, sigmoid
from thalweg.ops.elementwise.rounding import floor
from thalweg.ops.elementwise.trigonometric import sin
from thalweg.ops.reduce import sums
from thalweg.ops.shape.axes import normalize_axes, without
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.special import activations, gamma

register("expit", sigmoid)

register("log_expit", activations.log_sigmoid)

log_expit = activations.log_sigmoid


def softmax(x: Any, axis: Any = None) -> Tensor:
    """Exponentials that sum to one over the axes, by default over all: eˣ / Σ eˣ."""
    tensor = as_tensor(x)
    return activations.softmax(tensor, normalize_axes("softmax", axis, tensor.ndim))


def log_softmax(x: Any, axis: Any = None) -> Tensor:
    """Logarithm of the softmax over the axes, by default over all, without overflow."""
    tensor = as_tensor(x)
    return activations.log_softmax(tensor, normalize_axes("log_softmax", axis, tensor.ndim))


def logsumexp(
    a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    """Logarithm of a sum of exponentials, without overflow: ln Σ b eᵃ.

    Args:
        a: A tensor.
        axis: An axis, several, or None for all.
        b: Factors, which broadcast; they may be negative or 0.
        keepdims: Whether reduced axes stay, with extent 1.
        return_sign: Whether to return ln |Σ b eᵃ| and the sign of the sum; otherwise the result
            is NaN where that is negative.

    Example:
        >>> import thalweg as tw
        >>> tw.special.logsumexp([0.0, 0.0], b=[3.0, 1.0])  # ln 4
        tensor(1.3863)
    """
    if b is None and not return_sign:
        return sums.logsumexp(a, axis, keepdims)
    x = conversion.as_floating(a, None)
    weights = op.ones_like(x) if b is None else conversion.as_floating(b, None)
    x, weights = op.broadcast_arrays(x, weights)
    axes = normalize_axes("logsumexp", axis, x.ndim)
    # What has no weight is left out, and so is its size.
    x = where(equal(weights, 0), -math.inf, x)
    largest = op.stop_gradient(op.amax(x, axes, keepdims=True))
    shift = where(less(absolute(largest), math.inf), largest, 0.0)
    total = op.sum(multiply(weights, exp(x - shift)), axes, keepdims=True)
    sign, nothing = op.sign(total), equal(total, 0)
    size = where(nothing, -math.inf, log(absolute(where(nothing, 1.0, total)))) + shift
    shape = size.shape if keepdims else without(x.shape, axes)
    size, sign = reshape(size, shape), reshape(sign, shape)
    return (size, sign) if return_sign else where(less(sign, 0), math.nan, size)


def polygamma(n: Any, x: Any) -> Tensor:
    """Derivative of order n of the digamma function; orders broadcast with x.

    Raises:
        ArgumentError: If an order is negative or no whole number.
    """
    orders = np.asarray(n.numpy() if isinstance(n, Tensor) else n)
    if orders.ndim == 0:
        return gamma.polygamma(orders.item(), x)
    if (orders < 0).any() or (orders != np.floor(orders)).any():
        raise ArgumentError(f"polygamma got the orders {orders.tolist()}; they are 0, 1, 2 …")
    found: Any = 0.0
    for order in np.unique(orders).tolist():
        found = where(orders == order, gamma.polygamma(int(order), x), found)
    return op.broadcast_to(found, np.broadcast_shapes(orders.shape, found.shape))  # type: ignore[no-any-return]


# ---- zeta

_TERMS = 14

_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)


@operation("_riemann_zeta")
def riemann_zeta(x: Any) -> Tensor:
    """Riemann's zeta function: Σ 1 / nˣ, continued to all real numbers.

    Source:
        The Euler-Maclaurin formula, and below 0 the functional equation; Abramowitz & Stegun
        23.2.3 and 23.2.6.
    """
    s = op.multiply(as_tensor(x), 1.0)
    below = less(s, 0)
    right = where(below, 1.0 - s, s)
    pole = equal(right, 1)
    found = _summed(where(pole, 2.0, right))
    half = where(below, s, 1.0) * 0.5
    turn = where(equal(half, floor(half)), 0.0, sin(math.pi * (half - 2.0 * op.rint(half * 0.5))))
    left = power(2.0, where(below, s, 1.0)) * power(math.pi, where(below, s, 1.0) - 1.0)
    reflected = left * turn * op.gamma(where(below, right, 1.0)) * found
    reflected = where(equal(turn, 0), 0.0, reflected)
    result = where(pole, math.inf, where(below, reflected, found))
    return where(equal(s, -math.inf), math.nan, where(equal(s, math.inf), 1.0, result))


def _summed(s: Tensor) -> Tensor:
    """Return ζ(s) for s ≥ 0."""
    s = where(less(s, 1e4), s, 1e4)
    total: Any = 1.0
    for k in range(2, _TERMS):
        total = total + exp(-s * math.log(k))
    last = exp(-s * math.log(_TERMS))
    total = total + last * (_TERMS / (s - 1.0) + 0.5)
    factor = s * last / _TERMS
    for k, bernoulli in enumerate(_BERNOULLI, start=1):
        total = total + bernoulli / math.factorial(2 * k) * factor
        factor = factor * (s + 2 * k - 1.0) * (s + 2 * k) / (_TERMS * _TERMS)
    typed: Tensor = total
    return typed


def zeta(x: Any, q: Any = None) -> Tensor:
    """Hurwitz's zeta function: Σ 1 / (q + k)ˣ over k = 0, 1, …; without q Riemann's."""
    return riemann_zeta(x) if q is None else gamma.zeta(x, q)
