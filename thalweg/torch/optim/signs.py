"""Rprop and Muon: steps whose length does not follow the gradient's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thalweg.errors import ArgumentError
from thalweg.optim.combining import chain
from thalweg.optim.rules import (
    count_steps,
    orthogonalize,
    resilient_descent,
    scale_by_shape,
    trace_average,
)
from thalweg.optim.transformation import GradientTransformation
from thalweg.torch.optim import checks
from thalweg.torch.optim.checks import Number
from thalweg.torch.optim.descent import descent, prepared
from thalweg.torch.optim.groups import Group
from thalweg.torch.optim.optimizer import Optimizer

__all__ = ["Muon", "Rprop"]


class Rprop(Optimizer):
    """Resilient descent: steps that grow while the gradient's sign stays; PyTorch's numbers.

    The rule is that of `tw.optim.rules.resilient_descent`. It reads `lr` at the first step only,
    as in PyTorch.

    Args:
        params: Tensors that require gradients, or groups of them with options of their own.
        lr: The size of the first step, in [0, ∞).
        etas: The factors where the sign changed and where it stayed, below and above 1.
        step_sizes: The smallest and the largest step.
        capturable: Means nothing here; nor does `foreach`.
        foreach: See `capturable`.
        maximize: Whether to climb instead.
        differentiable: Whether steps are recorded; parameters that are leaves refuse then.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Riedmiller & Braun, "A direct adaptive method for faster backpropagation learning: the
        RPROP algorithm", 1993.

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.Tensor([1.0], requires_grad=True)
        >>> optimizer = torch.optim.Rprop([p], lr=0.25)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> p.tolist()
        [0.75]
    """

    state_names: Mapping[str, str] = {"count": "step", "prev": "prev", "step_size": "step_size"}

    def __init__(
        self,
        params: Any,
        lr: Number = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        checks.non_negative(lr=lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ArgumentError(
                f"Invalid eta values: {etas[0]}, {etas[1]}. Give one in (0, 1) and one above 1."
            )
        options = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        checks.flags(options)
        super().__init__(params, options)

    def transformation(self, options: Mapping[str, Any]) -> GradientTransformation:
        """Return resilient descent with a group's options."""
        rule = resilient_descent(options["lr"], *options["etas"], *options["step_sizes"])
        return chain(*prepared(options), count_steps(), rule)


class Muon(Optimizer):
    """Muon: steps of matrices along the orthogonal matrix nearest to their momentum.

    The rule is that of `tw.optim.rules.orthogonalize`, which rounds as PyTorch's bfloat16 does,
    but sums in another order: the two agree to about two digits.

    Args:
        params: Matrices that require gradients, or groups of them with options of their own.
        lr: The learning rate, in [0, ∞).
        weight_decay: The decoupled pull towards zero, in [0, ∞).
        momentum: The share of the past gradients kept, in [0, ∞).
        nesterov: Whether momentum looks one step ahead.
        ns_coefficients: The coefficients of an iteration.
        eps: The smallest norm that is divided by.
        ns_steps: How many iterations, below 100.
        adjust_lr_fn: How the extents scale the rate: None or "original", or "match_rms_adamw".

    Raises:
        ArgumentError: If a number is outside its range, or a parameter no real matrix.

    Source:
        Jordan, "Muon: An optimizer for hidden layers in neural networks", 2024.

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.Tensor([[2.0, 0.0], [0.0, 1.0]], requires_grad=True)
        >>> optimizer = torch.optim.Muon([p], lr=0.5, weight_decay=0.0)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> bool(p[0, 0] < 2.0)
        True
    """

    state_names: Mapping[str, str] = {"trace": "momentum_buffer"}

    def __init__(
        self,
        params: Any,
        lr: Number = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        checks.non_negative(lr=lr, momentum=momentum, weight_decay=weight_decay, eps=eps)
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ArgumentError(
                f"Adjust learning rate function {adjust_lr_fn} is not supported. Give 'original' "
                "or 'match_rms_adamw'."
            )
        if not 0 <= ns_steps < 100:
            raise ArgumentError(f"ns_steps={ns_steps} was given. Give an integer in [0, 100).")
        options = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, options)

    def check_group(self, group: Group) -> None:
        """Refuse what is no real matrix."""
        checks.real(type(self).__name__, group)
        for param in group["params"]:
            if param.ndim != 2:
                raise ArgumentError(
                    "Muon only supports 2D parameters whereas we found a parameter with size: "
                    f"{param.shape}. Give vectors and scalars to another optimizer, as AdamW."
                )

    def transformation(self, options: Mapping[str, Any]) -> GradientTransformation:
        """Return orthogonal descent with a group's options."""
        return descent(
            options,
            trace_average(options["momentum"], options["nesterov"]),
            orthogonalize(options["ns_coefficients"], options["ns_steps"], options["eps"]),
            scale_by_shape(options["adjust_lr_fn"] or "original"),
            decoupled=True,
        )
