"""PyTorch's `torch.autograd.graph`: what the tape keeps for the backward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from thalweg.errors import GradientError
from thalweg.torch.autograd import packing

__all__ = ["disable_saved_tensors_hooks", "save_on_cpu", "saved_tensors_hooks"]


class saved_tensors_hooks:  # noqa: N801 - PyTorch's name
    """Keep what the backward pass needs in a form of one's own: a `with` block.

    Of what is recorded inside, each operand or result that a derivative reads is given to the first
    function, and what that returned to the second one when the derivative is computed. How often is
    up to the operation: one that is several steps here has more than PyTorch's, and one that reads
    its operand instead of its result keeps that. What `torch.func` differentiates is kept as it is.

    Args:
        pack_hook: From a tensor, which it must not change, to anything.
        unpack_hook: From that to a tensor of the same values, or to what shall stand for them.

    Raises:
        GradientError: Where hooks are disabled; later, if `pack_hook` changes what it is given, or
            what is given back was changed in place since.
        CallError: If one is no function; later, if `unpack_hook` returns no tensor.

    Example:
        >>> import thalweg.torch as torch
        >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> kept = []
        >>> def pack(tensor):
        ...     kept.append(tensor.tolist())
        ...     return len(kept) - 1
        >>> with torch.autograd.graph.saved_tensors_hooks(pack, lambda i: torch.tensor(kept[i])):
        ...     y = x**2
        >>> kept
        [[1.0, 2.0]]
        >>> y.sum().backward()
        >>> x.grad
        tensor([2., 4.])
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> None:
        packing.push((self.pack_hook, self.unpack_hook))

    def __exit__(self, *exception: object) -> None:
        packing.pop()


class save_on_cpu(saved_tensors_hooks):  # noqa: N801 - PyTorch's name
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
        super().__init__(_same, _same)


def _same(kept: Any) -> Any:
    return kept


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Refuse, inside a `with` block, to pack what the tape keeps, with an error of this text.

    Raises:
        GradientError: If hooks are at work already.
    """
    if packing.stack.hooks:
        raise GradientError(error_message)
    packing.stack.messages.append(error_message)
    try:
        yield
    finally:
        packing.stack.messages.pop()
