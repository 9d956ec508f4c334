"""Fromage: steps of a fixed share of each layer's weights."""

from __future__ import annotations

from typing import Any

from thalweg.optim.ranges import check_learning_rate
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import add_decayed_weights, scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import GradientTransformation
from thalweg.optim.transforms.chains import chain
from thalweg.optim.transforms.norms import scale_by_trust_ratio

__all__ = ["fromage"]


@factory
def fromage(learning_rate: ScalarOrSchedule, min_norm: float = 1e-6) -> GradientTransformation:
    """Fromage: gradient descent of which each step moves a layer by a share of its weights.

        c = 1 / √(1 + learning_rate²)
        u = −c · learning_rate · max(‖p‖, min_norm) / max(‖g‖, min_norm) · g + (c − 1) p

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        min_norm: The smallest norm, in [0, ∞).

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Bernstein et al., "On the distance between two neural networks and the stability of
        learning", 2020, algorithm 1. arXiv:2002.03432

    Example:
        >>> import thalweg as tw
        >>> tw.optim.fromage(0.01)
        fromage(learning_rate=0.01)
    """
    check_learning_rate(learning_rate)

    def shrink(rate: Any) -> Any:
        return 1 / (1 + rate**2) ** 0.5

    if callable(learning_rate):
        rate: Any = lambda count: shrink(learning_rate(count)) * learning_rate(count)
        decay: Any = lambda count: shrink(learning_rate(count)) - 1
    else:
        rate, decay = shrink(learning_rate) * learning_rate, shrink(learning_rate) - 1
    return chain(
        scale_by_trust_ratio(min_norm), scale_by_learning_rate(rate), add_decayed_weights(decay)
    )
