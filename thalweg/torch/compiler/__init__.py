"""PyTorch's `torch.compiler`: guards around a compiler that does nothing here.

`torch.compile` returns what it is given; `tw.fit` compiles a whole run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["disable", "is_compiling", "is_dynamo_compiling", "reset"]


def is_compiling() -> bool:
    """Tell that nothing is being compiled."""
    return False


def is_dynamo_compiling() -> bool:
    """Tell that nothing is being compiled."""
    return False


def disable(
    fn: Callable[..., Any] | None = None, recursive: bool = True, reason: Any = None
) -> Any:
    """Return a function as it is, or a decorator that does.

    Example:
        >>> import thalweg.torch as torch
        >>> @torch.compiler.disable
        ... def twice(x):
        ...     return 2 * x
        >>> twice(3)
        6
    """
    return (lambda given: given) if fn is None else fn


def reset() -> None:
    """Forget what was compiled: nothing."""
