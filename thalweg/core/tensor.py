"""Tensor: a NumPy array or a traced symbol, with the tape that remembers how it was made."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from thalweg.core.operation import OPERATIONS
from thalweg.core.operators import Operators
from thalweg.core.program import Symbol
from thalweg.core.refusals import (
    ASSIGNED,
    FLOAT_LOSES_GRADIENT,
    LOSES_GRADIENT,
    TRACED,
    foreign,
    ufunc_name,
    unsupported,
)
from thalweg.core.spec import DType, Shape, Spec
from thalweg.core.tape import Node, is_recording
from thalweg.core.tracing import Trace, clock
from thalweg.errors import DtypeError, GradientError, TracingError, UnsupportedOperation

if TYPE_CHECKING:
    from thalweg.core.primitive import Primitive


class Tensor(Operators):
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
        Tensor([2., 4.])
    """

    __slots__ = ("__weakref__", "changed", "data", "grad", "node", "weak")
    __array_priority__ = 1000

    data: Any
    grad: Tensor | None
    node: Node | None
    weak: bool
    changed: int  # when the data were last replaced, on the clock of the tape; -1 for never

    def __init__(self, data: Any, requires_grad: bool = False, dtype: Any = None) -> None:
        if isinstance(data, Tensor):
            data = data.numpy()
        self.data = np.array(data, dtype=dtype)
        if self.data.dtype.kind not in "biufc":
            raise DtypeError(
                f"Tensor got data of dtype {self.data.dtype}; it wants numbers or booleans. "
                "Encode text and objects as numbers first."
            )
        self.grad = None
        self.node = None
        self.weak = False
        self.changed = -1
        if requires_grad:
            self.requires_grad = True

    # ---- what it is

    @property
    def spec(self) -> Spec:
        """The shape and dtype, without the data."""
        return Spec(self.data.shape, self.data.dtype, self.weak)

    @property
    def shape(self) -> Shape:
        """The extent of each axis."""
        shape: Shape = self.data.shape
        return shape

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        dtype: DType = self.data.dtype
        return dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.data.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.spec.size

    @property
    def requires_grad(self) -> bool:
        """Whether derivatives with respect to this tensor are tracked."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if self.node is not None and self.node.primitive is not None:
            raise GradientError(
                "requires_grad was set on a tensor computed from others; only leaves can be "
                "changed. Use detach() first."
            )
        if wanted and self.data.dtype.kind not in "fc":
            raise DtypeError(
                f"requires_grad was set on a tensor of dtype {self.data.dtype}; only floating "
                "dtypes have derivatives. Convert it with astype(float) first."
            )
        if not wanted:
            self.node = None
        elif self.node is None:
            self.node = Node(None, (), {}, self.data, ref(self))

    @property
    def is_leaf(self) -> bool:
        """Whether this tensor was not computed from others whose derivatives are tracked."""
        return self.node is None or self.node.leaf is not None

    @property
    def grad_fn(self) -> Any:
        """The step of the tape that made this tensor; None for a leaf."""
        return None if self.is_leaf else OPERATIONS["grad_fn"](self)

    @property
    def is_symbolic(self) -> bool:
        """Whether the value exists only when the traced program runs."""
        return isinstance(self.data, Symbol)

    def numpy(self) -> np.ndarray[Any, Any]:
        """Return the values as a NumPy array that shares this tensor's memory.

        Raises:
            TracingError: While tracing, when there are no values yet.
        """
        if isinstance(self.data, Symbol):
            raise TracingError(TRACED)
        return np.asarray(self.data)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set `requires_grad` and return the tensor."""
        self.requires_grad = requires_grad
        return self

    def replace_data(self, data: Any) -> None:
        """Take other data of the same shape and dtype; a tape that needs the old ones refuses."""
        self.data = data
        self.changed = next(clock)

    def detach(self) -> Tensor:
        """Return the same values without their history."""
        return make(self.data, None, self.weak)

    def item(self) -> Any:
        """Return the only element as a Python number."""
        return self.numpy().item()

    def tolist(self) -> Any:
        """Return the values as nested Python lists."""
        return self.numpy().tolist()

    def backward(self, gradient: Any = None, retain_graph: bool = False) -> None:
        """Add the derivative of this tensor to `.grad` of every leaf that requires it."""
        OPERATIONS["backward"](self, gradient, retain_graph)

    # ---- NumPy's protocols

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if self.node is not None:
            raise GradientError(LOSES_GRADIENT)
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        function = OPERATIONS.get(ufunc.__name__)
        if method != "__call__" or function is None or kwargs:
            extra = f" with {', '.join(kwargs)}" if kwargs and function else ""
            called = f"{ufunc_name(ufunc, method)}{extra}"
            raise UnsupportedOperation(unsupported(called, _is_traced(inputs)))
        return function(*inputs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        function = OPERATIONS.get(func.__name__)
        called = f"{func.__module__}.{func.__name__}"
        if function is None:
            raise UnsupportedOperation(unsupported(called, _is_traced((args, kwargs))))
        unknown = [name for name in kwargs if name not in _parameters(function)]
        if unknown:
            called = f"{called} with {', '.join(unknown)}"
            raise UnsupportedOperation(unsupported(called, _is_traced((args, kwargs))))
        return function(*args, **kwargs)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise UnsupportedOperation(foreign(f"torch.{func.__name__}"))

    def __dlpack__(self, **kwargs: Any) -> Any:
        return self.__array__().__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.__array__().__dlpack_device__()

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return sys.modules["thalweg"]

    # ---- Python's protocols

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d tensor; it has no axis to count.")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __float__(self) -> float:
        if self.node is not None and not self.is_symbolic and self.node.is_differentiated():
            raise GradientError(FLOAT_LOSES_GRADIENT)
        return float(self.numpy())

    def __int__(self) -> int:
        return int(self.numpy())

    def __index__(self) -> int:
        return self.numpy().__index__()

    def __format__(self, form: str) -> str:
        return str(self) if not form or self.ndim else format(self.item(), form)

    def __setitem__(self, key: Any, value: Any) -> None:
        raise UnsupportedOperation(ASSIGNED)

    def __repr__(self) -> str:
        if isinstance(self.data, Symbol):
            return f"Tensor({self.data.spec}, traced)"
        text = np.array2string(self.data, separator=", ", prefix="Tensor(")
        dtype = "" if self.dtype in (np.float64, np.int64, np.bool_) else f", dtype={self.dtype}"
        return f"Tensor({text}{dtype}{', requires_grad=True' if self.node else ''})"

    def __hash__(self) -> int:
        return id(self)


@functools.cache
def _parameters(function: Callable[..., Any]) -> frozenset[str]:
    return frozenset(inspect.signature(function).parameters)


def _is_traced(given: Any) -> bool:
    """Tell whether a traced tensor, or one whose gradient is wanted, is among the arguments."""
    if isinstance(given, Tensor):
        return given.is_symbolic or given.node is not None
    if isinstance(given, dict):
        given = tuple(given.values())
    return isinstance(given, (tuple, list)) and any(map(_is_traced, given))


def make(data: Any, node: Node | None = None, weak: bool = False) -> Tensor:
    """Build a tensor around an array or a symbol, without a copy or a check."""
    tensor = Tensor.__new__(Tensor)
    tensor.data = data
    tensor.grad = None
    tensor.node = node
    tensor.weak = weak
    tensor.changed = -1
    return tensor


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
    return make(tensor.data, Node(None, (tensor,), {}, tensor.data), tensor.weak)


def apply(primitive: Primitive, tensors: tuple[Tensor, ...], params: Mapping[str, Any]) -> Tensor:
    """Compute a primitive, or trace it, and record it on the tape if a derivative may be wanted."""
    trace = innermost(tensors)
    data: Any
    if trace is None:
        try:
            with np.errstate(all="ignore"):
                data = np.asarray(primitive.meaning(*(t.data for t in tensors), **params))
        except ValueError:
            # Stating the result's spec explains shapes that do not fit better than NumPy does.
            primitive.spec(*(tensor.spec for tensor in tensors), **params)
            raise
        weak = all(tensor.weak for tensor in tensors)
    else:
        symbols = tuple(trace.lift(tensor) for tensor in tensors)
        data = trace.append(primitive, symbols, params)
        weak = data.spec.weak
    node = None
    if is_recording() and data.dtype.kind in "fc":
        for position, tensor in enumerate(tensors):
            if tensor.node is not None and primitive.rule(position) is not None:
                node = Node(primitive, tensors, params, data)
                break
    return make(data, node, weak)


def innermost(tensors: tuple[Tensor, ...]) -> Trace | None:
    """Return the trace that an operation on these tensors belongs to, None if all are eager."""
    found: Trace | None = None
    for tensor in tensors:
        if isinstance(tensor.data, Symbol):
            trace = Trace.of(tensor.data)
            if found is None or trace.level > found.level:
                found = trace
    return found


def astype(tensor: Any, dtype: Any) -> Tensor:
    """Convert to a dtype; the derivative converts back."""
    converted: Tensor = OPERATIONS["astype"](tensor, dtype)
    return converted
