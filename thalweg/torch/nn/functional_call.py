"""Calling a module with other parameters and buffers than its own: a module as a function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from typing import Any

from thalweg.core.tape import Node
from thalweg.core.tensor import Tensor, make
from thalweg.errors import ArgumentError, CallError, StateError, TracingError
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn.modules.module import Module, dotted_name
from thalweg.torch.nn.parameter import Parameter, copy_value

__all__ = ["functional_call"]


# Where a tensor stands: the members of a module and the name among them.
Place = tuple[dict[str, Any], str]


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    args: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with the given tensors in place of its parameters and buffers.

    The module is afterwards as it was, also if the call fails. What it changes in place in the
    given tensors stays changed, and what it assigns to their names is put into the dictionary.
    While it runs, no other thread may use the module.

    Args:
        module: What to call.
        parameter_and_buffer_dicts: Tensors by dotted names, in one dictionary or several. Names
            that the module does not have are left alone.
        args: The positional arguments in a tuple, or the only one.
        kwargs: The keyword arguments.
        tie_weights: Whether a tensor that the module has under several names is replaced under
            all of them by what is given for one.
        strict: Whether exactly the module's names must be given.

    Raises:
        ArgumentError: If a name is given twice, or tied names are given different tensors.
        StateError: If names differ and `strict` is given.

    Example:
        >>> import thalweg as tw, thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> model = nn.Linear(2, 1)
        >>> def loss(params, x):
        ...     return tw.sum(nn.functional_call(model, params, (x,)))
        >>> gradient = tw.grad(loss)(dict(model.named_parameters()), torch.ones(3, 2))
        >>> gradient["bias"].tolist()
        [3.0]
    """
    given = _merge(parameter_and_buffer_dicts)
    positional = () if args is None else args if isinstance(args, tuple) else (args,)
    with _swap(module, given, tie_weights, strict) as current:
        result = module(*positional, **(kwargs or {}))
        for name, place in current.items():
            _write_back(parameter_and_buffer_dicts, name, given[name], place)
    return result


def _merge(dicts: Any) -> dict[str, Any]:
    if isinstance(dicts, Mapping):
        return dict(dicts)
    if not isinstance(dicts, Sequence) or not all(isinstance(d, Mapping) for d in dicts):
        raise ArgumentError(
            "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got "
            f"{type(dicts)}. Give dict(module.named_parameters()) or the like."
        )
    counts = Counter(name for each in dicts for name in each)
    repeated = sorted(name for name, count in counts.items() if count > 1)
    if repeated:
        raise ArgumentError(
            f"{repeated} appeared in multiple dictionaries; behavior of functional call is "
            "ambiguous. Give each name once."
        )
    return {name: value for each in dicts for name, value in each.items()}


@contextmanager
def _swap(
    module: Module, given: Mapping[str, Any], tie_weights: bool, strict: bool
) -> Iterator[dict[str, Place]]:
    """Put tensors into the module's places; yield the place of each given name that exists."""
    places = _places(module)
    if strict:
        _require_names(module, places, given)
    wanted = {name: _as_value(value) for name, value in given.items() if name in places}
    if tie_weights:
        wanted = _add_ties(wanted, places)
    before = {name: members[key] for name, (members, key) in places.items() if name in wanted}
    try:
        _put(wanted, places)
        yield {name: places[name] for name in given if name in places}
    finally:
        _put(before, places)


def _put(values: Mapping[str, Any], places: Mapping[str, Place]) -> None:
    for name, value in values.items():
        members, key = places[name]
        members[key] = value


def _places(module: Module) -> dict[str, Place]:
    places = _all_places(module, remove_duplicate=False)
    return {name: (members, key) for name, (members, key) in places if members[key] is not None}


def _all_places(module: Module, remove_duplicate: bool) -> Iterator[tuple[str, Place]]:
    for path, part in module.named_modules(remove_duplicate=remove_duplicate):
        for members in (part._parameters, part._buffers):
            yield from ((dotted_name(path, key), (members, key)) for key in members)


def _add_ties(wanted: dict[str, Any], places: dict[str, Place]) -> dict[str, Any]:
    groups: dict[int, list[str]] = {}
    for name, (members, key) in places.items():
        groups.setdefault(id(members[key]), []).append(name)
    found = dict(wanted)
    for names in groups.values():
        named = [name for name in names if name in wanted]
        if len({id(wanted[name]) for name in named}) > 1:
            raise ArgumentError(
                f"functional_call got multiple values for keys {named}, which are tied. Give one "
                "of them, or consider using tie_weights=False."
            )
        if named:
            found.update(dict.fromkeys(names, wanted[named[0]]))
    return found


def _as_value(value: Any) -> Tensor:
    if isinstance(value, Tensor):
        return value
    if not hasattr(value, "shape"):
        raise CallError(
            f"{value} is not an instance of thalweg.Tensor. Give tensors or arrays by name."
        )
    return as_tensor(value)


def _require_names(module: Module, places: dict[str, Place], given: Mapping[str, Any]) -> None:
    differences = {
        "Unexpected": [name for name in given if name not in places],
        "Missing": [name for name in places if name not in given],
    }
    if any(differences.values()):
        lines = (f"\n\t{w} key(s): {', '.join(map(repr, n))}." for w, n in differences.items() if n)
        raise StateError(
            f"Error(s) in reparametrizing for {type(module).__name__}:{''.join(lines)}"
        )


def _write_back(dicts: Any, name: str, given: Any, place: Place) -> None:
    """Put what the call assigned to a name into the caller's dictionary."""
    members, key = place
    if members[key] is given or not isinstance(given, Tensor):
        return
    for each in [dicts] if isinstance(dicts, Mapping) else dicts:
        if name in each and isinstance(each, MutableMapping):
            each[name] = members[key]


# What a tensor is given back after it stood for another value.
_OWN = ("array", "node", "memory", "origin", "weak", "_grad")


class Substitution:
    """Parameters and buffers of a module that stand for other values inside a `with` block.

    Each tensor stays the object it is. So whoever holds it meets the value: the module, tied
    layers, lists of parameters, closures over one of them. Afterwards all is as it was. While it
    lasts, no other thread may use the module.

    Args:
        module: Whose tensors they are.
        parameters: The parameters by name.
        buffers: The buffers by name.
        aliases: Tensors on the whole memory of one of these, as `detach()` makes them, with the
            name of that one; they stand for its value without its history.
    """

    def __init__(
        self,
        module: Module,
        parameters: Mapping[str, Tensor],
        buffers: Mapping[str, Tensor],
        aliases: Sequence[tuple[Tensor, str]] = (),
    ) -> None:
        self._parameters, self._buffers = dict(parameters), dict(buffers)
        self._aliases = list(aliases)
        self._own = {id(t): {name: getattr(t, name) for name in _OWN} for t in self._tensors()}
        self._put: dict[str, tuple[Any, Node | None]] = {}
        # What is assigned to a name, instead of written into the tensor there, is found there.
        self._members: list[tuple[str, dict[str, Any], str, Tensor | None]] = [
            (name, members, key, members[key])
            for name, (members, key) in _all_places(module, remove_duplicate=True)
        ]

    def _tensors(self) -> Iterator[Tensor]:
        yield from self._parameters.values()
        yield from self._buffers.values()
        yield from (tensor for tensor, _ in self._aliases)

    def __enter__(self) -> Substitution:
        return self

    def __exit__(self, *exception: object) -> None:
        for tensor in self._tensors():
            for name, value in self._own[id(tensor)].items():
                setattr(tensor, name, value)
        self._return_members()

    def _return_members(self) -> None:
        for _, members, key, value in self._members:
            members[key] = value

    def put(self, parameters: Mapping[str, Tensor], buffers: Mapping[str, Tensor]) -> None:
        """Let the tensors stand for values, with the values' history and their own hooks."""
        self._return_members()
        self._put.clear()
        for name, value in parameters.items():
            tensor = self._parameters[name]
            _stand_for(tensor, value)
            before = self._own[id(tensor)]["node"]
            if before is not None and before.watched is not None and value.node is not None:
                value.node.watched = before.watched
            self._put[name] = value.array, value.node
        for name, value in buffers.items():
            _stand_for(self._buffers[name], copy_value(value))
        values = {**parameters, **buffers}
        for alias, name in self._aliases:
            _stand_for(alias, values[name].detach())

    def left(self) -> dict[str, Tensor]:
        """Return what became of the buffers, by name.

        Raises:
            TracingError: If a parameter was changed, or a buffer has only now been given a value.
        """
        for name, (array, node) in self._put.items():
            tensor = self._parameters[name]
            if tensor.array is not array or tensor.node is not node:
                raise TracingError(_CHANGED.format(name))
        found: dict[int, Tensor] = {}
        for name, members, key, before in self._members:
            now = members.get(key)
            if now is before or now is None:
                continue
            if before is None:
                raise TracingError(
                    f"{name!r} was None and was given a value by the module or the loss; a run "
                    "needs its first value before it starts. Register it with one, such as "
                    "zeros of its shape, or call the module once before the fit."
                )
            if id(before) in self._own and not isinstance(before, Parameter):
                found[id(before)] = now
            else:
                raise TracingError(_CHANGED.format(name))
        values = {name: found.get(id(t), t) for name, t in self._buffers.items()}
        # The buffers themselves are given back what they were.
        return {name: make(t.array, t.node, t.weak) for name, t in values.items()}


_CHANGED = (
    "The parameter {!r} was changed by the module or the loss, in place, by an assignment or by "
    "its requires_grad; in a run parameters are changed by the optimizer alone. Use the changed "
    "value without writing it, as in w = self.weight.clamp(min=0), or change it before the fit."
)


def _stand_for(tensor: Tensor, value: Tensor) -> None:
    tensor.array, tensor.node, tensor.weak = value.array, value.node, False
    tensor.memory = tensor.origin = tensor._grad = None
