"""Updates that are added up and applied together."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.ops.creation.creation import zeros_like
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.optim.moments import step_each
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    each,
    first_count,
)

__all__ = ["ApplyEvery", "apply_every"]


class ApplyEvery(NamedTuple):
    """The state of `apply_every`."""

    count: Any  # int32 scalar: the steps since updates were last applied
    grad_acc: Params  # the sum of updates since


@factory
def apply_every(k: int = 1) -> GradientTransformation:
    """Add up updates, and let the sum pass in every k-th step; the others' updates are zero.

        s ← g + s                       (s ← g in the first of k steps)
        u = s in the k-th step, else 0

    Behind an optimizer, whose state changes in each step, this is not the same as a batch k times
    as large: the updates are added up, not the gradients.

    Args:
        k: The number of steps, in [1, ∞).

    Raises:
        ArgumentError: If `k` is less than 1.

    Example:
        >>> import thalweg as tw
        >>> pairs = tw.optim.apply_every(2)
        >>> updates, state = pairs.update([1.0], pairs.init([0.0]))
        >>> updates, pairs.update([2.0], state)[0]
        ([np.float64(0.0)], [np.float64(3.0)])
    """
    if k < 1:
        raise ArgumentError(
            f"apply_every got k={k!r}; it must be a whole number in [1, ∞). Give 1 to apply all."
        )

    def init(params: Params) -> ApplyEvery:
        return ApplyEvery(first_count(), each(zeros_like, params))

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        position = state.count % k
        is_first, is_last = equal(position, 0), equal(position, k - 1)

        def step(g: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
            s = where(is_first, g, g + s)
            return where(is_last, s, 0.0), s

        found, added = step_each(step, updates, state.grad_acc)
        return found, ApplyEvery(where(is_last, 0, position + 1), added)

    return GradientTransformation(init, update)
