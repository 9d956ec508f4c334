"""Parameters moved towards others, and values and gradients taken from a state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from thalweg.autodiff.functional import value_and_grad
from thalweg.control.branches import cond
from thalweg.core.tensor import Tensor, astype
from thalweg.errors import ArgumentError
from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.arithmetic import remainder
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.elementwise.floats import isfinite
from thalweg.ops.numpy.kinds import on_tensors, same_kind
from thalweg.optim.transformation import OptState, Params, each
from thalweg.optim.tree_utils.states import tree_get

__all__ = ["incremental_update", "periodic_update", "value_and_grad_from_state"]

Leaves = TypeVar("Leaves")


@same_kind
def incremental_update(new_tensors: Leaves, old_tensors: Params, step_size: Any) -> Leaves:
    """Move parameters a share of the way to others: Polyak averaging, soft target networks.

        step_size · new + (1 − step_size) · old

    Args:
        new_tensors: The parameters moved to.
        old_tensors: The parameters moved.
        step_size: The share, in [0, 1].

    Raises:
        ShapeError: If the trees differ in structure, or shapes do not broadcast.

    Source:
        Polyak & Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.incremental_update({"w": 1.0}, {"w": 0.0}, 0.25)
        {'w': np.float64(0.25)}
    """
    moved: Leaves = each(
        lambda new, old: step_size * new + (1.0 - step_size) * old, new_tensors, old_tensors
    )
    return moved


@same_kind
def periodic_update(
    new_tensors: Leaves, old_tensors: Params, steps: Any, update_period: Any
) -> Leaves:
    """Return new parameters in every so many steps, else the old ones: hard target networks.

    Args:
        new_tensors: Returned where `steps` is a multiple of the period, 0 too.
        old_tensors: Returned elsewhere.
        steps: The step, an integer.
        update_period: The period, an integer in [1, ∞).

    Raises:
        ShapeError: If the trees differ in structure, or shapes do not broadcast.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.periodic_update({"w": 1.0}, {"w": 0.0}, 7, 10)
        {'w': np.float64(0.0)}
    """
    due = equal(remainder(asarray(steps), update_period), 0)
    chosen: Leaves = each(lambda new, old: where(due, new, old), new_tensors, old_tensors)
    return chosen


def value_and_grad_from_state(value_fn: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
    """Return a `value_and_grad` that takes both from a state where a line search left them.

    Args:
        value_fn: A function of the parameters that returns a scalar.

    Returns:
        A function of the arguments of `value_fn`, and of the keyword `state`. It computes value
        and gradient where the value in the state is infinite or NaN, as it is at first.

    Raises:
        ArgumentError: By that function, if the state holds no value or no gradient.
        MissingEntry: Likewise, if it holds several.

    Example:
        >>> import thalweg as tw
        >>> both = tw.optim.value_and_grad_from_state(lambda x: x**2)
        >>> both(3.0, state={"value": float("inf"), "grad": 0.0})
        (np.float64(9.0), np.float64(6.0))
    """

    @on_tensors
    def value_and_gradient(
        params: Params, *fn_args: Any, state: OptState, **fn_kwargs: Any
    ) -> tuple[Tensor, Any]:
        value, grad = tree_get(state, "value"), tree_get(state, "grad")
        if value is None or grad is None:
            raise ArgumentError(
                "Value or gradient not found in the state. Make sure that these values are stored "
                "in the state by the optimizer, as scale_by_backtracking_linesearch(…, "
                "store_grad=True) does."
            )
        known = asarray(value), each(asarray, grad)

        def computed(p: Any, a: Any, kwa: Any) -> Any:
            found = value_and_grad(value_fn)(p, *a, **kwa)
            return each(lambda x, y: astype(x, y.dtype), found, known)

        found: tuple[Tensor, Any] = cond(
            isfinite(known[0]), lambda *_: known, computed, params, fn_args, fn_kwargs
        )
        return found

    return value_and_gradient
