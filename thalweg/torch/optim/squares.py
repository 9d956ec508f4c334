"""Steps divided by the root of averaged or accumulated squares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thalweg.errors import ArgumentError
from thalweg.optim.accumulation import trace
from thalweg.optim.combining import chain
from thalweg.optim.decay import add_decayed_weights
from thalweg.optim.root_mean_squares import scale_by_rms, scale_by_stddev
from thalweg.optim.rules import (
    count_steps,
    factored_descent,
    inverse_decay,
    scale_by_adadelta,
    scale_by_sum,
)
from thalweg.optim.scaling import scale
from thalweg.optim.transformation import GradientTransformation
from thalweg.torch.optim import checks
from thalweg.torch.optim.checks import Number
from thalweg.torch.optim.descent import descent
from thalweg.torch.optim.groups import Group, is_zero, plain_number
from thalweg.torch.optim.optimizer import Optimizer

__all__ = ["Adadelta", "Adafactor", "Adagrad", "RMSprop"]


class RMSprop(Optimizer):
    """RMSProp; PyTorch's arguments and numbers.

        v ← alpha · v + (1 − alpha) g²
        p ← p − lr · g / (√v + eps)         (centered: √(v − m²), m the average of g)

    Args:
        params: Tensors that require gradients, or groups of them with options of their own.
        lr: The learning rate, in [0, ∞).
        alpha: The share of the averages kept each step, in [0, 1).
        eps: Added to the root, in [0, ∞).
        weight_decay: The pull towards zero, in [0, ∞).
        momentum: The share of the past updates kept, in [0, ∞).
        centered: Whether to divide by the root of the variance.
        capturable: Means nothing here; nor does `foreach`.
        foreach: See `capturable`.
        maximize: Whether to climb instead.
        differentiable: Whether steps are recorded; parameters that are leaves refuse then.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Hinton, "Overview of mini-batch gradient descent", 2012; centred: Graves, "Generating
        Sequences With Recurrent Neural Networks", 2013. arXiv:1308.0850

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.Tensor([1.0], requires_grad=True)
        >>> optimizer = torch.optim.RMSprop([p], lr=0.25, alpha=0.75)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> round(p.item(), 6)
        0.5
    """

    state_names: Mapping[str, str] = {
        "count": "step",
        "nu": "square_avg",
        "trace": "momentum_buffer",
        "mu": "grad_avg",
    }

    def __init__(
        self,
        params: Any,
        lr: Number = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        checks.non_negative(
            lr=lr, eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha
        )
        options = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        checks.flags(options)
        super().__init__(params, options)

    def transformation(self, options: Mapping[str, Any]) -> GradientTransformation:
        """Return RMSProp's scaling, momentum and descent with a group's options."""
        scaled = scale_by_stddev if options["centered"] else scale_by_rms
        rule = scaled(options["alpha"], options["eps"], eps_in_sqrt=False)
        momentum = options["momentum"]
        moved = None if is_zero(momentum) else trace(momentum)
        return descent(options, count_steps(), rule, moved)


class Adagrad(Optimizer):
    """Adagrad; PyTorch's arguments and numbers.

        s ← s + g²
        p ← p − lr / (1 + (t − 1) lr_decay) · g / (√s + eps)

    The sums are there from the beginning: `state[p]["sum"]`.

    Args:
        params: Tensors that require gradients, or groups of them with options of their own.
        lr: The learning rate, in [0, ∞).
        lr_decay: How fast the rate falls, in [0, ∞).
        weight_decay: The pull towards zero, in [0, ∞).
        initial_accumulator_value: The sum before the first step, in [0, ∞).
        eps: Added to the root, in [0, ∞).
        foreach: Means nothing here; nor does `fused`.
        maximize: Whether to climb instead.
        differentiable: Whether steps are recorded; parameters that are leaves refuse then.
        fused: See `foreach`.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Duchi et al., "Adaptive Subgradient Methods for Online Learning and Stochastic
        Optimization", 2011.

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.Tensor([1.0], requires_grad=True)
        >>> optimizer = torch.optim.Adagrad([p], lr=0.25)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> round(p.item(), 6)
        0.75
    """

    state_names: Mapping[str, str] = {"count": "step", "sum_of_squares": "sum"}

    def __init__(
        self,
        params: Any,
        lr: Number = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        checks.non_negative(
            lr=lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
        )
        options = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        checks.flags(options)
        super().__init__(params, options)

    def add_param_group(self, param_group: Group) -> None:
        """Add a group of parameters, and their sums; errors as for `Optimizer`."""
        super().add_param_group(param_group)
        self.begin_state(len(self.param_groups) - 1)

    def transformation(self, options: Mapping[str, Any]) -> GradientTransformation:
        """Return Adagrad's scaling and descent with a group's options."""
        rule = scale_by_sum(options["initial_accumulator_value"], options["eps"])
        if is_zero(options["lr_decay"]):
            return descent(options, count_steps(), rule)
        return descent(options, rule, rate=inverse_decay(options["lr"], options["lr_decay"]))


class Adadelta(Optimizer):
    """Adadelta; PyTorch's arguments and numbers.

        v ← rho · v + (1 − rho) g²
        u = √(x + eps) / √(v + eps) · g
        x ← rho · x + (1 − rho) u²
        p ← p − lr · u

    Args:
        params: Tensors that require gradients, or groups of them with options of their own.
        lr: The learning rate, in [0, ∞).
        rho: The share of the averages kept each step, in [0, 1].
        eps: Added under both roots, in [0, ∞).
        weight_decay: The pull towards zero, in [0, ∞).
        foreach: Means nothing here; nor does `capturable`.
        capturable: See `foreach`.
        maximize: Whether to climb instead.
        differentiable: Whether steps are recorded; parameters that are leaves refuse then.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012. arXiv:1212.5701

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.Tensor([1.0], requires_grad=True)
        >>> optimizer = torch.optim.Adadelta([p], rho=0.75, eps=1e-4)
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> round(p.item(), 4)
        0.98
    """

    state_names: Mapping[str, str] = {"count": "step", "e_g": "square_avg", "e_x": "acc_delta"}

    def __init__(
        self,
        params: Any,
        lr: Number = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        checks.non_negative(lr=lr, eps=eps, weight_decay=weight_decay)
        checks.at_most_one(rho=rho)
        options = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        checks.flags(options)
        super().__init__(params, options)

    def transformation(self, options: Mapping[str, Any]) -> GradientTransformation:
        """Return Adadelta's scaling and descent with a group's options."""
        return descent(options, count_steps(), scale_by_adadelta(options["rho"], options["eps"]))


class Adafactor(Optimizer):
    """Adafactor; PyTorch's arguments and numbers.

    The rule is that of `tw.optim.rules.factored_descent`, with decoupled weight decay.

    Args:
        params: Tensors that require gradients, or groups of them with options of their own.
        lr: The largest relative step, in [0, ∞).
        beta2_decay: The power of the step with which new squares lose weight, at most 0.
        eps: What keeps squares from zero, None for the dtype's precision; and the smallest size
            a parameter counts with.
        d: The root mean square above which updates are scaled down, at least 1.
        weight_decay: The pull towards zero, in [0, ∞).
        foreach: Means nothing here.
        maximize: Whether to climb instead.

    Raises:
        ArgumentError: If a number is outside its range, or a parameter is complex.

    Source:
        Shazeer & Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", 2018.
        arXiv:1804.04235

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.Tensor([2.0], requires_grad=True)
        >>> optimizer = torch.optim.Adafactor([p])
        >>> (p**2).sum().backward()
        >>> optimizer.step()
        >>> round(p.item(), 6)
        1.98
    """

    state_names: Mapping[str, str] = {"count": "step"}

    def __init__(
        self,
        params: Any,
        lr: Number = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        checks.non_negative(lr=lr, weight_decay=weight_decay)
        checks.finite_or_none("epsilon1", eps[0])
        checks.non_negative(epsilon2=eps[1])
        if beta2_decay > 0.0:
            raise ArgumentError(f"beta2_decay should be <= 0, but is {beta2_decay}. Give -0.8.")
        if plain_number("d", d) < 1.0:
            raise ArgumentError(f"Clipping threshold d should be >= 1, but is {d}. Give 1.0.")
        options = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        checks.flags(options)
        super().__init__(params, options)

    def check_group(self, group: Group) -> None:
        """Refuse complex parameters."""
        checks.real(type(self).__name__, group)

    def transformation(self, options: Mapping[str, Any]) -> GradientTransformation:
        """Return factored descent with a group's options."""
        first, second = options["eps"]
        links = [scale(-1.0)] if options["maximize"] else []
        links.append(
            factored_descent(options["lr"], options["beta2_decay"], first, second, options["d"])
        )
        if not is_zero(options["weight_decay"]):
            links.append(add_decayed_weights(-(options["lr"] * options["weight_decay"])))
        return chain(*links)
