"""Rprop: steps whose sizes follow the signs of the gradient alone."""

from __future__ import annotations

from typing import NamedTuple

from thalweg.core.tensor import Tensor, astype
from thalweg.ops.elementwise.arithmetic import sign
from thalweg.ops.elementwise.comparison import equal, greater, less, maximum, minimum, where
from thalweg.optim.moments import filled, leafwise
from thalweg.optim.ranges import NON_NEGATIVE, POSITIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import scale
from thalweg.optim.transformation import GradientTransformation, Params
from thalweg.optim.transforms.chains import chain

__all__ = ["ScaleByRpropState", "rprop", "scale_by_rprop"]


class ScaleByRpropState(NamedTuple):
    """The state of `scale_by_rprop`."""

    step_sizes: Params  # the size of the last step, one an element
    prev_updates: Params  # the last step, or gradient; 0 where the sign had changed


@factory
def scale_by_rprop(
    learning_rate: float,
    eta_minus: float = 0.5,
    eta_plus: float = 1.2,
    min_step_size: float = 1e-6,
    max_step_size: float = 50.0,
    *,
    delayed: bool = True,
) -> GradientTransformation:
    """Replace updates by their signs, times sizes that grow as long as the sign stays.

        s ← clip(s · eta_plus,  min_step_size, max_step_size)     where the sign stayed
        s ← clip(s · eta_minus, min_step_size, max_step_size)     where it changed; there g ← 0
        u = sign(g) s

    Args:
        learning_rate: The size of the first step, in [0, ∞).
        eta_minus: The factor where the sign changed.
        eta_plus: The factor where it stayed.
        min_step_size: The smallest step.
        max_step_size: The largest step.
        delayed: Whether u, where the sign did not change, is that of the step before, as Optax
            has it: the first u is 0. Rprop as published, and PyTorch's, is not.

    Raises:
        ArgumentError: If a number is negative, or a factor not positive.

    Source:
        Riedmiller & Braun, "A direct adaptive method for faster backpropagation learning: the
        RPROP algorithm", 1993.

    Example:
        >>> import thalweg as tw
        >>> rprop = tw.optim.scale_by_rprop(0.5, delayed=False)
        >>> updates, state = rprop.update([7.0], rprop.init([0.0]))
        >>> updates[0].item(), rprop.update([7.0], state)[0][0].item()
        (0.5, 0.6)
    """
    NON_NEGATIVE.check(
        learning_rate=learning_rate, min_step_size=min_step_size, max_step_size=max_step_size
    )
    POSITIVE.check(eta_minus=eta_minus, eta_plus=eta_plus)

    def step(g: Tensor, size: Tensor, last: Tensor) -> tuple[Tensor, ...]:
        product = g * last
        factor = astype(where(greater(product, 0.0), eta_plus, eta_minus), size.dtype)
        changed = minimum(maximum(size * factor, min_step_size), max_step_size)
        size = where(equal(product, 0.0), size, changed)
        turned = less(product, 0.0)
        g = where(turned, 0.0, g)
        now = size * sign(g)
        return (where(turned, 0.0, last), size, now) if delayed else (now, size, g)

    first = filled(learning_rate)
    return leafwise(ScaleByRpropState, lambda _: step, single=False, step_sizes=first)


@factory
def rprop(
    learning_rate: float,
    eta_minus: float = 0.5,
    eta_plus: float = 1.2,
    min_step_size: float = 1e-6,
    max_step_size: float = 50.0,
) -> GradientTransformation:
    """Resilient descent: steps that grow as long as the sign of the gradient stays.

        u = −sign(g) s,    s as in `scale_by_rprop`, each step one step late

    Args:
        learning_rate: The size of the first step, in [0, ∞).
        eta_minus: The factor where the sign changed.
        eta_plus: The factor where it stayed.
        min_step_size: The smallest step.
        max_step_size: The largest step.

    Raises:
        ArgumentError: If a number is negative, or a factor not positive.

    Source:
        Riedmiller & Braun, "A direct adaptive method for faster backpropagation learning: the
        RPROP algorithm", 1993.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.rprop(0.01)
        rprop(learning_rate=0.01)
    """
    scaled = scale_by_rprop(learning_rate, eta_minus, eta_plus, min_step_size, max_step_size)
    return chain(scaled, scale(-1.0))
