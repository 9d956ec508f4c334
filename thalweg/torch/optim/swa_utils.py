"""Averages of a model's weights over the steps of its training."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from thalweg.autodiff.modes import no_grad
from thalweg.core.tensor import Tensor, make
from thalweg.errors import ArgumentError
from thalweg.ops.index.items import copy_
from thalweg.torch.nn.modules.module import Module
from thalweg.torch.optim.lr_scheduler import SWALR

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


def __dir__() -> list[str]:
    return __all__


Average = Callable[[Tensor, Tensor, Any], Any]

MultiAverage = Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """Return the rule of an exponential moving average.

        average ← decay · average + (1 − decay) · parameter

    Args:
        decay: The share of the average that is kept, in [0, 1].

    Raises:
        ArgumentError: If it is outside its range.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.optim.swa_utils import get_ema_avg_fn
        >>> float(get_ema_avg_fn(0.75)(torch.tensor(1.0), torch.tensor(2.0), 1))
        1.25
    """
    _check_decay(decay)

    def average(averaged: Tensor, parameter: Tensor, count: Any) -> Any:
        return decay * averaged + (1 - decay) * parameter

    return average


def get_swa_avg_fn() -> Average:
    """Return the rule of the mean of all: average ← average + (parameter − average) / (n + 1).

    Source:
        Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization",
        2018. arXiv:1803.05407
    """

    def average(averaged: Tensor, parameter: Tensor, count: Any) -> Any:
        return averaged + (parameter - averaged) / (count + 1)

    return average


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAverage:
    """Return the rule of `get_ema_avg_fn` for many tensors at once, which it changes in place.

    Args:
        decay: The share of the average that is kept, in [0, 1].

    Raises:
        ArgumentError: If it is outside its range.
    """
    return _in_place(get_ema_avg_fn(decay))


def get_swa_multi_avg_fn() -> MultiAverage:
    """Return the rule of `get_swa_avg_fn` for many tensors at once, which it changes in place."""
    return _in_place(get_swa_avg_fn())


def _in_place(average: Average) -> MultiAverage:
    def average_all(averaged: Sequence[Tensor], parameters: Sequence[Tensor], count: Any) -> None:
        with no_grad():
            for mean, parameter in zip(averaged, parameters, strict=True):
                copy_(mean, average(mean, parameter, count))

    return average_all


def _check_decay(decay: Any) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ArgumentError(
            f"Invalid decay value {decay} provided: it is the share of the average that is kept. "
            "Give a number in [0, 1]."
        )


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of the model's over its training.

    Args:
        model: The model; the copy is made at once, and is that of the first
            `update_parameters` after it.
        device: The only device is "cpu".
        avg_fn: The rule that makes an average: a function of the average, the parameter and how
            many were averaged. None for their mean, `get_swa_avg_fn()`.
        multi_avg_fn: The rule for lists of tensors, which it changes in place.
        use_buffers: Whether buffers are averaged too; otherwise they are copied.

    Attributes:
        module: The averaged model.
        n_averaged: How many states of the model the averages are of.

    Raises:
        ArgumentError: If both rules are given.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> model = nn.Linear(1, 1, bias=False)
        >>> averaged = torch.optim.swa_utils.AveragedModel(model)
        >>> for value in (1.0, 2.0, 6.0):
        ...     with torch.no_grad():
        ...         _ = model.weight.copy_(torch.tensor([[value]]))
        ...     averaged.update_parameters(model)
        >>> averaged(torch.tensor([1.0])).tolist()
        [3.0]
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: MultiAverage | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise ArgumentError(
                "AveragedModel got avg_fn and multi_avg_fn, but one rule makes the averages. "
                "Give one of them."
            )
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", make(np.array(0)))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the averaged model."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the model's parameters of now into the averages.

        Raises:
            ArgumentError: If the model has more or fewer of them.
        """
        averaged = _tensors(self.module, self.use_buffers)
        current = _tensors(model, self.use_buffers)
        if len(averaged) != len(current):
            raise ArgumentError(
                f"update_parameters got a model of {len(current)} tensors for averages of "
                f"{len(averaged)}. Give the model that was averaged before."
            )
        with no_grad():
            self._average(averaged, current)
            if not self.use_buffers:
                for own, given in zip(self.module.buffers(), model.buffers(), strict=True):
                    copy_(own, given)
            self.n_averaged += 1

    def _average(self, averaged: list[Tensor], current: list[Tensor]) -> None:
        count = int(self.n_averaged)
        if count == 0:
            for mean, tensor in zip(averaged, current, strict=True):
                copy_(mean, tensor)
        elif self.multi_avg_fn is not None:
            self.multi_avg_fn(averaged, current, count)
        else:
            _in_place(self.avg_fn or get_swa_avg_fn())(averaged, current, count)


def _tensors(model: Module, with_buffers: bool) -> list[Tensor]:
    parameters: list[Tensor] = list(model.parameters())
    return [*parameters, *model.buffers()] if with_buffers else parameters


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running statistics of a model's batch normalisations anew, in one pass.

    Averaged weights belong to no batch that was seen, so that theirs are not known.

    Args:
        loader: The batches; of a list or tuple, the first item.
        model: The model, which is left in the mode it is in.
        device: The only device is "cpu".
    """
    layers = [m for m in model.modules() if getattr(m, "running_mean", None) is not None]
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    training = model.training
    model.train()
    for layer in layers:
        layer.reset_running_stats()
        # Without a momentum the statistics are the mean over all batches.
        layer.momentum = None
    with no_grad():
        for batch in loader:
            model(batch[0] if isinstance(batch, (list, tuple)) else batch)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    model.train(training)
