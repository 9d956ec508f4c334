"""Updates of length 1."""

from __future__ import annotations

from thalweg.core.tensor import astype
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import GradientTransformation, Params, Updates, each, stateless
from thalweg.optim.wholes import sum_of_squares

__all__ = ["normalize"]


@factory
def normalize() -> GradientTransformation:
    """Divide updates by their global norm.

        u = g / ‖g‖,    ‖g‖ over all leaves together

    Example:
        >>> import thalweg as tw
        >>> unit = tw.optim.contrib.normalize()
        >>> unit.update(tw.Tensor([3.0, 4.0]), tw.optim.EmptyState())[0]
        tensor([0.6000, 0.8000])
    """

    def normalized(updates: Updates, params: Params) -> Updates:
        norm = sqrt(sum_of_squares(updates))
        return each(lambda g: g / astype(norm, g.dtype), updates)

    return stateless(normalized)
