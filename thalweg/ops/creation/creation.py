"""New tensors: from numbers, other tensors' shapes, real and imaginary parts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from thalweg.core.apply import stacked
from thalweg.core.layout import laid_out_like
from thalweg.core.operation import op, operation
from thalweg.core.primitive import general, linear
from thalweg.core.program import Trace
from thalweg.core.refusals import LOSES_GRADIENT
from thalweg.core.spec import FLOAT64, Array, DType, Shape, Spec, broadcast, default_dtype, possible
from thalweg.core.tensor import Tensor, as_tensor, fresh, make
from thalweg.errors import ArgumentError, CallError, DtypeError, GradientError, ShapeError
from thalweg.foreign import Foreign, dtype_of, is_other
from thalweg.ops.creation.dtypes import require_cpu
from thalweg.ops.elementwise.arithmetic import multiply
from thalweg.ops.elementwise.complex import imag, real
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.reshape import as_shape

__all__ = [
    "array", "asarray", "empty", "empty_like", "eye", "from_dlpack", "full", "full_like",
    "ones", "ones_like", "tensor", "zeros", "zeros_like",
]  # fmt: skip


Function = TypeVar("Function", bound=Callable[..., Any])


@general(lambda shape, dtype, axis: Spec(shape, dtype), role="position")
def iota(*, shape: Shape, dtype: DType, axis: int) -> np.ndarray[Any, Any]:
    """Return the position along one axis, at every element. Only the compiler writes it."""
    row = [1] * len(shape)
    row[axis] = shape[axis]
    return np.broadcast_to(np.arange(shape[axis], dtype=dtype).reshape(row), shape)


# ---- of a given shape


def sized(function: Function) -> Function:
    """Let a function of a shape take it as PyTorch does too: f(2, 3), f(size=(2, 3))."""
    name = function.__name__

    @functools.wraps(function)
    def from_shape(*given: Any, **named: Any) -> Any:
        if "size" in named:
            given = (named.pop("size"), *given)
        if len(given) > 1 and not isinstance(given[1], (int, np.integer)):
            # NumPy's second argument is the dtype.
            return function(*given, **named)
        if "shape" in named:
            return function(**named)
        if not given:
            raise CallError(f"{name} got no shape. Give it the extents: tw.{name}(2, 3).")
        return function(given[0] if len(given) == 1 else given, **named)

    return from_shape  # type: ignore[return-value]


def new(array: Any, requires_grad: bool, kind: type[Tensor] = Tensor) -> Tensor:
    """Return a tensor around an array that nobody else has."""
    found = fresh(array, kind)
    return found.requires_grad_() if requires_grad else found


@operation
def full(
    shape: Any = None,
    fill_value: Any = None,
    dtype: Any = None,
    *,
    device: Any = None,
    size: Any = None,
    like: Tensor | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return a tensor filled with one value.

    Args:
        shape: The shape, an integer or a sequence of them.
        fill_value: A number, or a tensor that broadcasts to the shape.
        dtype: By default that of the number; for Python's floats that of `set_default_dtype`.
        device: "cpu" or None.
        size: PyTorch's name of `shape`.
        like: A tensor whose world the result belongs to: traced, if that is traced; of another
            library, if that is.
        requires_grad: Whether `backward()` computes its derivative.
    """
    return _filled(shape if size is None else size, fill_value, dtype, device, like, requires_grad)


def _filled(
    shape: Any, value: Any, dtype: Any, device: Any, like: Tensor | None, requires_grad: bool
) -> Tensor:
    require_cpu(device)
    found = _broadcast(shape, value, dtype, like)
    return found.detach().requires_grad_() if requires_grad else found


def _broadcast(shape: Any, fill_value: Any, dtype: Any, like: Tensor | None) -> Tensor:
    if like is not None and like.array.__class__ is Foreign:
        kind = like.dtype if dtype is None else dtype_of(dtype)
        return make(like.array.filled(fill_value, kind, as_shape(shape)))
    if dtype is not None and is_other(dtype_of(dtype)):
        return astype(_broadcast(shape, fill_value, None, like), dtype)
    if isinstance(fill_value, Tensor):
        filled = fill_value if dtype is None else astype(fill_value, dtype)
        return op.clone(broadcast_to(filled, as_shape(shape)))
    value = np.asarray(fill_value, dtype=_dtype_of(fill_value, dtype))
    if like is not None and like.is_symbolic:
        trace = Trace.of(like.array)
        spread = broadcast_to(make(trace.lift(make(value)), kind=like.results), as_shape(shape))
        return laid_out_like(op.clone(spread), like)
    kind = Tensor if like is None else like.results
    return fresh(np.full(possible(as_shape(shape)), value, value.dtype), kind)


def _dtype_of(value: Any, dtype: Any) -> Any:
    """Return the dtype of a new tensor of Python's numbers; None leaves it to NumPy."""
    if dtype is not None or default_dtype() is FLOAT64:
        return dtype
    kind = _rank(value)
    if kind == _KINDS.index(complex):
        return np.result_type(default_dtype(), np.complex64)
    return default_dtype() if kind == _KINDS.index(float) else None


_KINDS = [bool, int, float, complex]


def _rank(value: Any) -> int:
    """Order values by what decides their common dtype: Python's numbers, then all others."""
    if isinstance(value, (list, tuple)):
        return max(map(_rank, value), default=_KINDS.index(float))
    return _KINDS.index(type(value)) if type(value) in _KINDS else len(_KINDS)


@operation
@sized
def zeros(
    shape: Any,
    dtype: Any = None,
    *,
    device: Any = None,
    like: Tensor | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return a tensor of zeros: `tw.zeros((2, 3))` or `tw.zeros(2, 3)`; arguments as for `full`."""
    return _filled(shape, 0.0, dtype, device, like, requires_grad)


@operation
@sized
def ones(
    shape: Any,
    dtype: Any = None,
    *,
    device: Any = None,
    like: Tensor | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return a tensor of ones: `tw.ones((2, 3))` or `tw.ones(2, 3)`; arguments as for `full`."""
    return _filled(shape, 1.0, dtype, device, like, requires_grad)


@operation
@sized
def empty(
    shape: Any, dtype: Any = None, *, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return a tensor of whatever its memory holds, to be filled; arguments as for `full`."""
    require_cpu(device)
    kind = default_dtype() if dtype is None else dtype
    return new(np.empty(possible(as_shape(shape)), kind), requires_grad)


# ---- like another tensor


@operation
def full_like(
    x: Any, fill_value: Any, dtype: Any = None, *, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return one value in the shape and dtype of another tensor."""
    require_cpu(device)
    tensor = as_tensor(x)
    kind = tensor.array.dtype if dtype is None else dtype_of(dtype)
    if tensor.array.__class__ is Foreign and not isinstance(fill_value, Tensor):
        return make(tensor.array.filled(fill_value, kind))
    if not tensor.is_symbolic and not isinstance(fill_value, Tensor):
        return new(np.full_like(tensor.array, fill_value, kind), requires_grad, tensor.results)
    return full(tensor.shape, fill_value, kind, like=tensor, requires_grad=requires_grad)


@operation
def zeros_like(
    x: Any, dtype: Any = None, *, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return zeros in the shape and dtype of another tensor."""
    return full_like(x, 0, dtype, device=device, requires_grad=requires_grad)


@operation
def ones_like(
    x: Any, dtype: Any = None, *, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return ones in the shape and dtype of another tensor."""
    return full_like(x, 1, dtype, device=device, requires_grad=requires_grad)


def ones_of(x: Tensor) -> Tensor:
    """Return ones like a tensor, where a call of `ones_like` would take too long."""
    if x.array.__class__ is not np.ndarray:
        return ones_like(x)
    return fresh(np.ones(x.array.shape, x.array.dtype), x.results)


@operation
def empty_like(
    x: Any, dtype: Any = None, *, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return a tensor of the shape and dtype of another one, to be filled."""
    return full_like(x, 0, dtype, device=device, requires_grad=requires_grad)


# ---- ranges and matrices


@operation
def eye(
    rows: int,
    columns: int | None = None,
    k: int = 0,
    dtype: Any = None,
    *,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return ones on the k-th diagonal and zeros elsewhere.

    Raises:
        ArgumentError: If a number of rows or columns is negative.
    """
    require_cpu(device)
    for name, count in (("rows", rows), ("columns", columns)):
        if count is not None and count < 0:
            raise ArgumentError(
                f"eye got {count} {name}; it wants a number greater or equal to 0. Give another."
            )
    kind = default_dtype() if dtype is None else dtype
    return new(np.eye(rows, columns, k, kind), requires_grad)


# ---- from values


def asarray(obj: Any, dtype: Any = None, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """Return a tensor over the values, by default without a copy where NumPy needs none.

    Args:
        obj: A tensor, an array, a number, or nested sequences of these.
        dtype: By default that of the values.
        device: "cpu" or None.
        copy: Whether to copy: always, never, or (None) where needed.

    Raises:
        DtypeError: If the values are neither numbers nor Booleans.
        ArgumentError: If a copy is needed and not allowed.
    """
    require_cpu(device)
    if isinstance(obj, Tensor):
        return _converted(obj, dtype, copy)
    if dtype is not None and is_other(dtype_of(dtype)):
        return astype(asarray(obj), dtype)
    if _holds_tensors(obj):
        return op.stack([asarray(item, dtype) for item in obj])
    try:
        array = np.array(obj, dtype=_dtype_of(obj, dtype), copy=copy)
    except OverflowError as error:
        raise DtypeError(f"asarray got a number that no dtype holds: {error}.") from None
    except ValueError as error:
        if copy is not False:
            raise
        raise ArgumentError(f"asarray got copy=False: {error} Allow it with copy=None.") from None
    found = as_tensor(array).array
    return make(found) if found is obj or found.base is not None else fresh(found)


def _converted(x: Tensor, dtype: Any, copy: bool | None) -> Tensor:
    if dtype is not None and dtype_of(dtype) != x.dtype:
        if copy is False:
            raise ArgumentError(
                f"asarray got copy=False and dtype {np.dtype(dtype)} for a tensor of dtype "
                f"{x.dtype}, which needs a copy. Allow it with copy=None."
            )
        return astype(x, dtype)
    return op.clone(x) if copy else x


def _holds_tensors(value: Any) -> bool:
    if not isinstance(value, (list, tuple)):
        return False
    return any(isinstance(item, Tensor) or _holds_tensors(item) for item in value)


def array(value: Any, dtype: Any = None, *, copy: bool | None = True) -> Tensor:
    """Return a tensor over a copy of the value; lists may hold tensors, also traced ones.

    Raises:
        DtypeError: If the values are neither numbers nor Booleans.

    Example:
        >>> import thalweg as tw
        >>> x = tw.Tensor(2.0)
        >>> tw.array([x, x**2])
        tensor([2., 4.])
    """
    return asarray(value, dtype, copy=copy)


def tensor(
    data: Any, dtype: Any = None, requires_grad: bool = False, *, device: Any = None
) -> Tensor:
    """Return a new tensor over a copy of the data, as PyTorch's function of that name.

    Args:
        data: Anything `numpy.asarray` accepts.
        dtype: By default that of the data; of Python's floats that of `set_default_dtype`.
        requires_grad: Whether `backward()` computes its derivative.
        device: "cpu" or None.

    Raises:
        ShapeError: If the rows of nested lists have different lengths.
    """
    require_cpu(device)
    try:
        return Tensor(data, requires_grad, _dtype_of(data, dtype))
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ShapeError(
            "tensor got lists of different lengths beside each other; it wants rows of one length. "
            "Pad the shorter ones, or keep a list of tensors."
        ) from None


@operation
def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """Return a tensor over the memory of any object with `__dlpack__`, such as other arrays.

    Args:
        x: The object.
        device: "cpu" or None.
        copy: Whether to copy: always, never, or (None) where needed.
    """
    require_cpu(device)
    if isinstance(x, Tensor):
        if x.requires_grad:
            raise GradientError(LOSES_GRADIENT)
        return _converted(x.detach(), None, copy)
    return make(np.from_dlpack(x, copy=copy))


def spec_of(value: Any) -> Spec:
    """Return the shape and dtype of anything that can become a tensor."""
    return as_tensor(value).spec


def real_parts(name: str, x: Any, y: Any) -> tuple[tuple[Tensor, ...], dict[str, Any]]:
    """Return two real tensors of one dtype and one shape.

    Raises: DtypeError: If their dtypes differ or are not real.
    """
    one, other = as_tensor(x), as_tensor(y)
    if one.dtype != other.dtype or one.dtype.kind != "f":
        raise DtypeError(
            f"{name} expects both inputs to be floating and of one dtype; it got {one.dtype} and "
            f"{other.dtype}. Convert them with astype."
        )
    shape = broadcast(name, (one.spec, other.spec))
    return (broadcast_to(one, shape), broadcast_to(other, shape)), {}


def _complex_spec(x: Spec, y: Spec) -> Spec:
    return Spec(x.shape, np.dtype(f"c{2 * x.dtype.itemsize}"))


@linear(
    _complex_spec,
    lambda g, out, x, y: real(g),
    # The derivative of the imaginary part is i, and nothing is conjugated.
    lambda g, out, x, y: multiply(imag(g), -1.0),
    arguments=lambda x, y: real_parts("complex", x, y),
    additive=True,
    batch=stacked,
)
def complex_of(x: Array, y: Array) -> Array:
    """Complex numbers of real and imaginary parts: x + i y."""
    found = np.empty(x.shape, _complex_spec(Spec(x.shape, x.dtype), Spec(y.shape, y.dtype)).dtype)
    found.real, found.imag = x, y
    return found
