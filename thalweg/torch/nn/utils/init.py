"""Modules made without filling their parameters."""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

from thalweg.errors import StateError
from thalweg.random.generator import default_generator
from thalweg.torch.nn.modules.module import Module

__all__ = ["skip_init"]

Made = TypeVar("Made", bound=Module)


def skip_init(module_cls: type[Made], *args: Any, **kwargs: Any) -> Made:
    """Make a module whose parameters' values are arbitrary, and draw no random numbers for them.

    Args:
        module_cls: Its class, whose constructor takes `device`.
        args: The constructor's arguments.
        kwargs: The constructor's arguments by name.

    Raises:
        StateError: If it is no module's class, or its constructor takes no `device`.

    Example:
        >>> from thalweg.torch import nn
        >>> nn.utils.skip_init(nn.Linear, 3, 2)
        Linear(in_features=3, out_features=2, bias=True)
    """
    if not issubclass(module_cls, Module):
        raise StateError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise StateError("Module must support a 'device' arg to skip initialization")
    before = default_generator.get_state()
    try:
        return module_cls(*args, **kwargs)
    finally:
        default_generator.set_state(before)
