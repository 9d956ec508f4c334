"""Muon: steps of matrices along orthogonal ones."""

from __future__ import annotations

from typing import Any

from thalweg.errors import ArgumentError
from thalweg.optim.moments import trace
from thalweg.optim.optimizers.matrix.muon import orthogonalize, scale_by_shape
from thalweg.optim.scaling import scale
from thalweg.torch.optim.optimizer import descent
from thalweg.torch.optim.optimizer.descent import Descent, Links, Number, Options, names
from thalweg.torch.optim.optimizer.groups import Group

__all__ = ["Muon"]


class Muon(Descent):
    """Muon: steps of matrices along the orthogonal matrix nearest to their momentum.

    The rule is that of `tw.optim.orthogonalize`, which rounds as PyTorch's bfloat16 does,
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
        >>> p = torch.tensor([[2.0, 0.0], [0.0, 1.0]], requires_grad=True)
        >>> optimizer = torch.optim.Muon([p], lr=0.5, weight_decay=0.0)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> bool(p[0, 0] < 2.0)
        True
    """

    in_fits = "contrib.muon"
    state_names = names(trace="momentum_buffer")
    decoupled = True

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
        super().__init__(params, locals())

    def _check(self, options: Options) -> None:
        super()._check(options)
        adjusted, steps = options["adjust_lr_fn"], options["ns_steps"]
        if adjusted not in (None, "original", "match_rms_adamw"):
            raise ArgumentError(
                f"Adjust learning rate function {adjusted} is not supported. Give 'original' or "
                "'match_rms_adamw'."
            )
        if not 0 <= steps < 100:
            raise ArgumentError(f"ns_steps={steps} was given. Give an integer in [0, 100).")

    def _check_group(self, group: Group) -> None:
        descent.require_real("Muon", group)
        for param in group["params"]:
            if param.ndim != 2:
                raise ArgumentError(
                    "Muon only supports 2D parameters whereas we found a parameter with size: "
                    f"{param.shape}. Give vectors and scalars to another optimizer, as AdamW."
                )

    def _rule(self, options: Options) -> Links:
        momentum = options["momentum"]
        return [
            scale(1.0 - momentum),
            trace(momentum, options["nesterov"]),
            orthogonalize(options["ns_coefficients"], options["ns_steps"], options["eps"]),
            scale_by_shape(options["adjust_lr_fn"] or "original"),
        ]
