"""Adafactor: squares averaged for rows and columns alone, and steps relative to parameters."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg import tree
from thalweg.core.spec import DType
from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import asarray, zeros_like
from thalweg.ops.elementwise.arithmetic import sqrt, square
from thalweg.ops.elementwise.comparison import maximum, minimum
from thalweg.ops.reduce.sums import mean
from thalweg.optim.moments import in_single
from thalweg.optim.ranges import NON_NEGATIVE, POSITIVE
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    each,
    first_count,
    needed,
    safe_increment,
)

__all__ = ["FactoredDescentState", "factored_descent"]


class FactoredDescentState(NamedTuple):
    """The state of `factored_descent`; None stands where a parameter has no such average."""

    count: Any  # int32 scalar: the steps made
    row_var: Params  # the average of squares of each row, of arrays of two axes or more
    col_var: Params  # the average of squares of each column
    variance: Params  # the average of squares of each element, of other arrays


@factory
def factored_descent(
    learning_rate: float = 1e-2,
    beta2_decay: float = -0.8,
    eps1: float | None = None,
    eps2: float = 1e-3,
    d: float = 1.0,
) -> GradientTransformation:
    """Descend by the root of averaged squares, which rows and columns keep between them.

        ω = t^beta2_decay       R ← R + ω (mean g² of rows − R)     C ← likewise of columns
        V = R C / max(mean R, eps1)         (arrays of one axis: V ← V + ω (g² − V))
        u = g / √max(V, eps1²)
        α = max(eps2, rms(p)) · min(learning_rate, 1/√t)
        update = −α / max(1, rms(u) / d) · u

    Args:
        learning_rate: The largest relative step, in [0, ∞).
        beta2_decay: The power of the step with which new squares lose weight, usually negative.
        eps1: Keeps squares from zero; None for the precision of the dtype.
        eps2: The smallest size a parameter counts with, in [0, ∞).
        d: The root mean square above which updates are scaled down, in (0, ∞).

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Shazeer & Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", 2018,
        algorithms 4 and 5. arXiv:1804.04235

    Example:
        >>> import thalweg as tw
        >>> adafactor = tw.optim.factored_descent(0.01)
        >>> updates, _ = adafactor.update([3.0], adafactor.init([2.0]), [2.0])
        >>> round(updates[0].item(), 12)
        -0.02
    """
    NON_NEGATIVE.check(learning_rate=learning_rate, eps2=eps2)
    POSITIVE.check(d=d)

    def init(params: Params) -> FactoredDescentState:
        rows = each(lambda p: zeros_like(p[..., :1]) if p.ndim > 1 else None, params)
        columns = each(lambda p: zeros_like(p[..., :1, :]) if p.ndim > 1 else None, params)
        others = each(lambda p: None if p.ndim > 1 else zeros_like(p), params)
        return FactoredDescentState(first_count(), rows, columns, others)

    def step(rate: Any, p: Any, g: Any, row: Any, column: Any, variance: Any) -> Any:
        g = asarray(g)
        smallest = _precision(g.dtype) if eps1 is None else eps1
        if row is not None:
            variance = row * column / maximum(mean(row, axis=-2, keepdims=True), smallest)
        u = g / sqrt(maximum(variance, smallest * smallest))
        size = maximum(_rms(asarray(p)), eps2) * astype(rate, g.dtype)
        return -(size / maximum(_rms(u) / d, 1.0)) * u

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        weights = needed(params, "factored_descent")
        count = safe_increment(state.count)
        t = astype(count, "float64")
        share, rate = t**beta2_decay, minimum(1.0 / sqrt(t), learning_rate)

        def averaged(old: Params, axis: int | None) -> Params:
            def average(g: Any, v: Any) -> Any:
                squares = square(asarray(g))
                new = squares if axis is None else mean(squares, axis=axis, keepdims=True)
                return v + astype(share, new.dtype) * (new - v)

            return tree.map(lambda g, v: None if v is None else average(g, v), updates, old)

        rows, columns = averaged(state.row_var, -1), averaged(state.col_var, -2)
        others = averaged(state.variance, None)
        parts = (updates, rows, columns, others)
        found = tree.map(lambda *leaves: step(rate, *leaves), weights, *parts)
        return found, FactoredDescentState(count, rows, columns, others)

    return in_single(init, update)


def _precision(dtype: DType) -> float:
    """Return the distance from 1 to the next number of a dtype."""
    return float({2: 2.0**-10, 4: 2.0**-23}.get(dtype.itemsize, 2.0**-52))


def _rms(x: Tensor) -> Tensor:
    return sqrt(mean(square(x)))
