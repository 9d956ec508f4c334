"""Training a module: its parameters, buffers and random numbers as one run."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np

from thalweg.core.tape import set_recording
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, CallError
from thalweg.training.loaders import arrays_of, read_rows

if TYPE_CHECKING:
    from thalweg.nn.module import Module

P = ParamSpec("P")
Result = TypeVar("Result")

Array = np.ndarray[Any, Any]


class Carrying:
    """A loss with a state of its own: `loss(params, carried, *arrays) -> (value, carried)`.

    Args:
        model: The module whose loss it is; its buffers are the state, beside a key of random
            numbers and the number of the step.
        loss: Called with the module's output and the last of the data.
        inputs: How many of the data the module is called with.
    """

    def __init__(self, model: Module, loss: Callable[..., Any], inputs: int) -> None:
        self._model, self._loss = model, loss
        # What errors call the data by.
        self.__signature__ = _signature(model, inputs)
        self.__name__ = getattr(loss, "__name__", None) or type(loss).__name__

    def carried(self, seed: int) -> dict[str, Any]:
        """Return the state that a run starts from."""
        words = np.array([seed >> 32, seed & 0xFFFFFFFF], np.uint32).view(np.int32)
        buffers = {name: b.numpy(force=True) for name, b in self._model.named_buffers()}
        return {"buffers": buffers, "key": words, "step": np.int64(0)}

    def __call__(self, params: Any, carried: Any, *arrays: Any) -> tuple[Any, Any]:
        """Return the loss of a batch in training, and the state after it."""
        from thalweg.nn.calling import call_with_state
        from thalweg.nn.functional.dropping import drawing_with
        from thalweg.ops.keyed import fold_in

        with drawing_with(fold_in(carried["key"], carried["step"])):
            output, buffers = call_with_state(self._model, params, carried["buffers"], arrays[:-1])
            value = self._loss(output, arrays[-1])
        return value, {**carried, "buffers": buffers, "step": carried["step"] + 1}

    def evaluation(self, params: Any, carried: Any, *arrays: Any) -> tuple[Any, Any]:
        """Return the loss in the module's evaluation mode."""
        from thalweg.nn.calling import call_with_state

        with _evaluating(self._model):
            output, _ = call_with_state(self._model, params, carried["buffers"], arrays[:-1])
        return self._loss(output, arrays[-1]), carried


def _signature(model: Module, inputs: int) -> inspect.Signature:
    """Return (params, *the inputs of the model, target)."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    known = [p.name for p in inspect.signature(model.forward).parameters.values() if p.kind is kind]
    names = known[:inputs] + [f"input{i}" for i in range(len(known), inputs)]
    distinct = dict.fromkeys(["params", *names, "target"])
    return inspect.Signature([inspect.Parameter(name, kind) for name in distinct])


@contextmanager
def _evaluating(model: Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def accepting_modules(fit: Callable[P, Result]) -> Callable[P, Result]:
    """Let `fit(model, data, loss=…)` train a module."""

    @functools.wraps(fit)
    def fitted(*args: P.args, **kwargs: P.kwargs) -> Result:
        nn = sys.modules.get("thalweg.nn.module")
        if nn is not None and args and isinstance(args[0], nn.Module):
            train: Callable[..., Result] = functools.partial(_fit_module, fit)
            return train(*args, **kwargs)
        if "loss" in kwargs and args:
            raise CallError(_no_module(args[0]))
        return fit(*args, **kwargs)

    return fitted


def _no_module(given: Any) -> str:
    what = f"the class {given.__name__}" if isinstance(given, type) else type(given).__name__
    advice = "Give the module first: fit(model, (X, y), loss=…, optimizer=…)."
    if isinstance(given, type):
        advice = f"Make a module of it: {given.__name__}(…)."
    elif type(given).__module__.partition(".")[0] == "torch" or hasattr(given, "state_dict"):
        advice = "Build it of thalweg.nn, which has PyTorch's layers by name."
    elif callable(given):
        advice = "A loss of (params, *data) comes first, without loss=: fit(loss, params, data, …)."
    return f"fit got loss=… and {what} in the place of the module. {advice}"


def _fit_module(
    fit: Callable[..., Any], model: Module, data: Any = None, *more: Any, **options: Any
) -> Any:
    loss = options.pop("loss", None)
    if more or not callable(loss):
        raise CallError(
            "fit got a module. It wants fit(model, (X, y), loss=…, optimizer=…), the loss being "
            "called with the model's output and y: thalweg.nn.functional.mse_loss, for example."
        )
    if isinstance(loss, type):
        raise CallError(f"fit got the class loss={loss.__name__}. Call it: {loss.__name__}().")
    data, options = read_rows(data, options)
    if options.get("validation") is not None:
        options["validation"] = arrays_of(options["validation"])
    params = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if not params:
        raise ArgumentError(
            "fit got a module without a parameter that requires grad; there is nothing to train. "
            "Set requires_grad on some, or give a module with layers."
        )
    start = {name: p.numpy(force=True) for name, p in params.items()}
    carrying = Carrying(model, loss, len(data) - 1)
    result = fit(carrying, start, data, **options)
    _write_back(model, params, result)
    return result


def _write_back(model: Module, params: Mapping[str, Tensor], result: Any) -> None:
    record = result.record
    with set_recording(False):
        for name, value in result.params.items():
            params[name].copy_(value)
        # Of the state, the loss's own stands last: buffers by name, then the key and the step.
        buffers = sorted(model.named_buffers(), key=lambda pair: pair[0])
        kept = record.state[len(record.state) - len(buffers) - 2 :]
        for (_, buffer), value in zip(buffers, kept, strict=False):
            buffer.copy_(value)
