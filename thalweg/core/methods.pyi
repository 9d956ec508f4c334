"""The members of a tensor that other rooms own."""

# Written by `python -m tests.stubs`.

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from thalweg.core.tensor import Tensor

_Out: TypeAlias = Tensor | np.ndarray[Any, Any] | tuple[Any, ...] | None

class TapeStep(Protocol):
    def name(self) -> str:
        r"""Return the step's name in PyTorch's style, such as `LogBackward0`."""

    @property
    def next_functions(self) -> tuple[tuple[TapeStep | None, int], ...]:
        r"""The steps that made the operands, None for constants; each with output number 0."""

    @property
    def variable(self) -> Tensor | None:
        r"""The leaf whose `.grad` this step adds to, as long as it lives."""

    def register_hook(self, hook: Callable[..., Any]) -> Handle:
        r"""Call a function with (operands' cotangents, result's cotangents) after the step."""

    def register_prehook(self, hook: Callable[..., Any]) -> Handle:
        r"""Call a function with the result's cotangents before the step."""

class Handle(Protocol):
    def remove(self) -> None:
        r"""Take the hook away; a second time does nothing."""

    def __enter__(self) -> Handle: ...
    def __exit__(self, *exception: object) -> None: ...

class Methods:
    """The part of a tensor that is attached, by `thalweg.core.operation.attach`."""

    __slots__ = ()
    # ---- thalweg.autodiff.graph
    @property
    def grad_fn(self) -> TapeStep | None:
        r"""The step of the tape that made a tensor; None for a leaf."""

    # ---- thalweg.autodiff.hooks

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> Handle:
        r"""Call a function with this tensor's cotangent in every walk back; it may replace it."""

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> Handle:
        r"""Call a function with this leaf after each time its `.grad` was added to."""

    def retain_grad(self) -> None:
        r"""Ask that `backward()` stores this tensor's gradient though it is no leaf."""

    # ---- thalweg.autodiff.stateful

    @property
    def _version(self) -> int:
        r"""How often this memory was changed in place."""

    def backward(
        self,
        gradient: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        r"""Add the derivative of this tensor to `.grad` of every leaf that requires it."""

    def detach_(self) -> Tensor:
        r"""Forget a tensor's history, in place: it is a leaf that requires no gradient."""

    @property
    def grad(self) -> Tensor | None:
        r"""The derivative that `backward()` stored, or None."""

    @grad.setter
    def grad(self, value: Tensor | None) -> None: ...
    @property
    def retains_grad(self) -> bool:
        r"""Whether `.grad` is kept though no leaf."""

    # ---- thalweg.core.apply

    def _refresh(self) -> None:
        r"""Give a view the history its base got by changes in place since the view was made."""

    # ---- thalweg.core.printing

    def __repr__(self) -> str:
        r"""Return what a tensor prints as, in PyTorch's form: values, dtype, part in the tape."""

    # ---- thalweg.ops.creation.copying

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        r"""Return a leaf's copy with its gradient, what `copy.deepcopy` means."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        r"""Return how to build a tensor again: its values, and whether it requires gradients."""

    def _bare(self) -> Tensor:
        r"""Return a tensor on the same memory that is not on the tape; in a program it is the same."""

    def astype(
        self, dtype: DTypeLike | None, *, copy: bool = True, device: Any = None, out: _Out = None
    ) -> Tensor:
        r"""Convert to a dtype, in memory of its own; of complex numbers a real one keeps the real part."""

    def copy(self, order: str = "C") -> Tensor:
        r"""Return the same values in memory of their own, in row-major order or that of the axes."""

    def detach(self, *, out: _Out = None) -> Tensor:
        r"""Return a tensor on the same memory without the history."""

    # ---- thalweg.ops.creation.dtypes

    @property
    def device(self) -> Any:
        r"""Where the tensor lies: the CPU."""

    def to_device(self, device: Any, /, *, stream: Any = None) -> Tensor:
        r"""Return the tensor, which lies on the CPU already."""

    # ---- thalweg.ops.elementwise.complex

    def conj(self, *, out: _Out = None) -> Tensor:
        r"""Complex conjugate: a - bi of a + bi; of real numbers a copy."""

    def conjugate(self, *, out: _Out = None) -> Tensor:
        r"""Complex conjugate: a - bi of a + bi; of real numbers a copy."""

    @property
    def imag(self) -> Tensor:
        r"""The imaginary part."""

    @property
    def real(self) -> Tensor:
        r"""The real part."""

    # ---- thalweg.ops.elementwise.conversion

    def _cast(self, dtype: DTypeLike | None) -> Tensor: ...

    # ---- thalweg.ops.elementwise.operators

    def __abs__(self) -> Tensor:
        r"""Absolute value |x|; its derivative at 0 is taken as 0."""

    def __add__(self, other: ArrayLike, /) -> Tensor:
        r"""Sum: x + y."""

    def __and__(self, other: ArrayLike, /) -> Tensor:
        r"""Bits set in both of two integers, or where both of two Booleans hold: x & y."""

    def __eq__(self, other: object, /) -> Tensor:  # type: ignore[override]
        r"""Tell where x = y."""

    def __floordiv__(self, other: ArrayLike, /) -> Tensor:
        r"""Quotient rounded down: ⌊x / y⌋, of infinite numbers too. It has no derivative."""

    def __ge__(self, other: ArrayLike, /) -> Tensor:
        r"""Tell where x ≥ y."""

    def __gt__(self, other: ArrayLike, /) -> Tensor:
        r"""Tell where x > y."""

    def __iadd__(self, other: ArrayLike, /) -> Tensor:
        r"""Sum: x + y."""

    def __iand__(self, other: ArrayLike, /) -> Tensor:
        r"""Bits set in both of two integers, or where both of two Booleans hold: x & y."""

    def __ifloordiv__(self, other: ArrayLike, /) -> Tensor:
        r"""Quotient rounded down: ⌊x / y⌋, of infinite numbers too. It has no derivative."""

    def __ilshift__(self, other: ArrayLike, /) -> Tensor:
        r"""Bits of integers moved to higher places, zeros following: x << y."""

    def __imod__(self, other: ArrayLike, /) -> Tensor:
        r"""Remainder with the sign of y: x - y ⌊x / y⌋."""

    def __imul__(self, other: ArrayLike, /) -> Tensor:
        r"""Product: x · y."""

    def __invert__(self) -> Tensor:
        r"""Bits that are not set, or where a Boolean does not hold: ~x."""

    def __ior__(self, other: ArrayLike, /) -> Tensor:
        r"""Bits set in one of two integers at least, or where one of two Booleans holds: x | y."""

    def __ipow__(self, other: ArrayLike, /) -> Tensor:
        r"""Python's `x ** y`: as NumPy, small constant exponents are squares, roots and quotients."""

    def __irshift__(self, other: ArrayLike, /) -> Tensor:
        r"""Bits of integers moved to lower places, the sign following: x >> y."""

    def __isub__(self, other: ArrayLike, /) -> Tensor:
        r"""Difference: x - y."""

    def __itruediv__(self, other: ArrayLike, /) -> Tensor:
        r"""Quotient: x / y; integers are divided as float64."""

    def __ixor__(self, other: ArrayLike, /) -> Tensor:
        r"""Bits set in exactly one of two integers, or where exactly one Boolean holds: x ^ y."""

    def __le__(self, other: ArrayLike, /) -> Tensor:
        r"""Tell where x ≤ y."""

    def __lshift__(self, other: ArrayLike, /) -> Tensor:
        r"""Bits of integers moved to higher places, zeros following: x << y."""

    def __lt__(self, other: ArrayLike, /) -> Tensor:
        r"""Tell where x < y."""

    def __mod__(self, other: ArrayLike, /) -> Tensor:
        r"""Remainder with the sign of y: x - y ⌊x / y⌋."""

    def __mul__(self, other: ArrayLike, /) -> Tensor:
        r"""Product: x · y."""

    def __ne__(self, other: object, /) -> Tensor:  # type: ignore[override]
        r"""Tell where x ≠ y."""

    def __neg__(self) -> Tensor:
        r"""Negative: -x."""

    def __or__(self, other: ArrayLike, /) -> Tensor:
        r"""Bits set in one of two integers at least, or where one of two Booleans holds: x | y."""

    def __pos__(self) -> Tensor:
        r"""Return a copy: +x; Booleans have no sign."""

    def __pow__(self, other: ArrayLike, /) -> Tensor:
        r"""Python's `x ** y`: as NumPy, small constant exponents are squares, roots and quotients."""

    def __radd__(self, other: ArrayLike, /) -> Tensor:
        r"""Sum: x + y."""

    def __rand__(self, other: ArrayLike, /) -> Tensor:
        r"""Bits set in both of two integers, or where both of two Booleans hold: x & y."""

    def __rfloordiv__(self, other: ArrayLike, /) -> Tensor:
        r"""Quotient rounded down: ⌊x / y⌋, of infinite numbers too. It has no derivative."""

    def __rlshift__(self, other: ArrayLike, /) -> Tensor:
        r"""Bits of integers moved to higher places, zeros following: x << y."""

    def __rmod__(self, other: ArrayLike, /) -> Tensor:
        r"""Remainder with the sign of y: x - y ⌊x / y⌋."""

    def __rmul__(self, other: ArrayLike, /) -> Tensor:
        r"""Product: x · y."""

    def __ror__(self, other: ArrayLike, /) -> Tensor:
        r"""Bits set in one of two integers at least, or where one of two Booleans holds: x | y."""

    def __rpow__(self, other: ArrayLike, /) -> Tensor:
        r"""Python's `x ** y`: as NumPy, small constant exponents are squares, roots and quotients."""

    def __rrshift__(self, other: ArrayLike, /) -> Tensor:
        r"""Bits of integers moved to lower places, the sign following: x >> y."""

    def __rshift__(self, other: ArrayLike, /) -> Tensor:
        r"""Bits of integers moved to lower places, the sign following: x >> y."""

    def __rsub__(self, other: ArrayLike, /) -> Tensor:
        r"""Difference: x - y."""

    def __rtruediv__(self, other: ArrayLike, /) -> Tensor:
        r"""Quotient: x / y; integers are divided as float64."""

    def __rxor__(self, other: ArrayLike, /) -> Tensor:
        r"""Bits set in exactly one of two integers, or where exactly one Boolean holds: x ^ y."""

    def __sub__(self, other: ArrayLike, /) -> Tensor:
        r"""Difference: x - y."""

    def __truediv__(self, other: ArrayLike, /) -> Tensor:
        r"""Quotient: x / y; integers are divided as float64."""

    def __xor__(self, other: ArrayLike, /) -> Tensor:
        r"""Bits set in exactly one of two integers, or where exactly one Boolean holds: x ^ y."""

    # ---- thalweg.ops.elementwise.rounding

    def clip(
        self,
        min: ArrayLike | None = None,
        max: ArrayLike | None = None,
        *,
        a_min: ArrayLike | None = None,
        a_max: ArrayLike | None = None,
        out: _Out = None,
    ) -> Tensor:
        r"""Limit values to lie between two bounds; NaN stays NaN."""

    def round(self, decimals: int = 0, *, out: _Out = None) -> Tensor:
        r"""Round to a number of decimals, halves to even; as NumPy, by scaling and `rint`."""

    # ---- thalweg.ops.index.items

    def __getitem__(self, key: Any) -> Tensor:
        r"""Index with slices, integers, `...`, None, integer arrays and masks that are not traced."""

    def __setitem__(self, key: Any, value: Any) -> None:
        r"""Write into part of a tensor: `x[key] = value`; the value broadcasts, arrays index as NumPy's."""

    def _embed(self, part: Tensor, steps: Any) -> Tensor:
        r"""Replace what some steps, each a primitive and its parameters, show of a tensor."""

    # ---- thalweg.ops.index.masks

    def nonzero(self, *, out: _Out = None) -> tuple[Tensor, ...]:
        r"""Return the positions of the elements that are not zero, one tensor an axis."""

    # ---- thalweg.ops.index.repeat

    def repeat(
        self,
        repeats: Any = None,
        axis: int | None = None,
        *,
        output_size: int | None = None,
        out: _Out = None,
    ) -> Tensor:
        r"""Repeat each element along an axis, by default of the flattened tensor."""

    # ---- thalweg.ops.index.take

    def take(self, indices: ArrayLike, axis: int | None = None, *, out: _Out = None) -> Tensor:
        r"""Read slices at integer positions along an axis; negative positions count from the end."""

    # ---- thalweg.ops.linalg.diagonals

    def diagonal(
        self, offset: int = 0, axis1: int = 0, axis2: int = 1, *, out: _Out = None
    ) -> Tensor:
        r"""Show a diagonal of the matrices along two axes; it becomes the last axis."""

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1, *, out: _Out = None) -> Tensor:
        r"""Sum of a diagonal of the matrices along two axes."""

    # ---- thalweg.ops.linalg.products

    def __matmul__(self, other: Any, /) -> Tensor:
        r"""Product of stacks of matrices, of which the right one may be a sparse matrix of SciPy's."""

    def __rmatmul__(self, other: ArrayLike, /) -> Tensor: ...
    def dot(self, y: ArrayLike, *, out: _Out = None) -> Tensor:
        r"""Products of the rows of x and the columns of y, as NumPy: last axis with last but one."""

    # ---- thalweg.ops.numpy.protocols

    def __array_function__(self, func: Any, types: Any, args: ArrayLike, kwargs: ArrayLike) -> Any:
        r"""Answer a call of any other function of NumPy's on tensors."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        r"""Answer a call of a ufunc on tensors, or of one of its methods."""

    # ---- thalweg.ops.numpy.writing

    def fill(self, value: Any) -> None:
        r"""Set all elements to one number."""

    @property
    def flat(self) -> None:
        r"""All elements, to be read and written."""

    @flat.setter
    def flat(self, value: Any) -> None: ...

    # ---- thalweg.ops.order.sort

    def argsort(
        self,
        axis: int | None = -1,
        *,
        descending: bool = False,
        stable: bool = True,
        out: _Out = None,
    ) -> Tensor:
        r"""Return the positions that put an axis into order; equal elements stay in theirs."""

    def sort(self, axis: int = -1) -> None:
        r"""Put the elements in order along an axis, as `ndarray.sort` does."""

    # ---- thalweg.ops.reduce.extremes

    def argmax(
        self, axis: int | None = None, keepdims: bool = False, *, out: _Out = None
    ) -> Tensor:
        r"""Position of the first largest element along an axis, or in the flattened tensor."""

    def argmin(
        self, axis: int | None = None, keepdims: bool = False, *, out: _Out = None
    ) -> Tensor:
        r"""Position of the first smallest element along an axis, or in the flattened tensor."""

    def max(
        self,
        axis: int | Sequence[int] | None = None,
        keepdims: bool = False,
        *,
        initial: ArrayLike | None = None,
        where: ArrayLike | None = None,
        out: _Out = None,
    ) -> Tensor:
        r"""Largest element over some axes; by default over all; never below `initial`."""

    def min(
        self,
        axis: int | Sequence[int] | None = None,
        keepdims: bool = False,
        *,
        initial: ArrayLike | None = None,
        where: ArrayLike | None = None,
        out: _Out = None,
    ) -> Tensor:
        r"""Smallest element over some axes; by default over all; never above `initial`."""

    # ---- thalweg.ops.reduce.scans

    def cumprod(
        self, axis: int | None = None, dtype: DTypeLike | None = None, *, out: _Out = None
    ) -> Tensor:
        r"""Running product along an axis, or of the flattened tensor."""

    # ---- thalweg.ops.reduce.statistics

    def std(
        self,
        axis: int | Sequence[int] | None = None,
        dtype: DTypeLike | None = None,
        ddof: float = 0,
        keepdims: bool = False,
        *,
        correction: float | None = None,
        where: ArrayLike | None = None,
        mean: Any = None,
        out: _Out = None,
    ) -> Tensor:
        r"""Standard deviation over some axes: the square root of the variance; arguments as there."""

    def var(
        self,
        axis: int | Sequence[int] | None = None,
        dtype: DTypeLike | None = None,
        ddof: float = 0,
        keepdims: bool = False,
        *,
        correction: float | None = None,
        where: ArrayLike | None = None,
        mean: Any = None,
        out: _Out = None,
    ) -> Tensor:
        r"""Variance over some axes: Σ |x - x̄|² / (n - ddof); by default over all."""

    # ---- thalweg.ops.reduce.sums

    def all(
        self,
        axis: int | Sequence[int] | None = None,
        keepdims: bool = False,
        *,
        where: ArrayLike | None = None,
        out: _Out = None,
    ) -> Tensor:
        r"""Tell whether every element over the axes is true, of those where a mask holds."""

    def any(
        self,
        axis: int | Sequence[int] | None = None,
        keepdims: bool = False,
        *,
        where: ArrayLike | None = None,
        out: _Out = None,
    ) -> Tensor:
        r"""Tell whether some element over the axes is true, of those where a mask holds."""

    def cumsum(
        self, axis: int | None = None, dtype: DTypeLike | None = None, *, out: _Out = None
    ) -> Tensor:
        r"""Running sum along an axis, or of the flattened tensor."""

    def mean(
        self,
        axis: int | Sequence[int] | None = None,
        dtype: DTypeLike | None = None,
        keepdims: bool = False,
        *,
        where: ArrayLike | None = None,
        out: _Out = None,
    ) -> Tensor:
        r"""Arithmetic mean over some axes; by default over all. Integers are averaged as float64."""

    def prod(
        self,
        axis: int | Sequence[int] | None = None,
        dtype: DTypeLike | None = None,
        keepdims: bool = False,
        *,
        initial: ArrayLike | None = None,
        where: ArrayLike | None = None,
        out: _Out = None,
    ) -> Tensor:
        r"""Product over some axes; by default over all. Arguments as `sum`'s."""

    def sum(
        self,
        axis: int | Sequence[int] | None = None,
        dtype: DTypeLike | None = None,
        keepdims: bool = False,
        *,
        initial: ArrayLike | None = None,
        where: ArrayLike | None = None,
        out: _Out = None,
    ) -> Tensor:
        r"""Sum over some axes; by default over all."""

    # ---- thalweg.ops.shape.reshape

    def flatten(
        self,
        start_dim: Any = None,
        end_dim: int | None = None,
        *,
        order: str = "C",
        out: _Out = None,
    ) -> Tensor:
        r"""Return all elements, or those of a run of axes, along one axis, in row-major order."""

    def ravel(self, order: str = "C", *, out: _Out = None) -> Tensor:
        r"""Return all elements along one axis, in row-major order; a view if they lie so in memory."""

    @overload
    def reshape(
        self, shape: int | Sequence[int], *, copy: bool | None = None, out: _Out = None
    ) -> Tensor:
        r"""Give the elements, in row-major order, another shape; one extent may be -1."""

    @overload
    def reshape(self, *shape: int, copy: bool | None = None, out: _Out = None) -> Tensor:
        r"""Give the elements, in row-major order, another shape; one extent may be -1."""

    def squeeze(self, axis: int | Sequence[int] | None = None, *, out: _Out = None) -> Tensor:
        r"""Remove axes of extent 1; by default all of them."""

    # ---- thalweg.ops.shape.transpose

    @property
    def T(self) -> Tensor:
        r"""The transpose: all axes in reverse order."""

    @property
    def mT(self) -> Tensor:
        r"""The last two axes swapped."""

    def swapaxes(self, axis1: int, axis2: int, *, out: _Out = None) -> Tensor:
        r"""Exchange two axes."""

    def transpose(
        self, *order: int | Sequence[int], axes: int | Sequence[int] | None = None, out: _Out = None
    ) -> Tensor:
        r"""Permute the axes; by default reverse them."""
