"""Adam, with AMSGrad's denominator if wanted; and Adam of the rows that have a gradient."""

from __future__ import annotations

from typing import Any

from thalweg.core.tape import SparseDerivative
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, GradientError
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.optim.moments import leafwise, moment
from thalweg.optim.optimizers.adaptive.adam import ScaleByAdamState, scale_by_adam, scale_by_amsgrad
from thalweg.torch.optim.optimizer.descent import Descent, Links, Number, Options, names
from thalweg.torch.optim.optimizer.groups import Group, plain_number

__all__ = ["Adam", "SparseAdam"]


MOMENTS = names(count="step", mu="exp_avg", nu="exp_avg_sq", nu_max="max_exp_avg_sq")


class Adam(Descent):
    """Adam; PyTorch's arguments and numbers.

        g ← g + weight_decay · p
        m ← β₁ m + (1 − β₁) g           v ← β₂ v + (1 − β₂) g²
        p ← p − lr · m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + eps)

    Args:
        params: Tensors that require gradients, or groups of them with options of their own.
        lr: The learning rate, in [0, ∞).
        betas: The shares of the two moments kept each step, in [0, 1).
        eps: Added to the denominator, in [0, ∞).
        weight_decay: The pull towards zero, in [0, ∞).
        amsgrad: Whether the denominator never shrinks.
        foreach: Means nothing here; nor do `capturable` and `fused`.
        maximize: Whether to climb instead.
        capturable: See `foreach`.
        differentiable: Whether steps are recorded; parameters that are leaves refuse then.
        fused: See `foreach`.
        decoupled_weight_decay: Whether weights decay beside the rule, as in AdamW.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015. arXiv:1412.6980

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = torch.optim.Adam([p], lr=0.25)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> [round(x, 6) for x in p.tolist()]
        [0.75, -1.75]
    """

    state_names = MOMENTS
    first = "lr betas eps weight_decay amsgrad maximize"

    def __init__(
        self,
        params: Any,
        lr: Number = 1e-3,
        betas: tuple[Number, Number] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        super().__init__(params, locals())

    def takes_rows(self, options: Options) -> bool:
        """Refuse sparse gradients, as PyTorch does."""
        raise GradientError(
            "Adam does not support sparse gradients, please consider SparseAdam instead"
        )

    def _rule(self, options: Options) -> Links:
        b1, b2 = options["betas"]
        if not options["amsgrad"]:
            return [scale_by_adam(b1, b2, options["eps"])]
        return [scale_by_amsgrad(b1, b2, options["eps"], max_before_correction=True)]


class SparseAdam(Descent):
    """Adam of the rows that a sparse gradient has; PyTorch's arguments and numbers.

    For each row that is there:

        m ← β₁ m + (1 − β₁) g           v ← β₂ v + (1 − β₂) g²
        p ← p − lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + eps)

    The other rows, and what is remembered of them, stay. In `tw.fit`, whose derivatives are dense,
    `tw.optim.adam` takes its place.

    Args:
        params: Tensors that require gradients, or groups of them with options of their own.
        lr: The learning rate, in (0, ∞).
        betas: The shares of the two moments kept each step, in [0, 1).
        eps: Added to the root, in (0, ∞).
        maximize: Whether to climb instead.

    Raises:
        ArgumentError: If a number is outside its range, or a parameter sparse or complex.

    Source:
        Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015, section 2, in the order
        of computation that is told at its end. arXiv:1412.6980

    Example:
        >>> import thalweg.torch as torch
        >>> table = torch.nn.Embedding(3, 1, sparse=True, _weight=torch.zeros(3, 1))
        >>> optimizer = torch.optim.SparseAdam(table.parameters(), lr=0.5)
        >>> table(torch.tensor([0, 2, 2])).sum().backward()
        >>> optimizer.step()
        >>> [round(x, 6) for x in table.weight.flatten().tolist()]
        [-0.5, 0.0, -0.5]
    """

    state_names = MOMENTS
    # What is wanted where derivatives are dense.
    in_fits = "adam"

    def __init__(
        self,
        params: Any,
        lr: Number = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, locals())

    def _check(self, options: Options) -> None:
        super()._check(options)
        for name, told in (("lr", "learning rate"), ("eps", "epsilon value")):
            if not plain_number(name, options[name]) > 0.0:
                raise ArgumentError(f"Invalid {told}: {options[name]}. Give a positive number.")

    def add_param_group(self, param_group: Group) -> None:
        """Add a group of parameters, none of them sparse; errors as for `Optimizer`."""
        params = param_group.get("params", ()) if isinstance(param_group, dict) else ()
        listed = [params] if isinstance(params, Tensor) else list(params)
        at = len(self.param_groups)
        found = [[at, i] for i, p in enumerate(listed) if isinstance(p, SparseDerivative)]
        if found:
            raise ArgumentError(
                f"Sparse params at indices {found}: SparseAdam requires dense parameter tensors. "
                "Call to_dense()."
            )
        super().add_param_group(param_group)

    def _check_group(self, group: Group) -> None:
        at = len(self.param_groups)
        found = [[at, i] for i, p in enumerate(group["params"]) if p.dtype.kind == "c"]
        if found:
            raise ArgumentError(
                f"Complex params at indices {found}: SparseAdam does not support complex "
                "parameters. Give their real and imaginary parts."
            )

    def takes_rows(self, options: Options) -> bool:
        """Tell that sparse gradients move their own rows alone."""
        return True

    def step(self, closure: Any = None) -> Any:
        """Update the rows of all parameters that have a gradient there.

        Args:
            closure: Computes the loss anew and its gradients; it runs first.

        Returns:
            What the closure returned, or None.

        Raises:
            GradientError: If a gradient is dense.
        """
        for group in self.param_groups if closure is None else ():
            for param in group["params"]:
                if param.grad is not None and not isinstance(param.grad, SparseDerivative):
                    raise GradientError(
                        "SparseAdam does not support dense gradients, please consider Adam instead"
                    )
        return super().step(closure)

    def _rule(self, options: Options) -> Links:
        (b1, b2), eps = options["betas"], options["eps"]

        def at(count: Any) -> Any:
            pace = sqrt(1 - b2**count) / (1 - b1**count)

            def step(g: Tensor, m: Tensor, v: Tensor) -> tuple[Tensor, ...]:
                m, v = moment(g, m, b1), moment(g * g, v, b2)
                return pace.astype(m.dtype) * m / (sqrt(v) + eps), m, v

            return step

        return [leafwise(ScaleByAdamState, at)]
