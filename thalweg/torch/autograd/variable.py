"""PyTorch's `Variable`, which tensors have long been."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor

__all__ = ["Variable"]


class _OfTensors(type):
    """What every tensor is an instance of."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)


class AnyTensor(metaclass=_OfTensors):
    """Return a tensor on a tensor's memory: older scripts wrap tensors in it.

    Args:
        data: The tensor.
        requires_grad: Whether `backward()` computes its derivative.

    Example:
        >>> import thalweg.torch as torch
        >>> x = torch.autograd.Variable(torch.ones(2), requires_grad=True)
        >>> isinstance(x, torch.autograd.Variable), x
        (True, tensor([1., 1.], requires_grad=True))
    """

    def __new__(cls, data: Any, requires_grad: bool = False, volatile: bool = False) -> Any:
        """Return the tensor."""
        found = data.detach()
        if requires_grad:
            found.requires_grad_()
        return found


# PyTorch's name.
Variable = AnyTensor
Variable.__name__ = Variable.__qualname__ = "Variable"
