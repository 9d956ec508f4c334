"""PyTorch's `torch.autograd.graph`: what the tape keeps for the backward pass."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from thalweg.errors import GradientError, UnsupportedOperation

__all__ = ["disable_saved_tensors_hooks", "save_on_cpu", "saved_tensors_hooks"]


class _RefusedHooks(threading.local):
    """Why hooks are refused in this thread, innermost last."""

    def __init__(self) -> None:
        self.messages: list[str] = []


_refused = _RefusedHooks()


def _require_allowed() -> None:
    if _refused.messages:
        raise GradientError(_refused.messages[-1])


class saved_tensors_hooks:  # noqa: N801 - PyTorch's name
    """Refuse to pack what the tape keeps: it keeps the operands themselves.

    To use less memory, compute parts again with `torch.utils.checkpoint.checkpoint`; to choose what
    is kept of a function, write a `torch.autograd.Function`.

    Args:
        pack_hook: What would be called with each tensor that is kept.
        unpack_hook: What would be called with what that returned.

    Raises:
        UnsupportedOperation: When the `with` block begins.
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> None:
        _require_allowed()
        raise UnsupportedOperation(
            "saved_tensors_hooks got hooks to pack what the backward pass needs, but the tape "
            "keeps the operands themselves and would never call them. To use less memory, call "
            "parts of the model through torch.utils.checkpoint.checkpoint; to choose what is kept "
            "of one function, write a torch.autograd.Function."
        )

    def __exit__(self, *exception: object) -> None:
        pass


class save_on_cpu:  # noqa: N801 - PyTorch's name
    """Keep what the backward pass needs on the CPU, where all tensors are: a `with` block.

    Args:
        pin_memory: Accepted as in PyTorch; it has no meaning here.
        device_type: Accepted as in PyTorch; it has no meaning here.

    Example:
        >>> import thalweg.torch as torch
        >>> x = torch.tensor(3.0, requires_grad=True)
        >>> with torch.autograd.graph.save_on_cpu():
        ...     y = x * x
        >>> y.backward()
        >>> x.grad
        tensor(6.)
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        self.pin_memory = pin_memory

    def __enter__(self) -> None:
        _require_allowed()

    def __exit__(self, *exception: object) -> None:
        pass


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Refuse, inside a `with` block, to pack what the tape keeps, with an error of this text."""
    _refused.messages.append(error_message)
    try:
        yield
    finally:
        _refused.messages.pop()
