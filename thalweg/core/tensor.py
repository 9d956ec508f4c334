"""The one tensor: what it holds, what it tells of itself, what Python and other libraries ask."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from numbers import Number
from typing import Any, ClassVar, Self
from weakref import ref

import numpy as np

from thalweg.core import refusals
from thalweg.core.leaving import number_of, numbers_of, require_no_derivative, what_to_write
from thalweg.core.memory import Memory, View
from thalweg.core.methods import Methods
from thalweg.core.operation import op
from thalweg.core.program import Symbol, note_made, owner_of, tracing
from thalweg.core.spec import NUMPY, Count, DType, Promotion, Size, Spec
from thalweg.core.tape import Node
from thalweg.errors import DtypeError, GradientError, ShapeError, UnsupportedOperation
from thalweg.foreign import OWN


class Tensor(Methods):
    """An array whose operations can be differentiated, batched, traced and compiled.

    Args:
        data: Anything `numpy.asarray` accepts.
        requires_grad: Whether `backward()` computes its derivative.
        dtype: The dtype to convert to; by default that of the data.

    Example:
        >>> import thalweg as tw
        >>> x = tw.Tensor([1.0, 2.0], requires_grad=True)
        >>> (x**2).sum().backward()
        >>> x.grad
        tensor([2., 4.])
    """

    __slots__ = ("__weakref__", "_grad", "array", "memory", "node", "origin", "weak")
    __array_priority__ = 1000
    __pandas_priority__ = 5000  # operators of a Series and a tensor are the tensor's

    results: ClassVar[type[Tensor]]  # the class of what is computed from a tensor
    promotion: ClassVar[Promotion] = NUMPY  # the dtypes of that
    extents: ClassVar[type[Size]] = Size  # the class of a shape
    # Whether integers beside index arrays select first, as in PyTorch; they are such arrays else.
    selects: ClassVar[bool] = False
    array: Any  # a NumPy array, or a Symbol while traced
    node: Node | None
    memory: Memory | None
    origin: View | None
    weak: bool
    _grad: Tensor | None

    def __init__(self, data: Any, requires_grad: bool = False, dtype: Any = None) -> None:
        if not isinstance(requires_grad, (bool, np.bool_)):
            raise DtypeError(f"Tensor({data!r}, {requires_grad!r}) wants data; see tw.empty.")
        if isinstance(data, Tensor):
            require_no_derivative(data, "A copy by tensor(x)")
            data = data.detach().numpy()
        self.array = np.array(data, dtype=dtype)
        if tracing.traces:
            note_made(self.array)
        if self.array.dtype.kind not in "biufc":
            raise DtypeError(
                f"Tensor got data of dtype {self.array.dtype}; it wants numbers or booleans. "
                "Encode text and objects as numbers first."
            )
        self.node = self.memory = self.origin = self._grad = None
        self.weak = False
        if requires_grad:
            self.requires_grad = True

    # ---- what it is

    @property
    def spec(self) -> Spec:
        """The shape and dtype, without the data."""
        array = self.array
        if isinstance(array, Symbol) and array.spec.weak is self.weak:
            return array.spec
        return Spec(array.shape, array.dtype, self.weak)

    @property
    def shape(self) -> Size:
        """The extent of each axis."""
        # What an array says of itself needs no check: a third of the time.
        return tuple.__new__(self.extents, self.array.shape)

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        dtype: DType = self.array.dtype
        return dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.array.shape)

    @property
    def size(self) -> Count:
        """The number of elements; called, as PyTorch does, `x.size()` is the shape."""
        array = self.array
        return Count(array.spec.size if isinstance(array, Symbol) else array.size, self.shape)

    @property
    def requires_grad(self) -> bool:
        """Whether derivatives with respect to this tensor are tracked."""
        if self.origin is not None:
            self._refresh()
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if self.node is not None and self.node.primitive is not None:
            if wanted:
                return
            raise GradientError(
                "you can only change requires_grad flags of leaf variables, and this tensor was "
                "computed from others. Use detach() first."
            )
        if wanted and self.array.dtype.kind not in "fc":
            raise DtypeError(
                "only Tensors of floating point and complex dtype can require gradients; this one "
                f"is of {self.array.dtype}. Convert it with astype(float) first."
            )
        if not wanted:
            self.node = None
        elif self.node is None:
            self.node = Node(None, (), {}, self.array, ref(self))

    @property
    def is_leaf(self) -> bool:
        """Whether this tensor was not computed from others whose derivatives are tracked."""
        return self.node is None or self.node.leaf is not None

    @property
    def is_symbolic(self) -> bool:
        """Whether the value exists only when the traced program runs."""
        return isinstance(self.array, Symbol)

    def numpy(self, *, force: bool = False) -> np.ndarray[Any, Any]:
        """Return the values as a NumPy array that shares this tensor's memory.

        Args:
            force: Whether to leave out the history of a tensor that requires gradients.

        Raises:
            TracingError: While tracing, when there are no values yet.
            GradientError: If the tensor requires gradients.
        """
        found = numbers_of(self)
        if self.node is not None and not force:
            raise GradientError(refusals.NUMPY_LOSES_GRADIENT)
        require_no_derivative(self, "numpy(force=True)")
        return found

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set `requires_grad` and return the tensor."""
        self.requires_grad = requires_grad
        return self

    def item(self) -> float:
        """Return the only element as a Python number.

        Raises:
            ShapeError: If there are more elements, or none.
        """
        require_no_derivative(self, "item()")
        found: float = number_of(self)
        return found

    def tolist(self) -> Any:
        """Return the values as nested Python lists."""
        found = numbers_of(self).tolist()
        require_no_derivative(self, "tolist()")
        return found

    # ---- Python's protocols

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d tensor; it has no axis to count.")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, element: Any) -> bool:
        if not isinstance(element, (Tensor, np.ndarray, np.generic, Number)):
            raise DtypeError(
                "Tensor.__contains__ only supports Tensor or scalar, but you passed in a "
                f"{type(element)}. Ask for a number."
            )
        return bool((self == element).any())

    def __bool__(self) -> bool:
        values = numbers_of(self)
        if values.size != 1:
            held = "no values" if values.size == 0 else "more than one value"
            raise ShapeError(
                f"Boolean value of Tensor with {held} is ambiguous. Use .any() or .all()."
            )
        return bool(values)

    def __float__(self) -> float:
        require_no_derivative(self, "float(x), as math.exp(x) and out[i] = x want it too,")
        return float(number_of(self))

    def __int__(self) -> int:
        # The derivative of a number without its digits is 0 wherever there is one.
        return int(number_of(self))

    def __complex__(self) -> complex:
        require_no_derivative(self, "complex(x)")
        return complex(number_of(self))

    def __index__(self) -> int:
        return int(numbers_of(self).__index__())

    def __format__(self, form: str) -> str:
        return str(self) if not form or self.ndim else format(number_of(self), form)

    def __hash__(self) -> int:
        return id(self)

    def _on(self, array: Any, node: Node | None = None, weak: bool = False) -> Tensor:
        """Return a tensor of this one's kind on other memory."""
        return make(array, node, weak, self.results)

    # ---- what other libraries call

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if self.requires_grad:
            raise GradientError(refusals.LOSES_GRADIENT + what_to_write())
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if (found := op.of_torch(func, args, kwargs or {})) is not NotImplemented:
            return found
        raise UnsupportedOperation(refusals.foreign(f"torch.{func.__name__}") + what_to_write())

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        values: np.ndarray[Any, Any] = self.__array__()
        return values.__dlpack__(
            stream=stream, max_version=max_version, dl_device=dl_device, copy=copy
        )

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.__array__().__dlpack_device__()

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return sys.modules["thalweg"]

    def __init_subclass__(cls) -> None:
        OWN.add(cls)


Tensor.results = Tensor

OWN.add(Tensor)


def make(
    array: Any, node: Node | None = None, weak: bool = False, kind: type[Tensor] = Tensor
) -> Tensor:
    """Build a tensor around an array or a symbol, without a copy or a check."""
    tensor = kind.__new__(kind)
    tensor.array = array
    tensor.node = node
    tensor.weak = weak
    tensor.memory = tensor.origin = tensor._grad = None
    return tensor


def is_known(*tensors: Tensor) -> bool:
    """Tell whether values are there to be looked at: neither traced nor another library's."""
    return all(isinstance(tensor.array, np.ndarray) for tensor in tensors)


def fresh(array: Any, kind: type[Tensor] = Tensor) -> Tensor:
    """Build a tensor around an array that nobody else has."""
    if tracing.traces:
        note_made(owner_of(array))
    return make(array, kind=kind)


def as_tensor(value: Any) -> Tensor:
    """Return a tensor over the value; Python numbers become weakly typed scalars."""
    if isinstance(value, Tensor):
        return value
    weak = type(value) in (int, float, bool, complex)
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        raise DtypeError(
            f"An operand of type {type(value).__name__} and dtype {array.dtype} was given; "
            "thalweg wants numbers, arrays of numbers or tensors."
        )
    return make(array, None, weak)


def variable(tensor: Tensor) -> Tensor:
    """Return the same value as a fresh variable, whose derivative can be asked for.

    The variable remembers the tensor it was made from, so that derivatives of derivatives
    flow through to it.
    """
    node = Node(None, (tensor,), {}, tensor.array)
    return make(tensor.array, node, tensor.weak, tensor.results)


def astype(tensor: Any, dtype: Any) -> Tensor:
    """Convert to a dtype, the tensor itself where it has that; the derivative converts back."""
    return as_tensor(tensor)._cast(dtype)
