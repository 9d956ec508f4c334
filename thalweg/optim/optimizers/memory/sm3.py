"""SM3: Adagrad that keeps a sum a row and a column instead of one an element."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from thalweg import tree
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.ops.creation.creation import asarray, spec_of, zeros, zeros_like
from thalweg.ops.elementwise.arithmetic import sqrt, square
from thalweg.ops.elementwise.comparison import equal, greater, minimum, where
from thalweg.ops.reduce.extremes import max as largest
from thalweg.ops.shape.reshape import reshape
from thalweg.optim.moments import in_single, moment, step_each
from thalweg.optim.ranges import DECAY, NON_NEGATIVE, SHARE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import scale_by_learning_rate
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    each,
)
from thalweg.optim.transforms.chains import chain

__all__ = ["ScaleBySM3State", "scale_by_sm3", "sm3"]


class ScaleBySM3State(NamedTuple):
    """The state of `scale_by_sm3`."""

    mu: Params  # in place of each leaf a list: a vector an axis, the largest sums along the others
    nu: Params  # the average of scaled updates


@factory
def scale_by_sm3(b1: float = 0.9, b2: float = 1.0, eps: float = 1e-8) -> GradientTransformation:
    """Divide updates by the root of summed squares that are kept a row, a column … at a time.

        s = g² + min over axes of what is kept of the element's row, column, …
        u = (1 − b1) g / √(s + eps) + b1 u      (0 where s = 0)
        kept of a row ← the largest s in it; likewise of columns, …

    With b2 < 1, s = (1 − b2) g² + b2 min …

    Args:
        b1: The share of the average update kept each step, in [0, 1).
        b2: The share of the sums kept each step, in [0, 1].
        eps: Added under the root, in [0, ∞).

    Raises:
        ArgumentError: If a number is outside its range; by `init`, if a parameter is complex.

    Source:
        Anil et al., "Memory-Efficient Adaptive Optimization", 2019, algorithm SM3-II.
        arXiv:1901.11150

    Example:
        >>> import thalweg as tw
        >>> cover = tw.optim.scale_by_sm3(b1=0.0, eps=0.0)
        >>> gradient = tw.Tensor([[3.0, 4.0]])
        >>> updates, state = cover.update(gradient, cover.init(gradient))
        >>> updates, state.mu
        (tensor([[1., 1.]]), [tensor([16.]), tensor([ 9., 16.])])
    """
    DECAY.check(b1=b1)
    SHARE.check(b2=b2)
    NON_NEGATIVE.check(eps=eps)

    def init(params: Params) -> ScaleBySM3State:
        if any(spec_of(leaf).dtype.kind == "c" for leaf in tree.leaves(params)):
            raise ArgumentError(
                "scale_by_sm3 got complex parameters. This transformation does not support "
                "complex parameters: give their real and imaginary parts."
            )
        covers = each(lambda p: [zeros(n, p.dtype, like=p) for n in _extents(p)], params)
        return ScaleBySM3State(covers, each(zeros_like, params))

    def summed(g: Tensor, covers: list[Any]) -> Tensor:
        least = functools.reduce(minimum, (_along(g, i, asarray(v)) for i, v in enumerate(covers)))
        found: Tensor = where(equal(b2, 1.0), 1.0, 1.0 - b2) * square(g) + b2 * least
        return found

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        sums = tree.map(lambda g, covers: summed(asarray(g), covers), updates, state.mu)

        def step(g: Tensor, u: Tensor, s: Tensor) -> tuple[Tensor, ...]:
            u = moment(where(greater(s, 0.0), 1 / sqrt(s + eps), 0.0) * g, u, b1)
            return u, u, s

        found, averages, _ = step_each(step, updates, state.nu, sums)
        return found, ScaleBySM3State(each(_covers, sums), averages)

    return in_single(init, update)


def _extents(p: Tensor) -> tuple[Any, ...]:
    """Return the shapes of what is kept of a parameter; a scalar is a vector of itself."""
    return tuple((n,) for n in p.shape) if p.ndim else ((),)


def _along(g: Tensor, axis: int, cover: Tensor) -> Tensor:
    """Bring what is kept of an axis into the shape that spreads over an update."""
    return reshape(cover, tuple(n if i == axis else 1 for i, n in enumerate(g.shape)))


def _covers(s: Tensor) -> list[Tensor]:
    """Return the largest sums along all axes but one, for each."""
    if s.ndim < 2:
        return [s]
    axes = range(s.ndim)
    return [largest(s, axis=tuple(i for i in axes if i != axis)) for axis in axes]


@factory
def sm3(learning_rate: float, momentum: float = 0.9) -> GradientTransformation:
    """SM3: Adagrad with momentum in the memory of plain momentum.

        u = −learning_rate · (the update of `scale_by_sm3`)

    Args:
        learning_rate: A number in [0, ∞).
        momentum: The share of the average update kept each step, in [0, 1).

    Raises:
        ArgumentError: If a number is outside its range; by `init`, if a parameter is complex.

    Source:
        Anil et al., "Memory-Efficient Adaptive Optimization", 2019. arXiv:1901.11150

    Example:
        >>> import thalweg as tw
        >>> tw.optim.sm3(0.1)
        sm3(learning_rate=0.1)
    """
    return chain(scale_by_sm3(momentum), scale_by_learning_rate(learning_rate))
