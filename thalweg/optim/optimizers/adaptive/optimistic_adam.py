"""Optimistic Adam: steps along what Adam's update will be if it changes as it did."""

from __future__ import annotations

import warnings
from typing import Any

from thalweg.errors import ArgumentError
from thalweg.optim.optimizers.adaptive.adam import scale_by_adam
from thalweg.optim.optimizers.gradient.optimistic import scale_by_optimistic_gradient
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import GradientTransformation
from thalweg.optim.transforms.chains import chain

__all__ = ["optimistic_adam", "optimistic_adam_v2"]


@factory
def optimistic_adam_v2(
    learning_rate: ScalarOrSchedule,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    mu_dtype: Any = None,
    nesterov: bool = True,
) -> GradientTransformation:
    """Adam that moves its updates on by their difference to the last ones.

        a = m̂ / (√(v̂ + eps_root) + eps),    m̂ and v̂ as in `scale_by_adam`
        u = −learning_rate · ((alpha + beta) a − beta · aₜ₋₁)       (aₜ₋₁ = a in the first step)

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        alpha: The weight of Adam's update, any finite number.
        beta: The weight of its difference, any finite number.
        b1: As for `adam`; so are `b2`, `eps`, `eps_root`, `mu_dtype` and `nesterov`.
        b2: See `adam`.
        eps: See `adam`.
        eps_root: See `adam`.
        mu_dtype: See `adam`.
        nesterov: See `adam`.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Daskalakis et al., "Training GANs with Optimism", 2018, algorithm 1. arXiv:1711.00141

    Example:
        >>> import thalweg as tw
        >>> tw.optim.optimistic_adam_v2(0.01)
        optimistic_adam_v2(learning_rate=0.01)
    """
    return chain(
        scale_by_adam(b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov),
        scale_by_optimistic_gradient(alpha, beta),
        scale_by_learning_rate(learning_rate),
    )


@factory
def optimistic_adam(
    learning_rate: float,
    optimism: float | None = None,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    mu_dtype: Any = None,
    *,
    nesterov: bool = True,
) -> GradientTransformation:
    """Deprecated: use `optimistic_adam_v2`, with alpha = 1 and beta = optimism / learning_rate.

        u = −((learning_rate + optimism) a − optimism · aₜ₋₁),    a as in `optimistic_adam_v2`

    Args:
        learning_rate: A finite number.
        optimism: A finite number; None for the learning rate.
        b1: As for `adam`; so are `b2`, `eps`, `eps_root`, `mu_dtype` and `nesterov`.
        b2: See `adam`.
        eps: See `adam`.
        eps_root: See `adam`.
        mu_dtype: See `adam`.
        nesterov: See `adam`.

    Raises:
        ArgumentError: If the learning rate is a schedule, or a number outside its range.

    Source:
        Daskalakis et al., "Training GANs with Optimism", 2018, algorithm 1. arXiv:1711.00141

    Example:
        >>> import warnings, thalweg as tw
        >>> with warnings.catch_warnings(action="ignore"):
        ...     tw.optim.optimistic_adam(0.01)
        optimistic_adam(learning_rate=0.01)
    """
    warnings.warn(
        "`optimistic_adam` is deprecated, please use `optimistic_adam_v2` instead.",
        DeprecationWarning,
        stacklevel=3,
    )
    if callable(learning_rate):
        raise ArgumentError(
            f"optimistic_adam got the schedule {learning_rate!r}; it does not support learning "
            "rate schedules, but optimistic_adam_v2 does. Use that."
        )
    return chain(
        scale_by_adam(b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov),
        scale_by_optimistic_gradient(
            learning_rate, learning_rate if optimism is None else optimism
        ),
        scale_by_learning_rate(1.0),
    )
