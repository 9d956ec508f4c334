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
from thalweg.ops.elementwise.arithmetic import absolute, horner, multiply, power, sqrt
from thalweg.ops.elementwise.comparison import equal, less, logical_and, where
from thalweg.ops.elementwise.exponential import exp, expm1, log, log1p, sigmoid
from thalweg.ops.elementwise.floats import isnan
from thalweg.ops.elementwise.rounding import floor
from thalweg.ops.elementwise.trigonometric import sin
from thalweg.ops.reduce import sums
from thalweg.ops.shape.axes import normalize_axes, without
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.special import activations, gamma
from thalweg.ops.special import zeta as zetas

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
    shift = sums.finite(largest)
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
    return op.broadcast_to(found, np.broadcast_shapes(orders.shape, found.shape))


# ---- zeta

_TERMS = 14


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
    found = _zeta_series(where(pole, 2.0, right))
    half = where(below, s, 1.0) * 0.5
    turn = where(equal(half, floor(half)), 0.0, sin(math.pi * (half - 2.0 * op.rint(half * 0.5))))
    left = power(2.0, where(below, s, 1.0)) * power(math.pi, where(below, s, 1.0) - 1.0)
    reflected = left * turn * op.gamma(where(below, right, 1.0)) * found
    reflected = where(equal(turn, 0), 0.0, reflected)
    result = where(pole, math.inf, where(below, reflected, found))
    return where(equal(s, -math.inf), math.nan, where(equal(s, math.inf), 1.0, result))


def _zeta_series(s: Tensor) -> Tensor:
    """Return ζ(s) for s ≥ 0."""
    s = where(less(s, 1e4), s, 1e4)
    total: Any = 1.0
    for k in range(2, _TERMS):
        total = total + exp(-s * math.log(k))
    last = exp(-s * math.log(_TERMS))
    total = total + last * (_TERMS / (s - 1.0) + 0.5)
    found: Tensor = zetas.add_corrections(total, s * last / _TERMS, s, _TERMS)
    return found


def zeta(x: Any, q: Any = None) -> Tensor:
    """Hurwitz's zeta function: Σ 1 / (q + k)ˣ over k = 0, 1, …; without q Riemann's."""
    return riemann_zeta(x) if q is None else zetas.zeta(x, q)


def _relative(x: Any, y: Any, plain: Any, at_zero: Any) -> Tensor:
    p, q = op.multiply(as_tensor(x), 1.0), op.multiply(as_tensor(y), 1.0)
    inside = (p > 0) & (q > 0)
    a, b = where(inside, p, 1.0), where(inside, q, 1.0)
    ratio = a / b
    whole = (ratio > 0) & (ratio < math.inf)
    # A quotient beyond the largest or smallest number has a logarithm all the same.
    logarithm = where(whole, log(where(whole, ratio, 1.0)), log(a) - log(b))
    outside = where((p == 0) & (q >= 0), at_zero(q), math.inf)
    found = where(inside, plain(a * logarithm, a, b), outside)
    return where(isnan(p) | isnan(q), math.nan, found)


@operation
def rel_entr(x: Any, y: Any) -> Tensor:
    """Term of the relative entropy: x ln(x / y); 0 where x = 0 ≤ y, and ∞ outside.

    Example:
        >>> import thalweg as tw
        >>> tw.special.rel_entr(tw.tensor([0.0, 1.0]), 0.5)
        tensor([0.0000, 0.6931])
    """
    return _relative(x, y, lambda term, a, b: term, lambda q: 0.0)


@operation
def kl_div(x: Any, y: Any) -> Tensor:
    """Term of the Kullback-Leibler divergence: x ln(x / y) - x + y; y where x = 0 ≤ y, else ∞."""
    return _relative(x, y, lambda term, a, b: term - a + b, lambda q: q)


@operation
def huber(delta: Any, r: Any) -> Tensor:
    """Huber's loss: r² / 2 up to δ, δ (|r| - δ / 2) beyond; ∞ where δ is negative."""
    limit, residual = op.multiply(as_tensor(delta), 1.0), op.multiply(as_tensor(r), 1.0)
    size = absolute(residual)
    inside = size <= limit
    found = where(
        inside,
        0.5 * residual * residual,
        where(inside, 0.0, limit) * (where(inside, 0.0, size) - 0.5 * where(inside, 0.0, limit)),
    )
    found = where(isnan(limit) | isnan(residual), math.nan, found)
    return where(limit < 0, math.inf, found)


@operation
def pseudo_huber(delta: Any, r: Any) -> Tensor:
    """Smooth loss of Huber's kind: δ² (√(1 + (r / δ)²) - 1); ∞ where δ is negative."""
    limit, residual = op.multiply(as_tensor(delta), 1.0), op.multiply(as_tensor(r), 1.0)
    positive = limit > 0
    safe = where(positive, limit, 1.0)
    part = where(positive, residual, 0.0) / safe
    # √(1 + u²) - 1 = u² / (√(1 + u²) + 1), which keeps its digits; far out it is |u| - 1.
    far = absolute(part) > 1e100
    near = where(far, 0.0, part)
    root = sqrt(1.0 + near * near)
    found = safe * safe * where(far, absolute(part) - 1.0, near * (near / (root + 1.0)))
    found = where(isnan(limit) | isnan(residual), math.nan, found)
    nothing = (limit == 0) | (residual == 0)
    return where(limit < 0, math.inf, where(nothing, 0.0, found))


# Below this the series is exact to the last digit, with its derivatives.
_NEAR = 0.02

# Coefficients of (eˣ - 1) / x and of ln(1 + x) / x, the highest power first.
_OF_EXPONENTIAL = [1.0 / math.factorial(k + 1) for k in reversed(range(10))]

_OF_LOGARITHM = [(-1.0) ** k / (k + 1) for k in reversed(range(12))]


@operation
def exprel(x: Any) -> Tensor:
    """Relative exponential: (eˣ - 1) / x, and 1 at 0."""
    tensor = op.multiply(as_tensor(x), 1.0)
    near = less(absolute(tensor), _NEAR)
    far = where(near, 1.0, tensor)
    infinite = equal(tensor, math.inf)
    quotient = expm1(far) / where(infinite, 1.0, far)
    return where(near, horner(_OF_EXPONENTIAL, where(near, tensor, 0.0)), quotient)


def _product(power: Tensor, value: Tensor) -> Tensor:
    """Return λ y, 0 where λ is 0 even if y is infinite; derivatives by λ at 0 are kept."""
    nothing = logical_and(equal(power, 0), equal(absolute(value), math.inf))
    return power * where(nothing, 0.0, value)


def _of_logarithm(logarithm: Tensor, power: Tensor) -> Tensor:
    """Return (e^(λ ln x) - 1) / λ, and ln x where λ is 0."""
    exponent = _product(power, logarithm)
    near = less(absolute(exponent), _NEAR)
    small = where(near, logarithm, 0.0) * horner(_OF_EXPONENTIAL, where(near, exponent, 0.0))
    far = expm1(where(near, 1.0, exponent)) / where(near, 1.0, power)
    return where(near, small, far)


@operation
def boxcox(x: Any, lmbda: Any) -> Tensor:
    """Box-Cox transform: (xᵞ - 1) / γ for a power γ, and ln x where γ is 0."""
    return _of_logarithm(log(x), op.multiply(as_tensor(lmbda), 1.0))


@operation
def boxcox1p(x: Any, lmbda: Any) -> Tensor:
    """Box-Cox transform of 1 + x, accurate near x = 0."""
    return _of_logarithm(log1p(x), op.multiply(as_tensor(lmbda), 1.0))


def _logarithm(y: Any, lmbda: Any) -> Tensor:
    """Return ln(1 + λ y) / λ, and y where λ is 0."""
    value, power = op.multiply(as_tensor(y), 1.0), op.multiply(as_tensor(lmbda), 1.0)
    product = _product(power, value)
    near = less(absolute(product), _NEAR)
    small = value * horner(_OF_LOGARITHM, where(near, product, 0.0))
    far = log1p(where(near, 1.0, product)) / where(near, 1.0, power)
    return where(near, small, far)


@operation
def inv_boxcox(y: Any, lmbda: Any) -> Tensor:
    """Inverse of `boxcox`: (1 + γ y)^(1/γ), and eʸ where γ is 0."""
    return exp(_logarithm(y, lmbda))


@operation
def inv_boxcox1p(y: Any, lmbda: Any) -> Tensor:
    """Inverse of `boxcox1p`."""
    return multiply(1.0, expm1(_logarithm(y, lmbda)))
