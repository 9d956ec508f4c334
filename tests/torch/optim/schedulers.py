"""Optimizers to try schedulers on, thalweg's side and PyTorch's, and how schedulers are made.

A sample builds its scheduler from a namespace of PyTorch's names and an optimizer.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from thalweg import torch as wing

Sample = Callable[[Any, Any], Any]


class Plain:
    """An optimizer with groups that changes nothing, for its learning rates."""

    def __init__(self, rates: tuple[Any, ...] = (0.5,), **options: Any) -> None:
        self.defaults: dict[str, Any] = {"lr": 0.5, **options}
        self.param_groups: list[dict[str, Any]] = [
            {"params": [wing.tensor([1.0])], "lr": rate, **options} for rate in rates
        ]
        self.hooks: list[Any] = []

    def step(self, closure: Any = None) -> None:
        for hook in self.hooks:
            hook(self, (), {})

    def register_step_post_hook(self, hook: Any) -> "Handle":
        self.hooks.append(hook)
        return Handle(self.hooks, hook)

    def state_dict(self) -> dict[str, Any]:
        return {"param_groups": [dict(group) for group in self.param_groups]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.param_groups = [dict(group) for group in state["param_groups"]]


class Handle:
    """Takes a hook away."""

    def __init__(self, hooks: list[Any], hook: Any) -> None:
        self.hooks, self.hook = hooks, hook

    def remove(self) -> None:
        self.hooks[:] = [hook for hook in self.hooks if hook != self.hook]


def ours(rates: tuple[Any, ...] = (0.5,), **options: Any) -> Any:
    """Return an optimizer of thalweg's with groups of these rates."""
    kind = wing.optim.Adam if "betas" in options else wing.optim.SGD
    groups = [{"params": [wing.tensor([0.0], requires_grad=True)], "lr": rate} for rate in rates]
    return kind(groups, **options)


def theirs(rates: tuple[Any, ...] = (0.5,), **options: Any) -> Any:
    """Return an optimizer of PyTorch's with the same groups."""
    torch = pytest.importorskip("torch")
    kind = torch.optim.Adam if "betas" in options else torch.optim.SGD
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates]
    return kind(groups, **options)


def rates_of(optimizer: Any) -> list[float]:
    return [float(group["lr"]) for group in optimizer.param_groups]


def momenta_of(optimizer: Any) -> list[float]:
    return [
        float(group["betas"][0] if "betas" in group else group.get("momentum", 0.0))
        for group in optimizer.param_groups
    ]


def walk(optimizer: Any, scheduler: Any, steps: int) -> tuple[Any, Any]:
    """Return the rates and the momenta of the groups, before each of some steps and after."""
    rates, momenta = [rates_of(optimizer)], [momenta_of(optimizer)]
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        assert [float(rate) for rate in scheduler.get_last_lr()] == rates_of(optimizer)
        rates.append(rates_of(optimizer))
        momenta.append(momenta_of(optimizer))
    return np.array(rates), np.array(momenta)


# What each of PyTorch's schedulers does, over its arguments.
SCHEDULERS: dict[str, list[Sample]] = {
    "LambdaLR": [
        lambda s, o: s.LambdaLR(o, lambda epoch: 0.95**epoch),
        lambda s, o: s.LambdaLR(o, lr_lambda=lambda epoch: 1 / (1 + epoch)),
    ],
    "MultiplicativeLR": [
        lambda s, o: s.MultiplicativeLR(o, lambda epoch: 0.95),
        lambda s, o: s.MultiplicativeLR(o, lambda epoch: 1 + 1 / epoch),
    ],
    "StepLR": [
        lambda s, o: s.StepLR(o, 3, 0.5),
        lambda s, o: s.StepLR(o, step_size=10),
        lambda s, o: s.StepLR(o, 1, gamma=1.1),
        lambda s, o: s.StepLR(o, 5, gamma=0.0),
        lambda s, o: s.StepLR(o, 100),
    ],
    "MultiStepLR": [
        lambda s, o: s.MultiStepLR(o, [3, 10, 30], 0.5),
        lambda s, o: s.MultiStepLR(o, milestones=[12, 2, 12]),
        lambda s, o: s.MultiStepLR(o, [1, 2, 3], gamma=2.0),
        lambda s, o: s.MultiStepLR(o, []),
    ],
    "ConstantLR": [
        lambda s, o: s.ConstantLR(o),
        lambda s, o: s.ConstantLR(o, factor=0.1, total_iters=20),
        lambda s, o: s.ConstantLR(o, 1.0, 3),
    ],
    "LinearLR": [
        lambda s, o: s.LinearLR(o),
        lambda s, o: s.LinearLR(o, start_factor=1e-3, total_iters=25),
        lambda s, o: s.LinearLR(o, start_factor=1.0, end_factor=0.1, total_iters=30),
        lambda s, o: s.LinearLR(o, 0.5, 0.5, 7),
    ],
    "ExponentialLR": [
        lambda s, o: s.ExponentialLR(o, 0.9),
        lambda s, o: s.ExponentialLR(o, gamma=1.05),
        lambda s, o: s.ExponentialLR(o, gamma=0.0),
    ],
    "PolynomialLR": [
        lambda s, o: s.PolynomialLR(o),
        lambda s, o: s.PolynomialLR(o, total_iters=30, power=2.0),
        lambda s, o: s.PolynomialLR(o, 50, 0.5),
    ],
    "CosineAnnealingLR": [
        lambda s, o: s.CosineAnnealingLR(o, 10),
        lambda s, o: s.CosineAnnealingLR(o, T_max=7, eta_min=0.01),
        lambda s, o: s.CosineAnnealingLR(o, T_max=60, eta_min=1e-4),
        lambda s, o: s.CosineAnnealingLR(o, T_max=1),
    ],
    "CosineAnnealingWarmRestarts": [
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 10),
        lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=2, T_mult=2),
        lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=1, T_mult=3, eta_min=0.01),
        lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=7, T_mult=1, eta_min=0.1),
    ],
    "CyclicLR": [
        lambda s, o: s.CyclicLR(o, 0.1, 1.0, 5),
        lambda s, o: s.CyclicLR(o, base_lr=0.0, max_lr=1.0, step_size_up=4, step_size_down=9),
        lambda s, o: s.CyclicLR(o, 0.1, 1.0, 3, mode="triangular2"),
        lambda s, o: s.CyclicLR(o, 0.1, 1.0, 6, 2, mode="exp_range", gamma=0.97),
        lambda s, o: s.CyclicLR(o, 0.1, 1.0, 5, scale_fn=lambda x: 1 / (5**x)),
        lambda s, o: s.CyclicLR(
            o, 0.1, 1.0, 5, scale_fn=lambda x: 0.99**x, scale_mode="iterations"
        ),
        lambda s, o: s.CyclicLR(o, 0.1, 1.0, 5, cycle_momentum=False),
        lambda s, o: s.CyclicLR(o, 0.1, 1.0, 5, base_momentum=0.5, max_momentum=0.99),
    ],
    "OneCycleLR": [
        lambda s, o: s.OneCycleLR(o, 1.0, total_steps=50),
        lambda s, o: s.OneCycleLR(o, max_lr=0.3, epochs=5, steps_per_epoch=9),
        lambda s, o: s.OneCycleLR(o, 1.0, 60, pct_start=0.4, anneal_strategy="linear"),
        lambda s, o: s.OneCycleLR(o, 1.0, 50, three_phase=True),
        lambda s, o: s.OneCycleLR(
            o, 1.0, 45, three_phase=True, anneal_strategy="linear", pct_start=0.25
        ),
        lambda s, o: s.OneCycleLR(o, 1.0, 50, cycle_momentum=False, div_factor=10.0),
        lambda s, o: s.OneCycleLR(o, 1.0, 50, pct_start=0.0, final_div_factor=10.0),
        lambda s, o: s.OneCycleLR(o, 1.0, 50, base_momentum=0.5, max_momentum=0.99),
    ],
    "SequentialLR": [
        lambda s, o: s.SequentialLR(o, [s.ConstantLR(o, 0.1, 2), s.ExponentialLR(o, 0.9)], [3]),
        lambda s, o: s.SequentialLR(
            o, [s.LinearLR(o, 0.01, total_iters=5), s.CosineAnnealingLR(o, 20, 1e-3)], [5]
        ),
        lambda s, o: s.SequentialLR(
            o, [s.ExponentialLR(o, 0.9), s.StepLR(o, 4, 0.5), s.PolynomialLR(o, 9)], [6, 21]
        ),
        lambda s, o: s.SequentialLR(o, [s.ConstantLR(o), s.StepLR(o, 4, 0.5)], [0]),
        lambda s, o: s.SequentialLR(
            o,
            [
                s.LinearLR(o, 0.1),
                s.CosineAnnealingWarmRestarts(o, 5, 2),
                s.LambdaLR(o, lambda e: e),
            ],
            [8, 8],
        ),
        lambda s, o: s.SequentialLR(
            o, [s.LambdaLR(o, lambda e: 0.9**e), s.MultiStepLR(o, [2, 5])], milestones=[10]
        ),
    ],
    "ChainedScheduler": [
        lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 4), s.ExponentialLR(o, 0.9)]),
        lambda s, o: s.ChainedScheduler(
            [s.LinearLR(o, 0.1), s.CosineAnnealingLR(o, 50), s.StepLR(o, 10, 0.5)]
        ),
        lambda s, o: s.ChainedScheduler(
            [s.LinearLR(o, 0.1, total_iters=9), s.CosineAnnealingLR(o, 50, eta_min=0.01)]
        ),
        lambda s, o: s.ChainedScheduler(
            [s.CosineAnnealingLR(o, 50, eta_min=0.01), s.ExponentialLR(o, 0.97)]
        ),
        lambda s, o: s.ChainedScheduler(
            [s.MultiplicativeLR(o, lambda e: 0.9), s.MultiStepLR(o, [3, 9])], optimizer=o
        ),
        lambda s, o: s.ChainedScheduler([s.PolynomialLR(o, 60, 2.0)]),
        lambda s, o: s.ChainedScheduler([s.ConstantLR(o), s.ConstantLR(o, 0.5, 9)]),
    ],
}


def listed() -> list[Any]:
    """Return the samples as pytest parameters, numbered within their row."""
    return [
        pytest.param(sample, id=f"{name}-{i}")
        for name, samples in SCHEDULERS.items()
        for i, sample in enumerate(samples)
    ]
