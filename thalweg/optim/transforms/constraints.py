"""Parameters that stay in bounds, and updates freed of NaN."""

from __future__ import annotations

from typing import NamedTuple

from thalweg.core.tensor import Tensor
from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.comparison import less, where
from thalweg.ops.elementwise.floats import isnan
from thalweg.ops.reduce.sums import any as any_of
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    EmptyState,
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    each,
    needed,
    stateless,
)

__all__ = ["NonNegativeParamsState", "ZeroNansState", "keep_params_nonnegative", "zero_nans"]

NonNegativeParamsState = EmptyState


@factory
def keep_params_nonnegative() -> GradientTransformation:
    """Change updates so that no parameter becomes negative: it becomes 0 instead.

        u = −p    where p + g < 0
            g     elsewhere

    The last one of a chain: what changes its updates may break the promise.

    Raises:
        ArgumentError: By `update`, if it gets no parameters.

    Example:
        >>> import thalweg as tw
        >>> bounded = tw.optim.keep_params_nonnegative()
        >>> bounded.update([-3.0, 1.0], tw.optim.EmptyState(), [2.0, 2.0])
        ([np.float64(-2.0), np.float64(1.0)], EmptyState())
    """

    def bounded(g: Tensor, p: Tensor) -> Tensor:
        return where(less(p + g, 0.0), -p, g)

    return stateless(
        lambda updates, params: each(bounded, updates, needed(params, "keep_params_nonnegative"))
    )


class ZeroNansState(NamedTuple):
    """The state of `zero_nans`."""

    found_nan: Params  # bool scalars: whether the last updates had a NaN, one a parameter


@factory
def zero_nans() -> GradientTransformation:
    """Replace NaN by 0; the state tells where there was one.

        u = 0 where g is NaN, else g

    Infinities stay. A gradient of zero in place of NaN hides what is wrong: look at the state.

    Example:
        >>> import thalweg as tw
        >>> zeroed = tw.optim.zero_nans()
        >>> zeroed.update([float("nan"), 1.0], zeroed.init([0.0, 0.0]))[0]
        [np.float64(0.0), np.float64(1.0)]
    """

    def init(params: Params) -> ZeroNansState:
        return ZeroNansState(each(lambda p: asarray(False), params))

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        found = each(lambda g: any_of(isnan(g)), updates)
        return each(lambda g: where(isnan(g), 0.0, g), updates), ZeroNansState(found)

    return GradientTransformation(init, update)
