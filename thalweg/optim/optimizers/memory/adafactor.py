"""Adafactor: squares averaged for rows and columns alone, and steps relative to parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from thalweg import tree
from thalweg.core.spec import FLOAT32, DType
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.ops.creation.creation import asarray, zeros, zeros_like
from thalweg.ops.elementwise.arithmetic import sqrt, square
from thalweg.ops.elementwise.comparison import maximum, minimum
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.ops.reduce.sums import mean
from thalweg.ops.shape.reshape import expand_dims
from thalweg.optim.moments import ema, in_single, leafwise, moment
from thalweg.optim.ranges import FINITE, NON_NEGATIVE, POSITIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import (
    add_decayed_weights,
    clip_by_block_rms,
    scale,
    scale_by_learning_rate,
)
from thalweg.optim.schedules.schedule import ScalarOrSchedule
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
from thalweg.optim.transforms.chains import chain
from thalweg.optim.transforms.norms import scale_by_param_block_rms

__all__ = [
    "FactoredDescentState", "FactoredState", "adafactor", "factored_descent",
    "scale_by_factored_rms",
]  # fmt: skip


class FactoredState(NamedTuple):
    """The state of `scale_by_factored_rms`; of what a leaf does not have, one zero is kept."""

    count: Any  # int32 scalar: the steps made
    v_row: Params  # the average of squares over the longest axis, of leaves that are factored
    v_col: Params  # the average of squares over the next longest
    v: Params  # the average of squares of each element, of other leaves


def power_decay(step: Any, exponent: Any = 0.8) -> Tensor:
    """Return the share of averages kept in a step, counted from 0: 1 − (step + 1)^−exponent."""
    kept: Tensor = 1.0 - astype(as_tensor(step) + 1, "float64") ** (-exponent)
    return kept


@factory
def scale_by_factored_rms(
    factored: bool = True,
    decay_rate: float = 0.8,
    step_offset: int = 0,
    min_dim_size_to_factor: int = 128,
    epsilon: float = 1e-30,
    decay_rate_fn: Callable[[Any, Any], Any] = power_decay,
) -> GradientTransformation:
    """Divide updates by the root of averaged squares, which rows and columns keep between them.

        β = decay_rate_fn(t − 1 − step_offset, decay_rate)      1 − t^−decay_rate by default
        R ← (1 − β) mean(g² + epsilon) + β R                    over the longest axis
        C ← (1 − β) mean(g² + epsilon) + β C                    over the next longest
        u = g / √(R / mean(R)) / √C

    Leaves without two long axes keep all averages: V ← (1 − β) (g² + epsilon) + β V, u = g / √V.

    Args:
        factored: Whether any leaf is factored.
        decay_rate: The power of the step with which new squares lose weight, a finite number.
        step_offset: The step to count from, where training goes on from an earlier one.
        min_dim_size_to_factor: The least length of the two longest axes of a leaf that is.
        epsilon: Added to squares, in [0, ∞).
        decay_rate_fn: A function of the step and `decay_rate` to the share of averages kept.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Shazeer & Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", 2018,
        algorithms 2 and 4. arXiv:1804.04235

    Example:
        >>> import thalweg as tw
        >>> factored = tw.optim.scale_by_factored_rms(min_dim_size_to_factor=1)
        >>> gradient = tw.Tensor([[3.0, 6.0], [1.0, 2.0]])
        >>> factored.update(gradient, factored.init(gradient), gradient)[0]
        tensor([[1., 1.],
                [1., 1.]])
    """
    FINITE.check(decay_rate=decay_rate)
    NON_NEGATIVE.check(epsilon=epsilon)

    def axes(x: Tensor) -> tuple[int, int] | None:
        """Return the next longest and the longest axis of a leaf that is factored."""
        order = sorted(range(x.ndim), key=x.shape.__getitem__)
        long = factored and x.ndim > 1 and x.shape[order[-2]] >= min_dim_size_to_factor
        return (order[-2], order[-1]) if long else None

    def kept(p: Tensor, which: int) -> Tensor:
        found = axes(p)
        if found is None:
            return zeros((1,), p.dtype, like=p)
        return zeros([n for i, n in enumerate(p.shape) if i != found[which]], p.dtype, like=p)

    def at(count: Any) -> Any:
        share = as_tensor(decay_rate_fn(count - 1 - step_offset, decay_rate))

        def step(g: Tensor, row: Tensor, column: Tensor, v: Tensor) -> tuple[Tensor, ...]:
            squares, found = squared_magnitude(g) + epsilon, axes(g)
            beta = astype(share, squares.dtype)
            if found is None:
                v = moment(squares, v, beta)
                return g / sqrt(v), row, column, v
            next_longest, longest = found
            row = moment(mean(squares, axis=longest), row, beta)
            column = moment(mean(squares, axis=next_longest), column, beta)
            across = next_longest - 1 if next_longest > longest else next_longest
            rows = expand_dims(row / mean(row, axis=across, keepdims=True), longest)
            return g / sqrt(rows) / sqrt(expand_dims(column, next_longest)), row, column, v

        return step

    inner = leafwise(
        FactoredState,
        at,
        v_row=lambda p: kept(p, 1),
        v_col=lambda p: kept(p, 0),
        v=lambda p: zeros_like(p) if axes(p) is None else zeros((1,), p.dtype, like=p),
    )

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        return inner.update(updates, state, needed(params, "scale_by_factored_rms"))

    return GradientTransformation(inner.init, update)


@factory
def adafactor(
    learning_rate: ScalarOrSchedule | None = None,
    min_dim_size_to_factor: int = 128,
    decay_rate: float = 0.8,
    decay_offset: int = 0,
    multiply_by_parameter_scale: bool = True,
    clipping_threshold: float | None = 1.0,
    momentum: float | None = None,
    dtype_momentum: Any = FLOAT32,
    weight_decay_rate: ScalarOrSchedule | None = None,
    eps: float = 1e-30,
    factored: bool = True,
    weight_decay_mask: Any = None,
) -> GradientTransformation:
    """Adafactor: adaptive steps in the memory of a row and a column.

        u = the update of `scale_by_factored_rms`
        u ← u / max(1, rms(u) / clipping_threshold)
        u ← learning_rate · max(rms(p), 10⁻³) · u
        m ← (1 − momentum) u + momentum · m
        u = −(m + weight_decay_rate · p)

    A part whose argument is None or False is left out. PyTorch's form is `factored_descent`.

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        min_dim_size_to_factor: The least length of the two longest axes of a leaf that is factored.
        decay_rate: The power of the step with which new squares lose weight, a finite number.
        decay_offset: The step to count from, where training goes on from an earlier one.
        multiply_by_parameter_scale: Whether steps are relative to the size of parameters.
        clipping_threshold: The root mean square above which updates are scaled down, in (0, ∞).
        momentum: The share of the average update kept each step, in [0, 1).
        dtype_momentum: The dtype of that average.
        weight_decay_rate: A finite number or a schedule; it does not take part in the rate.
        eps: Added to squares, in [0, ∞).
        factored: Whether any leaf is factored.
        weight_decay_mask: A tree of booleans as for `masked`, True where weights decay.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Shazeer & Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", 2018,
        algorithm 5. arXiv:1804.04235

    Example:
        >>> import thalweg as tw
        >>> tw.optim.adafactor(0.01)
        adafactor(learning_rate=0.01)
    """
    links = [scale_by_factored_rms(factored, decay_rate, decay_offset, min_dim_size_to_factor, eps)]
    if clipping_threshold is not None:
        links.append(clip_by_block_rms(clipping_threshold))
    if learning_rate is not None:
        links.append(scale_by_learning_rate(learning_rate, flip_sign=False))
    if multiply_by_parameter_scale:
        links.append(scale_by_param_block_rms())
    if momentum is not None:
        links.append(ema(momentum, debias=False, accumulator_dtype=dtype_momentum))
    if weight_decay_rate is not None:
        links.append(add_decayed_weights(weight_decay_rate, weight_decay_mask))
    return chain(*links, scale(-1))


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
