"""What Python's operators and a tensor's methods mean: the operations of the same names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self
from weakref import ref

import numpy as np

from thalweg.core import refusals
from thalweg.core.leaving import number_of, numbers_of, require_no_derivative
from thalweg.core.memory import Element, Memory, View
from thalweg.core.operation import OPERATIONS, owns_methods, register
from thalweg.core.program import Symbol, note_made, owner_of, tracing
from thalweg.core.protocols import Protocols
from thalweg.core.spec import Count, DType, Size, Spec
from thalweg.core.tape import Node
from thalweg.errors import DtypeError, GradientError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable


def _in_place(name: str, tensor: Any, other: Any) -> Tensor:
    if tensor.memory.__class__ is Element:
        # As NumPy's scalars: x = y[0]; x += 1 leaves y as it is.
        return OPERATIONS[name](tensor, other)  # type: ignore[no-any-return]
    result: Tensor = OPERATIONS["inplace"](OPERATIONS[name], tensor, other)
    return result


class Operators:
    """The part of a tensor that only names operations; the operations decide everything."""

    __slots__ = ()

    if TYPE_CHECKING:
        # The operations declared with `method` are methods too.
        def __getattr__(self, name: str) -> Any: ...

        data: Any
        detach: Callable[[], Tensor]

    def __getitem__(self, key: Any) -> Tensor:
        return OPERATIONS["getitem"](self, key)  # type: ignore[no-any-return]

    # ---- operators

    def __add__(self, other: Any) -> Tensor:
        return OPERATIONS["add"](self, other)  # type: ignore[no-any-return]

    def __radd__(self, other: Any) -> Tensor:
        return OPERATIONS["add"](other, self)  # type: ignore[no-any-return]

    def __sub__(self, other: Any) -> Tensor:
        return OPERATIONS["subtract"](self, other)  # type: ignore[no-any-return]

    def __rsub__(self, other: Any) -> Tensor:
        return OPERATIONS["subtract"](other, self)  # type: ignore[no-any-return]

    def __mul__(self, other: Any) -> Tensor:
        return OPERATIONS["multiply"](self, other)  # type: ignore[no-any-return]

    def __rmul__(self, other: Any) -> Tensor:
        return OPERATIONS["multiply"](other, self)  # type: ignore[no-any-return]

    def __truediv__(self, other: Any) -> Tensor:
        return OPERATIONS["divide"](self, other)  # type: ignore[no-any-return]

    def __rtruediv__(self, other: Any) -> Tensor:
        return OPERATIONS["divide"](other, self)  # type: ignore[no-any-return]

    def __floordiv__(self, other: Any) -> Tensor:
        return OPERATIONS["floor_divide"](self, other)  # type: ignore[no-any-return]

    def __rfloordiv__(self, other: Any) -> Tensor:
        return OPERATIONS["floor_divide"](other, self)  # type: ignore[no-any-return]

    def __mod__(self, other: Any) -> Tensor:
        return OPERATIONS["remainder"](self, other)  # type: ignore[no-any-return]

    def __rmod__(self, other: Any) -> Tensor:
        return OPERATIONS["remainder"](other, self)  # type: ignore[no-any-return]

    def __pow__(self, other: Any) -> Tensor:
        return OPERATIONS["pow"](self, other)  # type: ignore[no-any-return]

    def __rpow__(self, other: Any) -> Tensor:
        return OPERATIONS["pow"](other, self)  # type: ignore[no-any-return]

    def __matmul__(self, other: Any) -> Tensor:
        if other.__class__ is not self.__class__ and hasattr(other, "tocoo"):
            return OPERATIONS["sparse_product"](self, other)  # type: ignore[no-any-return]
        return OPERATIONS["matmul"](self, other)  # type: ignore[no-any-return]

    def __rmatmul__(self, other: Any) -> Tensor:
        return OPERATIONS["matmul"](other, self)  # type: ignore[no-any-return]

    # ---- operators that change the tensor itself

    def __iadd__(self, other: Any) -> Tensor:
        return _in_place("add", self, other)

    def __isub__(self, other: Any) -> Tensor:
        return _in_place("subtract", self, other)

    def __imul__(self, other: Any) -> Tensor:
        return _in_place("multiply", self, other)

    def __itruediv__(self, other: Any) -> Tensor:
        return _in_place("divide", self, other)

    def __ifloordiv__(self, other: Any) -> Tensor:
        return _in_place("floor_divide", self, other)

    def __imod__(self, other: Any) -> Tensor:
        return _in_place("remainder", self, other)

    def __ipow__(self, other: Any) -> Tensor:
        return _in_place("pow", self, other)

    def __iand__(self, other: Any) -> Tensor:
        return _in_place("bitwise_and", self, other)

    def __ior__(self, other: Any) -> Tensor:
        return _in_place("bitwise_or", self, other)

    def __ixor__(self, other: Any) -> Tensor:
        return _in_place("bitwise_xor", self, other)

    def __ilshift__(self, other: Any) -> Tensor:
        return _in_place("bitwise_left_shift", self, other)

    def __irshift__(self, other: Any) -> Tensor:
        return _in_place("bitwise_right_shift", self, other)

    def __neg__(self) -> Tensor:
        return OPERATIONS["negative"](self)  # type: ignore[no-any-return]

    def __pos__(self) -> Tensor:
        return OPERATIONS["positive"](self)  # type: ignore[no-any-return]

    def __abs__(self) -> Tensor:
        return OPERATIONS["absolute"](self)  # type: ignore[no-any-return]

    def __invert__(self) -> Tensor:
        return OPERATIONS["invert"](self)  # type: ignore[no-any-return]

    def __and__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_and"](self, other)  # type: ignore[no-any-return]

    def __or__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_or"](self, other)  # type: ignore[no-any-return]

    def __xor__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_xor"](self, other)  # type: ignore[no-any-return]

    def __rand__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_and"](other, self)  # type: ignore[no-any-return]

    def __ror__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_or"](other, self)  # type: ignore[no-any-return]

    def __rxor__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_xor"](other, self)  # type: ignore[no-any-return]

    def __lshift__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_left_shift"](self, other)  # type: ignore[no-any-return]

    def __rlshift__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_left_shift"](other, self)  # type: ignore[no-any-return]

    def __rshift__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_right_shift"](self, other)  # type: ignore[no-any-return]

    def __rrshift__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_right_shift"](other, self)  # type: ignore[no-any-return]

    def __eq__(self, other: Any) -> Tensor:  # type: ignore[override]
        # None equals no tensor, as a whole.
        if other is None:
            return NotImplemented
        return OPERATIONS["equal"](self, other)  # type: ignore[no-any-return]

    def __ne__(self, other: Any) -> Tensor:  # type: ignore[override]
        if other is None:
            return NotImplemented
        return OPERATIONS["not_equal"](self, other)  # type: ignore[no-any-return]

    def __lt__(self, other: Any) -> Tensor:
        return OPERATIONS["less"](self, other)  # type: ignore[no-any-return]

    def __le__(self, other: Any) -> Tensor:
        return OPERATIONS["less_equal"](self, other)  # type: ignore[no-any-return]

    def __gt__(self, other: Any) -> Tensor:
        return OPERATIONS["greater"](self, other)  # type: ignore[no-any-return]

    def __ge__(self, other: Any) -> Tensor:
        return OPERATIONS["greater_equal"](self, other)  # type: ignore[no-any-return]

    @property
    def T(self) -> Tensor:  # noqa: N802 - NumPy's name
        """The transpose: all axes in reverse order."""
        return OPERATIONS["transpose"](self)  # type: ignore[no-any-return]

    @property
    def mT(self) -> Tensor:  # noqa: N802 - the Array API's name
        """The matrix transpose: the last two axes swapped."""
        return OPERATIONS["swapaxes"](self, -1, -2)  # type: ignore[no-any-return]


@owns_methods
class Tensor(Operators, Protocols):
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
        return tuple.__new__(Size, self.array.shape)

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
        return Count(array.spec.size if isinstance(array, Symbol) else array.size, array.shape)

    @property
    def grad(self) -> Tensor | None:
        """The derivative that `backward()` stored, or None.

        Raises:
            GradientError: If it is set to a tensor of another shape or dtype.
        """
        if self._grad is None and self.node is not None:
            OPERATIONS["warn_of_no_grad"](self)
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            OPERATIONS["require_gradient_of"](self, value)
        self._grad = value

    @property
    def requires_grad(self) -> bool:
        """Whether derivatives with respect to this tensor are tracked."""
        if self.origin is not None:
            OPERATIONS["refresh"](self)
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
                f"requires_grad was set on a tensor of dtype {self.array.dtype}; only Tensors of "
                "floating point and complex dtype can require gradients. Convert it with "
                "astype(float) first."
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
    def grad_fn(self) -> Any:
        """The step of the tape that made this tensor; None for a leaf."""
        if self.origin is not None:
            OPERATIONS["refresh"](self)
        return None if self.is_leaf else OPERATIONS["grad_fn"](self)

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

    def item(self) -> Any:
        """Return the only element as a Python number.

        Raises:
            ShapeError: If there are more elements, or none.
        """
        require_no_derivative(self, "item()")
        return number_of(self)

    def tolist(self) -> Any:
        """Return the values as nested Python lists."""
        found = numbers_of(self).tolist()
        require_no_derivative(self, "tolist()")
        return found

    def backward(
        self,
        gradient: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Add the derivative of this tensor to `.grad` of every leaf that requires it."""
        OPERATIONS["backward"](self, gradient, retain_graph, create_graph, inputs)

    # ---- Python's protocols

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d tensor; it has no axis to count.")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

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

    def __setitem__(self, key: Any, value: Any) -> None:
        OPERATIONS["setitem"](self, key, value)

    def __repr__(self) -> str:
        text: str = OPERATIONS["text"](self)
        return text

    def __reduce_ex__(self, protocol: Any) -> Any:
        return OPERATIONS["pickled"](self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        found: Tensor = OPERATIONS["deep_copy"](self, memo)
        return found

    def __hash__(self) -> int:
        return id(self)


def make(array: Any, node: Node | None = None, weak: bool = False) -> Tensor:
    """Build a tensor around an array or a symbol, without a copy or a check."""
    tensor = Tensor.__new__(Tensor)
    tensor.array = array
    tensor.node = node
    tensor.weak = weak
    tensor.memory = tensor.origin = tensor._grad = None
    return tensor


register("tensor_on", make)


def fresh(array: Any) -> Tensor:
    """Build a tensor around an array that nobody else has."""
    if tracing.traces:
        note_made(owner_of(array))
    return make(array)


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
    return make(tensor.array, Node(None, (tensor,), {}, tensor.array), tensor.weak)


def astype(tensor: Any, dtype: Any) -> Tensor:
    """Convert to a dtype, the tensor itself where it has that; the derivative converts back."""
    converted: Tensor = OPERATIONS["cast"](tensor, dtype)
    return converted
