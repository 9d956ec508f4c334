"""LARS: momentum of gradients in proportion to the weights of their layer."""

from __future__ import annotations

from typing import Any

from thalweg.optim.masking import masked
from thalweg.optim.moments import trace
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import add_decayed_weights, scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import GradientTransformation
from thalweg.optim.transforms.chains import chain
from thalweg.optim.transforms.norms import scale_by_trust_ratio

__all__ = ["lars"]


@factory
def lars(
    learning_rate: ScalarOrSchedule,
    weight_decay: ScalarOrSchedule = 0.0,
    weight_decay_mask: Any = True,
    trust_coefficient: float = 0.001,
    eps: float = 0.0,
    trust_ratio_mask: Any = True,
    momentum: float = 0.9,
    nesterov: bool = False,
) -> GradientTransformation:
    """Layer-wise adaptive rate scaling: momentum, for large batches.

        d = g + weight_decay · p
        m ← −learning_rate · trust_coefficient · ‖p‖ / (‖d‖ + eps) · d + momentum · m
        u = m

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        weight_decay: A finite number or a schedule.
        weight_decay_mask: A tree of booleans as for `masked`, True where weights decay.
        trust_coefficient: The share of the norm of the parameter, a finite number.
        eps: Added to the norm of the update, in [0, ∞).
        trust_ratio_mask: A tree of booleans as for `masked`, True where norms count.
        momentum: The share of the past updates kept, in [0, 1).
        nesterov: Whether momentum looks one step ahead.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        You et al., "Large Batch Training of Convolutional Networks", 2017, algorithm 1.
        arXiv:1708.03888

    Example:
        >>> import thalweg as tw
        >>> tw.optim.lars(0.1, momentum=0.5)
        lars(learning_rate=0.1, momentum=0.5)
    """
    ratio = scale_by_trust_ratio(trust_coefficient=trust_coefficient, eps=eps)
    return chain(
        add_decayed_weights(weight_decay, weight_decay_mask),
        masked(ratio, trust_ratio_mask),
        scale_by_learning_rate(learning_rate),
        trace(momentum, nesterov),
    )
