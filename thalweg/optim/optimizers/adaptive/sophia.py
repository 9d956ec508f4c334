"""Sophia: steps by the diagonal of the Hessian, clipped."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

from thalweg import tree
from thalweg.autodiff.jacobians import hvp
from thalweg.control.branches import cond
from thalweg.control.callback import pure_callback
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError
from thalweg.ops.creation.creation import asarray, zeros_like
from thalweg.ops.elementwise.arithmetic import absolute, remainder
from thalweg.ops.elementwise.comparison import equal, less, maximum, minimum
from thalweg.ops.reduce.sums import sum as total
from thalweg.optim.moments import correction, moment, zeros
from thalweg.optim.ranges import DECAY, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import add_decayed_weights, scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    as_transformation,
    cast_like,
    each,
    first_count,
    needed,
    safe_increment,
)
from thalweg.optim.transforms.chains import chain
from thalweg.optim.transforms.noise import as_key
from thalweg.random.keyed import bernoulli, split

__all__ = ["HutchinsonState", "SophiaState", "hutchinson_estimator_diag_hessian", "sophia"]


class HutchinsonState(NamedTuple):
    """The state of `hutchinson_estimator_diag_hessian`."""

    key: Any  # two int32: the key of the next step


@factory
def hutchinson_estimator_diag_hessian(random_seed: Any = None) -> GradientTransformation:
    """Replace updates by an estimate of the diagonal of a function's Hessian.

        u = r ⊙ (H r),    r of random signs, H the Hessian of obj_fn at the parameters

    `update` wants the extra argument `obj_fn`, a function of the parameters alone.

    Args:
        random_seed: A seed, or a key of `tw.random.key`; None for 0.

    Raises:
        ArgumentError: By `update`, if it gets no parameters or no `obj_fn`.

    Source:
        Hutchinson, "A stochastic estimator of the trace of the influence matrix for Laplacian
        smoothing splines", 1989; Liu et al., "Sophia: A Scalable Stochastic Second-order Optimizer
        for Language Model Pre-training", 2023, algorithm 1. arXiv:2305.14342

    Example:
        >>> import numpy as np, thalweg as tw
        >>> diagonal = tw.optim.contrib.hutchinson_estimator_diag_hessian()
        >>> x = np.array([1.0, 2.0])
        >>> diagonal.update(x, diagonal.init(x), x, obj_fn=lambda x: np.sum(x**3))[0]
        array([ 6., 12.])
    """

    def init(params: Params) -> HutchinsonState:
        return HutchinsonState(as_key(0 if random_seed is None else random_seed))

    def update(
        updates: Updates, state: OptState, params: Params = None, *, obj_fn: Any = None
    ) -> Step:
        weights = needed(params, "hutchinson_estimator_diag_hessian")
        if obj_fn is None:
            raise ArgumentError(
                "hutchinson_estimator_diag_hessian was updated without a function to "
                "differentiate: obj_fn must be provided. Call update(updates, state, params, "
                "obj_fn=loss_of_params)."
            )
        keys = split(state.key)
        signs = _signs_like(weights, keys[1])
        found = each(lambda h, r: h * r, hvp(obj_fn, weights, signs), signs)
        return found, HutchinsonState(keys[0])

    return GradientTransformation(init, update)


def _signs_like(leaves: Params, key: Tensor) -> Params:
    flat, definition = tree.flatten(leaves)
    keys = split(key, len(flat)) if flat else ()
    signs = []
    for k, leaf in zip(keys, map(asarray, flat), strict=True):
        positive = bernoulli(k, 0.5, leaf.shape)
        signs.append(2 * astype(positive, leaf.dtype) - 1)
    return tree.unflatten(definition, signs)


class SophiaState(NamedTuple):
    """The state of `sophia`."""

    count: Any  # int32 scalar: the steps made
    mu: Params  # the average of updates
    nu: Params  # the average of estimates of the Hessian's diagonal
    hessian_fn_state: OptState  # that of the estimator


@factory
def scale_by_sophia(
    b1: float = 0.965,
    b2: float = 0.99,
    eps: float = 1e-8,
    gamma: float = 0.01,
    clip_threshold: float | None = 1.0,
    update_interval: int = 10,
    hessian_diagonal_fn: GradientTransformation = hutchinson_estimator_diag_hessian(),  # noqa: B008
    mu_dtype: Any = None,
    verbose: bool = False,
    print_win_rate_every_n_steps: int = 0,
) -> GradientTransformation:
    """Divide the average of updates by an average of the Hessian's diagonal, and clip.

        m ← (1 − b1) g + b1 m
        u = (m / (1 − b1ᵗ)) / max(gamma · h, eps), clipped to [−clip_threshold, clip_threshold]
        h ← (1 − b2) ĥ + b2 h    in the first of every update_interval steps

    Args:
        b1: The share of the average kept each step, in [0, 1).
        b2: The share of the Hessian's average kept each time, in [0, 1).
        eps: The least that is divided by, in [0, ∞).
        gamma: What the Hessian is multiplied by: how many elements are clipped, in [0, ∞).
        clip_threshold: The largest size of an element, in [0, ∞); None for no limit.
        update_interval: The number of steps with one estimate of the Hessian, in [1, ∞).
        hessian_diagonal_fn: A transformation that gives ĥ.
        mu_dtype: The dtype of the average of updates; by default the parameters'.
        verbose: Whether the share of elements that are not clipped is printed.
        print_win_rate_every_n_steps: In which steps.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters, or
            not what the estimator wants.

    Source:
        Liu et al., "Sophia: A Scalable Stochastic Second-order Optimizer for Language Model
        Pre-training", 2023, algorithm 3. arXiv:2305.14342

    Example:
        >>> import numpy as np, thalweg as tw
        >>> sophia = tw.optim.contrib.sophia(1.0, gamma=1.0, weight_decay=0.0)
        >>> x = np.array([1.0])
        >>> sophia.update(2.0 * x, sophia.init(x), x, obj_fn=lambda x: np.sum(x**2))[0]
        array([-1.])
    """
    DECAY.check(b1=b1, b2=b2)
    NON_NEGATIVE.check(eps=eps, gamma=gamma)
    if clip_threshold is not None:
        NON_NEGATIVE.check(clip_threshold=clip_threshold)
    _check_interval(update_interval)
    estimator = as_transformation(hessian_diagonal_fn)
    interval = print_win_rate_every_n_steps if verbose else 0

    def init(params: Params) -> SophiaState:
        m, h = each(zeros(mu_dtype), params), each(zeros_like, params)
        return SophiaState(first_count(), m, h, estimator.init(params))

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        weights = needed(params, "sophia")
        count = safe_increment(state.count)
        corrected = correction(b1, count)
        m = each(lambda g, m: moment(g, m, b1), updates, state.mu)
        found = each(lambda m, h: corrected(m) / maximum(gamma * h, eps), m, state.nu)
        if clip_threshold is not None:
            if interval:
                count = count + _print_win_rate(count, interval, found, clip_threshold)
            found = each(lambda u: minimum(maximum(u, -clip_threshold), clip_threshold), found)

        def estimated(estimate: OptState, h: Params) -> tuple[OptState, Params]:
            diagonal, after = estimator.update(updates, estimate, weights, **extra)
            averaged = each(lambda d, h: moment(d, h, b2), diagonal, h)
            return after, cast_like(averaged, h)

        def kept(estimate: OptState, h: Params) -> tuple[OptState, Params]:
            return estimate, h

        due = equal(remainder(state.count, update_interval), 0)
        estimate, h = cond(due, estimated, kept, state.hessian_fn_state, state.nu)
        return found, SophiaState(count, cast_like(m, state.mu), h, estimate)

    return GradientTransformation(init, update)


def _check_interval(update_interval: Any) -> None:
    # One in a state has no value where it is traced.
    if not isinstance(update_interval, Tensor) and update_interval < 1:
        raise ArgumentError(
            f"sophia got update_interval={update_interval!r}; it wants a whole number in [1, ∞). "
            "Give 10 for one estimate of the Hessian in ten steps."
        )


def _print_win_rate(count: Any, interval: int, found: Updates, limit: Any) -> Tensor:
    """Print the share of elements below a limit, in some steps; return 0."""
    inside = [
        total(astype(less(absolute(asarray(u)), limit), "float64")) for u in tree.leaves(found)
    ]
    size = sum(asarray(u).size for u in tree.leaves(found))
    rate = sum(inside, as_tensor(0.0)) / max(size, 1)

    def show(step: Any, share: Any) -> Any:
        if step % interval == 0:
            sys.stdout.write(f"Sophia optimizer win rate: {share}\n")
        return step * 0

    # What is added to the count must be computed, so that the call is made.
    shown: Tensor = pure_callback(show, asarray(count), asarray(count), rate)
    return shown


@factory
def sophia(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.965,
    b2: float = 0.99,
    eps: float = 1e-8,
    weight_decay: ScalarOrSchedule = 1e-4,
    weight_decay_mask: Any = None,
    gamma: float = 0.01,
    clip_threshold: float | None = 1.0,
    update_interval: int = 10,
    hessian_diagonal_fn: GradientTransformation = hutchinson_estimator_diag_hessian(),  # noqa: B008
    mu_dtype: Any = None,
    verbose: bool = False,
    print_win_rate_every_n_steps: int = 0,
) -> GradientTransformation:
    """Sophia: steps by an estimate of the Hessian's diagonal, none larger than the learning rate.

        u = −learning_rate · (clipped m̂ / max(gamma · h, eps) + weight_decay · p)

    m̂ and h are those of `scale_by_sophia`. `update` wants what the estimator does: Hutchinson's
    the extra argument `obj_fn`, a function of the parameters alone, which `fit`
    gives.

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        b1: The share of the average kept each step, in [0, 1).
        b2: The share of the Hessian's average kept each time, in [0, 1).
        eps: The least that is divided by, in [0, ∞).
        weight_decay: A finite number or a schedule.
        weight_decay_mask: A tree of booleans as for `masked`, True where weights decay; None for
            all.
        gamma: What the Hessian is multiplied by: how many elements are clipped, in [0, ∞).
        clip_threshold: The largest size of an element, in [0, ∞); None for no limit.
        update_interval: The number of steps with one estimate of the Hessian, in [1, ∞).
        hessian_diagonal_fn: A transformation that gives an estimate of the Hessian's diagonal.
        mu_dtype: The dtype of the average of updates; by default the parameters'.
        verbose: Whether the share of elements that are not clipped is printed.
        print_win_rate_every_n_steps: In which steps.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters, or
            not what the estimator wants.

    Source:
        Liu et al., "Sophia: A Scalable Stochastic Second-order Optimizer for Language Model
        Pre-training", 2023. arXiv:2305.14342

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.sophia(0.001)
        sophia(learning_rate=0.001)
    """
    scaled = scale_by_sophia(
        b1,
        b2,
        eps,
        gamma,
        clip_threshold,
        update_interval,
        hessian_diagonal_fn,
        mu_dtype,
        verbose,
        print_win_rate_every_n_steps,
    )
    return chain(
        scaled,
        add_decayed_weights(weight_decay, mask=weight_decay_mask),
        scale_by_learning_rate(learning_rate),
    )
