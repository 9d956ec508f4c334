"""Calling a module with other parameters and buffers than its own: a module as a function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from typing import Any

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, CallError, StateError
from thalweg.nn.module import Module

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
        >>> import thalweg as tw
        >>> from thalweg import nn
        >>> model = nn.Linear(2, 1)
        >>> def loss(params, x):
        ...     return tw.sum(nn.functional_call(model, params, (x,)))
        >>> gradient = tw.grad(loss)(dict(model.named_parameters()), tw.ones((3, 2)))
        >>> gradient["bias"].tolist()
        [3.0]
    """
    given = _merged(parameter_and_buffer_dicts)
    positional = () if args is None else args if isinstance(args, tuple) else (args,)
    with _swapped(module, given, tie_weights, strict) as current:
        result = module(*positional, **(kwargs or {}))
        for name, place in current.items():
            _write_back(parameter_and_buffer_dicts, name, given[name], place)
    return result


def _merged(dicts: Any) -> dict[str, Any]:
    if isinstance(dicts, Mapping):
        return dict(dicts)
    if not isinstance(dicts, Sequence) or not all(isinstance(d, Mapping) for d in dicts):
        raise ArgumentError(
            "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got "
            f"{type(dicts)}. Give dict(module.named_parameters()) or the like."
        )
    names = [name for each in dicts for name in each]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ArgumentError(
            f"{repeated} appeared in multiple dictionaries; behavior of functional call is "
            "ambiguous. Give each name once."
        )
    return {name: value for each in dicts for name, value in each.items()}


@contextmanager
def _swapped(
    module: Module, given: Mapping[str, Any], tie_weights: bool, strict: bool
) -> Iterator[dict[str, Place]]:
    """Put tensors into the module's places; yield the place of each given name that exists."""
    places = _places(module)
    if strict:
        _require_names(module, places, given)
    wanted = {name: _as_value(value) for name, value in given.items() if name in places}
    if tie_weights:
        wanted = _with_ties(wanted, places)
    before = {name: places[name][0][places[name][1]] for name in wanted}
    try:
        for name, value in wanted.items():
            members, key = places[name]
            members[key] = value
        yield {name: places[name] for name in given if name in places}
    finally:
        for name, value in before.items():
            members, key = places[name]
            members[key] = value


def _places(module: Module) -> dict[str, Place]:
    return {
        f"{path}.{key}" if path else key: (members, key)
        for path, part in module.named_modules(remove_duplicate=False)
        for members in (part._parameters, part._buffers)
        for key, value in members.items()
        if value is not None
    }


def _with_ties(wanted: dict[str, Any], places: dict[str, Place]) -> dict[str, Any]:
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
    lines = []
    for what, names in (
        ("Unexpected", [name for name in given if name not in places]),
        ("Missing", [name for name in places if name not in given]),
    ):
        if names:
            lines.append(f"\n\t{what} key(s): {', '.join(map(repr, names))}.")
    if lines:
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
