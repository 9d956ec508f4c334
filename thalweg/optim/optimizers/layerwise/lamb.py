"""LAMB: Adam's steps in proportion to the weights of their layer."""

from __future__ import annotations

from typing import Any

from thalweg.optim.optimizers.adaptive.adam import scale_by_adam
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import add_decayed_weights, scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import GradientTransformation
from thalweg.optim.transforms.chains import chain
from thalweg.optim.transforms.norms import scale_by_trust_ratio

__all__ = ["lamb"]


@factory
def lamb(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-6,
    eps_root: float = 0.0,
    weight_decay: ScalarOrSchedule = 0.0,
    mask: Any = None,
) -> GradientTransformation:
    """Layer-wise adaptive moments for large batches.

        r = m̂ / (√(v̂ + eps_root) + eps) + weight_decay · p,    m̂ and v̂ as in `scale_by_adam`
        u = −learning_rate · ‖p‖ / ‖r‖ · r                      (−learning_rate · r where one is 0)

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        b1: The share of the first moment kept each step, in [0, 1).
        b2: The share of the second moment kept each step, in [0, 1).
        eps: Added to the denominator, in [0, ∞).
        eps_root: Added under the root, in [0, ∞).
        weight_decay: A finite number or a schedule.
        mask: A tree of booleans as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes",
        2020, algorithm 2. arXiv:1904.00962

    Example:
        >>> import thalweg as tw
        >>> tw.optim.lamb(0.001)
        lamb(learning_rate=0.001)
    """
    return chain(
        scale_by_adam(b1, b2, eps, eps_root),
        add_decayed_weights(weight_decay, mask),
        scale_by_trust_ratio(),
        scale_by_learning_rate(learning_rate),
    )
