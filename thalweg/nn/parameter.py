"""Parameters and buffers: the tensors that a module registers when they are assigned to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np

from thalweg.core.tensor import Tensor, as_tensor, make

_SLOTS = tuple(name for name in Tensor.__slots__ if name != "__weakref__")


class Parameter(Tensor):
    """A tensor that is trained: a module it is assigned to lists it among its parameters.

    Args:
        data: A tensor or an array, whose memory the parameter shares; by default nothing.
        requires_grad: Whether `backward()` computes its derivative.

    Raises:
        DtypeError: If derivatives are wanted and the data are not of a floating dtype.

    Example:
        >>> import numpy as np
        >>> from thalweg import nn
        >>> weight = nn.Parameter(np.zeros(2))
        >>> weight.requires_grad, weight.shape == (2,)
        (True, True)
    """

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Self:
        """Lay a parameter on the memory of the data."""
        found: Self = _laid_on(cls, data)
        return found

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        if requires_grad:
            self.requires_grad = True

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        copied = type(self)(_copied(self), self.requires_grad)
        memo[id(self)] = copied
        return copied

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self.detach().numpy(), self.requires_grad), self.__dict__ or None


class Buffer(Tensor):
    """A tensor that is state but not trained, such as a running mean.

    Args:
        data: A tensor or an array, whose memory the buffer shares; by default nothing.
        persistent: Whether it is part of a module's `state_dict`.

    Example:
        >>> import numpy as np
        >>> from thalweg import nn
        >>> module = nn.Module()
        >>> module.mean = nn.Buffer(np.zeros(2))
        >>> [name for name, _ in module.named_buffers()]
        ['mean']
    """

    persistent: bool

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Self:
        """Lay a buffer on the memory of the data."""
        found: Self = _laid_on(cls, data)
        return found

    def __init__(self, data: Any = None, *, persistent: bool = True) -> None:
        self.persistent = persistent

    def __deepcopy__(self, memo: dict[int, Any]) -> Buffer:
        copied = type(self)(_copied(self), persistent=self.persistent)
        memo[id(self)] = copied
        return copied

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self.detach().numpy(),), self.__dict__


def _laid_on(cls: type[Any], data: Any) -> Any:
    """Return a tensor of a class on the memory of a tensor or an array, without its history."""
    found = Tensor.__new__(cls)
    lay(found, np.empty(0, dtype=default_dtype()) if data is None else data)
    return found


def lay(tensor: Tensor, data: Any) -> None:
    """Let a tensor lie on the memory of other data, of any shape and dtype, with no history."""
    source = as_tensor(data).detach()
    for name in _SLOTS:
        setattr(tensor, name, getattr(source, name))
    tensor.weak = False


def rebind(tensor: Tensor, data: Any) -> None:
    """Let a leaf lie on the memory of other data; it keeps its gradient and whether it wants one.

    The gradient may be of another dtype afterwards; `convert` changes both.
    """
    wanted, gradient = tensor.requires_grad, tensor.grad
    lay(tensor, data)
    if wanted:
        tensor.requires_grad = True
    tensor.grad = gradient


def convert(tensor: Tensor, function: Callable[[Tensor], Tensor]) -> None:
    """Replace the values of a leaf, and of its gradient, by a function of them."""
    gradient, tensor.grad = tensor.grad, None
    rebind(tensor, function(tensor.detach()))
    if gradient is not None:
        tensor.grad = function(gradient.detach())


def own(tensor: Tensor) -> Tensor:
    """Return a tensor of the same value whose changes in place are its own."""
    if tensor.is_symbolic:
        return make(tensor.data, tensor.node, tensor.weak)
    return make(tensor.detach().numpy().copy())


def overwrite(tensor: Tensor, value: Any) -> None:
    """Write values into a tensor's memory, whatever derivatives are recorded."""
    tensor.replace_data(np.array(as_tensor(value).detach().numpy(), dtype=tensor.dtype))


def _copied(tensor: Tensor) -> Any:
    detached = tensor.detach()
    return detached if tensor.is_symbolic else detached.numpy().copy()


def new_parameter(*shape: int, dtype: Any = None) -> Parameter:
    """Return a parameter of a shape, in the default dtype unless told, for a layer to fill."""
    return Parameter(np.zeros(shape, dtype=default_dtype() if dtype is None else dtype))


def default_dtype() -> Any:
    """Return the dtype of new parameters."""
    return np.dtype(np.float64)
