"""Telling a user's callback, from inside of a compiled run, where it is."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from thalweg.control.callback import pure_callback
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.solvers.result import OptimizeResult


def told(callback: Callable[..., Any], x: Any, facts: Mapping[str, Any]) -> Tensor:
    """Call a callback with the variables, and return whether it raised StopIteration.

    Args:
        callback: The user's; if its parameter is named `intermediate_result`, it gets all.
        x: The variables, a tree.
        facts: What else there is to tell, by name.
    """
    named = "intermediate_result" in inspect.signature(callback).parameters

    def call(x: Any, facts: Any) -> Any:
        try:
            callback(intermediate_result=OptimizeResult(x=x, **facts)) if named else callback(x)
        except StopIteration:
            return np.bool_(True)
        return np.bool_(False)

    stops: Any = pure_callback(call, make(np.zeros((), bool), None), x, dict(facts))
    return as_tensor(stops)
