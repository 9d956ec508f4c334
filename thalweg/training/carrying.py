"""What a run knows of a model that holds its own parameters: it says itself how it is fitted."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from thalweg.core.program import Trace
from thalweg.core.tensor import Tensor
from thalweg.errors import CallError

Result = TypeVar("Result")


class Carrying(ABC):
    """A loss with a state of its own: `loss(params, carried, *arrays) -> (value, carried)`."""

    @property
    @abstractmethod
    def source(self) -> Callable[..., Any]:
        """The function whose lines tell where the loss is written."""

    @property
    @abstractmethod
    def consists_of(self) -> tuple[Any, ...]:
        """What the loss is made of: where all of it is equal, so is what a trace finds."""

    @property
    @abstractmethod
    def given(self) -> Sequence[Tensor]:
        """The tensors among it whose values a run gives: parameters and state."""

    @property
    @abstractmethod
    def trained(self) -> Iterable[Tensor]:
        """The tensors that stand for parameters of the run."""

    @abstractmethod
    def carried(self, seed: int) -> dict[str, Any]:
        """Return the state that a run starts from."""

    @abstractmethod
    def evaluation(self) -> Carrying:
        """Return the loss of validation data, which leaves the state as it is."""

    @abstractmethod
    def traced(self, trace: Trace, params: Any, carried: Any) -> AbstractContextManager[None]:
        """Return the block within which the loss is traced and differentiated.

        Args:
            trace: Where the loss is traced.
            params: The traced parameters.
            carried: The traced state.
        """

    @abstractmethod
    def __call__(self, params: Any, carried: Any, *arrays: Any) -> tuple[Any, Any]:
        """Return the loss of a batch, and the state after it."""


def accepting_models(fit: Callable[..., Result]) -> Callable[..., Result]:
    """Let `fit(model, data, loss=…)` train a model that has a method `__fit__`.

    It is called as `model.__fit__(fit, data, …)` with what else was given, and calls `fit` with
    its loss and its parameters.
    """

    @functools.wraps(fit)
    def fitted(*args: Any, **kwargs: Any) -> Result:
        own: Callable[..., Result] | None = (
            getattr(type(args[0]), "__fit__", None) if args else None
        )
        if own is not None:
            return own(args[0], fit, *args[1:], **kwargs)
        if "loss" in kwargs and args:
            raise CallError(_no_model(args[0]))
        return fit(*args, **kwargs)

    return fitted


def _no_model(given: Any) -> str:
    what = f"the class {given.__name__}" if isinstance(given, type) else type(given).__name__
    advice = "Give the module first: fit(model, (X, y), loss=…, optimizer=…)."
    if isinstance(given, type):
        advice = f"Make a module of it: {given.__name__}(…)."
    elif type(given).__module__.partition(".")[0] == "torch" or hasattr(given, "state_dict"):
        advice = "Build it of thalweg.torch.nn, which has PyTorch's layers by name."
    elif callable(given):
        advice = "A loss of (params, *data) comes first, without loss=: fit(loss, params, data, …)."
    return f"fit got loss=… and {what} in the place of the module. {advice}"
