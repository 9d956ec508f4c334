"""What PyTorch compiles a function by: here calls stay as they are, and training compiles in `fit`.

A script's decorated functions mean what they mean without; `thalweg.fit` compiles the training of
any of them whole, and `thalweg.jit` a function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = [
    "export", "ignore", "is_scripting", "is_tracing", "script", "script_if_tracing", "trace",
    "unused",
]  # fmt: skip


def script(obj: Any, *args: Any, **kwargs: Any) -> Any:
    """Return a function or a module as it is."""
    return obj


def script_if_tracing(fn: Any) -> Any:
    """Return a function as it is."""
    return fn


def trace(func: Any, example_inputs: Any = None, *args: Any, **kwargs: Any) -> Any:
    """Return a function or a module as it is; of branches both remain."""
    return func


def export(fn: Any) -> Any:
    """Return a method as it is."""
    return fn


def unused(fn: Any) -> Any:
    """Return a method as it is."""
    return fn


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """Return a function as it is, or, called with a setting, what does."""
    return drop if callable(drop) else lambda fn: fn


def is_scripting() -> bool:
    """Tell that Python runs."""
    return False


def is_tracing() -> bool:
    """Tell that Python runs."""
    return False


def compile(
    model: Callable[..., Any] | None = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: Any = "inductor",
    mode: str | None = None,
    options: Any = None,
    disable: bool = False,
) -> Any:
    """Return a function or a module as it is; without one, what does.

    A model's training compiles whole in `thalweg.fit`, and a function of arrays in `thalweg.jit`.

    Args:
        model: What PyTorch would compile.
        fullgraph: As the others, accepted as in PyTorch; it has no meaning here.
        dynamic: See there.
        backend: See there.
        mode: See there.
        options: See there.
        disable: See there.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.compile(lambda x: x + 1)(torch.ones(2))
        tensor([2., 2.])
    """
    return (lambda given: given) if model is None else model
