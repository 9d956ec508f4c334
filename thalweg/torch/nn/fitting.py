"""Training a module by `tw.fit`: its parameters, buffers and random numbers as one run."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

from thalweg.core.program import Trace, place_of
from thalweg.core.tape import set_recording
from thalweg.core.tensor import Tensor, as_tensor, variable
from thalweg.errors import ArgumentError, CallError, TracingError
from thalweg.random.drawing import drawing_with
from thalweg.random.keyed import fold_in
from thalweg.torch.nn.functional_call import Substitution
from thalweg.torch.nn.loaders import arrays_of, read_rows
from thalweg.torch.nn.modules.module import Module
from thalweg.training.carrying import Carrying
from thalweg.training.surroundings import Surroundings

Array = np.ndarray[Any, Any]


class ModuleLoss(Carrying):
    """The loss of a module: `loss(params, carried, *arrays) -> (value, carried)`.

    Args:
        model: The module whose loss it is; its buffers are the state, beside a key of random
            numbers and the number of the step.
        loss: Called with the module's output and the last of the data.
        inputs: How many of the data the module is called with.
        evaluates: Whether the module is in its evaluation mode, and its state stays as it is.
    """

    def __init__(
        self, model: Module, loss: Callable[..., Any], inputs: int, evaluates: bool = False
    ) -> None:
        self.model, self.loss, self.inputs = model, loss, inputs
        self._evaluates = evaluates
        self._substitution: Substitution | None = None
        # What errors call the data by.
        self.__signature__ = _signature(model, inputs)
        self.__name__ = getattr(loss, "__name__", None) or type(loss).__name__

    @property
    def source(self) -> Callable[..., Any]:
        """The module's `forward`."""
        return type(self.model).forward

    @property
    def trained(self) -> Iterable[Tensor]:
        """The module's parameters."""
        return self.model.parameters()

    def carried(self, seed: int) -> dict[str, Any]:
        """Return the state that a run starts from."""
        words = np.array([seed >> 32, seed & 0xFFFFFFFF], np.uint32).view(np.int32)
        buffers = {name: b.numpy(force=True) for name, b in self.model.named_buffers()}
        return {"buffers": buffers, "key": words, "step": np.int64(0)}

    def evaluation(self) -> ModuleLoss:
        """Return the loss in the module's evaluation mode."""
        return ModuleLoss(self.model, self.loss, self.inputs, evaluates=True)

    @contextmanager
    def traced(self, trace: Trace, params: Any, carried: Any) -> Iterator[None]:
        """Let the module's tensors be those of a run, while its loss is traced and differentiated.

        Args:
            trace: Where the loss is traced.
            params: The traced parameters by name.
            carried: The traced state.

        Raises:
            TracingError: If the loss refers to part of a parameter's memory by another name.
        """
        parameters = {n: p for n, p in self.model.named_parameters() if n in params}
        buffers = dict(self.model.named_buffers())
        arrays = {name: t.array for name, t in (*parameters.items(), *buffers.items())}
        aliases = self._aliases({**parameters, **buffers})
        values = {**params, **carried["buffers"]}
        mode = _evaluating(self.model) if self._evaluates else nullcontext()
        with mode, Substitution(self.model, parameters, buffers, aliases) as ours:
            self._substitution = ours
            try:
                for name, array in arrays.items():
                    trace.stand_for(array, values[name].array)
                yield
            finally:
                self._substitution = None
        for tensor, symbol in trace.captured.values():
            _require_apart(tensor.array, arrays, f"what it uses at {trace.line_of(symbol)}")

    def _aliases(self, own: Mapping[str, Tensor]) -> list[tuple[Tensor, str]]:
        """Return the tensors that the loss refers to and that lie on the memory of the run's own.

        Raises:
            TracingError: If something shows part of that memory, or shows it as a NumPy array.
        """
        arrays = {name: tensor.array for name, tensor in own.items()}
        places = {place_of(array): name for name, array in arrays.items()}
        ids = set(map(id, own.values()))
        found = []
        for label, value in Surroundings(self).found.items():
            if isinstance(value, Tensor) and id(value) not in ids:
                name = places.get(place_of(value.array)) if value.is_leaf else None
                if name is not None:
                    found.append((value, name))
                else:
                    _require_apart(value.array, arrays, label)
            elif isinstance(value, np.ndarray):
                _require_apart(value, arrays, label)
        return found

    def __call__(self, params: Any, carried: Any, *arrays: Any) -> tuple[Any, Any]:
        """Return the loss of a batch, and the state after it."""
        ours = self._substitution
        if ours is None:
            raise TracingError("The loss of a module was called outside of its trace.")
        if self._evaluates:  # derivatives inside the loss need variables
            params = {name: variable(value) for name, value in params.items()}
        ours.put(params, {name: as_tensor(b) for name, b in carried["buffers"].items()})
        with drawing_with(fold_in(carried["key"], carried["step"])):
            value = self.loss(self.model(*arrays[:-1]), arrays[-1])
        buffers = ours.left()
        if self._evaluates:
            return value, carried
        return value, {**carried, "buffers": buffers, "step": carried["step"] + 1}


def _require_apart(array: Any, own: Mapping[str, Array], what: str) -> None:
    """Refuse what shows memory of the run's own without following the run."""
    for name, other in own.items():
        if isinstance(array, np.ndarray) and np.may_share_memory(array, other):
            raise TracingError(
                f"The loss refers to {what}, which shows memory of the module's {name!r} and would "
                "keep its first value. Make the view or the array inside the loss, or take a copy: "
                "clone() or copy()."
            )


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


def fit_module(
    model: Module, fit: Callable[..., Any], data: Any = None, *more: Any, **options: Any
) -> Any:
    """Train a module by `tw.fit`, and write what it found back into it."""
    loss = options.pop("loss", None)
    if more or not callable(loss):
        raise CallError(
            "fit got a module. It wants fit(model, (X, y), loss=…, optimizer=…), the loss being "
            "called with the model's output and y: torch.nn.functional.mse_loss, for example."
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
    _require_no_stored_hooks(params)
    carrying = ModuleLoss(model, loss, len(data) - 1)
    with _without_traces(model):
        result = fit(carrying, start, data, **options)
    _write_back(model, params, result)
    return result


Module.__fit__ = fit_module  # type: ignore[attr-defined]


def _require_no_stored_hooks(params: Mapping[str, Tensor]) -> None:
    for name, parameter in params.items():
        node = parameter.node
        if node is not None and node.watched is not None and node.watched.stored:
            raise CallError(
                f"The parameter {name!r} has a hook that is called after its .grad is added to "
                "(register_post_accumulate_grad_hook), but a run stores no .grad. Remove the hook, "
                "or write the loop with backward() and step(); register_hook works in a run."
            )


@contextmanager
def _without_traces(model: Module) -> Iterator[None]:
    """Take traced tensors, which have no value afterwards, out of the modules' attributes."""
    before = [(vars(part), dict(vars(part))) for part in model.modules()]
    try:
        yield
    finally:
        for attributes, kept in before:
            for name, value in list(attributes.items()):
                if isinstance(value, (list, deque)) and any(map(_is_traced, value)):
                    rest = [item for item in value if not _is_traced(item)]
                    value.clear()
                    value.extend(rest)
                elif isinstance(value, dict) and name not in _REGISTRIES:
                    for key in [key for key, item in value.items() if _is_traced(item)]:
                        del value[key]
                elif _is_traced(value) and name in kept:
                    attributes[name] = kept[name]
                elif _is_traced(value):
                    del attributes[name]


_REGISTRIES = frozenset({"_parameters", "_buffers", "_modules"})


def _is_traced(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_is_traced, value))
    return isinstance(value, Tensor) and value.is_symbolic


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
