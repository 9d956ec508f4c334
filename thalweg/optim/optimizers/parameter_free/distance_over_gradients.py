"""Distance over gradients: each leaf's rate is how far it went over what gradients it met."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.spec import FLOAT32
from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import zeros
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.comparison import maximum
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.ops.reduce.sums import sum as total
from thalweg.ops.shape.reshape import reshape
from thalweg.optim.moments import in_single, step_each
from thalweg.optim.ranges import FINITE, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    each,
    needed,
)

__all__ = ["ScaleByDistanceOverGradientsState", "scale_by_distance_over_gradients"]


class ScaleByDistanceOverGradientsState(NamedTuple):
    """The state of `scale_by_distance_over_gradients`."""

    max_dist: Params  # the largest distance from the first parameters, a scalar a leaf
    grad_sum_of_squares: Params  # the sum of squared norms, shape (1,), a leaf
    init_params: Params  # the first parameters


@factory
def scale_by_distance_over_gradients(
    reps_rel: float = 1e-6, eps: float = 1e-8, param_dtype: Any = FLOAT32, global_scale: float = 1.0
) -> GradientTransformation:
    """Scale each leaf by its distance from the start over the root of all its squared gradients.

        d ← max(d, ‖p − p₀‖)        d₀ = reps_rel (1 + ‖p₀‖)
        s ← s + ‖g‖²
        u = global_scale · d / √(s + eps) · g

    Args:
        reps_rel: The first distance, relative to the parameters, in [0, ∞).
        eps: Added under the root, in [0, ∞).
        param_dtype: The dtype in which the first parameters are kept.
        global_scale: A finite number.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Ivgi et al., "DoG is SGD's Best Friend: A Parameter-Free Dynamic Step Size Schedule",
        2023, the layer-wise form, appendix C. arXiv:2302.12022

    Example:
        >>> import thalweg as tw
        >>> dog = tw.optim.scale_by_distance_over_gradients(reps_rel=0.5, eps=0.0)
        >>> dog.update([4.0], dog.init([1.0]), [1.0])[0]
        [np.float64(1.0)]
    """
    NON_NEGATIVE.check(reps_rel=reps_rel, eps=eps)
    FINITE.check(global_scale=global_scale)

    def init(params: Params) -> ScaleByDistanceOverGradientsState:
        return ScaleByDistanceOverGradientsState(
            each(lambda p: reps_rel * (1 + _norm(p)), params),
            each(lambda p: zeros((1,), p.dtype, like=p), params),
            each(lambda p: astype(p, param_dtype), params),
        )

    def step(g: Tensor, d: Tensor, s: Tensor, start: Tensor, p: Tensor) -> tuple[Tensor, ...]:
        d = maximum(d, _norm(p - start))
        s = s + total(squared_magnitude(g))
        rate = global_scale * (d / sqrt(reshape(s, ()) + eps))
        return astype(rate, g.dtype) * g, d, s, start, p

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        weights = needed(params, "scale_by_distance_over_gradients")
        found, *kept, _ = step_each(step, updates, *state, weights)
        return found, ScaleByDistanceOverGradientsState(*kept)

    return in_single(init, update)


def _norm(x: Tensor) -> Tensor:
    return sqrt(total(squared_magnitude(x)))
