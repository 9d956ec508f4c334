"""Values and gradients that a line search left in its state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.autodiff.functional import value_and_grad
from thalweg.control.branches import cond
from thalweg.core.tensor import Tensor, astype
from thalweg.errors import ArgumentError
from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.floats import isfinite
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.numpy.libraries import of_users
from thalweg.optim.transformation import OptState, Params, each
from thalweg.optim.tree_utils.states import tree_get

__all__ = ["value_and_grad_from_state"]


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
    both = value_and_grad(of_users(value_fn))

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
            found = both(p, *a, **kwa)
            return each(lambda x, y: astype(x, y.dtype), found, known)

        found: tuple[Tensor, Any] = cond(
            isfinite(known[0]), lambda *_: known, computed, params, fn_args, fn_kwargs
        )
        return found

    return value_and_gradient
