"""Updates kept from growing too large."""

from __future__ import annotations

import functools
from typing import Any

from thalweg import tree
from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.arithmetic import add, sqrt, square
from thalweg.ops.elementwise.comparison import less, maximum, minimum, where
from thalweg.ops.numpy.kinds import same_kind
from thalweg.ops.reduce.sums import mean
from thalweg.ops.reduce.sums import sum as total
from thalweg.optim.leaves import each
from thalweg.optim.ranges import NON_NEGATIVE, POSITIVE
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import GradientTransformation, Updates, stateless

__all__ = ["clip", "clip_by_block_rms", "clip_by_global_norm", "global_norm"]


@same_kind
def global_norm(updates: Updates) -> Tensor:
    """Return the Euclidean norm of all leaves together: √(Σ g²).

    Example:
        >>> import thalweg as tw
        >>> tw.optim.global_norm({"w": tw.Tensor([3.0, 0.0]), "b": tw.Tensor(4.0)})
        tensor(5.)
    """
    squares = [total(square(asarray(leaf))) for leaf in tree.leaves(updates)]
    return sqrt(functools.reduce(add, squares) if squares else 0.0)


@factory
def clip(max_delta: float) -> GradientTransformation:
    """Clip every element of the updates to [−max_delta, max_delta].

    Args:
        max_delta: The largest size an element may have, in [0, ∞).

    Raises:
        ArgumentError: If it is negative, infinite or NaN.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.clip(1.0).update([-3.0, 0.5], tw.optim.EmptyState())
        ([np.float64(-1.0), np.float64(0.5)], EmptyState())
    """
    NON_NEGATIVE.check("max_delta", max_delta)
    return stateless(
        lambda updates, params: each(lambda g: minimum(maximum(g, -max_delta), max_delta), updates)
    )


@factory
def clip_by_global_norm(max_norm: float) -> GradientTransformation:
    """Shrink updates so that their global norm is at most a maximum.

        u = g · min(1, max_norm / ‖g‖),    ‖g‖ over all leaves together

    Args:
        max_norm: The largest norm, in (0, ∞).

    Raises:
        ArgumentError: If it is not positive, infinite or NaN.

    Source:
        Pascanu et al., "On the difficulty of training Recurrent Neural Networks", 2013,
        algorithm 1. arXiv:1211.5063

    Example:
        >>> import thalweg as tw
        >>> tw.optim.clip_by_global_norm(1.0).update(tw.Tensor([3.0, 4.0]), tw.optim.EmptyState())
        (tensor([0.6000, 0.8000]), EmptyState())
    """
    POSITIVE.check("max_norm", max_norm)

    def clipped(updates: Updates, params: Any) -> Updates:
        norm = global_norm(updates)
        # One factor for all elements; a norm that is not finite makes it 0 or NaN, never 1.
        factor = where(less(norm, max_norm), 1.0, max_norm / norm)
        return each(lambda g: g * astype(factor, g.dtype), updates)

    return stateless(clipped)


@factory
def clip_by_block_rms(threshold: float) -> GradientTransformation:
    """Shrink each leaf so that its root mean square is at most a threshold.

        u = g / max(1, RMS(g) / threshold),    RMS(g) = √(mean(g²)) of each leaf

    Args:
        threshold: The largest root mean square, in (0, ∞).

    Raises:
        ArgumentError: If it is not positive, infinite or NaN.

    Source:
        Shazeer & Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", 2018,
        section 6. arXiv:1804.04235

    Example:
        >>> import thalweg as tw
        >>> tw.optim.clip_by_block_rms(1.0).update(tw.Tensor([2.0, -2.0]), tw.optim.EmptyState())
        (tensor([ 1., -1.]), EmptyState())
    """
    POSITIVE.check("threshold", threshold)

    def clipped(g: Tensor) -> Tensor:
        return g / maximum(sqrt(mean(square(g))) / threshold, 1.0)

    return stateless(lambda updates, params: each(clipped, updates))
