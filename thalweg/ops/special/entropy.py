"""Terms of relative entropies, and losses that grow linearly far out: SciPy's names."""

from __future__ import annotations

import math
from typing import Any

from thalweg.core.operation import op, operation
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.ops.elementwise.arithmetic import absolute, sqrt
from thalweg.ops.elementwise.comparison import (
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_or,
    where,
)
from thalweg.ops.elementwise.exponential import log
from thalweg.ops.elementwise.floats import isnan


def _relative(x: Any, y: Any, plain: Any, at_zero: Any) -> Tensor:
    p, q = op.multiply(as_tensor(x), 1.0), op.multiply(as_tensor(y), 1.0)
    inside = logical_and(greater(p, 0), greater(q, 0))
    a, b = where(inside, p, 1.0), where(inside, q, 1.0)
    ratio = a / b
    whole = logical_and(greater(ratio, 0), less(ratio, math.inf))
    # A quotient beyond the largest or smallest number has a logarithm all the same.
    logarithm = where(whole, log(where(whole, ratio, 1.0)), log(a) - log(b))
    empty = logical_and(equal(p, 0), greater_equal(q, 0))
    outside = where(empty, at_zero(q), math.inf)
    found = where(inside, plain(a * logarithm, a, b), outside)
    return where(logical_or(isnan(p), isnan(q)), math.nan, found)


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
    inside = less_equal(size, limit)
    found = where(
        inside,
        0.5 * residual * residual,
        where(inside, 0.0, limit) * (where(inside, 0.0, size) - 0.5 * where(inside, 0.0, limit)),
    )
    found = where(logical_or(isnan(limit), isnan(residual)), math.nan, found)
    return where(less(limit, 0), math.inf, found)


@operation
def pseudo_huber(delta: Any, r: Any) -> Tensor:
    """Smooth loss of Huber's kind: δ² (√(1 + (r / δ)²) - 1); ∞ where δ is negative."""
    limit, residual = op.multiply(as_tensor(delta), 1.0), op.multiply(as_tensor(r), 1.0)
    positive = greater(limit, 0)
    safe = where(positive, limit, 1.0)
    part = where(positive, residual, 0.0) / safe
    # √(1 + u²) - 1 = u² / (√(1 + u²) + 1), which keeps its digits; far out it is |u| - 1.
    far = greater(absolute(part), 1e100)
    near = where(far, 0.0, part)
    root = sqrt(1.0 + near * near)
    found = safe * safe * where(far, absolute(part) - 1.0, near * (near / (root + 1.0)))
    found = where(logical_or(isnan(limit), isnan(residual)), math.nan, found)
    nothing = logical_or(equal(limit, 0), equal(residual, 0))
    return where(less(limit, 0), math.inf, where(nothing, 0.0, found))
