"""PyTorch's own list of configurations of its optimizers, and the same in thalweg."""

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch.testing._internal.common_optimizers import optim_db

from thalweg import torch as wing

CLASSES = [
    *("SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta"),
    *("Adafactor", "ASGD", "Rprop", "Muon", "LBFGS"),
]
EVERY = [*CLASSES, "SparseAdam"]
STEPPED = CLASSES[:-1]  # those that step without a closure

# Configurations that PyTorch's list leaves out.
_FURTHER: dict[str, list[dict[str, Any]]] = {
    "SGD": [{"momentum": 0.9, "nesterov": True, "maximize": True}, {"lr": 0.0}],
    "Adam": [{"betas": (0.0, 0.9)}, {"eps": 0.1, "amsgrad": True}],
    "RMSprop": [{"alpha": 0.5, "momentum": 0.9}, {"centered": True, "eps": 0.1}],
    "Adafactor": [{"eps": (1e-6, 0.1)}],
    "ASGD": [{"lr": 0.1, "t0": 3, "alpha": 0.5}],
    "Rprop": [{"lr": 1e-9}, {"lr": 100.0, "step_sizes": (0.1, 1.0)}],
    "Muon": [{"adjust_lr_fn": "match_rms_adamw"}, {"nesterov": False, "eps": 0.1}],
}


class Configuration(NamedTuple):
    """One way to make an optimizer."""

    name: str
    options: dict[str, Any]

    def theirs(self, params: list[torch.Tensor]) -> torch.optim.Optimizer:
        """Return PyTorch's optimizer."""
        made: torch.optim.Optimizer = getattr(torch.optim, self.name)(params, **self.options)
        return made

    def ours(self, params: list[Any]) -> Any:
        """Return thalweg's optimizer."""
        return getattr(wing.optim, self.name)(params, **_converted(self.options))


def _converted(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return wing.tensor(value.numpy())
    return {k: _converted(v) for k, v in value.items()} if isinstance(value, dict) else value


def _widened(value: Any) -> Any:
    # With a float32 rate, PyTorch's Muon computes 1 − lr · weight_decay in float32.
    return value.double() if isinstance(value, torch.Tensor) else value


def official(name: str) -> list[dict[str, Any]]:
    """Return the options PyTorch lists for the CPU."""
    (info,) = [info for info in optim_db if info.name == name]
    return [
        {key: _widened(value) for key, value in row.kwargs.items()}
        for row in info.optim_inputs_func("cpu")
    ]


def configurations(names: list[str]) -> list[Any]:
    """Return all configurations as pytest parameters."""
    return [
        pytest.param(Configuration(name, options), id=f"{name}-{i}")
        for name in names
        for i, options in enumerate([*official(name), *_FURTHER.get(name, [])])
    ]


def starts(name: str) -> list[Any]:
    """Return parameters of two axes, one and none; of two alone for Muon."""
    rng = np.random.default_rng(7)
    arrays = [rng.normal(size=(4, 3)), rng.normal(size=(2, 5))]
    if name != "Muon":
        arrays += [rng.normal(size=5), np.asarray(rng.normal()), rng.normal(size=(2, 3, 2))]
    return [array + np.sign(array) for array in arrays]


def pair(configuration: Configuration, dtype: Any = np.float64) -> tuple[Any, Any, Any, Any]:
    """Return both optimizers with their parameters: ours, theirs."""
    arrays = [array.astype(dtype) for array in starts(configuration.name)]
    ours = [wing.tensor(array, requires_grad=True) for array in arrays]
    theirs = [torch.tensor(array, requires_grad=True) for array in arrays]
    return configuration.ours(ours), ours, configuration.theirs(theirs), theirs
