"""Updates kept only where they go down the gradient."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor, astype
from thalweg.ops.elementwise.comparison import less, maximum
from thalweg.ops.elementwise.complex import conjugated, real
from thalweg.ops.reduce.sums import mean
from thalweg.optim.ranges import POSITIVE
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    as_transformation,
    each,
)

__all__ = ["cautious"]


@factory
def cautious(inner: GradientTransformation, least_share: float = 1e-3) -> GradientTransformation:
    """Set to zero what of an optimizer's updates disagrees with the gradient's sign.

        φ = 1 where u g < 0, else 0
        u ← u φ / max(the mean of φ, least_share)    each leaf by itself

    `inner` is a whole optimizer, whose updates are added to the parameters; decay weights outside
    of it. The state is that of `inner`.

    Args:
        inner: The optimizer.
        least_share: The least share of elements that is divided by, in (0, ∞).

    Raises:
        ArgumentError: If `inner` is no transformation, or the share not positive.

    Source:
        Liang et al., "Cautious Optimizers: Improving Training with One Line of Code", 2024,
        algorithm 1. arXiv:2411.16085

    Example:
        >>> import numpy as np, thalweg as tw
        >>> careful = tw.optim.contrib.cautious(tw.optim.sgd(1.0, momentum=0.5))
        >>> _, state = careful.update(np.array([4.0, 4.0]), careful.init(np.zeros(2)))
        >>> careful.update(np.array([-1.0, 1.0]), state)[0]
        array([-0., -6.])
    """
    transformation = as_transformation(inner)
    POSITIVE.check(least_share=least_share)

    def kept(u: Tensor, g: Tensor) -> Tensor:
        agrees = astype(less(real(conjugated(u) * g), 0.0), real(u).dtype)
        # A product, so that a NaN stays one.
        return u * (agrees / maximum(mean(agrees), least_share))

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        moved, after = transformation.update(updates, state, params, **extra)
        return each(kept, moved, updates), after

    return GradientTransformation(transformation.init, update)
