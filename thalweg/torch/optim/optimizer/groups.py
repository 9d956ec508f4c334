"""Parameter groups: what an optimizer may be given, and which of their options are numbers."""

from __future__ import annotations

import itertools
import sys
import warnings
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, CallError, MissingEntry
from thalweg.lines import is_users

# Integers that say how a step is made, not numbers in its arithmetic.
STRUCTURAL = frozenset({"ns_steps"})

_NUMBER = "·"


def options_of(given: Mapping[str, Any], first: str = "") -> dict[str, Any]:
    """Return the arguments of a constructor but for itself and the parameters.

    Args:
        given: The constructor's variables.
        first: The names of the options that come first; the others keep their order.
    """
    names = dict.fromkeys([*first.split(), *given])
    return {name: given[name] for name in names if name not in ("self", "params", "__class__")}


def split(options: Mapping[str, Any]) -> tuple[Hashable, tuple[float, ...]]:
    """Return a key equal for options that differ in numbers alone, and the numbers in order.

    A zero is structure: what it multiplies is left out of the step.
    """
    numbers: list[float] = []
    key = tuple((name, _scan(name, value, numbers)) for name, value in options.items())
    return key, tuple(numbers)


def fill_numbers(options: Mapping[str, Any], numbers: Iterator[Any]) -> dict[str, Any]:
    """Return the options with other numbers in their places."""
    return {name: _replace(name, value, numbers) for name, value in options.items()}


def is_zero(value: Any) -> bool:
    """Tell whether an option is zero, so that what it multiplies can be left out."""
    return isinstance(value, (int, float)) and value == 0


def _scan(name: str, value: Any, numbers: list[float]) -> Hashable:
    if _is_number(name, value):
        plain = plain_number(name, value)
        if plain == 0:
            return 0.0
        numbers.append(plain)
        return _NUMBER
    if isinstance(value, (tuple, list)):
        return tuple(_scan(name, item, numbers) for item in value)
    return value if isinstance(value, Hashable) else id(value)


def _replace(name: str, value: Any, numbers: Iterator[Any]) -> Any:
    if _is_number(name, value):
        return 0.0 if plain_number(name, value) == 0 else next(numbers)
    if isinstance(value, (tuple, list)):
        return tuple(_replace(name, item, numbers) for item in value)
    return value


def _is_number(name: str, value: Any) -> bool:
    if isinstance(value, bool) or name in STRUCTURAL:
        return False
    return isinstance(value, (int, float, Tensor)) or hasattr(value, "dtype")


def plain_number(name: str, value: Any) -> float:
    """Return an option as a Python float.

    Raises:
        CallError: If it is no number.
        ArgumentError: If it is an array of more than one number.
    """
    if isinstance(value, (int, float)):
        return float(value)
    if not hasattr(value, "item"):
        raise CallError(f"{name}={value!r} was given; it wants a number. Give one such as 0.01.")
    if getattr(value, "size", 1) != 1:
        raise ArgumentError(
            f"Tensor {name} must be 1-element, but has shape {value.shape}. Give one number; "
            "parameters that need different ones belong in different groups."
        )
    return float(value.item())


Group = dict[str, Any]


def as_groups(params: Any) -> list[Any]:
    """Return what an optimizer was given as a list of groups, not yet checked.

    Raises:
        CallError: If it is no iterable of parameters or groups.
        ArgumentError: If it is empty.
    """
    if isinstance(params, Tensor) or not isinstance(params, Iterable):
        raise CallError(
            "params argument given to the optimizer should be an iterable of Tensors or dicts, "
            f"but got {type(params).__name__}. Give a list, as [w, b] or model.parameters()."
        )
    if isinstance(params, (set, frozenset)):
        raise CallError(_UNORDERED)
    groups = list(params)
    if not groups:
        raise ArgumentError(
            "optimizer got an empty parameter list: there is nothing to optimize. Give tensors "
            "with requires_grad=True, as model.parameters(); a generator can be read once only."
        )
    return groups if isinstance(groups[0], dict) else [{"params": groups}]


_UNORDERED = (
    "Optimizer parameters need to be organized in ordered collections, but the ordering of "
    "tensors in sets will change between runs. Give a list instead."
)


def fill_group(group: Any, defaults: Mapping[str, Any], differentiable: bool) -> Group:
    """Return a group with a list of parameters and every option.

    Raises:
        CallError: If the group or what it holds is of another type.
        MissingEntry: If it has no parameters.
        ArgumentError: If an option is missing, a parameter is no leaf, or some have no names.
    """
    if not isinstance(group, dict):
        raise CallError(
            f"param_group must be a dict, but got {type(group).__name__}. Give "
            "{'params': [...], 'lr': ...}."
        )
    if "params" not in group:
        raise MissingEntry(
            f"A parameter group with the entries {list(group)} was given; it wants 'params' too. "
            "Give {'params': [...], 'lr': ...}."
        )
    params = group["params"]
    if isinstance(params, (set, frozenset)):
        raise CallError(_UNORDERED)
    group["params"] = [params] if isinstance(params, Tensor) else list(params)
    _take_names(group)
    for param in group["params"]:
        _check_parameter(param, differentiable)
    for name, default in defaults.items():
        if default is REQUIRED and name not in group:
            raise ArgumentError(
                f"parameter group didn't specify a value of required optimization parameter "
                f"{name}. Add {name}=… to the group or to the optimizer."
            )
        group.setdefault(name, default)
    if len({id(p) for p in group["params"]}) != len(group["params"]):
        warnings.warn(
            "The optimizer contains a parameter group with duplicate parameters, each of which "
            "takes a step more. Give every parameter once.",
            stacklevel=_users_level(),
        )
    return group


class _Required:
    """Stands for the default of an option that has none."""

    def __repr__(self) -> str:
        return "<required parameter>"


REQUIRED = _Required()


def _take_names(group: Group) -> None:
    """Split (name, parameter) pairs into `params` and `param_names`."""
    named = [isinstance(p, (tuple, list)) for p in group["params"]]
    if not any(named):
        return
    if not all(named):
        raise ArgumentError(
            "all optimizer params should be with/without names. Some param names are missing. "
            "Give (name, parameter) pairs, as model.named_parameters(), or parameters alone."
        )
    group["param_names"] = [name for name, _ in group["params"]]
    group["params"] = [param for _, param in group["params"]]


def _check_parameter(param: Any, differentiable: bool) -> None:
    if not isinstance(param, Tensor):
        raise CallError(
            f"optimizer can only optimize Tensors, but one of the params is "
            f"{type(param).__name__}. Wrap it: tw.tensor(x, requires_grad=True)."
        )
    if not param.is_leaf and not differentiable and not getattr(param, "retains_grad", False):
        raise ArgumentError(
            "can't optimize a non-leaf Tensor: its value is computed from others. Give the "
            "tensors it is computed from, or x.detach().requires_grad_()."
        )


def check_together(groups: list[Group], group: Group) -> None:
    """Check a new group against the others.

    Raises:
        ArgumentError: If they share parameters, or only some have names.
    """
    taken = {id(p) for other in groups for p in other["params"]}
    if not taken.isdisjoint(id(p) for p in group["params"]):
        raise ArgumentError(
            "some parameters appear in more than one parameter group, and would take two steps. "
            "Put each into one group."
        )
    if groups and ("param_names" in group) is not ("param_names" in groups[0]):
        having = "with" if "param_names" in group else "without"
        raise ArgumentError(
            "all optimizer param groups should be with/without names. cannot add param group "
            f"{having} names to the optimizer. Name the parameters of all groups or of none."
        )


def _users_level() -> int:
    """Return how far the caller's caller is below the user's line, as warnings count it."""
    for level in itertools.count(1):
        try:
            frame = sys._getframe(level)
        except ValueError:
            break
        if is_users(frame):
            return level
    return 2
