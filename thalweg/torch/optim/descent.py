"""The links that PyTorch's rules have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thalweg.optim.combining import chain
from thalweg.optim.decay import add_decayed_weights
from thalweg.optim.scaling import scale, scale_by_learning_rate
from thalweg.optim.transformation import GradientTransformation
from thalweg.torch.optim.groups import is_zero


def descent(
    options: Mapping[str, Any],
    *links: GradientTransformation | None,
    rate: Any = None,
    decoupled: bool = False,
) -> GradientTransformation:
    """Return links between what comes before every rule and the step down the slope.

    Gradients are negated to maximize; weights decay as part of the gradient, or `decoupled`.

    Args:
        options: A group's options.
        links: The rule; None is left out.
        rate: The learning rate if it is not `options["lr"]`; 1 leaves updates as they are.
        decoupled: Whether weights decay beside the rule.
    """
    made = [*prepared(options, decoupled), *(link for link in links if link is not None)]
    if decoupled and not is_zero(options["weight_decay"]):
        made.append(add_decayed_weights(options["weight_decay"]))
    return chain(*made, scale_by_learning_rate(options["lr"] if rate is None else rate))


def prepared(options: Mapping[str, Any], decoupled: bool = False) -> list[GradientTransformation]:
    """Return what happens to a gradient before every rule."""
    made: list[GradientTransformation] = []
    if options.get("maximize"):
        made.append(scale(-1.0))
    if not decoupled and not is_zero(options.get("weight_decay", 0.0)):
        made.append(add_decayed_weights(options["weight_decay"]))
    return made
