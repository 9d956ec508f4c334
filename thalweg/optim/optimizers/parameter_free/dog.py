"""DoG and DoWG: the rate is how far the parameters went over what gradients they met."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.ops.creation.creation import asarray, zeros
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.comparison import maximum, where
from thalweg.optim.ranges import NON_NEGATIVE, check_choice
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import add_decayed_weights, scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    each,
    identity,
    needed,
)
from thalweg.optim.transforms.chains import chain
from thalweg.optim.wholes import lowest_dtype, scalar, sum_of_squares

__all__ = ["DoGState", "DoWGState", "dog", "dowg"]


def _scaled(updates: Updates, rate: Tensor) -> Updates:
    return each(lambda g: astype(rate, g.dtype) * g, updates)


def _decaying(weight_decay: ScalarOrSchedule | None, mask: Any) -> GradientTransformation:
    return identity() if weight_decay is None else add_decayed_weights(weight_decay, mask)


def _squared_distance(params: Params, start: Params, dtype: Any) -> Tensor:
    return scalar(sum_of_squares(each(lambda p0, p: p0 - p, start, params)), dtype)


class DoGState(NamedTuple):
    """The state of `dog`."""

    is_init_step: Any  # bool scalar: whether no step was made
    init_params: Params  # the first parameters
    max_dist: Any  # the largest distance from them
    sum_sq_norm_grads: Any  # the sum of squared norms


@factory
def scale_by_dog(init_step: tuple[str, float], eps: float = 1e-8) -> GradientTransformation:
    """Scale updates by the distance from the start over the root of all squared gradients.

        d ← max(d, ‖p − p₀‖)
        s ← s + ‖g‖²
        u = d / √(s + eps) · g

    Args:
        init_step: ("distance", d₀); ("heuristic", r) for d₀ = r (1 + ‖p₀‖); or
            ("learning_rate", the factor of g in the first step). Numbers in [0, ∞).
        eps: Added under the root, in [0, ∞).

    Raises:
        ArgumentError: If a number is outside its range, or the word unknown; by `update`, if it
            gets no parameters.

    Source:
        Ivgi et al., "DoG is SGD's Best Friend: A Parameter-Free Dynamic Step Size Schedule",
        2023, equations 1 and 2. arXiv:2302.12022
    """
    kind, number = init_step
    check_choice(("distance", "learning_rate", "heuristic"), init_step=kind)
    NON_NEGATIVE.check(init_step=number, eps=eps)

    def init(params: Params) -> DoGState:
        dtype = lowest_dtype(params)
        first: Any = 0.0 if kind == "learning_rate" else number
        if kind == "heuristic":
            first = number * (1 + sqrt(sum_of_squares(params)))
        return DoGState(asarray(True), params, scalar(first, dtype), zeros((), dtype))

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        most = as_tensor(state.max_dist)
        here = needed(params, "dog")
        most = maximum(most, sqrt(_squared_distance(here, state.init_params, most.dtype)))
        squares = state.sum_sq_norm_grads + scalar(sum_of_squares(updates), most.dtype)
        rate = most / sqrt(squares + eps)
        if kind == "learning_rate":
            rate = where(as_tensor(state.is_init_step), number, rate)
        found = _scaled(updates, rate)
        return found, DoGState(asarray(False), state.init_params, most, squares)

    return GradientTransformation(init, update)


@factory
def dog(
    learning_rate: ScalarOrSchedule = 1.0,
    init_step: tuple[str, float] = ("heuristic", 1e-6),
    eps: float = 1e-8,
    weight_decay: ScalarOrSchedule | None = None,
    mask: Any = None,
) -> GradientTransformation:
    """DoG: gradient descent by the distance from the start over the root of squared gradients.

        g ← g + weight_decay · p
        d ← max(d, ‖p − p₀‖)        s ← s + ‖g‖²
        u = −learning_rate · d / √(s + eps) · g

    Args:
        learning_rate: A multiple of the rate found, a number in [0, ∞) or a schedule.
        init_step: ("distance", d₀); ("heuristic", r) for d₀ = r (1 + ‖p₀‖); or
            ("learning_rate", the factor of g in the first step). Numbers in [0, ∞).
        eps: Added under the root, in [0, ∞).
        weight_decay: A finite number or a schedule; None is 0.
        mask: A tree of booleans as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If a number is outside its range, or the word of `init_step` unknown; by
            `update`, if it gets no parameters.

    Source:
        Ivgi et al., "DoG is SGD's Best Friend: A Parameter-Free Dynamic Step Size Schedule",
        2023. arXiv:2302.12022

    Example:
        >>> import thalweg as tw
        >>> dog = tw.optim.contrib.dog(init_step=("distance", 0.5), eps=0.0)
        >>> dog.update([4.0], dog.init([1.0]), [1.0])[0]
        [np.float64(-0.5)]
    """
    return chain(
        _decaying(weight_decay, mask),
        scale_by_dog(init_step, eps),
        scale_by_learning_rate(learning_rate),
    )


class DoWGState(NamedTuple):
    """The state of `dowg`."""

    init_params: Params  # the first parameters
    weighted_sq_norm_grads: Any  # the weighted sum of squared norms
    estim_sq_dist: Any  # the largest squared distance from them


@factory
def scale_by_dowg(
    init_estim_sq_dist: float | None = None, eps: float = 1e-4
) -> GradientTransformation:
    """Scale updates by the squared distance from the start over squared gradients it weights.

        d ← max(d, ‖p − p₀‖²)
        s ← s + d ‖g‖²
        u = d / (√s + eps) · g

    Args:
        init_estim_sq_dist: The first d, in [0, ∞); None for `eps`.
        eps: Added to the denominator, in [0, ∞).

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Khaled et al., "DoWG Unleashed: An Efficient Universal Parameter-Free Gradient Descent
        Method", 2023, algorithm 1. arXiv:2305.16284
    """
    first = eps if init_estim_sq_dist is None else init_estim_sq_dist
    NON_NEGATIVE.check(init_estim_sq_dist=first, eps=eps)

    def init(params: Params) -> DoWGState:
        dtype = lowest_dtype(params)
        return DoWGState(params, zeros((), dtype), scalar(first, dtype))

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        most = as_tensor(state.estim_sq_dist)
        here = needed(params, "dowg")
        most = maximum(most, _squared_distance(here, state.init_params, most.dtype))
        squares = most * scalar(sum_of_squares(updates), most.dtype) + state.weighted_sq_norm_grads
        found = _scaled(updates, most / (sqrt(squares) + eps))
        return found, DoWGState(state.init_params, squares, most)

    return GradientTransformation(init, update)


@factory
def dowg(
    learning_rate: ScalarOrSchedule = 1.0,
    init_estim_sq_dist: float | None = None,
    eps: float = 1e-4,
    weight_decay: ScalarOrSchedule | None = None,
    mask: Any = None,
) -> GradientTransformation:
    """DoWG: gradient descent by the squared distance over squared gradients it weights.

        g ← g + weight_decay · p
        d ← max(d, ‖p − p₀‖²)       s ← s + d ‖g‖²
        u = −learning_rate · d / (√s + eps) · g

    Args:
        learning_rate: A multiple of the rate found, a number in [0, ∞) or a schedule.
        init_estim_sq_dist: The first d, in [0, ∞); None for `eps`.
        eps: Added to the denominator, in [0, ∞).
        weight_decay: A finite number or a schedule; None is 0.
        mask: A tree of booleans as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Khaled et al., "DoWG Unleashed: An Efficient Universal Parameter-Free Gradient Descent
        Method", 2023. arXiv:2305.16284

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.dowg(weight_decay=0.1)
        dowg(weight_decay=0.1)
    """
    return chain(
        _decaying(weight_decay, mask),
        scale_by_dowg(init_estim_sq_dist, eps),
        scale_by_learning_rate(learning_rate),
    )
