"""Parameters and buffers: the tensors that a module registers when they are assigned to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self, TypeGuard

import numpy as np

from thalweg.core.leaving import require_no_derivative
from thalweg.core.memory import memory_of
from thalweg.core.program import Symbol
from thalweg.core.spec import possible
from thalweg.core.tape import set_recording
from thalweg.core.tensor import Tensor, astype, make
from thalweg.core.writing import overwrite
from thalweg.errors import ArgumentError, CallError
from thalweg.torch import tensors as wing
from thalweg.torch.dtypes import TORCH, of_numpy
from thalweg.torch.naming import as_tensor

__all__ = ["Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter", "factory_kwargs"]


class Parameter(wing.TorchTensor):
    """A tensor that is trained: a module it is assigned to lists it among its parameters.

    Args:
        data: A tensor or an array, whose memory the parameter shares; by default nothing.
        requires_grad: Whether `backward()` computes its derivative.

    Raises:
        DtypeError: If derivatives are wanted and the data are not of a floating dtype.

    Example:
        >>> import numpy as np
        >>> from thalweg.torch import nn
        >>> weight = nn.Parameter(np.zeros(2))
        >>> weight.requires_grad, weight.shape == (2,)
        (True, True)
    """

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Self:
        """Lay a parameter on the memory of the data."""
        found: Self = _lay_on(cls, data)
        return found

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        if requires_grad:
            self.requires_grad = True

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        # As in PyTorch: without the gradient, which belongs to the computation that led to it.
        copied = type(self)(copy_value(self.detach()), self.requires_grad)
        memo[id(self)] = copied
        return copied


class Buffer(wing.TorchTensor):
    """A tensor that is state but not trained, such as a running mean.

    Args:
        data: A tensor or an array, whose memory the buffer shares; by default nothing.
        persistent: Whether it is part of a module's `state_dict`.

    Example:
        >>> import numpy as np
        >>> from thalweg.torch import nn
        >>> module = nn.Module()
        >>> module.mean = nn.Buffer(np.zeros(2))
        >>> [name for name, _ in module.named_buffers()]
        ['mean']
    """

    persistent: bool

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Self:
        """Lay a buffer on the memory of the data."""
        found: Self = _lay_on(cls, data)
        return found

    def __init__(self, data: Any = None, *, persistent: bool = True) -> None:
        self.persistent = persistent


# How the memory of a tensor is read that refuses to be used.
_array_of: Callable[[Tensor], Any] = vars(Tensor)["array"].__get__


class UninitializedTensorMixin:
    """A tensor whose shape is not known yet, as in lazy modules: it can be filled, not used."""

    cls_to_become: ClassVar[type[Any]]

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Become an ordinary tensor of this shape, whose values are still to be set.

        Args:
            shape: The extents.
            device: Accepted as in PyTorch; tensors are on the CPU.
            dtype: The dtype; by default that it was made with.
        """
        tensor: Any = self
        kind = _array_of(tensor).dtype if dtype is None else np.dtype(dtype)
        tensor.__class__ = self.cls_to_become
        rebind(tensor, np.zeros(possible(tuple(shape)), kind))

    def convert_placeholder(self, function: Callable[[Tensor], Tensor]) -> None:
        """Take the dtype that a function gives; the shape stays unknown."""
        tensor: Any = self
        own = tensor.__class__
        tensor.__class__ = self.cls_to_become
        rebind(tensor, function(tensor.detach()))
        tensor.__class__ = own

    @property
    def array(self) -> Any:
        """What an operation would use.

        Raises:
            ArgumentError: Always.
        """
        raise ArgumentError(
            "Attempted to use an uninitialized parameter. This happens with a lazy module that "
            "has seen no data, or with an object of thalweg.torch.nn.parameter."
            f"{type(self).__name__}. Call the module with a batch first."
        )

    @property
    def shape(self) -> Any:
        """The shape.

        Raises:
            ArgumentError: Always.
        """
        raise ArgumentError(
            "Can't access the shape of an uninitialized parameter or buffer. It is known after "
            "the first call of its module; load_state_dict cannot take it from a module that has "
            "seen no data. Call the module with a batch first."
        )

    @property
    def dtype(self) -> Any:
        """The type that the elements will have."""
        return of_numpy(_array_of(self).dtype)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter whose shape is known when its module is first called; see `nn.LazyLinear`.

    Args:
        requires_grad: Whether `backward()` will compute its derivative.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: Its dtype; by default the default dtype.

    Example:
        >>> from thalweg.torch import nn
        >>> weight = nn.UninitializedParameter()
        >>> weight
        <UninitializedParameter>
        >>> weight.materialize((2, 3))
        >>> type(weight).__name__, weight.shape
        ('Parameter', torch.Size([2, 3]))
    """

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Self:
        """Make a parameter that has no elements yet."""
        made: Any = Parameter(np.empty(0, TORCH.default if dtype is None else dtype), requires_grad)
        made.__class__ = cls
        found: Self = made
        return found

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> None:
        pass

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        copied = type(self)(self.requires_grad, dtype=self.dtype)
        memo[id(self)] = copied
        return copied

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self.requires_grad, None, self.dtype)


class UninitializedBuffer(UninitializedTensorMixin, Buffer):
    """A buffer whose shape is known when its module is first called; see `nn.LazyBatchNorm1d`.

    Args:
        requires_grad: Accepted as in PyTorch.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: Its dtype; by default the default dtype.
        persistent: Whether it is part of a module's `state_dict`.
    """

    cls_to_become = Buffer

    def __new__(
        cls,
        requires_grad: bool = False,
        device: Any = None,
        dtype: Any = None,
        persistent: bool = True,
    ) -> Self:
        """Make a buffer that has no elements yet."""
        made: Any = Buffer(np.empty(0, TORCH.default if dtype is None else dtype))
        made.persistent = persistent
        made.__class__ = cls
        found: Self = made
        return found

    def __init__(
        self,
        requires_grad: bool = False,
        device: Any = None,
        dtype: Any = None,
        persistent: bool = True,
    ) -> None:
        pass

    def __deepcopy__(self, memo: dict[int, Any]) -> Buffer:
        copied = type(self)(dtype=self.dtype, persistent=self.persistent)
        memo[id(self)] = copied
        return copied

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (False, None, self.dtype, self.persistent)


def is_lazy(value: Any) -> TypeGuard[Any]:
    """Tell whether a parameter or a buffer has no shape yet."""
    return isinstance(value, UninitializedTensorMixin)


def _lay_on(cls: type[Any], data: Any) -> Any:
    """Return a tensor of a class on the memory of a tensor or an array, without its history."""
    found = Tensor.__new__(cls)
    found._grad = None
    if isinstance(data, Tensor):
        require_no_derivative(data, f"{cls.__name__}(x)")
    _lay(found, np.empty(0, dtype=TORCH.default) if data is None else data)
    return found


def _lay(tensor: Tensor, data: Any) -> None:
    """Let a tensor lie on the memory of other data, of any shape and dtype, with no history."""
    source = as_tensor(data)
    tensor.array, tensor.weak = source.array, False
    tensor.node = tensor.origin = tensor.memory = None
    if isinstance(data, Tensor) and not source.is_symbolic:
        tensor.memory = memory_of(source)


def rebind(tensor: Tensor, data: Any) -> None:
    """Let a leaf lie on the memory of other data; it keeps its gradient and its hooks."""
    before = tensor.node
    _lay(tensor, data)
    if before is not None:
        tensor.requires_grad = True
        tensor.node.watched = before.watched  # type: ignore[union-attr]


def convert(tensor: Tensor, function: Callable[[Tensor], Tensor]) -> None:
    """Replace the values of a leaf, and of its gradient, by a function of them."""
    if isinstance(tensor, UninitializedTensorMixin):
        tensor.convert_placeholder(function)
        return
    gradient = tensor._grad
    # What has a shape alone cannot even be detached.
    rebind(tensor, function(make(tensor.array) if tensor.is_symbolic else tensor.detach()))
    tensor._grad = None if gradient is None else function(gradient.detach())


def without_values(tensor: Tensor) -> Tensor:
    """Return a tensor of the device "meta": with a shape and a dtype alone."""
    return make(Symbol(tensor.spec))


def copy_value(tensor: Tensor) -> Tensor:
    """Return a tensor of the same value whose changes in place are its own."""
    array = tensor.array
    return make(array if tensor.is_symbolic else array.copy(), tensor.node, tensor.weak)


def copy_into(tensor: Tensor, value: Any) -> Tensor:
    """Write values into a tensor's memory, which is not recorded, and return the tensor."""
    new = as_tensor(value)
    with set_recording(False):
        return overwrite(tensor, new if new.dtype == tensor.dtype else astype(new, tensor.dtype))


def register_parameters(module: Any, dtype: Any, **shapes: tuple[int, ...] | None) -> None:
    """Give a layer parameters of these shapes, still empty, or None for one it does without.

    Args:
        module: The layer.
        dtype: Their dtype; None for the default dtype.
        shapes: Their shapes by name.
    """
    kind = TORCH.default if dtype is None else dtype
    for name, shape in shapes.items():
        parameter = None if shape is None else Parameter(np.zeros(possible(shape), kind))
        module.register_parameter(name, parameter)


def add_parameters(module: Any, dtype: Any, **shapes: tuple[int, ...] | None) -> None:
    """Give a layer parameters as `register_parameters`, and let `reset_parameters` fill them."""
    register_parameters(module, dtype, **shapes)
    module.reset_parameters()


def factory_kwargs(kwargs: dict[str, Any] | None) -> dict[str, Any]:
    """Return the keywords with which a module of one's own makes tensors.

    Args:
        kwargs: `device`, `dtype` and `memory_format`, and under `factory_kwargs` more of these.

    Raises:
        CallError: If there are others, or one is given twice.

    Example:
        >>> from thalweg.torch import nn
        >>> nn.factory_kwargs({"dtype": "float32", "factory_kwargs": {"device": "cpu"}})
        {'device': 'cpu', 'dtype': 'float32'}
    """
    if kwargs is None:
        return {}
    known = ("device", "dtype", "memory_format")
    unknown = kwargs.keys() - {*known, "factory_kwargs"}
    if unknown:
        raise CallError(f"unexpected kwargs {unknown}. Known are {', '.join(known)}.")
    found = dict(kwargs.get("factory_kwargs", {}))
    for name in known:
        if name in kwargs:
            if name in found:
                raise CallError(f"{name} specified twice, in **kwargs and in factory_kwargs")
            found[name] = kwargs[name]
    return found
