"""Training a module by `tw.fit`: its parameters, buffers and random numbers as one run.

Its data are arrays, or data sets and loaders of them.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

from thalweg.core.program import Trace, place_of
from thalweg.core.tape import set_recording
from thalweg.core.tensor import Tensor, variable
from thalweg.errors import ArgumentError, CallError, TracingError
from thalweg.ops.index.items import copy_
from thalweg.random.drawing import drawing_with
from thalweg.random.keyed import fold_in
from thalweg.torch.naming import adopted, as_tensor
from thalweg.torch.nn.functional_call import Substitution
from thalweg.torch.nn.hooks import Computing, computing_hooks, hooks_of_all
from thalweg.torch.nn.modules.module import REGISTRIES, Module
from thalweg.torch.nn.parameter import is_lazy
from thalweg.training.carrying import Carrying
from thalweg.training.surroundings import Surroundings

_WHOLE = "(X, y), or X, y = next(iter(DataLoader(dataset, batch_size=len(dataset)))) read once"


def read_rows(data: Any, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return the arrays of data, and the options that a loader of them stands for.

    Raises:
        ArgumentError: If they are not arrays, or a loader does more than batch and shuffle them.
    """
    if not _is_loader(data):
        return arrays_of(data), options
    _require_plain(data)
    shuffled = type(data.sampler).__name__ == "RandomSampler"
    given = {
        "batch_size": data.batch_size,
        "drop_last": data.drop_last,
        "shuffle": "epoch" if shuffled else False,
    }
    return arrays_of(data.dataset), {**given, **options}


def arrays_of(data: Any) -> tuple[Any, ...]:
    """Return data as a tuple whose last is what the loss compares the output with.

    Raises:
        ArgumentError: If they are not several arrays.
    """
    whole = data.dataset if _is_loader(data) else data
    reader = getattr(whole, "row_reader", None)
    read = reader() if callable(reader) else None
    if read is not None:
        whole = read(np.arange(len(whole)))
    whole = getattr(whole, "tensors", whole)  # PyTorch's data sets of tensors too
    found = tuple(whole) if isinstance(whole, (tuple, list)) else ()
    if len(found) >= 2:
        return found
    kind = type(whole).__name__
    advice = f"Give {_WHOLE}."
    if not found and hasattr(whole, "__getitem__") and not hasattr(whole, "__array__"):
        advice = f"Of a data set with samples of its own, give its arrays: {_WHOLE}."
    raise ArgumentError(
        f"fit got a module and data of type {kind}. It wants a tuple (X, y) of arrays, a "
        "TensorDataset or a Subset of one, or a DataLoader of these, which have what the model is "
        f"called with and, last, what the loss compares its output with. {advice}"
    )


def _is_loader(data: Any) -> bool:
    return hasattr(data, "dataset") and hasattr(data, "drop_last")


def _require_plain(loader: Any) -> None:
    """Refuse what a loader does and a run would not: batches are drawn inside the run."""
    plain = ("RandomSampler", "SequentialSampler")
    sampler, collate = loader.sampler, loader.collate_fn
    odd = {
        "no batch_size": loader.batch_size is None,
        f"the sampler {type(sampler).__name__}": type(sampler).__name__ not in plain,
        "a RandomSampler with replacement or num_samples": (
            getattr(sampler, "replacement", False)
            or getattr(sampler, "num_samples", len(loader.dataset)) != len(loader.dataset)
        ),
        "a batch_sampler": type(loader.batch_sampler).__name__ != "BatchSampler",
        "a collate_fn": getattr(collate, "__name__", "") != "default_collate",
    }
    found = [what for what, is_so in odd.items() if is_so]
    if found:
        raise ArgumentError(
            f"fit got a DataLoader with {found[0]}; a run draws its own batches, and would leave "
            "that out. Give the arrays themselves, with weights as one of them for example, or "
            "write the loop over the loader."
        )


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
    def consists_of(self) -> tuple[Any, ...]:
        """The module, the loss, how many of the data are inputs, and the hooks of all modules."""
        return self.model, self.loss, self.inputs, hooks_of_all()

    @property
    def given(self) -> Sequence[Tensor]:
        """The parameters that require gradients, and the buffers."""
        return (*(p for p in self.model.parameters() if p.requires_grad), *self.model.buffers())

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
        mode = _evaluation_mode(self.model) if self._evaluates else nullcontext()
        ours = Substitution(self.model, parameters, buffers, aliases)
        with mode, _computed_kept(self.model), ours:
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
        ours.put(params, {name: adopted(as_tensor(b)) for name, b in carried["buffers"].items()})
        *inputs, target = map(adopted, arrays)
        with drawing_with(fold_in(carried["key"], carried["step"])):
            value = self.loss(self.model(*inputs), target)
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


def _computing(model: Module) -> Iterator[tuple[Module, Computing]]:
    """Yield the hooks that compute attributes of modules from their parameters."""
    for part in model.modules():
        yield from ((part, hook) for hook in computing_hooks(part))


@contextmanager
def _computed_kept(model: Module) -> Iterator[None]:
    """Give attributes that hooks compute their values back, which are traced tensors inside."""
    before = [(part, hook.attribute) for part, hook in _computing(model)]
    kept = [vars(part).get(name) for part, name in before]
    try:
        yield
    finally:
        for (part, name), value in zip(before, kept, strict=True):
            setattr(part, name, value)


@contextmanager
def _evaluation_mode(model: Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def _in_dtype_of(model: Module, data: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return data with real numbers of the model's dtype, if its parameters have one."""
    dtypes = {np.dtype(p.dtype) for p in model.parameters() if p.dtype.kind == "f"}
    if len(dtypes) != 1:
        return data
    (wanted,) = dtypes

    def converted(array: Any) -> Any:
        known = isinstance(array, (np.ndarray, Tensor))
        real = known and array.dtype.kind == "f" and array.dtype != wanted
        return array.astype(wanted) if real else array

    return tuple(map(converted, data))


def _show_first_batch(model: Module, data: tuple[Any, ...], batch_size: Any) -> None:
    """Call a lazy model that has seen no data, so that its weights are made; no state changes."""
    if not any(map(is_lazy, (*model.parameters(), *model.buffers()))):
        return
    rows = batch_size if isinstance(batch_size, int) else None
    first = tuple(array[:rows] for array in _in_dtype_of(model, data[:-1]))
    with _evaluation_mode(model), set_recording(False):
        model(*(adopted(as_tensor(array)) for array in first))


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
    _show_first_batch(model, data, options.get("batch_size"))
    data = _in_dtype_of(model, data)
    if options.get("validation") is not None:
        options["validation"] = _in_dtype_of(model, arrays_of(options["validation"]))
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


Module.__fit__ = fit_module


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
                elif isinstance(value, dict) and name not in REGISTRIES:
                    for key in [key for key, item in value.items() if _is_traced(item)]:
                        del value[key]
                elif _is_traced(value) and name in kept:
                    attributes[name] = kept[name]
                elif _is_traced(value):
                    del attributes[name]


def _is_traced(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_is_traced, value))
    return isinstance(value, Tensor) and value.is_symbolic


def _write_back(model: Module, params: Mapping[str, Tensor], result: Any) -> None:
    record = result.record
    with set_recording(False):
        for name, value in result.params.items():
            copy_(params[name], value)
        # Of the state, the loss's own stands last: buffers by name, then the key and the step.
        buffers = sorted(model.named_buffers(), key=lambda pair: pair[0])
        kept = record.state[len(record.state) - len(buffers) - 2 :]
        for (_, buffer), value in zip(buffers, kept, strict=False):
            copy_(buffer, value)
    for part, hook in _computing(model):
        setattr(part, hook.attribute, hook.computed(part))
