"""Noisy gradient descent: noise that dies out is added to the gradient."""

from __future__ import annotations

from typing import Any

from thalweg.optim.recipe import factory
from thalweg.optim.scaling import scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import GradientTransformation
from thalweg.optim.transforms.chains import chain
from thalweg.optim.transforms.noise import add_noise, chosen_key

__all__ = ["noisy_sgd"]


@factory
def noisy_sgd(
    learning_rate: ScalarOrSchedule,
    eta: float = 0.01,
    gamma: float = 0.55,
    key: Any = None,
    *,
    seed: int | None = None,
) -> GradientTransformation:
    """Gradient descent with normal noise of falling variance.

        u = −learning_rate · (g + √(eta / t^gamma) ε),    ε standard normal

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        eta: The variance of the noise in the first step, in [0, ∞).
        gamma: The power with which it falls, any finite number.
        key: A seed, or a key of `tw.random.key`.
        seed: Deprecated: use `key`.

    Raises:
        ArgumentError: If a number is outside its range, or both `key` and `seed` are given.

    Source:
        Neelakantan et al., "Adding Gradient Noise Improves Learning for Very Deep Networks",
        2015. arXiv:1511.06807

    Example:
        >>> import thalweg as tw
        >>> tw.optim.noisy_sgd(0.1, key=0)
        noisy_sgd(learning_rate=0.1, key=0)
    """
    return chain(
        add_noise(eta, gamma, chosen_key("noisy_sgd", key, seed)),
        scale_by_learning_rate(learning_rate),
    )
