"""An optimizer's state as a plain dict, and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from thalweg.core.tensor import Tensor, astype
from thalweg.errors import ArgumentError
from thalweg.ops.creation.creation import full
from thalweg.torch.optim.optimizer.groups import Group

StateDict = dict[str, Any]


def pack(state: Any, groups: list[Group]) -> StateDict:
    """Return `{"state": {position: …}, "param_groups": […]}`, with positions for parameters.

    Tensors are the optimizer's own, not copies.
    """
    positions: dict[int, int] = {}
    for param in (p for group in groups for p in group["params"]):
        positions.setdefault(id(param), len(positions))
    saved = []
    for group in groups:
        options = {name: value for name, value in group.items() if name != "params"}
        saved.append(options | {"params": [positions[id(p)] for p in group["params"]]})
    by_position = {
        positions[id(key)] if isinstance(key, Tensor) else key: value
        for key, value in state.items()
    }
    return {"state": by_position, "param_groups": saved}


def unpack(saved: StateDict, groups: list[Group]) -> tuple[Any, list[Group]]:
    """Return the state and the groups that a dict describes, for the parameters of `groups`.

    Floating-point state takes the dtype of its parameter, but for the step count.

    Raises:
        ArgumentError: If it describes another number of groups or of parameters.
    """
    given = saved["param_groups"]
    if len(given) != len(groups):
        raise ArgumentError(
            f"loaded state dict has a different number of parameter groups: {len(given)} instead "
            f"of {len(groups)}. Group the parameters as they were grouped when it was saved."
        )
    sizes, wanted = [len(g["params"]) for g in given], [len(g["params"]) for g in groups]
    if sizes != wanted:
        raise ArgumentError(
            "loaded state dict contains a parameter group that doesn't match the size of "
            f"optimizer's group: {sizes} parameters instead of {wanted}. Give the optimizer the "
            "parameters it had when the state was saved."
        )
    params = {
        position: param
        for theirs, ours in zip(given, groups, strict=True)
        for position, param in zip(theirs["params"], ours["params"], strict=True)
    }
    state: Any = defaultdict(dict)
    for key, value in saved["state"].items():
        if key in params:
            state[params[key]] = _cast(value, params[key])
        else:
            state[key] = value
    return state, [_merge_group(*both) for both in zip(given, groups, strict=True)]


def _merge_group(saved: Group, group: Group) -> Group:
    merged = {name: deepcopy(value) for name, value in saved.items() if name != "params"}
    if "param_names" in group and "param_names" not in merged:
        merged["param_names"] = group["param_names"]
    return {"params": group["params"]} | merged


def _cast(value: Any, param: Tensor, name: str = "") -> Any:
    """Copy a state, in the parameter's dtype."""
    if isinstance(value, Tensor):
        floating = value.dtype.kind in "fc" and param.dtype.kind in "fc" and name != "step"
        if floating and value.dtype != param.dtype:
            return astype(value.detach(), param.dtype)
        return deepcopy(value)
    if name == "step" and isinstance(value, (int, float)):
        return full((), value, "float32")
    if isinstance(value, dict):
        return {k: _cast(v, param, str(k)) for k, v in value.items()}
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(_cast(v, param) for v in value)
    return value


def through(hooks: Iterable[Callable[..., Any]], optimizer: Any, saved: StateDict) -> StateDict:
    """Return a state dict after hooks that may replace it."""
    for hook in hooks:
        answer = hook(optimizer, saved)
        saved = saved if answer is None else answer
    return saved
