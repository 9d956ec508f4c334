"""DP-SGD: gradient descent that tells nothing certain about any single example."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg import tree
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ShapeError
from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.comparison import equal, minimum, where
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.ops.linalg.products import tensordot
from thalweg.ops.reduce.sums import sum as total
from thalweg.ops.shape.reshape import reshape
from thalweg.optim.moments import trace
from thalweg.optim.ranges import NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    identity,
)
from thalweg.optim.transforms.chains import chain
from thalweg.optim.transforms.noise import as_key, chosen_key, normal_like
from thalweg.random.keyed import split

__all__ = [
    "DifferentiallyPrivateAggregateState", "differentially_private_aggregate", "dpsgd",
]  # fmt: skip


class DifferentiallyPrivateAggregateState(NamedTuple):
    """The state of `differentially_private_aggregate`."""

    rng_key: Any  # two int32: the key of the next step


@factory
def differentially_private_aggregate(
    l2_norm_clip: float, noise_multiplier: float, key: Any = None, *, seed: int | None = None
) -> GradientTransformation:
    """Average clipped updates of single examples, and add normal noise.

        u = (Σᵢ gᵢ min(1, l2_norm_clip / ‖gᵢ‖) + l2_norm_clip · noise_multiplier · ε) / n

    Updates have the gradients gᵢ of the n examples along a new first axis; ‖gᵢ‖ is over all leaves
    together, ε standard normal. The draws are JAX's.

    Args:
        l2_norm_clip: The largest norm of an example's gradient, in [0, ∞).
        noise_multiplier: The standard deviation of the noise, relative to it, in [0, ∞).
        key: A seed, or a key of `tw.random.key`.
        seed: Deprecated: use `key`.

    Raises:
        ArgumentError: If a number is outside its range, or both `key` and `seed` are given.
        ShapeError: By `update`, if leaves have no first axis in common.

    Source:
        Abadi et al., "Deep Learning with Differential Privacy", 2016, algorithm 1.
        arXiv:1607.00133

    Example:
        >>> import numpy as np, thalweg as tw
        >>> private = tw.optim.contrib.differentially_private_aggregate(1.0, 0.0, key=0)
        >>> private.update(np.array([4.0, 0.5]), private.init(0.0))[0]
        np.float64(0.75)
    """
    NON_NEGATIVE.check(l2_norm_clip=l2_norm_clip, noise_multiplier=noise_multiplier)
    start = chosen_key("differentially_private_aggregate", key, seed)
    deviation = l2_norm_clip * noise_multiplier

    def init(params: Params) -> DifferentiallyPrivateAggregateState:
        return DifferentiallyPrivateAggregateState(as_key(start))

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        leaves, definition = tree.flatten(updates)
        gradients = [*map(asarray, leaves)]
        size = _examples(gradients)
        factors = _factors(gradients, l2_norm_clip)
        keys = split(state.rng_key, len(gradients) + 1)
        found = []
        for i, g in enumerate(gradients):
            clipped = tensordot(astype(factors, g.dtype), g, 1)
            found.append((clipped + deviation * normal_like(clipped, keys[i + 1])) / size)
        return tree.unflatten(definition, found), DifferentiallyPrivateAggregateState(keys[0])

    return GradientTransformation(init, update)


def _examples(gradients: list[Tensor]) -> int:
    sizes = {g.shape[0] if g.ndim else None for g in gradients}
    if len(sizes) != 1 or None in sizes:
        raise ShapeError(
            f"differentially_private_aggregate got leaves of shapes "
            f"{[tuple(g.shape) for g in gradients]}, but expects updates to have a batch dimension "
            "in the 0th axis. Give the gradient of each example, as tw.vmap(tw.grad(loss)) does."
        )
    return int(sizes.pop() or 0)


def _factors(gradients: list[Tensor], limit: Any) -> Tensor:
    """Return what each example's gradient is multiplied by, 1 where its norm is 0."""
    squares: Any = 0.0
    for g in gradients:
        squares = squares + total(reshape(squared_magnitude(g), (g.shape[0], -1)), 1)
    norms = sqrt(as_tensor(squares))
    none = equal(norms, 0.0)
    return minimum(where(none, 1.0, limit / where(none, 1.0, norms)), 1.0)


@factory
def dpsgd(
    learning_rate: ScalarOrSchedule,
    l2_norm_clip: float,
    noise_multiplier: float,
    seed: Any,
    momentum: float | None = None,
    nesterov: bool = False,
) -> GradientTransformation:
    """DP-SGD: gradient descent along clipped gradients of single examples, and noise.

        u = −learning_rate · ĝ,    ĝ as in `differentially_private_aggregate`, or its `trace`

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        l2_norm_clip: The largest norm of an example's gradient, in [0, ∞).
        noise_multiplier: The standard deviation of the noise, relative to it, in [0, ∞).
        seed: A seed, or a key of `tw.random.key`.
        momentum: The share of the sum kept each step, in [0, 1); None for no momentum.
        nesterov: Whether to look one step ahead.

    Raises:
        ArgumentError: If a number is outside its range.
        ShapeError: By `update`, if leaves have no first axis in common.

    Source:
        Abadi et al., "Deep Learning with Differential Privacy", 2016, algorithm 1.
        arXiv:1607.00133

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.dpsgd(0.1, l2_norm_clip=1.0, noise_multiplier=1.1, seed=0)
        dpsgd(learning_rate=0.1, l2_norm_clip=1.0, noise_multiplier=1.1, seed=0)
    """
    return chain(
        differentially_private_aggregate(l2_norm_clip, noise_multiplier, key=seed),
        identity() if momentum is None else trace(momentum, nesterov),
        scale_by_learning_rate(learning_rate),
    )
