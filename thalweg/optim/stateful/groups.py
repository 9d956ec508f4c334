"""Parameter groups: what an optimizer may be given, and the refusals of everything else."""

from __future__ import annotations

import itertools
import sys
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from thalweg.core.program import is_users
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, CallError, MissingEntry

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
            "The optimizer got an empty parameter list: there is nothing to optimize. Give tensors "
            "with requires_grad=True, as model.parameters(); a generator can be read once only."
        )
    return groups if isinstance(groups[0], dict) else [{"params": groups}]


_UNORDERED = (
    "Optimizer parameters need to be organized in ordered collections, but the ordering of "
    "tensors in sets will change between runs. Give a list instead."
)


def checked(group: Any, defaults: Mapping[str, Any], differentiable: bool) -> Group:
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
