"""Parameters of narrow floats, updated in wide ones."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.spec import FLOAT32, DType
from thalweg.core.tensor import Tensor, astype
from thalweg.errors import ArgumentError
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    as_transformation,
    each,
    needed,
)

__all__ = ["MasterParamsState", "with_master_params"]


class MasterParamsState(NamedTuple):
    """The state of `with_master_params`."""

    master_params: Params  # the parameters in the wide dtype
    inner_state: OptState  # that of the optimizer of these


@factory
def with_master_params(
    inner: GradientTransformation, dtype: Any = FLOAT32
) -> GradientTransformation:
    """Update copies of narrow parameters in a wide dtype, of which they are what rounding leaves.

        w ← w + the update of `inner` for (g, w)        in the wide dtype
        u = round(w) − p                                so that p + u = round(w)

    A step that is too small for bfloat16 or float16 is not lost: 1 + 0.001 is 1 in bfloat16, and
    stays 1 however often it is added. Parameters of other dtypes are updated as they are. A
    parameter that something else changed since the last step, as a projection, is taken over.

    Updates of narrow parameters are of the wide dtype. `inner` sees gradients, parameters and its
    own state in it. The step count is the optimizer's.

    Args:
        inner: The optimizer.
        dtype: The wide dtype, float32 or float64.

    Raises:
        ArgumentError: If it is another dtype, or `inner` no transformation; by `update`, if it
            gets no parameters.

    Source:
        Micikevicius et al., "Mixed Precision Training", 2018, section 3.1. arXiv:1710.03740

    Example:
        >>> import numpy as np, thalweg as tw
        >>> optimizer = tw.optim.with_master_params(tw.optim.sgd(1.0))
        >>> p, g = np.ones(1, np.float16), np.full(1, -2.0**-12, np.float16)
        >>> state = optimizer.init(p)
        >>> for _ in range(4):
        ...     updates, state = optimizer.update(g, state, p)
        ...     p = tw.optim.apply_updates(p, updates)
        >>> (p - 1) * 2**10, state.master_params
        (array([1.], dtype=float16), array([1.0009766], dtype=float32))
    """
    transformation = as_transformation(inner)
    wide = getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or str(dtype)
    if wide not in ("float32", "float64"):
        raise ArgumentError(
            f"with_master_params got dtype={dtype!r}; masters are float32 or float64."
        )

    def init(params: Params) -> MasterParamsState:
        masters = each(lambda p: widened(p, p.dtype), params)
        return MasterParamsState(masters, transformation.init(masters))

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        weights = needed(params, "with_master_params")
        masters = each(followed, state.master_params, weights)
        gradients = each(lambda g, p: widened(g, p.dtype), updates, weights)
        moves, inner_state = transformation.update(gradients, state.inner_state, masters, **extra)
        moved = each(lambda w, u: astype(w + u, w.dtype), masters, moves)
        found = each(difference, moved, weights, moves)
        return found, MasterParamsState(moved, inner_state)

    def widened(x: Tensor, of: DType) -> Tensor:
        """Return what belongs to a parameter in the wide dtype, if that is wider."""
        return astype(x, wide) if _is_narrow(of) else x

    def followed(w: Tensor, p: Tensor) -> Tensor:
        """Return a master; or the parameter, where it is no longer what rounding left of it."""
        return where(equal(astype(w, p.dtype), p), w, astype(p, w.dtype))

    def difference(w: Tensor, p: Tensor, u: Tensor) -> Tensor:
        return (
            astype(astype(w, p.dtype), w.dtype) - astype(p, w.dtype) if _is_narrow(p.dtype) else u
        )

    return GradientTransformation(init, update)


def _is_narrow(dtype: DType) -> bool:
    """Tell whether a dtype is float16, bfloat16 or a float8."""
    kind = getattr(dtype, "kind", "")
    return dtype.itemsize < 4 and (kind == "f" or "float" in str(getattr(dtype, "name", dtype)))
