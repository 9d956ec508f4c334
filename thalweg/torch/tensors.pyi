"""The wing's tensor."""

# Written by `python -m tests.stubs`.

import builtins
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from thalweg.autodiff.graph import TapeStep
from thalweg.autodiff.hooks import Handle
from thalweg.core import tensor as _core
from thalweg.random.generator import Generator
from thalweg.torch.sparse.layouts import SparseCoordinates, SparseRows

_Out: TypeAlias = TorchTensor | np.ndarray[Any, Any] | tuple[Any, ...] | None

class Extremes(NamedTuple):
    min: TorchTensor
    max: TorchTensor

class Found(NamedTuple):
    values: TorchTensor
    indices: TorchTensor

class SlogdetResult(NamedTuple):
    sign: TorchTensor
    logabsdet: TorchTensor

class SVDResult(NamedTuple):
    U: TorchTensor
    S: TorchTensor
    Vh: TorchTensor

class TorchTensor(_core.Tensor):
    """A tensor with PyTorch's methods; what is computed from it is one too.

    Args:
        data: Extents, or one `torch.Size`, for zeros of that shape; or a sequence of numbers or an
            array, which are copied; or a tensor, whose memory is shared and whose dtype stays.
        device: "cpu" or None.
        dtype: The dtype of all but a tensor's; by default the default one, also of integers.

    Raises:
        TypeError: If it is none of these.
        ArgumentError: If another device is asked for.

    Example:
        >>> import thalweg.torch as torch
        >>> x = torch.Tensor([[1, 4]])
        >>> x.sqrt().unsqueeze(0).size(), torch.Tensor(2, 3).shape
        (torch.Size([1, 1, 2]), torch.Size([2, 3]))
    """

    __slots__ = ()
    @property
    def H(self) -> TorchTensor: ...
    @property
    def T(self) -> TorchTensor:
        r"""The transpose: all axes in reverse order."""

    def __abs__(self) -> TorchTensor:
        r"""Absolute value |x|; its derivative at 0 is taken as 0."""

    def __add__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Sum: x + y."""

    def __and__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Bits set in both of two integers, or where both of two Booleans hold: x & y."""

    def __array_function__(self, func: Any, types: Any, args: ArrayLike, kwargs: ArrayLike) -> Any:
        r"""Answer a call of any other function of NumPy's on tensors."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        r"""Answer a call of a ufunc on tensors, or of one of its methods."""

    def __deepcopy__(self, memo: dict[builtins.int, Any]) -> TorchTensor:
        r"""Return a leaf's copy with its gradient, what `copy.deepcopy` means."""

    def __eq__(self, other: object, /) -> TorchTensor:
        r"""Tell where x = y."""

    def __floordiv__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Quotient rounded down: ⌊x / y⌋, of infinite numbers too. It has no derivative."""

    def __format__(self, form: str) -> str:
        r"""Format the only number, as PyTorch does; a tensor with axes as its text alone."""

    def __ge__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Tell where x ≥ y."""

    def __getitem__(self, key: Any) -> TorchTensor:
        r"""Return the part of a tensor that a key shows."""

    def __gt__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Tell where x > y."""

    def __iadd__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Sum: x + y."""

    def __iand__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Bits set in both of two integers, or where both of two Booleans hold: x & y."""

    def __ifloordiv__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Quotient rounded down: ⌊x / y⌋, of infinite numbers too. It has no derivative."""

    def __ilshift__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Bits of integers moved to higher places, zeros following: x << y."""

    def __imod__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Remainder with the sign of y: x - y ⌊x / y⌋."""

    def __imul__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Product: x · y."""

    def __init__(self, *data: Any, device: Any = None, dtype: DTypeLike | None = None) -> None:
        r"""Initialize self.  See help(type(self)) for accurate signature."""

    def __invert__(self) -> TorchTensor:
        r"""Bits that are not set, or where a Boolean does not hold: ~x."""

    def __ior__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Bits set in one of two integers at least, or where one of two Booleans holds: x | y."""

    def __ipow__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Python's `x ** y`: as NumPy, small constant exponents are squares, roots and quotients."""

    def __irshift__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Bits of integers moved to lower places, the sign following: x >> y."""

    def __isub__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Difference: x - y."""

    def __itruediv__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Quotient: x / y; integers are divided as float64."""

    def __ixor__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Bits set in exactly one of two integers, or where exactly one Boolean holds: x ^ y."""

    def __le__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Tell where x ≤ y."""

    def __lshift__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Bits of integers moved to higher places, zeros following: x << y."""

    def __lt__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Tell where x < y."""

    def __matmul__(self, other: Any, /) -> TorchTensor:
        r"""Product of stacks of matrices, of which the right one may be a sparse matrix of SciPy's."""

    def __mod__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Remainder with the sign of y: x - y ⌊x / y⌋."""

    def __mul__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Product: x · y."""

    def __ne__(self, other: object, /) -> TorchTensor:
        r"""Tell where x ≠ y."""

    def __neg__(self) -> TorchTensor:
        r"""Negative: -x."""

    def __or__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Bits set in one of two integers at least, or where one of two Booleans holds: x | y."""

    def __pos__(self) -> TorchTensor:
        r"""Return a copy: +x; Booleans have no sign."""

    def __pow__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Python's `x ** y`: as NumPy, small constant exponents are squares, roots and quotients."""

    def __radd__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Sum: x + y."""

    def __rand__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Bits set in both of two integers, or where both of two Booleans hold: x & y."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        r"""Return how to build a tensor again: its values, and whether it requires gradients."""

    def __repr__(self) -> str:
        r"""Return what a tensor prints as, in PyTorch's form: values, dtype, part in the tape."""

    def __rfloordiv__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Quotient rounded down: ⌊x / y⌋, of infinite numbers too. It has no derivative."""

    def __rlshift__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Bits of integers moved to higher places, zeros following: x << y."""

    def __rmatmul__(self, other: ArrayLike, /) -> TorchTensor: ...
    def __rmod__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Remainder with the sign of y: x - y ⌊x / y⌋."""

    def __rmul__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Product: x · y."""

    def __ror__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Bits set in one of two integers at least, or where one of two Booleans holds: x | y."""

    def __rpow__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Python's `x ** y`: as NumPy, small constant exponents are squares, roots and quotients."""

    def __rrshift__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Bits of integers moved to lower places, the sign following: x >> y."""

    def __rshift__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Bits of integers moved to lower places, the sign following: x >> y."""

    def __rsub__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Difference: x - y."""

    def __rtruediv__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Quotient: x / y; integers are divided as float64."""

    def __rxor__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Bits set in exactly one of two integers, or where exactly one Boolean holds: x ^ y."""

    def __setitem__(self, key: Any, value: Any) -> None:
        r"""Write into part of a tensor: `x[key] = value`; the value broadcasts, arrays index as NumPy's."""

    def __sub__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Difference: x - y."""

    def __truediv__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Quotient: x / y; integers are divided as float64."""

    def __xor__(self, other: ArrayLike, /) -> TorchTensor:
        r"""Bits set in exactly one of two integers, or where exactly one Boolean holds: x ^ y."""

    def _bare(self) -> TorchTensor:
        r"""Return a tensor on the same memory that is not on the tape; in a program it is the same."""

    @property
    def _base(self) -> TorchTensor:
        r"""What a view was cut out of, which is no view itself; None for what is no view."""

    def _cast(self, dtype: DTypeLike | None) -> TorchTensor: ...
    def _embed(self, part: _core.Tensor, steps: Any) -> TorchTensor:
        r"""Replace what some steps, each a primitive and its parameters, show of a tensor."""

    def _refresh(self) -> None:
        r"""Give a view the history its base got by changes in place since the view was made."""

    @property
    def _version(self) -> builtins.int:
        r"""How often this memory was changed in place."""

    def abs(self, *, out: _Out = None) -> TorchTensor:
        r"""Absolute value |x|; its derivative at 0 is taken as 0."""

    def abs_(self) -> TorchTensor:
        r"""Write the result of `abs` into the tensor itself, and return it."""

    def absolute(self, *, out: _Out = None) -> TorchTensor:
        r"""Absolute value |x|; its derivative at 0 is taken as 0."""

    def absolute_(self) -> TorchTensor:
        r"""Write the result of `absolute` into the tensor itself, and return it."""

    def acos(self, *, out: _Out = None) -> TorchTensor:
        r"""Inverse cosine, in radians, of x in [-1, 1]. Natively within 1.2 ulp."""

    def acos_(self) -> TorchTensor:
        r"""Write the result of `acos` into the tensor itself, and return it."""

    def acosh(self, *, out: _Out = None) -> TorchTensor:
        r"""Inverse hyperbolic cosine of x ≥ 1. Natively within 1.0 ulp."""

    def acosh_(self) -> TorchTensor:
        r"""Write the result of `acosh` into the tensor itself, and return it."""

    def add(self, other: ArrayLike, *, alpha: Any = 1, out: _Out = None) -> TorchTensor:
        r"""Sum of two tensors: x + α y."""

    def add_(self, other: ArrayLike, *, alpha: Any = 1) -> TorchTensor:
        r"""Write the result of `add` into the tensor itself, and return it."""

    def addbmm(
        self,
        batch1: ArrayLike,
        batch2: ArrayLike,
        *,
        beta: Any = 1,
        alpha: Any = 1,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Add the sum of the products of two stacks of matrices: β x + α Σ A B."""

    def addbmm_(
        self, batch1: ArrayLike, batch2: ArrayLike, *, beta: Any = 1, alpha: Any = 1
    ) -> TorchTensor:
        r"""Write the result of `addbmm` into the tensor itself, and return it."""

    def addcdiv(
        self, tensor1: ArrayLike, tensor2: ArrayLike, *, value: Any = 1, out: _Out = None
    ) -> TorchTensor:
        r"""Add a multiple of a quotient: x + value · tensor₁ / tensor₂."""

    def addcdiv_(self, tensor1: ArrayLike, tensor2: ArrayLike, *, value: Any = 1) -> TorchTensor:
        r"""Write the result of `addcdiv` into the tensor itself, and return it."""

    def addcmul(
        self, tensor1: ArrayLike, tensor2: ArrayLike, *, value: Any = 1, out: _Out = None
    ) -> TorchTensor:
        r"""Add a multiple of a product: x + value · tensor₁ · tensor₂."""

    def addcmul_(self, tensor1: ArrayLike, tensor2: ArrayLike, *, value: Any = 1) -> TorchTensor:
        r"""Write the result of `addcmul` into the tensor itself, and return it."""

    def addmm(
        self, mat1: ArrayLike, mat2: ArrayLike, *, beta: Any = 1, alpha: Any = 1, out: _Out = None
    ) -> TorchTensor:
        r"""Add a product of matrices: β x + α A B."""

    def addmm_(
        self, mat1: ArrayLike, mat2: ArrayLike, *, beta: Any = 1, alpha: Any = 1
    ) -> TorchTensor:
        r"""Write the result of `addmm` into the tensor itself, and return it."""

    def addmv(
        self, mat: ArrayLike, vec: ArrayLike, *, beta: Any = 1, alpha: Any = 1, out: _Out = None
    ) -> TorchTensor:
        r"""Add a product of a matrix and a vector: β x + α A v."""

    def addmv_(
        self, mat: ArrayLike, vec: ArrayLike, *, beta: Any = 1, alpha: Any = 1
    ) -> TorchTensor:
        r"""Write the result of `addmv` into the tensor itself, and return it."""

    def addr(
        self, vec1: ArrayLike, vec2: ArrayLike, *, beta: Any = 1, alpha: Any = 1, out: _Out = None
    ) -> TorchTensor:
        r"""Add an outer product: β x + α u vᵀ."""

    def addr_(
        self, vec1: ArrayLike, vec2: ArrayLike, *, beta: Any = 1, alpha: Any = 1
    ) -> TorchTensor:
        r"""Write the result of `addr` into the tensor itself, and return it."""

    def adjoint(self, *, out: _Out = None) -> TorchTensor:
        r"""Conjugate transpose of a matrix or a stack of them."""

    def all(
        self,
        dim: builtins.int | Sequence[builtins.int] | None = None,
        keepdim: builtins.bool = False,
        *,
        where: ArrayLike | None = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Tell whether every element over the axes is true, of those where a mask holds."""

    def allclose(
        self,
        other: ArrayLike,
        rtol: builtins.float = 1e-05,
        atol: builtins.float = 1e-08,
        equal_nan: builtins.bool = False,
        *,
        out: _Out = None,
    ) -> builtins.bool | TorchTensor:
        r"""Tell whether all elements of x and y are close, as `isclose` tells of each: True or False."""

    def amax(
        self,
        dim: builtins.int | Sequence[builtins.int] | None = None,
        keepdim: builtins.bool = False,
        *,
        initial: ArrayLike | None = None,
        where: ArrayLike | None = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Largest element over some axes; by default over all. Ties share the derivative."""

    def amin(
        self,
        dim: builtins.int | Sequence[builtins.int] | None = None,
        keepdim: builtins.bool = False,
        *,
        initial: ArrayLike | None = None,
        where: ArrayLike | None = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Smallest element over some axes; by default over all. Ties share the derivative."""

    def aminmax(
        self, *, dim: builtins.int | None = None, keepdim: builtins.bool = False
    ) -> Extremes:
        r"""Return the smallest and the largest element along an axis, by default of all."""

    def angle(self, *, out: _Out = None) -> TorchTensor:
        r"""Angle of complex numbers in radians between -π and π; of real ones 0 or π."""

    def any(
        self,
        dim: builtins.int | Sequence[builtins.int] | None = None,
        keepdim: builtins.bool = False,
        *,
        where: ArrayLike | None = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Tell whether some element over the axes is true, of those where a mask holds."""

    def apply_(self, function: Callable[[Any], Any]) -> TorchTensor:
        r"""Replace each element by a Python function of it, and return the tensor."""

    def arccos(self, *, out: _Out = None) -> TorchTensor:
        r"""Inverse cosine, in radians, of x in [-1, 1]. Natively within 1.2 ulp."""

    def arccos_(self) -> TorchTensor:
        r"""Write the result of `arccos` into the tensor itself, and return it."""

    def arccosh(self, *, out: _Out = None) -> TorchTensor:
        r"""Inverse hyperbolic cosine of x ≥ 1. Natively within 1.0 ulp."""

    def arccosh_(self) -> TorchTensor:
        r"""Write the result of `arccosh` into the tensor itself, and return it."""

    def arcsin(self, *, out: _Out = None) -> TorchTensor:
        r"""Inverse sine, in radians, of x in [-1, 1]. Natively within 1.3 ulp."""

    def arcsin_(self) -> TorchTensor:
        r"""Write the result of `arcsin` into the tensor itself, and return it."""

    def arcsinh(self, *, out: _Out = None) -> TorchTensor:
        r"""Inverse hyperbolic sine. Natively within 1.1 ulp."""

    def arcsinh_(self) -> TorchTensor:
        r"""Write the result of `arcsinh` into the tensor itself, and return it."""

    def arctan(self, *, out: _Out = None) -> TorchTensor:
        r"""Inverse tangent, in radians. Natively within 1.5 ulp."""

    def arctan2(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Angle of the point (y, x), in radians between -π and π: the arctangent of x / y."""

    def arctan2_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `arctan2` into the tensor itself, and return it."""

    def arctan_(self) -> TorchTensor:
        r"""Write the result of `arctan` into the tensor itself, and return it."""

    def arctanh(self, *, out: _Out = None) -> TorchTensor:
        r"""Inverse hyperbolic tangent of x in [-1, 1]. Natively within 1.4 ulp."""

    def arctanh_(self) -> TorchTensor:
        r"""Write the result of `arctanh` into the tensor itself, and return it."""

    def argmax(
        self, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, out: _Out = None
    ) -> TorchTensor:
        r"""Position of the first largest element along an axis, or in the flattened tensor."""

    def argmin(
        self, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, out: _Out = None
    ) -> TorchTensor:
        r"""Position of the first smallest element along an axis, or in the flattened tensor."""

    def argsort(
        self,
        dim: builtins.int = -1,
        descending: builtins.bool = False,
        stable: builtins.bool = True,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Return the positions that put an axis into order; equal elements stay in theirs."""

    def argwhere(self, *, out: _Out = None) -> TorchTensor:
        r"""Return where elements are not zero, as the rows of a matrix."""

    def as_strided(
        self,
        size: builtins.int | Sequence[builtins.int],
        stride: ArrayLike,
        storage_offset: builtins.int | None = None,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Show a tensor's memory in a shape, with elements so many places apart along each axis."""

    def as_strided_(
        self,
        size: builtins.int | Sequence[builtins.int],
        stride: ArrayLike,
        storage_offset: builtins.int | None = None,
    ) -> TorchTensor:
        r"""Lay the tensor itself out anew on its memory; arguments and errors as for `as_strided`."""

    def as_strided_scatter(
        self,
        src: ArrayLike,
        size: builtins.int | Sequence[builtins.int],
        stride: ArrayLike,
        storage_offset: builtins.int | None = None,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Return a copy of a tensor with other values where `as_strided` would show it."""

    def asin(self, *, out: _Out = None) -> TorchTensor:
        r"""Inverse sine, in radians, of x in [-1, 1]. Natively within 1.3 ulp."""

    def asin_(self) -> TorchTensor:
        r"""Write the result of `asin` into the tensor itself, and return it."""

    def asinh(self, *, out: _Out = None) -> TorchTensor:
        r"""Inverse hyperbolic sine. Natively within 1.1 ulp."""

    def asinh_(self) -> TorchTensor:
        r"""Write the result of `asinh` into the tensor itself, and return it."""

    def astype(
        self,
        dtype: DTypeLike | None,
        *,
        copy: builtins.bool = True,
        device: Any = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Convert to a dtype, in memory of its own; of complex numbers a real one keeps the real part."""

    def atan(self, *, out: _Out = None) -> TorchTensor:
        r"""Inverse tangent, in radians. Natively within 1.5 ulp."""

    def atan2(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Angle of the point (y, x), in radians between -π and π: the arctangent of x / y."""

    def atan2_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `atan2` into the tensor itself, and return it."""

    def atan_(self) -> TorchTensor:
        r"""Write the result of `atan` into the tensor itself, and return it."""

    def atanh(self, *, out: _Out = None) -> TorchTensor:
        r"""Inverse hyperbolic tangent of x in [-1, 1]. Natively within 1.4 ulp."""

    def atanh_(self) -> TorchTensor:
        r"""Write the result of `atanh` into the tensor itself, and return it."""

    def atleast_1d(self) -> TorchTensor:
        r"""Return a tensor, or each of several, with at least one axis: a scalar becomes shape (1,)."""

    def atleast_2d(self) -> TorchTensor:
        r"""Return a tensor, or each of several, with two axes or more: n numbers become (1, n)."""

    def atleast_3d(self) -> TorchTensor:
        r"""Return a tensor, or each of several, with three axes or more: n numbers become (1, n, 1)."""

    def backward(
        self,
        gradient: Any = None,
        retain_graph: builtins.bool | None = None,
        create_graph: builtins.bool = False,
        inputs: Any = None,
    ) -> None:
        r"""Add the derivative of this tensor to `.grad` of every leaf that requires it."""

    def baddbmm(
        self,
        batch1: ArrayLike,
        batch2: ArrayLike,
        *,
        beta: Any = 1,
        alpha: Any = 1,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Add the products of two stacks of matrices: β x + α A B."""

    def baddbmm_(
        self, batch1: ArrayLike, batch2: ArrayLike, *, beta: Any = 1, alpha: Any = 1
    ) -> TorchTensor:
        r"""Write the result of `baddbmm` into the tensor itself, and return it."""

    def bernoulli(
        self,
        p: builtins.float | None = None,
        *,
        generator: Generator | None = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Return 1 with the probability that each element states, else 0, in the tensor's dtype."""

    def bernoulli_(self, p: Any = 0.5, *, generator: Generator | None = None) -> TorchTensor:
        r"""Fill with 1, of probability p, and 0, and return the tensor."""

    def bincount(
        self,
        weights: ArrayLike | None = None,
        minlength: builtins.int = 0,
        *,
        length: builtins.int | None = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Count how often each integer from 0 on occurs, or sum weights: float32 if these are."""

    def bitwise_and(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Bits set in both of two integers, or where both of two Booleans hold: x & y."""

    def bitwise_and_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `bitwise_and` into the tensor itself, and return it."""

    def bitwise_left_shift(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Bits of integers moved to higher places, zeros following: x << y."""

    def bitwise_left_shift_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `bitwise_left_shift` into the tensor itself, and return it."""

    def bitwise_not(self, *, out: _Out = None) -> TorchTensor:
        r"""Bits that are not set, or where a Boolean does not hold: ~x."""

    def bitwise_not_(self) -> TorchTensor:
        r"""Write the result of `bitwise_not` into the tensor itself, and return it."""

    def bitwise_or(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Bits set in one of two integers at least, or where one of two Booleans holds: x | y."""

    def bitwise_or_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `bitwise_or` into the tensor itself, and return it."""

    def bitwise_right_shift(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Bits of integers moved to lower places, the sign following: x >> y."""

    def bitwise_right_shift_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `bitwise_right_shift` into the tensor itself, and return it."""

    def bitwise_xor(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Bits set in exactly one of two integers, or where exactly one Boolean holds: x ^ y."""

    def bitwise_xor_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `bitwise_xor` into the tensor itself, and return it."""

    def bmm(self, mat2: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Products of two stacks of matrices, of as many."""

    def bool(self, memory_format: Any = None) -> TorchTensor:
        r"""Convert to bool."""

    def broadcast_to(
        self, shape: builtins.int | Sequence[builtins.int], *, out: _Out = None
    ) -> TorchTensor:
        r"""Repeat along new leading axes and axes of extent 1."""

    def byte(self, memory_format: Any = None) -> TorchTensor:
        r"""Convert to uint8."""

    def cauchy_(
        self,
        median: builtins.float = 0.0,
        sigma: builtins.float = 1.0,
        *,
        generator: Generator | None = None,
    ) -> TorchTensor:
        r"""Fill with numbers of the density 1/(πσ(1 + ((x - median)/σ)²)), and return the tensor."""

    def cdouble(self, memory_format: Any = None) -> TorchTensor:
        r"""Convert to complex128."""

    def ceil(self, *, out: _Out = None) -> TorchTensor:
        r"""Smallest integer not below x."""

    def ceil_(self) -> TorchTensor:
        r"""Write the result of `ceil` into the tensor itself, and return it."""

    def cfloat(self, memory_format: Any = None) -> TorchTensor:
        r"""Convert to complex64."""

    def char(self, memory_format: Any = None) -> TorchTensor:
        r"""Convert to int8."""

    def cholesky(self, *, upper: builtins.bool = False, out: _Out = None) -> TorchTensor:
        r"""Triangular factor of positive definite matrices: the lower L with L Lᴴ = x, or Lᴴ."""

    def cholesky_inverse(self, upper: builtins.bool = False, *, out: _Out = None) -> TorchTensor:
        r"""Inverses of L Lᴴ, for lower triangles L; of Uᴴ U for upper ones."""

    def cholesky_solve(
        self, other: ArrayLike, upper: builtins.bool = False, *, out: _Out = None
    ) -> TorchTensor:
        r"""Solve A z = x for z, where A = L Lᴴ."""

    def chunk(
        self, chunks: builtins.int, dim: builtins.int = 0, *, out: _Out = None
    ) -> tuple[TorchTensor, ...]:
        r"""Cut a tensor into at most `chunks` parts of one size, the last one smaller."""

    def clamp(
        self, min: ArrayLike | None = None, max: ArrayLike | None = None, *, out: _Out = None
    ) -> TorchTensor:
        r"""Limit values to lie between two bounds; NaN stays NaN."""

    def clamp_(self, min: ArrayLike | None = None, max: ArrayLike | None = None) -> TorchTensor:
        r"""Write the result of `clamp` into the tensor itself, and return it."""

    def clamp_max(self, max: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Limit values from above: the smaller of x and `max`."""

    def clamp_max_(self, max: ArrayLike) -> TorchTensor:
        r"""Write the result of `clamp_max` into the tensor itself, and return it."""

    def clamp_min(self, min: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Limit values from below: the larger of x and `min`."""

    def clamp_min_(self, min: ArrayLike) -> TorchTensor:
        r"""Write the result of `clamp_min` into the tensor itself, and return it."""

    def clip(
        self, min: ArrayLike | None = None, max: ArrayLike | None = None, *, out: _Out = None
    ) -> TorchTensor:
        r"""Limit values to lie between two bounds; NaN stays NaN."""

    def clip_(self, min: ArrayLike | None = None, max: ArrayLike | None = None) -> TorchTensor:
        r"""Write the result of `clip` into the tensor itself, and return it."""

    def clone(self, *, memory_format: Any = None, out: _Out = None) -> TorchTensor:
        r"""Return the same values in memory of their own; derivatives pass through."""

    def conj(self, *, out: _Out = None) -> TorchTensor:
        r"""Complex conjugate: a - bi of a + bi; of real numbers a copy."""

    def conj_physical(self, *, out: _Out = None) -> TorchTensor:
        r"""Complex conjugate: a - bi of a + bi; of real numbers a copy."""

    def conj_physical_(self) -> TorchTensor:
        r"""Write the result of `conj_physical` into the tensor itself, and return it."""

    def conjugate(self, *, out: _Out = None) -> TorchTensor:
        r"""Complex conjugate: a - bi of a + bi; of real numbers a copy."""

    def const_data_ptr(self) -> builtins.int:
        r"""Return the address of the first element."""

    def contiguous(self, memory_format: Any = None, *, out: _Out = None) -> TorchTensor:
        r"""Return a tensor whose memory is in row-major order: itself, or a copy."""

    def copy(self, order: str = "C") -> TorchTensor:
        r"""Return the same values in memory of their own, in row-major order or that of the axes."""

    def copy_(self, source: ArrayLike, non_blocking: builtins.bool = False) -> TorchTensor:
        r"""Write another tensor's values into this one, broadcast and converted to its dtype."""

    def copysign(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Return |x| with the sign of y, also of its zeros."""

    def copysign_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `copysign` into the tensor itself, and return it."""

    def corrcoef(self, *, out: _Out = None) -> TorchTensor:
        r"""Correlations of variables, the rows of a matrix of observations."""

    def cos(self, *, out: _Out = None) -> TorchTensor:
        r"""Cosine of x in radians. Natively within 1.5 ulp."""

    def cos_(self) -> TorchTensor:
        r"""Write the result of `cos` into the tensor itself, and return it."""

    def cosh(self, *, out: _Out = None) -> TorchTensor:
        r"""Hyperbolic cosine: (eˣ + e⁻ˣ) / 2. Natively within 1.0 ulp."""

    def cosh_(self) -> TorchTensor:
        r"""Write the result of `cosh` into the tensor itself, and return it."""

    def count_nonzero(
        self,
        dim: builtins.int | Sequence[builtins.int] | None = None,
        *,
        keepdim: builtins.bool = False,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Count the elements that are not zero over some axes; by default over all."""

    def cov(
        self,
        other: ArrayLike | None = None,
        rowvar: builtins.bool = True,
        *,
        correction: builtins.float = 1,
        ddof: builtins.float | None = None,
        fweights: Any = None,
        aweights: Any = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Covariances of variables, the rows of a matrix of observations."""

    def cpu(self) -> TorchTensor: ...
    def cross(
        self, other: ArrayLike, dim: builtins.int | None = None, *, out: _Out = None
    ) -> TorchTensor:
        r"""Cross products along an axis, by default along the first of extent 3."""

    def cuda(
        self, device: Any = None, non_blocking: builtins.bool = False, memory_format: Any = None
    ) -> Any:
        r"""Refuse to move a tensor to a device that is not there."""

    def cummax(self, dim: builtins.int) -> Found:
        r"""Return the largest element so far along an axis, and its position."""

    def cummin(self, dim: builtins.int) -> Found:
        r"""Return the smallest element so far along an axis, and its position."""

    def cumprod(
        self, dim: builtins.int | None = None, dtype: DTypeLike | None = None, *, out: _Out = None
    ) -> TorchTensor:
        r"""Running product along an axis, or of the flattened tensor."""

    def cumprod_(
        self, dim: builtins.int | None = None, dtype: DTypeLike | None = None
    ) -> TorchTensor:
        r"""Write the result of `cumprod` into the tensor itself, and return it."""

    def cumsum(
        self, dim: builtins.int | None = None, dtype: DTypeLike | None = None, *, out: _Out = None
    ) -> TorchTensor:
        r"""Running sum along an axis, or of the flattened tensor."""

    def cumsum_(
        self, dim: builtins.int | None = None, dtype: DTypeLike | None = None
    ) -> TorchTensor:
        r"""Write the result of `cumsum` into the tensor itself, and return it."""

    @property
    def data(self) -> TorchTensor:
        r"""The same memory without the history."""

    @data.setter
    def data(self, value: Any) -> None: ...
    def data_ptr(self) -> builtins.int:
        r"""Return the address of the first element."""

    def deg2rad(self, *, out: _Out = None) -> TorchTensor:
        r"""Convert degrees to radians: x π / 180."""

    def deg2rad_(self) -> TorchTensor:
        r"""Write the result of `deg2rad` into the tensor itself, and return it."""

    def dense_dim(self) -> TorchTensor: ...
    def det(self, *, out: _Out = None) -> TorchTensor:
        r"""Determinant of square matrices; the derivative are the cofactors, of singular ones too."""

    def detach(self, *, out: _Out = None) -> TorchTensor:
        r"""Return a tensor on the same memory without the history."""

    def detach_(self) -> TorchTensor:
        r"""Forget a tensor's history, in place: it is a leaf that requires no gradient."""

    @property
    def device(self) -> Any:
        r"""Where it lies: the CPU, or nowhere after `.to('meta')`."""

    def diag(
        self, k: builtins.int = 0, *, diagonal: builtins.int | None = None, out: _Out = None
    ) -> TorchTensor:
        r"""Read the k-th diagonal of a matrix, or build the matrix with a vector there."""

    def diag_embed(
        self,
        offset: builtins.int = 0,
        dim1: builtins.int = -2,
        dim2: builtins.int = -1,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Build matrices along two new axes with the last axis of x as their diagonal."""

    def diagflat(self, offset: builtins.int = 0, *, out: _Out = None) -> TorchTensor:
        r"""Build the matrix with all elements of x on a diagonal."""

    def diagonal(
        self,
        offset: builtins.int = 0,
        dim1: builtins.int = 0,
        dim2: builtins.int = 1,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Show a diagonal of the matrices along two axes; it becomes the last axis."""

    def diagonal_scatter(
        self,
        src: ArrayLike,
        offset: builtins.int = 0,
        dim1: builtins.int = 0,
        dim2: builtins.int = 1,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Return a copy in which `diagonal` shows another tensor."""

    def diff(
        self,
        n: builtins.int = 1,
        dim: builtins.int = -1,
        prepend: ArrayLike | None = None,
        append: ArrayLike | None = None,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Differences of neighbours along an axis, taken `n` times."""

    def digamma(self, *, out: _Out = None) -> TorchTensor:
        r"""Derivative of the logarithm of the gamma function: Γ'(x) / Γ(x)."""

    def digamma_(self) -> TorchTensor:
        r"""Write the result of `digamma` into the tensor itself, and return it."""

    def dim(self) -> builtins.int:
        r"""Return the number of axes."""

    def dim_order(self) -> tuple[builtins.int, ...]:
        r"""Return the axes from the one whose elements lie farthest apart to the nearest."""

    def dist(self, other: ArrayLike, p: builtins.float = 2.0, *, out: _Out = None) -> TorchTensor:
        r"""Norm of a difference: (Σ |x - y|ᵖ)^(1/p) over all elements."""

    def div(
        self, other: ArrayLike, *, rounding_mode: str | None = None, out: _Out = None
    ) -> TorchTensor:
        r"""Quotient of two tensors, rounded to whole numbers if that is asked."""

    def div_(self, other: ArrayLike, *, rounding_mode: str | None = None) -> TorchTensor:
        r"""Write the result of `div` into the tensor itself, and return it."""

    def divide(
        self, other: ArrayLike, *, rounding_mode: str | None = None, out: _Out = None
    ) -> TorchTensor:
        r"""Quotient of two tensors, rounded to whole numbers if that is asked."""

    def divide_(self, other: ArrayLike, *, rounding_mode: str | None = None) -> TorchTensor:
        r"""Write the result of `divide` into the tensor itself, and return it."""

    def dot(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Products of the rows of x and the columns of y, as NumPy: last axis with last but one."""

    def double(self, memory_format: Any = None) -> TorchTensor:
        r"""Convert to float64."""

    def dsplit(self, indices_or_sections: ArrayLike, *, out: _Out = None) -> list[TorchTensor]:
        r"""Cut along the third axis; as `split`."""

    @property
    def dtype(self) -> Any:
        r"""The type of the elements."""

    def eig(self, *args: Any, **kwargs: Any) -> Any:
        r"""Refuse, as PyTorch does: `torch.linalg.eig` took its place."""

    def element_size(self) -> builtins.int:
        r"""Return the number of bytes of an element."""

    def eq(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Tell where x = y."""

    def eq_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `eq` into the tensor itself, and return it."""

    def equal(self, other: ArrayLike) -> builtins.bool:
        r"""Tell whether two tensors have one shape and equal elements; `==` tells of each element."""

    def erf(self, *, out: _Out = None) -> TorchTensor:
        r"""Error function: 2/√π ∫₀ˣ e^(-t²) dt. Natively within 1.3 ulp."""

    def erf_(self) -> TorchTensor:
        r"""Write the result of `erf` into the tensor itself, and return it."""

    def erfc(self, *, out: _Out = None) -> TorchTensor:
        r"""Complementary error function, accurate where it is small: 1 - erf(x)."""

    def erfc_(self) -> TorchTensor:
        r"""Write the result of `erfc` into the tensor itself, and return it."""

    def erfinv(self, *, out: _Out = None) -> TorchTensor:
        r"""Inverse of the error function, for x between -1 and 1."""

    def erfinv_(self) -> TorchTensor:
        r"""Write the result of `erfinv` into the tensor itself, and return it."""

    def exp(self, *, out: _Out = None) -> TorchTensor:
        r"""Exponential: eˣ. Natively within 1.1 ulp."""

    def exp2(self, *, out: _Out = None) -> TorchTensor:
        r"""Power of two: 2ˣ. Natively within 1.2 ulp."""

    def exp2_(self) -> TorchTensor:
        r"""Write the result of `exp2` into the tensor itself, and return it."""

    def exp_(self) -> TorchTensor:
        r"""Write the result of `exp` into the tensor itself, and return it."""

    def expand(
        self,
        *sizes: builtins.int | Sequence[builtins.int],
        implicit: builtins.bool = False,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Repeat along axes of extent 1 and new leading axes without a copy; -1 leaves an axis."""

    def expand_as(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Repeat to the shape of another tensor, without a copy."""

    def expm1(self, *, out: _Out = None) -> TorchTensor:
        r"""Exponential minus one, accurate near zero: eˣ - 1. Natively within 1.4 ulp."""

    def expm1_(self) -> TorchTensor:
        r"""Write the result of `expm1` into the tensor itself, and return it."""

    def exponential_(
        self, lambd: builtins.float = 1.0, *, generator: Generator | None = None
    ) -> TorchTensor:
        r"""Fill with numbers of the density λ exp(-λx), and return the tensor."""

    def fill(self, value: Any) -> None:
        r"""Set all elements to one number."""

    def fill_(self, value: Any) -> TorchTensor:
        r"""Set all elements to one number."""

    def fill_diagonal_(self, fill_value: ArrayLike, wrap: builtins.bool = False) -> TorchTensor:
        r"""Set the elements whose indices are all equal, and return the tensor."""

    def fix(self, *, out: _Out = None) -> TorchTensor:
        r"""Drop the digits after the point: the nearest integer towards zero."""

    def fix_(self) -> TorchTensor:
        r"""Write the result of `fix` into the tensor itself, and return it."""

    @property
    def flat(self) -> None:
        r"""All elements, to be read and written."""

    @flat.setter
    def flat(self, value: Any) -> None: ...
    def flatten(
        self, start_dim: builtins.int = 0, end_dim: builtins.int = -1, *, out: _Out = None
    ) -> TorchTensor:
        r"""Show the elements of a run of axes along one axis, or copy them where they lie elsewhere."""

    def flip(
        self,
        *dim: builtins.int | Sequence[builtins.int] | None,
        dims: builtins.int | Sequence[builtins.int] | None = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Reverse the order along some axes."""

    def fliplr(self, *, out: _Out = None) -> TorchTensor:
        r"""Reverse the second axis, left to right."""

    def flipud(self, *, out: _Out = None) -> TorchTensor:
        r"""Reverse the first axis, up to down."""

    def float(self, memory_format: Any = None) -> TorchTensor:
        r"""Convert to float32."""

    def float_power(self, exponent: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Power in double precision: xʸ, whatever the dtypes."""

    def float_power_(self, exponent: ArrayLike) -> TorchTensor:
        r"""Write the result of `float_power` into the tensor itself, and return it."""

    def floor(self, *, out: _Out = None) -> TorchTensor:
        r"""Largest integer not above x."""

    def floor_(self) -> TorchTensor:
        r"""Write the result of `floor` into the tensor itself, and return it."""

    def floor_divide(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Quotient rounded down: ⌊x / y⌋, of infinite numbers too. It has no derivative."""

    def floor_divide_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `floor_divide` into the tensor itself, and return it."""

    def fmax(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Larger of two; where one is NaN, the other."""

    def fmin(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Smaller of two; where one is NaN, the other."""

    def fmod(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Remainder with the sign of x, as C's: x - y trunc(x / y)."""

    def fmod_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `fmod` into the tensor itself, and return it."""

    def frac(self, *, out: _Out = None) -> TorchTensor:
        r"""Digits after the point, with the sign of x: x - trunc(x)."""

    def frac_(self) -> TorchTensor:
        r"""Write the result of `frac` into the tensor itself, and return it."""

    def frexp(self) -> Any:
        r"""Return mantissas in [½, 1) and exponents: x = mantissa · 2^exponent."""

    def gather(
        self,
        dim: builtins.int,
        index: ArrayLike,
        *,
        sparse_grad: builtins.bool = False,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Read one element for each position: out[i, j] = x[i, index[i, j]] for the last axis."""

    def gcd(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Greatest common divisor of integers."""

    def gcd_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `gcd` into the tensor itself, and return it."""

    def ge(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Tell where x ≥ y."""

    def ge_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `ge` into the tensor itself, and return it."""

    def geometric_(self, p: builtins.float, *, generator: Generator | None = None) -> TorchTensor:
        r"""Fill with the numbers of attempts up to a first success, and return the tensor."""

    def geqrf(self) -> Any:
        r"""Decompose matrices into reflections and a triangle, as LAPACK's `geqrf` stores them."""

    def ger(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Products of each element of x and each of y: shape (x.size, y.size)."""

    def get_device(self) -> builtins.int:
        r"""Return the number of the device: -1, the CPU."""

    @property
    def grad(self) -> TorchTensor | None:
        r"""The derivative that `backward()` stored, or None."""

    @grad.setter
    def grad(self, value: TorchTensor | None) -> None: ...
    @property
    def grad_fn(self) -> TapeStep | None:
        r"""The step of the tape that made a tensor; None for a leaf."""

    def greater(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Tell where x > y."""

    def greater_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `greater` into the tensor itself, and return it."""

    def greater_equal(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Tell where x ≥ y."""

    def greater_equal_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `greater_equal` into the tensor itself, and return it."""

    def gt(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Tell where x > y."""

    def gt_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `gt` into the tensor itself, and return it."""

    def half(self, memory_format: Any = None) -> TorchTensor:
        r"""Convert to float16."""

    def hardshrink(self, lambd: builtins.float = 0.5) -> TorchTensor:
        r"""Return x where |x| > λ, else 0."""

    def heaviside(self, values: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Step function: 0 where x < 0, `values` where x = 0, 1 where x > 0."""

    def heaviside_(self, values: ArrayLike) -> TorchTensor:
        r"""Write the result of `heaviside` into the tensor itself, and return it."""

    def histc(
        self,
        bins: builtins.int = 100,
        min: builtins.float = 0,
        max: builtins.float = 0,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Count elements in intervals of equal width between two bounds, by default the extremes."""

    def histogram(
        self,
        bins: Any = 100,
        *,
        range: Any = None,
        weight: ArrayLike | None = None,
        density: builtins.bool = False,
    ) -> Any:
        r"""Count elements, or sum their weights, between bounds; the last one belongs to its interval."""

    def hsplit(self, indices_or_sections: ArrayLike, *, out: _Out = None) -> list[TorchTensor]:
        r"""Cut along the second axis, or a vector along its only one; as `split`."""

    def hypot(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Length of the hypotenuse, without overflow: √(x² + y²). Natively within 1.3 ulp."""

    def hypot_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `hypot` into the tensor itself, and return it."""

    def i0(self, *, out: _Out = None) -> TorchTensor:
        r"""Modified Bessel function of the first kind and order 0."""

    def i0_(self) -> TorchTensor:
        r"""Write the result of `i0` into the tensor itself, and return it."""

    def igamma(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Lower regularized incomplete gamma function: `torch.special.gammainc`."""

    def igamma_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `igamma` into the tensor itself, and return it."""

    def igammac(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Upper regularized incomplete gamma function: `torch.special.gammaincc`."""

    def igammac_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `igammac` into the tensor itself, and return it."""

    @property
    def imag(self) -> TorchTensor:
        r"""The imaginary part."""

    def index_add(
        self,
        dim: builtins.int,
        index: ArrayLike,
        source: ArrayLike,
        *,
        alpha: Any = 1,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Add multiples of slices at positions along an axis; repeated positions add up."""

    def index_add_(
        self, dim: builtins.int, index: ArrayLike, source: ArrayLike, *, alpha: Any = 1
    ) -> TorchTensor:
        r"""Write the result of `index_add` into the tensor itself, and return it."""

    def index_copy(
        self, dim: builtins.int, index: ArrayLike, source: ArrayLike, *, out: _Out = None
    ) -> TorchTensor:
        r"""Replace slices at positions along an axis; arguments as `index_add`'s."""

    def index_copy_(self, dim: builtins.int, index: ArrayLike, source: ArrayLike) -> TorchTensor:
        r"""Write the result of `index_copy` into the tensor itself, and return it."""

    def index_fill(
        self, dim: builtins.int, index: ArrayLike, value: Any, *, out: _Out = None
    ) -> TorchTensor:
        r"""Write one number into the slices at positions along an axis."""

    def index_fill_(self, dim: builtins.int, index: ArrayLike, value: Any) -> TorchTensor:
        r"""Write the result of `index_fill` into the tensor itself, and return it."""

    def index_put(
        self,
        indices: ArrayLike,
        values: ArrayLike,
        accumulate: builtins.bool = False,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Replace what x[indices] reads, or add to it; repeated positions add up."""

    def index_put_(
        self, indices: ArrayLike, values: ArrayLike, accumulate: builtins.bool = False
    ) -> TorchTensor:
        r"""Write the result of `index_put` into the tensor itself, and return it."""

    def index_reduce(
        self,
        dim: builtins.int,
        index: ArrayLike,
        source: ArrayLike,
        reduce: str,
        *,
        include_self: builtins.bool = True,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Combine slices at positions along an axis: by "prod", "mean", "amax" or "amin"."""

    def index_reduce_(
        self,
        dim: builtins.int,
        index: ArrayLike,
        source: ArrayLike,
        reduce: str,
        *,
        include_self: builtins.bool = True,
    ) -> TorchTensor:
        r"""Write the result of `index_reduce` into the tensor itself, and return it."""

    def index_select(self, dim: builtins.int, index: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Read slices at positions along an axis."""

    def inner(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Sums of products over the last axes of both."""

    def int(self, memory_format: Any = None) -> TorchTensor:
        r"""Convert to int32."""

    def inverse(self, *, out: _Out = None) -> TorchTensor:
        r"""Inverse of square matrices."""

    def is_complex(self) -> builtins.bool:
        r"""Tell whether the dtype is complex."""

    def is_conj(self) -> builtins.bool:
        r"""Tell whether conjugation is left for later, which it never is."""

    def is_contiguous(self, memory_format: Any = None) -> builtins.bool:
        r"""Tell whether the elements lie in memory in row-major order."""

    @property
    def is_cpu(self) -> builtins.bool:
        r"""Whether it lies on the CPU, as every tensor does."""

    @property
    def is_cuda(self) -> builtins.bool:
        r"""Whether it is cuda: no tensor is."""

    def is_distributed(self) -> TorchTensor: ...
    def is_floating_point(self) -> builtins.bool:
        r"""Tell whether the dtype is a floating one."""

    def is_inference(self) -> builtins.bool:
        r"""Tell whether a tensor can never be recorded, which none is."""

    @property
    def is_ipu(self) -> builtins.bool:
        r"""False: a dense tensor on the CPU."""

    @property
    def is_maia(self) -> builtins.bool:
        r"""False: a dense tensor on the CPU."""

    @property
    def is_meta(self) -> builtins.bool:
        r"""Whether it has a shape and no values."""

    @property
    def is_mkldnn(self) -> builtins.bool:
        r"""Whether it is mkldnn: no tensor is."""

    @property
    def is_mps(self) -> builtins.bool:
        r"""Whether it is mps: no tensor is."""

    @property
    def is_mtia(self) -> builtins.bool:
        r"""False: a dense tensor on the CPU."""

    def is_neg(self) -> builtins.bool:
        r"""Tell whether negation is left for later, which it never is."""

    @property
    def is_nested(self) -> builtins.bool:
        r"""Whether it is nested: no tensor is."""

    def is_nonzero(self) -> builtins.bool:
        r"""Tell whether the only element is not 0."""

    def is_pinned(self, device: Any = None) -> TorchTensor: ...
    @property
    def is_quantized(self) -> builtins.bool:
        r"""Whether it is quantized: no tensor is."""

    def is_same_size(self, other: ArrayLike) -> builtins.bool:
        r"""Tell whether two tensors have the same shape."""

    def is_set_to(self, tensor: ArrayLike) -> builtins.bool:
        r"""Tell whether a tensor shows the same elements in the same places."""

    def is_shared(self) -> TorchTensor: ...
    def is_signed(self) -> builtins.bool:
        r"""Tell whether the dtype holds numbers below 0."""

    @property
    def is_sparse(self) -> builtins.bool:
        r"""Whether it is sparse: no tensor is."""

    @property
    def is_sparse_csr(self) -> builtins.bool:
        r"""False: a dense tensor on the CPU."""

    @property
    def is_xla(self) -> builtins.bool:
        r"""False: a dense tensor on the CPU."""

    @property
    def is_xpu(self) -> builtins.bool:
        r"""Whether it is xpu: no tensor is."""

    def isclose(
        self,
        other: ArrayLike,
        rtol: builtins.float = 1e-05,
        atol: builtins.float = 1e-08,
        equal_nan: builtins.bool = False,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Tell where x and y are equal or differ by no more than atol + rtol |y|."""

    def isfinite(self, *, out: _Out = None) -> TorchTensor:
        r"""Tell where x is neither infinite nor NaN."""

    def isinf(self, *, out: _Out = None) -> TorchTensor:
        r"""Tell where x is +∞ or -∞."""

    def isnan(self, *, out: _Out = None) -> TorchTensor:
        r"""Tell where x is not a number."""

    def isneginf(self, *, out: _Out = None) -> TorchTensor:
        r"""Tell where x is -∞."""

    def isposinf(self, *, out: _Out = None) -> TorchTensor:
        r"""Tell where x is +∞."""

    def isreal(self, *, out: _Out = None) -> TorchTensor:
        r"""Tell where the imaginary part is 0."""

    def istft(
        self,
        n_fft: builtins.int,
        hop_length: builtins.int | None = None,
        win_length: builtins.int | None = None,
        window: Any = None,
        center: builtins.bool = True,
        normalized: builtins.bool = False,
        onesided: builtins.bool | None = None,
        length: builtins.int | None = None,
        return_complex: builtins.bool = False,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""The signal of spectra: the inverse of `stft`, by least squares."""

    @property
    def itemsize(self) -> builtins.int:
        r"""Return the number of bytes of an element."""

    def kron(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Kronecker product: every element of x times the whole of y, side by side."""

    def kthvalue(
        self, k: builtins.int, dim: builtins.int = -1, keepdim: builtins.bool = False
    ) -> Found:
        r"""Return the k-th smallest element along an axis, counted from 1, and its position."""

    @property
    def layout(self) -> Any:
        r"""How elements are stored: strided."""

    def lcm(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Least common multiple of integers, not negative."""

    def lcm_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `lcm` into the tensor itself, and return it."""

    def ldexp(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Multiply by a power of two: x 2ʸ."""

    def ldexp_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `ldexp` into the tensor itself, and return it."""

    def le(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Tell where x ≤ y."""

    def le_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `le` into the tensor itself, and return it."""

    def lerp(self, end: ArrayLike, weight: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Interpolate linearly: x + weight · (end - x)."""

    def lerp_(self, end: ArrayLike, weight: ArrayLike) -> TorchTensor:
        r"""Write the result of `lerp` into the tensor itself, and return it."""

    def less(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Tell where x < y."""

    def less_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `less` into the tensor itself, and return it."""

    def less_equal(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Tell where x ≤ y."""

    def less_equal_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `less_equal` into the tensor itself, and return it."""

    def lgamma(self, *, out: _Out = None) -> TorchTensor:
        r"""Logarithm of the absolute gamma function: ln |Γ(x)|."""

    def lgamma_(self) -> TorchTensor:
        r"""Write the result of `lgamma` into the tensor itself, and return it."""

    def log(self, *, out: _Out = None) -> TorchTensor:
        r"""Natural logarithm: ln x. Natively within 1.1 ulp."""

    def log10(self, *, out: _Out = None) -> TorchTensor:
        r"""Logarithm to base 10. Natively within 1.0 ulp."""

    def log10_(self) -> TorchTensor:
        r"""Write the result of `log10` into the tensor itself, and return it."""

    def log1p(self, *, out: _Out = None) -> TorchTensor:
        r"""Logarithm of one plus x, accurate near zero: ln(1 + x). Natively within 1.1 ulp."""

    def log1p_(self) -> TorchTensor:
        r"""Write the result of `log1p` into the tensor itself, and return it."""

    def log2(self, *, out: _Out = None) -> TorchTensor:
        r"""Logarithm to base 2. Natively within 1.2 ulp."""

    def log2_(self) -> TorchTensor:
        r"""Write the result of `log2` into the tensor itself, and return it."""

    def log_(self) -> TorchTensor:
        r"""Write the result of `log` into the tensor itself, and return it."""

    def log_normal_(
        self,
        mean: builtins.float = 1.0,
        std: builtins.float = 2.0,
        *,
        generator: Generator | None = None,
    ) -> TorchTensor:
        r"""Fill with numbers whose logarithms are normal, and return the tensor."""

    def log_softmax(
        self,
        dim: builtins.int | Sequence[builtins.int] | None = -1,
        dtype: DTypeLike | None = None,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Logarithm of the softmax, without overflow: x - ln Σ eˣ over the axes."""

    def logaddexp(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Logarithm of a sum of exponentials: ln(eˣ + eʸ)."""

    def logaddexp2(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Logarithm to base 2 of a sum of powers of two: log₂(2ˣ + 2ʸ)."""

    def logcumsumexp(self, dim: builtins.int, *, out: _Out = None) -> TorchTensor:
        r"""Running logarithm of sums of exponentials along an axis, without overflow."""

    def logdet(self, *, out: _Out = None) -> TorchTensor:
        r"""Logarithm of the determinant of square matrices; NaN where that is negative."""

    def logical_and(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Tell where both hold."""

    def logical_and_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `logical_and` into the tensor itself, and return it."""

    def logical_not(self, *, out: _Out = None) -> TorchTensor:
        r"""Tell where it does not hold."""

    def logical_not_(self) -> TorchTensor:
        r"""Write the result of `logical_not` into the tensor itself, and return it."""

    def logical_or(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Tell where at least one holds."""

    def logical_or_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `logical_or` into the tensor itself, and return it."""

    def logical_xor(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Tell where exactly one holds."""

    def logical_xor_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `logical_xor` into the tensor itself, and return it."""

    def logit(self, eps: builtins.float | None = None, *, out: _Out = None) -> TorchTensor:
        r"""Log odds: ln(x / (1 - x)), the inverse of the logistic function."""

    def logit_(self, eps: builtins.float | None = None) -> TorchTensor:
        r"""Write the result of `logit` into the tensor itself, and return it."""

    def logsumexp(
        self,
        dim: builtins.int | Sequence[builtins.int] | None = None,
        keepdim: builtins.bool = False,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Logarithm of a sum of exponentials, without overflow: ln Σ eˣ."""

    def long(self, memory_format: Any = None) -> TorchTensor:
        r"""Convert to int64."""

    def lstsq(self, *args: Any, **kwargs: Any) -> Any:
        r"""Refuse, as PyTorch does: `torch.linalg.lstsq` took its place."""

    def lt(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Tell where x < y."""

    def lt_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `lt` into the tensor itself, and return it."""

    def lu(self, pivot: builtins.bool = True, get_infos: builtins.bool = False) -> Any:
        r"""Return L and U in one matrix, and which rows were exchanged: an older `lu_factor_ex`."""

    def lu_solve(
        self, LU_data: ArrayLike, LU_pivots: ArrayLike, *, out: _Out = None
    ) -> TorchTensor:
        r"""Solve A x = b by the factors of A: `torch.linalg.lu_solve` with the factors last."""

    @property
    def mH(self) -> TorchTensor:
        r"""Conjugate transpose of a matrix or a stack of them."""

    @property
    def mT(self) -> TorchTensor:
        r"""Return the matrix, or each of a stack, with its axes exchanged."""

    def map2_(
        self, first: ArrayLike, second: ArrayLike, function: Callable[..., Any]
    ) -> TorchTensor:
        r"""Replace each element by a function of it and of two other tensors' elements."""

    def map_(self, other: ArrayLike, function: Callable[[Any, Any], Any]) -> TorchTensor:
        r"""Replace each element by a Python function of it and of another tensor's, broadcast."""

    def masked_fill(self, mask: ArrayLike, value: Any, *, out: _Out = None) -> TorchTensor:
        r"""Write one number where a mask, broadcast, holds."""

    def masked_fill_(self, mask: ArrayLike, value: Any) -> TorchTensor:
        r"""Write the result of `masked_fill` into the tensor itself, and return it."""

    def masked_scatter(
        self, mask: ArrayLike, source: ArrayLike, *, out: _Out = None
    ) -> TorchTensor:
        r"""Write the first elements of a tensor where a mask, broadcast, holds."""

    def masked_scatter_(self, mask: ArrayLike, source: ArrayLike) -> TorchTensor:
        r"""Write the result of `masked_scatter` into the tensor itself, and return it."""

    def masked_select(self, mask: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Return the elements where a mask holds, in row-major order; both broadcast."""

    def matmul(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Matrix product with NumPy's rules: vectors are promoted, batch axes broadcast."""

    def matrix_exp(self, *, out: _Out = None) -> TorchTensor:
        r"""Exponential of square matrices: Σ xᵏ / k!."""

    def matrix_power(self, n: builtins.int, *, out: _Out = None) -> TorchTensor:
        r"""Product of a square matrix with itself, n times; of its inverse for negative n."""

    @overload
    def max(
        self, dim: None = None, keepdim: builtins.bool = False, *, other: ArrayLike | None = None
    ) -> TorchTensor:
        r"""Return the largest element; along an axis, with its position; or the larger of two."""

    @overload
    def max(
        self, dim: builtins.int, keepdim: builtins.bool = False, *, other: ArrayLike | None = None
    ) -> Found:
        r"""Return the largest element; along an axis, with its position; or the larger of two."""

    @overload
    def max(
        self, dim: TorchTensor, keepdim: builtins.bool = False, *, other: ArrayLike | None = None
    ) -> TorchTensor:
        r"""Return the largest element; along an axis, with its position; or the larger of two."""

    def maximum(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Larger of two; NaN if either is. Ties share the derivative equally."""

    def mean(
        self,
        dim: builtins.int | Sequence[builtins.int] | None = None,
        keepdim: builtins.bool = False,
        *,
        dtype: DTypeLike | None = None,
        where: ArrayLike | None = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Arithmetic mean over some axes; by default over all."""

    @overload
    def median(self, dim: None = None, keepdim: builtins.bool = False) -> TorchTensor:
        r"""Return the lower of the middle elements; along an axis, with its position."""

    @overload
    def median(self, dim: builtins.int, keepdim: builtins.bool = False) -> Found:
        r"""Return the lower of the middle elements; along an axis, with its position."""

    @overload
    def median(self, dim: TorchTensor, keepdim: builtins.bool = False) -> TorchTensor:
        r"""Return the lower of the middle elements; along an axis, with its position."""

    @overload
    def min(
        self, dim: None = None, keepdim: builtins.bool = False, *, other: ArrayLike | None = None
    ) -> TorchTensor:
        r"""Return the smallest element; along an axis, with its position; or the smaller of two."""

    @overload
    def min(
        self, dim: builtins.int, keepdim: builtins.bool = False, *, other: ArrayLike | None = None
    ) -> Found:
        r"""Return the smallest element; along an axis, with its position; or the smaller of two."""

    @overload
    def min(
        self, dim: TorchTensor, keepdim: builtins.bool = False, *, other: ArrayLike | None = None
    ) -> TorchTensor:
        r"""Return the smallest element; along an axis, with its position; or the smaller of two."""

    def minimum(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Smaller of two; NaN if either is. Ties share the derivative equally."""

    def mm(self, mat2: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Product of two matrices."""

    def mode(self, dim: builtins.int = -1, keepdim: builtins.bool = False) -> Found:
        r"""Return the most frequent element along an axis, the smallest of several, and its position."""

    def moveaxis(
        self, source: ArrayLike, destination: ArrayLike, *, out: _Out = None
    ) -> TorchTensor:
        r"""Move axes to other places; the others keep their order."""

    def movedim(
        self, source: ArrayLike, destination: ArrayLike, *, out: _Out = None
    ) -> TorchTensor:
        r"""Move axes to other places; the others keep their order."""

    def msort(self, *, out: _Out = None) -> TorchTensor:
        r"""Return the elements in order along the first axis."""

    def mul(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Product: x · y."""

    def mul_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `mul` into the tensor itself, and return it."""

    def multinomial(
        self,
        num_samples: builtins.int,
        replacement: builtins.bool = False,
        *,
        generator: Generator | None = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Draw categories with probabilities in proportion to weights."""

    def multiply(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Product: x · y."""

    def multiply_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `multiply` into the tensor itself, and return it."""

    def mv(self, vec: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Product of a matrix and a vector."""

    def mvlgamma(self, p: builtins.int, *, out: _Out = None) -> TorchTensor:
        r"""Logarithm of the multivariate gamma function of dimension p."""

    def mvlgamma_(self, p: builtins.int) -> TorchTensor:
        r"""Write the result of `mvlgamma` into the tensor itself, and return it."""

    @property
    def name(self) -> TorchTensor:
        r"""None: tensors have no names."""

    def nan_to_num(
        self,
        nan: Any = 0.0,
        posinf: builtins.float | None = None,
        neginf: builtins.float | None = None,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Replace NaN, +∞ and -∞ by numbers; the infinities by the dtype's extremes by default."""

    def nan_to_num_(
        self,
        nan: Any = 0.0,
        posinf: builtins.float | None = None,
        neginf: builtins.float | None = None,
    ) -> TorchTensor:
        r"""Write the result of `nan_to_num` into the tensor itself, and return it."""

    def nanmean(
        self,
        dim: builtins.int | Sequence[builtins.int] | None = None,
        keepdim: builtins.bool = False,
        *,
        dtype: DTypeLike | None = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Mean of what is not NaN over some axes; by default over all."""

    @overload
    def nanmedian(self, dim: None = None, keepdim: builtins.bool = False) -> TorchTensor:
        r"""Return the lower median of what is not NaN; along an axis, with its position."""

    @overload
    def nanmedian(self, dim: builtins.int, keepdim: builtins.bool = False) -> Found:
        r"""Return the lower median of what is not NaN; along an axis, with its position."""

    @overload
    def nanmedian(self, dim: TorchTensor, keepdim: builtins.bool = False) -> TorchTensor:
        r"""Return the lower median of what is not NaN; along an axis, with its position."""

    def nanquantile(
        self,
        q: ArrayLike,
        dim: builtins.int | Sequence[builtins.int] | None = None,
        keepdim: builtins.bool = False,
        *,
        method: str = "linear",
        interpolation: str | None = None,
        weights: ArrayLike | None = None,
        overwrite_input: builtins.bool = False,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Return the quantile of what is not NaN; arguments as `quantile`'s."""

    def nansum(
        self,
        dim: builtins.int | Sequence[builtins.int] | None = None,
        keepdim: builtins.bool = False,
        *,
        dtype: DTypeLike | None = None,
        initial: ArrayLike | None = None,
        where: ArrayLike | None = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Sum over some axes, NaN counting as 0; arguments as `sum`'s."""

    def narrow(
        self, dim: builtins.int, start: ArrayLike, length: builtins.int, *, out: _Out = None
    ) -> TorchTensor:
        r"""Read `length` positions from `start` on along an axis."""

    def narrow_copy(self, *args: Any, **kwargs: Any) -> Any:
        r"""Return `torch.narrow_copy` of the tensor and the arguments."""

    @property
    def nbytes(self) -> builtins.int: ...
    def ndimension(self) -> builtins.int:
        r"""Return the number of axes."""

    def ne(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Tell where x ≠ y."""

    def ne_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `ne` into the tensor itself, and return it."""

    def neg(self, *, out: _Out = None) -> TorchTensor:
        r"""Negative: -x."""

    def neg_(self) -> TorchTensor:
        r"""Write the result of `neg` into the tensor itself, and return it."""

    def negative(self, *, out: _Out = None) -> TorchTensor:
        r"""Negative: -x."""

    def negative_(self) -> TorchTensor:
        r"""Write the result of `negative` into the tensor itself, and return it."""

    def nelement(self) -> builtins.int:
        r"""Return the number of elements."""

    def new(self, *data: Any, device: Any = None) -> TorchTensor:
        r"""Return zeros of a shape, or a copy of data, of the same dtype."""

    def new_empty(
        self,
        *size: builtins.int | Sequence[builtins.int],
        dtype: DTypeLike | None = None,
        requires_grad: builtins.bool = False,
        **placement: Any,
    ) -> TorchTensor:
        r"""Return `zeros` in another shape, of the same dtype."""

    def new_empty_strided(
        self,
        size: builtins.int | Sequence[builtins.int],
        stride: ArrayLike,
        dtype: DTypeLike | None = None,
        requires_grad: builtins.bool = False,
    ) -> TorchTensor:
        r"""Return a new tensor of a shape; its memory is in row-major order."""

    def new_full(
        self,
        size: builtins.int | Sequence[builtins.int],
        fill_value: ArrayLike,
        dtype: DTypeLike | None = None,
        requires_grad: builtins.bool = False,
        **placement: Any,
    ) -> TorchTensor:
        r"""Return one number in another shape, of the same dtype."""

    def new_ones(
        self,
        *size: builtins.int | Sequence[builtins.int],
        dtype: DTypeLike | None = None,
        requires_grad: builtins.bool = False,
        **placement: Any,
    ) -> TorchTensor:
        r"""Return `ones` in another shape, of the same dtype."""

    def new_tensor(
        self, data: Any, dtype: DTypeLike | None = None, requires_grad: builtins.bool = False
    ) -> TorchTensor:
        r"""Return a tensor of the same dtype over a copy of the data."""

    def new_zeros(
        self,
        *size: builtins.int | Sequence[builtins.int],
        dtype: DTypeLike | None = None,
        requires_grad: builtins.bool = False,
        **placement: Any,
    ) -> TorchTensor:
        r"""Return `zeros` in another shape, of the same dtype."""

    def nextafter(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Next number after x in the direction of y."""

    def nextafter_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `nextafter` into the tensor itself, and return it."""

    @overload
    def nonzero(self, *, as_tuple: Literal[False] = False) -> TorchTensor:
        r"""Return the positions of the elements that are not zero."""

    @overload
    def nonzero(self, *, as_tuple: Literal[True]) -> tuple[TorchTensor, ...]:
        r"""Return the positions of the elements that are not zero."""

    @overload
    def nonzero(self, *, as_tuple: builtins.bool = False) -> Any:
        r"""Return the positions of the elements that are not zero."""

    def nonzero_static(
        self, *, size: builtins.int, fill_value: builtins.int = -1, out: _Out = None
    ) -> TorchTensor:
        r"""Return the first `size` positions of elements that are not 0, one a row, then fill."""

    def norm(
        self,
        p: Any = "fro",
        dim: builtins.int | Sequence[builtins.int] | None = None,
        keepdim: builtins.bool = False,
        dtype: DTypeLike | None = None,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Norm of the elements over some axes, by default of all."""

    def normal_(
        self,
        mean: builtins.float = 0.0,
        std: builtins.float = 1.0,
        *,
        generator: Generator | None = None,
    ) -> TorchTensor:
        r"""Fill with normal numbers, and return the tensor."""

    def not_equal(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Tell where x ≠ y."""

    def not_equal_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `not_equal` into the tensor itself, and return it."""

    def numel(self) -> builtins.int:
        r"""Return the number of elements."""

    def orgqr(self, tau: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Return the first columns of a product of reflections: `torch.linalg.householder_product`."""

    def ormqr(
        self,
        tau: ArrayLike,
        other: ArrayLike,
        left: builtins.bool = True,
        transpose: builtins.bool = False,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Multiply matrices by a whole product Q of reflections: Q other, or other Q."""

    def outer(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Products of each element of x and each of y: shape (x.size, y.size)."""

    @property
    def output_nr(self) -> TorchTensor:
        r"""Which result of an operation it is: the only one."""

    def permute(
        self, *dim: builtins.int | Sequence[builtins.int] | None, out: _Out = None
    ) -> TorchTensor:
        r"""Put the axes into another order."""

    def pin_memory(self, device: Any = None) -> TorchTensor: ...
    def pinverse(
        self,
        rtol: Any = None,
        *,
        rcond: Any = None,
        hermitian: builtins.bool = False,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Moore-Penrose inverse of matrices, of full rank where derivatives are wanted."""

    def polygamma(self, n: builtins.int) -> TorchTensor:
        r"""Derivative of order n of the digamma function, as `torch.polygamma(n, x)`."""

    def polygamma_(self, n: builtins.int) -> TorchTensor:
        r"""Write the result of `polygamma` into the tensor itself, and return it."""

    def positive(self, *, out: _Out = None) -> TorchTensor:
        r"""Return a copy: +x; Booleans have no sign."""

    def pow(self, exponent: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Python's `x ** y`: as NumPy, small constant exponents are squares, roots and quotients."""

    def pow_(self, exponent: ArrayLike) -> TorchTensor:
        r"""Write the result of `pow` into the tensor itself, and return it."""

    def prelu(self, weight: ArrayLike) -> TorchTensor:
        r"""Return x where x > 0, else w x, with one learned slope w, or one for each channel."""

    def prod(
        self,
        dim: builtins.int | Sequence[builtins.int] | None = None,
        keepdim: builtins.bool = False,
        *,
        dtype: DTypeLike | None = None,
        initial: ArrayLike | None = None,
        where: ArrayLike | None = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Product over some axes; by default over all. Arguments as `sum`'s."""

    def put(
        self,
        index: ArrayLike,
        source: ArrayLike,
        accumulate: builtins.bool = False,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Replace elements, counted in row-major order, or add to them."""

    def put_(
        self, index: ArrayLike, source: ArrayLike, accumulate: builtins.bool = False
    ) -> TorchTensor:
        r"""Write the result of `put` into the tensor itself, and return it."""

    def qr(self, some: builtins.bool = True) -> Any:
        r"""Orthonormal columns and an upper triangle whose product is the matrix."""

    def quantile(
        self,
        q: ArrayLike,
        dim: builtins.int | Sequence[builtins.int] | None = None,
        keepdim: builtins.bool = False,
        *,
        method: str = "linear",
        interpolation: str | None = None,
        weights: ArrayLike | None = None,
        overwrite_input: builtins.bool = False,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Return the element that a share q of the others lies below; by default of all."""

    def rad2deg(self, *, out: _Out = None) -> TorchTensor:
        r"""Convert radians to degrees: 180 x / π."""

    def rad2deg_(self) -> TorchTensor:
        r"""Write the result of `rad2deg` into the tensor itself, and return it."""

    def random_(
        self,
        from_: builtins.int | None = None,
        to: builtins.int | None = None,
        *,
        generator: Generator | None = None,
    ) -> TorchTensor:
        r"""Fill with integers from `from` (by default 0) to `to` - 1, and return the tensor."""

    def ravel(self, order: str = "C", *, out: _Out = None) -> TorchTensor:
        r"""Return all elements along one axis, in row-major order; a view if they lie so in memory."""

    @property
    def real(self) -> TorchTensor:
        r"""The real part."""

    def reciprocal(self, *, out: _Out = None) -> TorchTensor:
        r"""One over x; integers are inverted as float64, where NumPy rounds to zero."""

    def reciprocal_(self) -> TorchTensor:
        r"""Write the result of `reciprocal` into the tensor itself, and return it."""

    def register_hook(self, hook: Callable[[_core.Tensor], _core.Tensor | None]) -> Handle:
        r"""Call a function with this tensor's cotangent in every walk back; it may replace it."""

    def register_post_accumulate_grad_hook(self, hook: Callable[[_core.Tensor], None]) -> Handle:
        r"""Call a function with this leaf after each time its `.grad` was added to."""

    def relu(self, *, out: _Out = None) -> TorchTensor:
        r"""Rectified linear unit: x where x > 0, else 0; NaN stays NaN, the derivative at 0 is 0."""

    def relu_(self) -> TorchTensor:
        r"""Write the result of `relu` into the tensor itself, and return it."""

    def remainder(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Remainder with the sign of y: x - y ⌊x / y⌋."""

    def remainder_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `remainder` into the tensor itself, and return it."""

    def renorm(
        self, p: builtins.float, dim: builtins.int, maxnorm: builtins.float, *, out: _Out = None
    ) -> TorchTensor:
        r"""Scale the slices along an axis down to norms of at most `maxnorm`."""

    def renorm_(self, p: builtins.float, dim: builtins.int, maxnorm: builtins.float) -> TorchTensor:
        r"""Write the result of `renorm` into the tensor itself, and return it."""

    def repeat(self, *repeats: Any) -> TorchTensor:
        r"""Return a tensor so many times along each axis, one after another."""

    def repeat_interleave(
        self,
        repeats: Any = None,
        dim: builtins.int | None = None,
        *,
        output_size: builtins.int | None = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Repeat each element along an axis, by default of the flattened tensor."""

    @overload
    def reshape(
        self,
        shape: builtins.int | Sequence[builtins.int],
        *,
        copy: builtins.bool | None = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Give the elements, in row-major order, another shape; one extent may be -1."""

    @overload
    def reshape(
        self, *shape: builtins.int, copy: builtins.bool | None = None, out: _Out = None
    ) -> TorchTensor:
        r"""Give the elements, in row-major order, another shape; one extent may be -1."""

    def reshape_as(self, other: _core.Tensor, *, out: _Out = None) -> TorchTensor:
        r"""Give the elements the shape of another tensor."""

    def resize(self, *sizes: builtins.int | Sequence[builtins.int]) -> TorchTensor:
        r"""Return the same elements in another shape, as `reshape` does; it warns as PyTorch."""

    def resize_(
        self, *sizes: builtins.int | Sequence[builtins.int], memory_format: Any = None
    ) -> TorchTensor:
        r"""Give the tensor itself another number of elements, in row-major order of its memory."""

    def resize_as(self, tensor: ArrayLike) -> TorchTensor:
        r"""Return the same elements in the shape of another tensor; it warns as PyTorch."""

    def resize_as_(self, other: ArrayLike, *, memory_format: Any = None) -> TorchTensor:
        r"""Give the tensor itself the shape of another one, as `resize_` does."""

    def resolve_conj(self, *, out: _Out = None) -> TorchTensor:
        r"""Return the tensor: its values are computed, and none waits to be conjugated."""

    def resolve_neg(self, *, out: _Out = None) -> TorchTensor:
        r"""Return the tensor: its values are computed, and none waits to be negated."""

    def retain_grad(self) -> None:
        r"""Ask that `backward()` stores this tensor's gradient though it is no leaf."""

    @property
    def retains_grad(self) -> builtins.bool:
        r"""Whether `.grad` is kept though no leaf."""

    def roll(
        self,
        shift: Any = None,
        dim: builtins.int | Sequence[builtins.int] | None = None,
        *,
        shifts: Any = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Move elements along axes, those pushed over the end coming back at the start."""

    def rot90(
        self,
        k: builtins.int = 1,
        dim: builtins.int | Sequence[builtins.int] | None = ...,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Turn the plane of two axes by k quarters, from the first axis towards the second."""

    def round(self, decimals: builtins.int = 0, *, out: _Out = None) -> TorchTensor:
        r"""Round to a number of decimals, halves to even; as NumPy, by scaling and `rint`."""

    def round_(self, decimals: builtins.int = 0) -> TorchTensor:
        r"""Write the result of `round` into the tensor itself, and return it."""

    def rsqrt(self, *, out: _Out = None) -> TorchTensor:
        r"""One over the square root: 1 / √x."""

    def rsqrt_(self) -> TorchTensor:
        r"""Write the result of `rsqrt` into the tensor itself, and return it."""

    def rsub(self, other: ArrayLike, *, alpha: Any = 1, out: _Out = None) -> TorchTensor:
        r"""Difference the other way around: y - α x."""

    def scatter(
        self,
        dim: builtins.int,
        index: ArrayLike,
        src: ArrayLike | None = None,
        *,
        value: Any = None,
        reduce: str | None = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Write one element for each position: x[i, index[i, j]] = src[i, j] for the last axis."""

    def scatter_(
        self,
        dim: builtins.int,
        index: ArrayLike,
        src: ArrayLike | None = None,
        *,
        value: Any = None,
        reduce: str | None = None,
    ) -> TorchTensor:
        r"""Write the result of `scatter` into the tensor itself, and return it."""

    def scatter_add(
        self, dim: builtins.int, index: ArrayLike, src: ArrayLike, *, out: _Out = None
    ) -> TorchTensor:
        r"""Add one element for each position: x[i, index[i, j]] += src[i, j] for the last axis."""

    def scatter_add_(self, dim: builtins.int, index: ArrayLike, src: ArrayLike) -> TorchTensor:
        r"""Write the result of `scatter_add` into the tensor itself, and return it."""

    def scatter_reduce(
        self,
        dim: builtins.int,
        index: ArrayLike,
        src: ArrayLike,
        reduce: str,
        *,
        include_self: builtins.bool = True,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Combine x[i, index[i, j]] with src[i, j], for the last axis."""

    def scatter_reduce_(
        self,
        dim: builtins.int,
        index: ArrayLike,
        src: ArrayLike,
        reduce: str,
        *,
        include_self: builtins.bool = True,
    ) -> TorchTensor:
        r"""Write the result of `scatter_reduce` into the tensor itself, and return it."""

    def select(self, dim: builtins.int, index: builtins.int, *, out: _Out = None) -> TorchTensor:
        r"""Read one position along an axis, which disappears."""

    def select_scatter(
        self, src: ArrayLike, dim: builtins.int, index: builtins.int, *, out: _Out = None
    ) -> TorchTensor:
        r"""Return a copy in which `select(axis, index)` shows another tensor."""

    def set_(
        self,
        source: Any = None,
        storage_offset: builtins.int = 0,
        size: builtins.int | Sequence[builtins.int] | None = None,
        stride: Any = None,
    ) -> TorchTensor:
        r"""Let the tensor lie on other memory: a tensor's, or part of a storage; by default on none."""

    def sgn(self, *, out: _Out = None) -> TorchTensor:
        r"""Sign: -1, 0 or 1; of a complex number x / |x|."""

    def sgn_(self) -> TorchTensor:
        r"""Write the result of `sgn` into the tensor itself, and return it."""

    def share_memory_(self) -> TorchTensor:
        r"""Move the tensor into memory that processes forked from this one see and change too."""

    def short(self, memory_format: Any = None) -> TorchTensor:
        r"""Convert to int16."""

    def sigmoid(self, *, out: _Out = None) -> TorchTensor:
        r"""Logistic function: 1 / (1 + e⁻ˣ). Natively within 1.4 ulp."""

    def sigmoid_(self) -> TorchTensor:
        r"""Write the result of `sigmoid` into the tensor itself, and return it."""

    def sign(self, *, out: _Out = None) -> TorchTensor:
        r"""Sign: -1, 0 or 1."""

    def sign_(self) -> TorchTensor:
        r"""Write the result of `sign` into the tensor itself, and return it."""

    def signbit(self, *, out: _Out = None) -> TorchTensor:
        r"""Tell where x is negative, of zeros too: true for -0.0."""

    def sin(self, *, out: _Out = None) -> TorchTensor:
        r"""Sine of x in radians. Natively within 1.5 ulp."""

    def sin_(self) -> TorchTensor:
        r"""Write the result of `sin` into the tensor itself, and return it."""

    def sinc(self, *, out: _Out = None) -> TorchTensor:
        r"""Normalised sine: sin(π x) / (π x), and 1 at 0."""

    def sinc_(self) -> TorchTensor:
        r"""Write the result of `sinc` into the tensor itself, and return it."""

    def sinh(self, *, out: _Out = None) -> TorchTensor:
        r"""Hyperbolic sine: (eˣ - e⁻ˣ) / 2. Natively within 0.9 ulp."""

    def sinh_(self) -> TorchTensor:
        r"""Write the result of `sinh` into the tensor itself, and return it."""

    def slice_scatter(
        self,
        src: ArrayLike,
        dim: builtins.int = 0,
        start: builtins.int | None = None,
        end: builtins.int | None = None,
        step: builtins.int = 1,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Return a copy in which the slice along an axis shows another tensor."""

    def slogdet(self) -> SlogdetResult:
        r"""Sign of the determinant of square matrices, and the logarithm of its magnitude."""

    def softmax(
        self,
        dim: builtins.int | Sequence[builtins.int] | None = -1,
        dtype: DTypeLike | None = None,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Exponentials that sum to one: eˣ / Σ eˣ over the axes; computed in `dtype`, if given."""

    def solve(self, *args: Any, **kwargs: Any) -> Any:
        r"""Refuse, as PyTorch does: `torch.linalg.solve` took its place."""

    def sort(
        self,
        dim: builtins.int = -1,
        descending: builtins.bool = False,
        *,
        stable: builtins.bool = True,
    ) -> Found:
        r"""Return the elements in order along an axis, and their positions."""

    def sparse_dim(self) -> TorchTensor: ...
    def sparse_mask(self, mask: SparseCoordinates) -> SparseCoordinates:
        r"""Return a dense tensor's elements at the places of a sparse one; derivatives flow back."""

    def split(
        self, split_size_or_sections: ArrayLike, dim: builtins.int = 0, *, out: _Out = None
    ) -> tuple[TorchTensor, ...]:
        r"""Cut a tensor into parts of one size, the last one smaller, or of several sizes."""

    def split_with_sizes(
        self, split_sizes: ArrayLike, dim: builtins.int = 0, *, out: _Out = None
    ) -> tuple[TorchTensor, ...]:
        r"""Cut a tensor into parts of the given sizes along an axis."""

    def sqrt(self, *, out: _Out = None) -> TorchTensor:
        r"""Square root: √x."""

    def sqrt_(self) -> TorchTensor:
        r"""Write the result of `sqrt` into the tensor itself, and return it."""

    def square(self, *, out: _Out = None) -> TorchTensor:
        r"""Square: x²."""

    def square_(self) -> TorchTensor:
        r"""Write the result of `square` into the tensor itself, and return it."""

    def squeeze(
        self, dim: builtins.int | Sequence[builtins.int] | None = None, *, out: _Out = None
    ) -> TorchTensor:
        r"""Remove axes of extent 1 among those given, by default all; others stay, as in PyTorch."""

    def squeeze_(self, dim: builtins.int | Sequence[builtins.int] | None = None) -> TorchTensor:
        r"""Make the tensor itself the view of it that `squeeze` shows."""

    def std(
        self,
        dim: builtins.int | Sequence[builtins.int] | None = None,
        unbiased: Any = None,
        keepdim: builtins.bool = False,
        *,
        correction: Any = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Standard deviation over some axes; arguments as for `var`."""

    def stft(
        self,
        n_fft: builtins.int,
        hop_length: builtins.int | None = None,
        win_length: builtins.int | None = None,
        window: Any = None,
        center: builtins.bool = True,
        pad_mode: str = "reflect",
        normalized: builtins.bool = False,
        onesided: builtins.bool | None = None,
        return_complex: builtins.bool | None = None,
        align_to_window: builtins.bool | None = None,
        *,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Spectra of overlapping pieces of a signal: X[ω, m] = Σ_k w[k] x[m·hop + k] e^(-2πi ω k / n)."""

    def stop_gradient(self, *, out: _Out = None) -> TorchTensor:
        r"""Return the same values, as a constant to derivatives."""

    def storage(self) -> TorchTensor: ...
    def storage_offset(self) -> builtins.int:
        r"""Return how many elements into its memory a tensor starts."""

    def stride(self, dim: builtins.int | None = None) -> Any:
        r"""Return how many elements apart neighbours along each axis, or one, lie in memory."""

    def sub(self, other: ArrayLike, *, alpha: Any = 1, out: _Out = None) -> TorchTensor:
        r"""Difference of two tensors: x - α y."""

    def sub_(self, other: ArrayLike, *, alpha: Any = 1) -> TorchTensor:
        r"""Write the result of `sub` into the tensor itself, and return it."""

    def subtract(self, other: ArrayLike, *, alpha: Any = 1, out: _Out = None) -> TorchTensor:
        r"""Difference of two tensors: x - α y."""

    def subtract_(self, other: ArrayLike, *, alpha: Any = 1) -> TorchTensor:
        r"""Write the result of `subtract` into the tensor itself, and return it."""

    def sum(
        self,
        dim: builtins.int | Sequence[builtins.int] | None = None,
        keepdim: builtins.bool = False,
        *,
        dtype: DTypeLike | None = None,
        initial: ArrayLike | None = None,
        where: ArrayLike | None = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Sum over some axes; by default over all."""

    def sum_to_size(
        self, *size: builtins.int | Sequence[builtins.int], out: _Out = None
    ) -> TorchTensor:
        r"""Sum over axes so that the shape becomes one that broadcasts to it."""

    @overload
    def svd(self, some: builtins.bool = True, *, compute_uv: Literal[False]) -> TorchTensor:
        r"""Singular values and vectors: input = U diag(S) Vᴴ, the values in descending order."""

    @overload
    def svd(self, some: builtins.bool = True, compute_uv: Literal[True] = True) -> SVDResult:
        r"""Singular values and vectors: input = U diag(S) Vᴴ, the values in descending order."""

    @overload
    def svd(self, some: builtins.bool = True, compute_uv: builtins.bool = True) -> Any:
        r"""Singular values and vectors: input = U diag(S) Vᴴ, the values in descending order."""

    def swapaxes(self, dim1: builtins.int, dim2: builtins.int, *, out: _Out = None) -> TorchTensor:
        r"""Exchange two axes."""

    def swapaxes_(self, dim1: builtins.int, dim2: builtins.int) -> TorchTensor:
        r"""Make the tensor itself the view of it that `swapaxes` shows."""

    def swapdims(self, dim0: builtins.int, dim1: builtins.int, *, out: _Out = None) -> TorchTensor:
        r"""Exchange two axes."""

    def swapdims_(self, dim0: builtins.int, dim1: builtins.int) -> TorchTensor:
        r"""Make the tensor itself the view of it that `swapdims` shows."""

    def symeig(self, *args: Any, **kwargs: Any) -> Any:
        r"""Refuse, as PyTorch does: `torch.linalg.eigh` took its place."""

    def t(self, *, out: _Out = None) -> TorchTensor:
        r"""Transpose a matrix; a vector stays as it is."""

    def t_(self) -> TorchTensor:
        r"""Make the tensor itself the view of it that `t` shows."""

    def take(
        self, indices: ArrayLike, dim: builtins.int | None = None, *, out: _Out = None
    ) -> TorchTensor:
        r"""Read slices at integer positions along an axis; negative positions count from the end."""

    def take_along_dim(
        self, indices: ArrayLike, dim: builtins.int | None = None, *, out: _Out = None
    ) -> TorchTensor:
        r"""Read one element at each position along an axis, by default of the flattened tensor."""

    def tan(self, *, out: _Out = None) -> TorchTensor:
        r"""Tangent of x in radians. Natively within 1.3 ulp."""

    def tan_(self) -> TorchTensor:
        r"""Write the result of `tan` into the tensor itself, and return it."""

    def tanh(self, *, out: _Out = None) -> TorchTensor:
        r"""Hyperbolic tangent. Natively within 1.5 ulp."""

    def tanh_(self) -> TorchTensor:
        r"""Write the result of `tanh` into the tensor itself, and return it."""

    def tensor_split(
        self, indices_or_sections: ArrayLike, dim: builtins.int = 0, *, out: _Out = None
    ) -> tuple[TorchTensor, ...]:
        r"""Cut a tensor into nearly equal parts, the first ones larger, or at the given positions."""

    def tile(self, *reps: builtins.int | Sequence[builtins.int], out: _Out = None) -> TorchTensor:
        r"""Repeat a whole tensor, as often along each axis as `reps` says: integers, or a tuple."""

    def to(
        self,
        *args: Any,
        dtype: DTypeLike | None = None,
        copy: builtins.bool = False,
        out: _Out = None,
        **kwargs: Any,
    ) -> TorchTensor:
        r"""Convert to a dtype, or to that of another tensor; everything is on the CPU."""

    def to_dense(self, dtype: DTypeLike | None = None, masked_grad: Any = None) -> TorchTensor: ...
    def to_device(self, device: Any, /, *, stream: Any = None) -> TorchTensor:
        r"""Return the tensor, which lies on the CPU already."""

    def to_sparse(self, sparse_dim: builtins.int | None = None) -> SparseCoordinates:
        r"""Return a tensor's elements that are not 0 with their places; derivatives flow back."""

    def to_sparse_coo(self, sparse_dim: builtins.int | None = None) -> SparseCoordinates:
        r"""Return a tensor's elements that are not 0 with their places; derivatives flow back."""

    def to_sparse_csr(self) -> SparseRows:
        r"""Return a matrix' elements that are not 0, counted by rows; derivatives flow back."""

    def topk(
        self,
        k: builtins.int,
        dim: builtins.int = -1,
        largest: builtins.bool = True,
        sorted: builtins.bool = True,
    ) -> Found:
        r"""Return the k largest elements along an axis, the largest first, and their positions."""

    def trace(self, *, out: _Out = None) -> TorchTensor:
        r"""Sum of the diagonal of a matrix."""

    def transpose(self, dim0: builtins.int, dim1: builtins.int, *, out: _Out = None) -> TorchTensor:
        r"""Exchange two axes."""

    def transpose_(self, dim0: builtins.int, dim1: builtins.int) -> TorchTensor:
        r"""Make the tensor itself the view of it that `transpose` shows."""

    def triangular_solve(
        self,
        A: ArrayLike,
        upper: builtins.bool = True,
        transpose: builtins.bool = False,
        unitriangular: builtins.bool = False,
    ) -> Any:
        r"""Solve A x = b, reading one triangle of A alone."""

    def tril(
        self, k: builtins.int = 0, *, diagonal: builtins.int | None = None, out: _Out = None
    ) -> TorchTensor:
        r"""Lower triangle of a matrix or of a stack of them; zeros above the k-th diagonal."""

    def tril_(self, k: builtins.int = 0, *, diagonal: builtins.int | None = None) -> TorchTensor:
        r"""Write the result of `tril` into the tensor itself, and return it."""

    def triu(
        self, k: builtins.int = 0, *, diagonal: builtins.int | None = None, out: _Out = None
    ) -> TorchTensor:
        r"""Upper triangle of a matrix or of a stack of them; zeros below the k-th diagonal."""

    def triu_(self, k: builtins.int = 0, *, diagonal: builtins.int | None = None) -> TorchTensor:
        r"""Write the result of `triu` into the tensor itself, and return it."""

    def true_divide(
        self, other: ArrayLike, *, rounding_mode: str | None = None, out: _Out = None
    ) -> TorchTensor:
        r"""Quotient of two tensors, rounded to whole numbers if that is asked."""

    def true_divide_(self, other: ArrayLike, *, rounding_mode: str | None = None) -> TorchTensor:
        r"""Write the result of `true_divide` into the tensor itself, and return it."""

    def trunc(self, *, out: _Out = None) -> TorchTensor:
        r"""Drop the digits after the point: the nearest integer towards zero."""

    def trunc_(self) -> TorchTensor:
        r"""Write the result of `trunc` into the tensor itself, and return it."""

    def type(self, dtype: DTypeLike | None = None, non_blocking: builtins.bool = False) -> Any:
        r"""Convert to a dtype; without one, return PyTorch's name of the tensor's."""

    def type_as(self, other: _core.Tensor, *, out: _Out = None) -> TorchTensor:
        r"""Convert to the dtype of another tensor."""

    def unbind(self, dim: builtins.int = 0, *, out: _Out = None) -> tuple[TorchTensor, ...]:
        r"""Read all positions along an axis, one tensor each."""

    def unflatten(
        self, dim: builtins.int, sizes: builtins.int | Sequence[builtins.int], *, out: _Out = None
    ) -> TorchTensor:
        r"""Unfold one axis into several; one of the sizes may be -1."""

    def unfold(self, dim: builtins.int, size: builtins.int, step: builtins.int) -> TorchTensor:
        r"""Show all windows of `size` positions along an axis, `step` apart, along a new last axis."""

    def uniform_(
        self, from_: Any = 0.0, to: Any = 1.0, *, generator: Generator | None = None
    ) -> TorchTensor:
        r"""Fill with numbers uniform on [from, to), and return the tensor."""

    @overload
    def unique(
        self,
        sorted: builtins.bool = True,
        return_inverse: Literal[False] = False,
        return_counts: Literal[False] = False,
        dim: builtins.int | None = None,
    ) -> TorchTensor:
        r"""Return the different elements, or slices along an axis, in order."""

    @overload
    def unique(
        self,
        sorted: builtins.bool = True,
        return_inverse: builtins.bool = False,
        return_counts: builtins.bool = False,
        dim: builtins.int | None = None,
    ) -> tuple[TorchTensor, ...]:
        r"""Return the different elements, or slices along an axis, in order."""

    @overload
    def unique_consecutive(
        self,
        return_inverse: Literal[False] = False,
        return_counts: Literal[False] = False,
        dim: builtins.int | None = None,
    ) -> TorchTensor:
        r"""Return the elements, or slices along an axis, that differ from the one before."""

    @overload
    def unique_consecutive(
        self,
        return_inverse: builtins.bool = False,
        return_counts: builtins.bool = False,
        dim: builtins.int | None = None,
    ) -> tuple[TorchTensor, ...]:
        r"""Return the elements, or slices along an axis, that differ from the one before."""

    def unsafe_chunk(
        self, chunks: builtins.int, dim: builtins.int = 0, *, out: _Out = None
    ) -> tuple[TorchTensor, ...]:
        r"""Cut a tensor into at most `chunks` parts of one size, the last one smaller."""

    def unsafe_split(
        self, split_size_or_sections: ArrayLike, dim: builtins.int = 0, *, out: _Out = None
    ) -> tuple[TorchTensor, ...]:
        r"""Cut a tensor into parts of one size, the last one smaller, or of several sizes."""

    def unsafe_split_with_sizes(
        self, split_sizes: ArrayLike, dim: builtins.int = 0, *, out: _Out = None
    ) -> tuple[TorchTensor, ...]:
        r"""Cut a tensor into parts of the given sizes along an axis."""

    def unsqueeze(
        self, dim: builtins.int | Sequence[builtins.int] | None, *, out: _Out = None
    ) -> TorchTensor:
        r"""Insert axes of extent 1 at the given positions of the result."""

    def unsqueeze_(self, dim: builtins.int | Sequence[builtins.int] | None) -> TorchTensor:
        r"""Make the tensor itself the view of it that `unsqueeze` shows."""

    def untyped_storage(self) -> TorchTensor: ...
    def var(
        self,
        dim: builtins.int | Sequence[builtins.int] | None = None,
        unbiased: Any = None,
        keepdim: builtins.bool = False,
        *,
        correction: Any = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Variance over some axes, by default of all; 1 is subtracted from the number by default."""

    def vdot(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Sum of products of all elements, those of x conjugated."""

    def view(
        self,
        *shape: builtins.int | Sequence[builtins.int],
        dtype: DTypeLike | None = None,
        out: _Out = None,
    ) -> TorchTensor:
        r"""Show the same memory in another shape, or as another dtype."""

    def view_as(self, other: _core.Tensor, *, out: _Out = None) -> TorchTensor:
        r"""Show the same memory in the shape of another tensor."""

    def vsplit(self, indices_or_sections: ArrayLike, *, out: _Out = None) -> list[TorchTensor]:
        r"""Cut along the first axis, of two at least; as `split`."""

    def where(self, condition: ArrayLike, other: ArrayLike) -> TorchTensor:
        r"""Return the elements where a condition holds, and others elsewhere."""

    def xlogy(self, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
        r"""Return x ln y, and 0 where x is 0, whatever y is there."""

    def xlogy_(self, other: ArrayLike) -> TorchTensor:
        r"""Write the result of `xlogy` into the tensor itself, and return it."""

    def zero_(self) -> TorchTensor:
        r"""Set all elements to zero, as in `w.grad.zero_()`, and return the tensor."""
