"""thalweg: write a loss in plain NumPy, compose an optimizer, run it as one native loop."""

# Written by `python -m tests.stubs`.

import builtins
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, overload

import numpy as np
from numpy import bool as bool
from numpy import bool_ as bool_
from numpy import complex64 as complex64
from numpy import complex128 as complex128
from numpy import float16 as float16
from numpy import float32 as float32
from numpy import float64 as float64
from numpy import int8 as int8
from numpy import int16 as int16
from numpy import int32 as int32
from numpy import int64 as int64
from numpy import uint8 as uint8
from numpy import uint16 as uint16
from numpy import uint32 as uint32
from numpy import uint64 as uint64
from numpy.typing import ArrayLike, DTypeLike

from thalweg import errors as errors
from thalweg import estimators as estimators
from thalweg import fft as fft
from thalweg import inference as inference
from thalweg import linalg as linalg
from thalweg import optim as optim
from thalweg import random as random
from thalweg import special as special
from thalweg import stats as stats
from thalweg import testing as testing
from thalweg import torch as torch
from thalweg import tree as tree
from thalweg import tuning as tuning
from thalweg.autodiff.batching import vmap as vmap
from thalweg.autodiff.functional import grad as grad
from thalweg.autodiff.functional import jvp as jvp
from thalweg.autodiff.functional import linearize as linearize
from thalweg.autodiff.functional import value_and_grad as value_and_grad
from thalweg.autodiff.functional import vjp as vjp
from thalweg.autodiff.jacobians import hessian as hessian
from thalweg.autodiff.jacobians import hvp as hvp
from thalweg.autodiff.jacobians import jacfwd as jacfwd
from thalweg.autodiff.jacobians import jacobian as jacobian
from thalweg.autodiff.jacobians import jacrev as jacrev
from thalweg.autodiff.modes import enable_grad as enable_grad
from thalweg.autodiff.modes import no_grad as no_grad
from thalweg.control.associative import associative_scan as associative_scan
from thalweg.control.branches import checkpoint as checkpoint
from thalweg.control.branches import cond as cond
from thalweg.control.branches import switch as switch
from thalweg.control.callback import pure_callback as pure_callback
from thalweg.control.conditional import while_loop as while_loop
from thalweg.control.custom import custom_jvp as custom_jvp
from thalweg.control.custom import custom_vjp as custom_vjp
from thalweg.control.scan import fori_loop as fori_loop
from thalweg.control.scan import map as map
from thalweg.control.scan import scan as scan
from thalweg.core.printing import get_printoptions as get_printoptions
from thalweg.core.printing import printoptions as printoptions
from thalweg.core.printing import set_printoptions as set_printoptions
from thalweg.core.spec import DType, Size
from thalweg.core.spec import default_dtype as _default_dtype
from thalweg.core.spec import set_default_dtype as set_default_dtype
from thalweg.core.tensor import Tensor as Tensor
from thalweg.engines.jit import jit as jit
from thalweg.estimators.scikit.loading import load_model as load_model
from thalweg.ops.creation.creation import array as array
from thalweg.ops.creation.creation import asarray as asarray
from thalweg.ops.creation.creation import tensor as tensor
from thalweg.ops.creation.dtypes import __array_namespace_info__ as __array_namespace_info__
from thalweg.ops.creation.dtypes import finfo as finfo
from thalweg.ops.creation.dtypes import iinfo as iinfo
from thalweg.ops.order.sort import Found
from thalweg.ops.order.unique import UniqueAll, UniqueCounts, UniqueInverse
from thalweg.optim import losses as losses
from thalweg.solvers.least_squares import least_squares as least_squares
from thalweg.solvers.minimize import minimize as minimize
from thalweg.solvers.root import fixed_point as fixed_point
from thalweg.solvers.root import root as root
from thalweg.training.fit import fit as fit
from thalweg.training.result import Fit as Fit
from thalweg.training.saving import Checkpoint as Checkpoint
from thalweg.training.saving import load as load
from thalweg.training.saving import save as save
from thalweg.training.states import load_state as load_state
from thalweg.training.states import save_state as save_state
from thalweg.tuning.rates import lr_find as lr_find
from thalweg.tuning.tune import tune as tune

_Out: TypeAlias = Tensor | np.ndarray[Any, Any] | tuple[Any, ...] | None
__version__: str

def abs(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Absolute value |x|; its derivative at 0 is taken as 0."""

def absolute(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Absolute value |x|; its derivative at 0 is taken as 0."""

def acos(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse cosine, in radians, of x in [-1, 1]. Natively within 1.2 ulp."""

def acosh(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse hyperbolic cosine of x ≥ 1. Natively within 1.0 ulp."""

def add(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Sum: x + y."""

def all(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: builtins.bool = False,
    *,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Tell whether every element over the axes is true, of those where a mask holds."""

def allclose(
    x: ArrayLike,
    y: ArrayLike,
    rtol: float = 1e-05,
    atol: float = 1e-08,
    equal_nan: builtins.bool = False,
    *,
    out: _Out = None,
) -> builtins.bool | Tensor:
    r"""Tell whether all elements of x and y are close, as `isclose` tells of each: True or False."""

def amax(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: builtins.bool = False,
    *,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Largest element over some axes; by default over all. Ties share the derivative."""

def amin(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: builtins.bool = False,
    *,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Smallest element over some axes; by default over all. Ties share the derivative."""

def angle(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Angle of complex numbers in radians between -π and π; of real ones 0 or π."""

def any(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: builtins.bool = False,
    *,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Tell whether some element over the axes is true, of those where a mask holds."""

def append(
    arr: ArrayLike, values: ArrayLike, axis: int | None = None, *, out: _Out = None
) -> Tensor:
    r"""Return a tensor with others at its end along an axis; by default both flattened."""

def apply_along_axis(
    func1d: Any, axis: int, arr: ArrayLike, *args: Any, out: _Out = None, **kwargs: Any
) -> Tensor:
    r"""Apply a function of vectors to each slice along an axis; its results take that axis' place."""

def apply_over_axes(
    func: Any, a: ArrayLike, axes: int | Sequence[int] | None, *, out: _Out = None
) -> Tensor:
    r"""Apply a function of a tensor and an axis for each of several axes, which all stay."""

def arange(
    start: Any = None,
    stop: Any = None,
    step: Any = 1,
    dtype: DTypeLike | None = None,
    *,
    end: Any = None,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return numbers from start (by default 0) up to, not including, stop."""

def arccos(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse cosine, in radians, of x in [-1, 1]. Natively within 1.2 ulp."""

def arccosh(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse hyperbolic cosine of x ≥ 1. Natively within 1.0 ulp."""

def arcsin(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse sine, in radians, of x in [-1, 1]. Natively within 1.3 ulp."""

def arcsinh(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse hyperbolic sine. Natively within 1.1 ulp."""

def arctan(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse tangent, in radians. Natively within 1.5 ulp."""

def arctan2(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Angle of the point (y, x), in radians between -π and π: the arctangent of x / y."""

def arctanh(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse hyperbolic tangent of x in [-1, 1]. Natively within 1.4 ulp."""

def argmax(
    x: ArrayLike, axis: int | None = None, keepdims: builtins.bool = False, *, out: _Out = None
) -> Tensor:
    r"""Position of the first largest element along an axis, or in the flattened tensor."""

def argmin(
    x: ArrayLike, axis: int | None = None, keepdims: builtins.bool = False, *, out: _Out = None
) -> Tensor:
    r"""Position of the first smallest element along an axis, or in the flattened tensor."""

def argpartition(
    x: ArrayLike, kth: ArrayLike, axis: int | None = -1, *, out: _Out = None
) -> Tensor:
    r"""Return the positions of what `partition` returns; arguments as there."""

def argsort(
    x: ArrayLike,
    axis: int | None = -1,
    *,
    descending: builtins.bool = False,
    stable: builtins.bool = True,
    out: _Out = None,
) -> Tensor:
    r"""Return the positions that put an axis into order; equal elements stay in theirs."""

def argwhere(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Return where elements are not zero, as the rows of a matrix."""

def array_equal(a1: ArrayLike, a2: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Tell whether two tensors have one shape and equal elements."""

def array_split(
    x: ArrayLike, indices_or_sections: ArrayLike, axis: int = 0, *, out: _Out = None
) -> list[Tensor]:
    r"""Cut a tensor into nearly equal parts, the first ones larger, or at the given positions."""

def asin(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse sine, in radians, of x in [-1, 1]. Natively within 1.3 ulp."""

def asinh(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse hyperbolic sine. Natively within 1.1 ulp."""

def astype(
    x: ArrayLike,
    dtype: DTypeLike | None,
    *,
    copy: builtins.bool = True,
    device: Any = None,
    out: _Out = None,
) -> Tensor:
    r"""Convert to a dtype, in memory of its own; of complex numbers a real one keeps the real part."""

def atan(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse tangent, in radians. Natively within 1.5 ulp."""

def atan2(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Angle of the point (y, x), in radians between -π and π: the arctangent of x / y."""

def atanh(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse hyperbolic tangent of x in [-1, 1]. Natively within 1.4 ulp."""

@overload
def atleast_1d(arrays: ArrayLike, /) -> Tensor:
    r"""Return a tensor, or each of several, with at least one axis: a scalar becomes shape (1,)."""

@overload
def atleast_1d(*arrays: ArrayLike) -> list[Tensor]:
    r"""Return a tensor, or each of several, with at least one axis: a scalar becomes shape (1,)."""

@overload
def atleast_2d(arrays: ArrayLike, /) -> Tensor:
    r"""Return a tensor, or each of several, with two axes or more: n numbers become (1, n)."""

@overload
def atleast_2d(*arrays: ArrayLike) -> list[Tensor]:
    r"""Return a tensor, or each of several, with two axes or more: n numbers become (1, n)."""

@overload
def atleast_3d(arrays: ArrayLike, /) -> Tensor:
    r"""Return a tensor, or each of several, with three axes or more: n numbers become (1, n, 1)."""

@overload
def atleast_3d(*arrays: ArrayLike) -> list[Tensor]:
    r"""Return a tensor, or each of several, with three axes or more: n numbers become (1, n, 1)."""

def average(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    weights: ArrayLike | None = None,
    *,
    keepdims: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Weighted mean over some axes: Σ wᵢ xᵢ / Σ wᵢ; by default over all, with equal weights."""

def bincount(
    x: ArrayLike,
    weights: ArrayLike | None = None,
    minlength: int = 0,
    *,
    length: int | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Count how often each integer from 0 on occurs in a vector, or sum weights for each."""

def bitwise_and(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Bits set in both of two integers, or where both of two Booleans hold: x & y."""

def bitwise_invert(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Bits that are not set, or where a Boolean does not hold: ~x."""

def bitwise_left_shift(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Bits of integers moved to higher places, zeros following: x << y."""

def bitwise_not(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Bits that are not set, or where a Boolean does not hold: ~x."""

def bitwise_or(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Bits set in one of two integers at least, or where one of two Booleans holds: x | y."""

def bitwise_right_shift(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Bits of integers moved to lower places, the sign following: x >> y."""

def bitwise_xor(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Bits set in exactly one of two integers, or where exactly one Boolean holds: x ^ y."""

def block(arrays: Sequence[ArrayLike] | ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Join nested lists of tensors: the innermost along the last axis, then along those before."""

def broadcast_arrays(*arrays: ArrayLike, out: _Out = None) -> list[Tensor]:
    r"""Return the tensors broadcast to their common shape."""

def broadcast_shapes(*shapes: int | Sequence[int]) -> Size:
    r"""Return the shape that tensors of these shapes broadcast to."""

def broadcast_to(x: ArrayLike, shape: int | Sequence[int], *, out: _Out = None) -> Tensor:
    r"""Repeat along new leading axes and axes of extent 1."""

def can_cast(from_: Any, to: Any) -> builtins.bool:
    r"""Tell whether every value of a dtype, or of a tensor's, can be held by another one."""

def cbrt(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Cube root: ∛x, of negative numbers too. Natively within 0.6 ulp."""

def ceil(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Smallest integer not below x."""

def choose(a: ArrayLike, choices: ArrayLike, mode: str = "raise", *, out: _Out = None) -> Tensor:
    r"""Take each element from the choice that an integer names: out[i] = choices[a[i]][i]."""

def clip(
    x: ArrayLike,
    min: ArrayLike | None = None,
    max: ArrayLike | None = None,
    *,
    a_min: ArrayLike | None = None,
    a_max: ArrayLike | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Limit values to lie between two bounds; NaN stays NaN."""

def column_stack(arrays: Sequence[ArrayLike] | ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Join vectors as the columns of a matrix; matrices contribute their columns."""

def compress(
    condition: ArrayLike, a: ArrayLike, axis: int | None = None, *, out: _Out = None
) -> Tensor:
    r"""Return the slices along an axis where a condition holds; by default elements."""

def concat(
    arrays: Sequence[ArrayLike] | ArrayLike,
    axis: int | None = 0,
    dtype: DTypeLike | None = None,
    *,
    out: _Out = None,
) -> Tensor:
    r"""Join tensors along an existing axis."""

def concatenate(
    arrays: Sequence[ArrayLike] | ArrayLike,
    axis: int | None = 0,
    dtype: DTypeLike | None = None,
    *,
    out: _Out = None,
) -> Tensor:
    r"""Join tensors along an existing axis."""

def conj(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Complex conjugate: a - bi of a + bi; of real numbers a copy."""

def contract(x: ArrayLike, y: ArrayLike, labels: str, *, out: _Out = None) -> Tensor:
    r"""Products of the elements of two arrays, summed over the labels that the result lacks."""

def convolve(a: ArrayLike, v: ArrayLike, mode: str = "full", *, out: _Out = None) -> Tensor:
    r"""Convolve two vectors: Σₖ a[k] v[n - k]."""

def copy(
    a: ArrayLike, order: str = "K", subok: builtins.bool = False, *, out: _Out = None
) -> Tensor:
    r"""Return the same values in memory of their own; derivatives pass through."""

def copysign(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Return |x| with the sign of y, also of its zeros."""

def corrcoef(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Correlations of variables, the rows of a matrix of observations."""

def correlate(a: ArrayLike, v: ArrayLike, mode: str = "valid", *, out: _Out = None) -> Tensor:
    r"""Correlate two vectors: Σₙ a[n + k] v̄[n]; arguments as `convolve`'s."""

def cos(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Cosine of x in radians. Natively within 1.5 ulp."""

def cosh(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Hyperbolic cosine: (eˣ + e⁻ˣ) / 2. Natively within 1.0 ulp."""

def count_nonzero(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    *,
    keepdims: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Count the elements that are not zero over some axes; by default over all."""

def cov(
    x: ArrayLike,
    y: ArrayLike | None = None,
    rowvar: builtins.bool = True,
    *,
    correction: float = 1,
    ddof: float | None = None,
    fweights: Any = None,
    aweights: Any = None,
    out: _Out = None,
) -> Tensor:
    r"""Covariances of variables, the rows of a matrix of observations."""

def cross(x: ArrayLike, y: ArrayLike, axis: int = -1, *, out: _Out = None) -> Tensor:
    r"""Cross products of vectors of three elements along an axis; the others broadcast."""

def cumprod(
    x: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None, *, out: _Out = None
) -> Tensor:
    r"""Running product along an axis, or of the flattened tensor."""

def cumsum(
    x: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None, *, out: _Out = None
) -> Tensor:
    r"""Running sum along an axis, or of the flattened tensor."""

def cumulative_prod(
    x: ArrayLike,
    axis: int | None = None,
    dtype: DTypeLike | None = None,
    include_initial: builtins.bool = False,
    *,
    out: _Out = None,
) -> Tensor:
    r"""Running product along an axis; arguments as for `cumulative_sum`, starting with 1."""

def cumulative_sum(
    x: ArrayLike,
    axis: int | None = None,
    dtype: DTypeLike | None = None,
    include_initial: builtins.bool = False,
    *,
    out: _Out = None,
) -> Tensor:
    r"""Running sum along an axis."""

def deg2rad(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Convert degrees to radians: x π / 180."""

def degrees(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Convert radians to degrees: 180 x / π."""

def delete(arr: ArrayLike, obj: Any, axis: int | None = None, *, out: _Out = None) -> Tensor:
    r"""Return a tensor without the positions along an axis; arguments as `insert`'s."""

def diag(x: ArrayLike, k: int = 0, *, diagonal: int | None = None, out: _Out = None) -> Tensor:
    r"""Read the k-th diagonal of a matrix, or build the matrix with a vector there."""

def diag_indices_from(arr: ArrayLike, *, out: _Out = None) -> tuple[Tensor, ...]:
    r"""Return the positions of the main diagonal, one tensor an axis."""

def diagflat(x: ArrayLike, offset: int = 0, *, out: _Out = None) -> Tensor:
    r"""Build the matrix with all elements of x on a diagonal."""

def diagonal(
    x: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1, *, out: _Out = None
) -> Tensor:
    r"""Show a diagonal of the matrices along two axes; it becomes the last axis."""

def diff(
    x: ArrayLike,
    n: int = 1,
    axis: int = -1,
    prepend: ArrayLike | None = None,
    append: ArrayLike | None = None,
    *,
    out: _Out = None,
) -> Tensor:
    r"""Differences of neighbours along an axis, taken `n` times."""

def digitize(
    x: ArrayLike, bins: ArrayLike, right: builtins.bool = False, *, out: _Out = None
) -> Tensor:
    r"""Return which interval between ascending or descending bounds each element lies in."""

def divide(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Quotient: x / y; integers are divided as float64."""

def dot(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Products of the rows of x and the columns of y, as NumPy: last axis with last but one."""

def dsplit(x: ArrayLike, indices_or_sections: ArrayLike, *, out: _Out = None) -> list[Tensor]:
    r"""Cut along the third axis; as `split`."""

def dstack(arrays: Sequence[ArrayLike] | ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Join along the third axis; matrices and vectors get one of extent 1."""

e: float

def ediff1d(
    ary: ArrayLike, to_end: Any = None, to_begin: Any = None, *, out: _Out = None
) -> Tensor:
    r"""Return the differences of neighbours in the flattened tensor, with others around them."""

def einsum(
    subscripts: Any,
    *operands: Any,
    optimize: Any = False,
    dtype: DTypeLike | None = None,
    order: str = "K",
    casting: str = "safe",
    out: _Out = None,
) -> Tensor:
    r"""Sum products over the axes that the result does not name."""

def elu(x: ArrayLike, alpha: float = 1.0, *, out: _Out = None) -> Tensor:
    r"""Exponential linear unit: x where x > 0, else α (eˣ - 1)."""

@overload
def empty(
    shape: int | Sequence[int],
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return a tensor of whatever its memory holds, to be filled; arguments as for `full`."""

@overload
def empty(
    *shape: int,
    dtype: DTypeLike | None = None,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return a tensor of whatever its memory holds, to be filled; arguments as for `full`."""

def empty_like(
    x: ArrayLike,
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return a tensor of the shape and dtype of another one, to be filled."""

def equal(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Tell where x = y."""

def exp(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Exponential: eˣ. Natively within 1.1 ulp."""

def exp2(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Power of two: 2ˣ. Natively within 1.2 ulp."""

def expand_dims(x: ArrayLike, axis: int | Sequence[int] | None, *, out: _Out = None) -> Tensor:
    r"""Insert axes of extent 1 at the given positions of the result."""

def expm1(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Exponential minus one, accurate near zero: eˣ - 1. Natively within 1.4 ulp."""

def extract(condition: ArrayLike, arr: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Return the elements where a condition, of as many elements, holds; flattened."""

def eye(
    rows: int,
    columns: int | None = None,
    k: int = 0,
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return ones on the k-th diagonal and zeros elsewhere."""

def fabs(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Absolute value in floating numbers: |x|."""

def fix(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Drop the digits after the point: the nearest integer towards zero."""

def flip(x: ArrayLike, axis: int | Sequence[int] | None = None, *, out: _Out = None) -> Tensor:
    r"""Reverse the order along some axes; by default along all."""

def fliplr(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Reverse the second axis, left to right."""

def flipud(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Reverse the first axis, up to down."""

def float_power(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Power in double precision: xʸ, whatever the dtypes."""

def floor(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Largest integer not above x."""

def floor_divide(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Quotient rounded down: ⌊x / y⌋, of infinite numbers too. It has no derivative."""

def fmax(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Larger of two; where one is NaN, the other."""

def fmin(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Smaller of two; where one is NaN, the other."""

def fmod(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Remainder with the sign of x, as C's: x - y trunc(x / y)."""

def frexp(x: ArrayLike, *, out: _Out = None) -> tuple[Tensor, Tensor]:
    r"""Return mantissas between a half and one, and exponents of two: x = m 2ᵉ."""

def from_dlpack(
    x: ArrayLike, /, *, device: Any = None, copy: builtins.bool | None = None, out: _Out = None
) -> Tensor:
    r"""Return a tensor over the memory of any object with `__dlpack__`, such as other arrays."""

def full(
    shape: int | Sequence[int] | None = None,
    fill_value: ArrayLike | None = None,
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    size: int | Sequence[int] | None = None,
    like: Tensor | None = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return a tensor filled with one value."""

def full_like(
    x: ArrayLike,
    fill_value: ArrayLike,
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return one value in the shape and dtype of another tensor."""

def gcd(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Greatest common divisor of integers."""

def gelu(x: ArrayLike, approximate: str = "none", *, out: _Out = None) -> Tensor:
    r"""Gaussian error linear unit: x Φ(x), Φ the normal distribution function."""

get_default_dtype = _default_dtype

def gradient(
    x: ArrayLike,
    *varargs: Any,
    axis: int | Sequence[int] | None = None,
    edge_order: int = 1,
    spacing: Any = None,
    dim: int | Sequence[int] | None = None,
) -> Any:
    r"""Estimate derivatives along axes by central differences; one-sided at the ends."""

def greater(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Tell where x > y."""

def greater_equal(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Tell where x ≥ y."""

def heaviside(x: ArrayLike, values: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Step function: 0 where x < 0, `values` where x = 0, 1 where x > 0."""

def histogram(
    a: ArrayLike,
    bins: Any = 10,
    range: Any = None,
    density: builtins.bool | None = None,
    weights: ArrayLike | None = None,
    *,
    out: _Out = None,
) -> tuple[Tensor, Tensor]:
    r"""Count elements, or sum their weights, between bounds; the last one belongs to its interval."""

def histogram_bin_edges(
    a: ArrayLike,
    bins: Any = 10,
    range: Any = None,
    weights: ArrayLike | None = None,
    *,
    out: _Out = None,
) -> Tensor:
    r"""Return the bounds that `histogram` counts between; arguments as there."""

def hsplit(x: ArrayLike, indices_or_sections: ArrayLike, *, out: _Out = None) -> list[Tensor]:
    r"""Cut along the second axis, or a vector along its only one; as `split`."""

def hstack(arrays: Sequence[ArrayLike] | ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Join along the second axis; vectors along their only one."""

def hypot(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Length of the hypotenuse, without overflow: √(x² + y²). Natively within 1.3 ulp."""

def i0(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Modified Bessel function of the first kind and order 0."""

def imag(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Imaginary part; of real numbers zeros."""

inf: float

def inner(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Sums of products over the last axes of both."""

def insert(
    arr: ArrayLike, obj: Any, values: ArrayLike, axis: int | None = None, *, out: _Out = None
) -> Tensor:
    r"""Return a tensor with values put in before positions along an axis; by default flattened."""

def interp(
    x: ArrayLike,
    xp: ArrayLike,
    fp: ArrayLike,
    left: Any = None,
    right: Any = None,
    period: Any = None,
    *,
    out: _Out = None,
) -> Tensor:
    r"""Interpolate linearly between points; beyond them the first or last value is kept."""

def invert(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Bits that are not set, or where a Boolean does not hold: ~x."""

def isclose(
    x: ArrayLike,
    y: ArrayLike,
    rtol: float = 1e-05,
    atol: float = 1e-08,
    equal_nan: builtins.bool = False,
    *,
    out: _Out = None,
) -> Tensor:
    r"""Tell where x and y are equal or differ by no more than atol + rtol |y|."""

def iscomplexobj(x: ArrayLike) -> builtins.bool:
    r"""Tell whether the dtype is complex."""

def isdtype(dtype: DTypeLike | None, kind: Any) -> builtins.bool:
    r"""Tell whether a dtype is another one, or of a kind, or one of several of them."""

def isfinite(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Tell where x is neither infinite nor NaN."""

def isin(
    x: ArrayLike,
    test_elements: ArrayLike,
    *,
    assume_unique: builtins.bool = False,
    invert: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Tell which elements are among others."""

def isinf(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Tell where x is +∞ or -∞."""

def isnan(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Tell where x is not a number."""

def isneginf(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Tell where x is -∞."""

def isposinf(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Tell where x is +∞."""

def isreal(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Tell where the imaginary part is 0."""

def kron(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Kronecker product: every element of x times the whole of y, side by side."""

def lcm(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Least common multiple of integers, not negative."""

def ldexp(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Multiply by a power of two: x 2ʸ."""

def leaky_relu(x: ArrayLike, negative_slope: float = 0.01, *, out: _Out = None) -> Tensor:
    r"""Return x where x > 0, else a small multiple of x."""

def left_shift(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Bits of integers moved to higher places, zeros following: x << y."""

def less(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Tell where x < y."""

def less_equal(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Tell where x ≤ y."""

def linspace(
    start: ArrayLike,
    stop: Any = None,
    num: int = 50,
    endpoint: builtins.bool = True,
    dtype: DTypeLike | None = None,
    *,
    end: Any = None,
    steps: int | None = None,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return evenly spaced numbers from start to stop."""

def log(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Natural logarithm: ln x. Natively within 1.1 ulp."""

def log10(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Logarithm to base 10. Natively within 1.0 ulp."""

def log1p(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Logarithm of one plus x, accurate near zero: ln(1 + x). Natively within 1.1 ulp."""

def log2(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Logarithm to base 2. Natively within 1.2 ulp."""

def log_sigmoid(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Logarithm of the logistic function, without overflow: -ln(1 + e⁻ˣ)."""

def log_softmax(
    x: ArrayLike,
    axis: int | Sequence[int] | None = -1,
    dtype: DTypeLike | None = None,
    *,
    out: _Out = None,
) -> Tensor:
    r"""Logarithm of the softmax, without overflow: x - ln Σ eˣ over the axes."""

def logaddexp(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Logarithm of a sum of exponentials: ln(eˣ + eʸ)."""

def logaddexp2(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Logarithm to base 2 of a sum of powers of two: log₂(2ˣ + 2ʸ)."""

def logical_and(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Tell where both hold."""

def logical_not(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Tell where it does not hold."""

def logical_or(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Tell where at least one holds."""

def logical_xor(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Tell where exactly one holds."""

def logspace(
    start: ArrayLike,
    stop: Any = None,
    num: int = 50,
    endpoint: builtins.bool | float = True,
    base: Any = 10.0,
    dtype: DTypeLike | None = None,
    *,
    end: Any = None,
    steps: int | None = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return powers of a base whose exponents are evenly spaced from start to stop."""

def logsumexp(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: builtins.bool = False,
    *,
    out: _Out = None,
) -> Tensor:
    r"""Logarithm of a sum of exponentials, without overflow: ln Σ eˣ."""

def matmul(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Matrix product with NumPy's rules: vectors are promoted, batch axes broadcast."""

def matrix_transpose(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Transposes of a stack of matrices: the last two axes swapped."""

def max(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: builtins.bool = False,
    *,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Largest element over some axes; by default over all; never below `initial`."""

def maximum(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Larger of two; NaN if either is. Ties share the derivative equally."""

def mean(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    keepdims: builtins.bool = False,
    *,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Arithmetic mean over some axes; by default over all. Integers are averaged as float64."""

def median(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: builtins.bool = False,
    *,
    out: _Out = None,
) -> Tensor:
    r"""Middle element over some axes, the mean of both middle ones where their number is even."""

def meshgrid(*arrays: ArrayLike, indexing: str = "xy", out: _Out = None) -> list[Tensor]:
    r"""Return the coordinates of a grid, one tensor an axis."""

def min(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: builtins.bool = False,
    *,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Smallest element over some axes; by default over all; never above `initial`."""

def minimum(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Smaller of two; NaN if either is. Ties share the derivative equally."""

def moveaxis(
    x: ArrayLike, source: ArrayLike, destination: ArrayLike, *, out: _Out = None
) -> Tensor:
    r"""Move axes to other places; the others keep their order."""

def multiply(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Product: x · y."""

nan: float

def nan_to_num(
    x: ArrayLike,
    nan: Any = 0.0,
    posinf: float | None = None,
    neginf: float | None = None,
    *,
    out: _Out = None,
) -> Tensor:
    r"""Replace NaN, +∞ and -∞ by numbers; the infinities by the dtype's extremes by default."""

def nanargmax(
    x: ArrayLike, axis: int | None = None, keepdims: builtins.bool = False, *, out: _Out = None
) -> Tensor:
    r"""Position of the first largest number along an axis, or in the flattened tensor."""

def nanargmin(
    x: ArrayLike, axis: int | None = None, keepdims: builtins.bool = False, *, out: _Out = None
) -> Tensor:
    r"""Position of the first smallest number along an axis, or in the flattened tensor."""

def nancumprod(
    x: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None, *, out: _Out = None
) -> Tensor:
    r"""Running product along an axis, NaN counting as 1."""

def nancumsum(
    x: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None, *, out: _Out = None
) -> Tensor:
    r"""Running sum along an axis, NaN counting as 0."""

def nanmax(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: builtins.bool = False,
    *,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Largest number over some axes; NaN where there is none, with a warning if that is known."""

def nanmean(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    keepdims: builtins.bool = False,
    *,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Mean of what is not NaN over some axes; by default over all; arguments as `mean`'s."""

def nanmedian(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: builtins.bool = False,
    *,
    out: _Out = None,
) -> Tensor:
    r"""Middle element of what is not NaN, as `median`."""

def nanmin(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: builtins.bool = False,
    *,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Smallest number over some axes; as `nanmax`."""

def nanpercentile(
    x: ArrayLike,
    q: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: builtins.bool = False,
    *,
    method: str = "linear",
    interpolation: str | None = None,
    weights: ArrayLike | None = None,
    overwrite_input: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return the percentile of what is not NaN; arguments as `percentile`'s."""

def nanprod(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    keepdims: builtins.bool = False,
    *,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Product over some axes, NaN counting as 1; arguments as `sum`'s."""

def nanquantile(
    x: ArrayLike,
    q: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: builtins.bool = False,
    *,
    method: str = "linear",
    interpolation: str | None = None,
    weights: ArrayLike | None = None,
    overwrite_input: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return the quantile of what is not NaN; arguments as `quantile`'s."""

def nanstd(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    ddof: float = 0,
    keepdims: builtins.bool = False,
    *,
    where: ArrayLike | None = None,
    mean: Any = None,
    correction: float | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Standard deviation of what is not NaN over some axes; arguments as `var`'s."""

def nansum(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    keepdims: builtins.bool = False,
    *,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Sum over some axes, NaN counting as 0; arguments as `sum`'s."""

def nanvar(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    ddof: float = 0,
    keepdims: builtins.bool = False,
    *,
    where: ArrayLike | None = None,
    mean: Any = None,
    correction: float | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Variance of what is not NaN over some axes; arguments as `var`'s."""

def negative(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Negative: -x."""

newaxis: None

def nextafter(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Next number after x in the direction of y."""

def nonzero(x: ArrayLike, *, out: _Out = None) -> tuple[Tensor, ...]:
    r"""Return the positions of the elements that are not zero, one tensor an axis."""

def not_equal(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Tell where x ≠ y."""

def one_hot(
    indices: ArrayLike, num_classes: int, dtype: DTypeLike | None = ..., *, out: _Out = None
) -> Tensor:
    r"""Return 1 at each index and 0 elsewhere along a new last axis."""

@overload
def ones(
    shape: int | Sequence[int],
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    like: Tensor | None = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return a tensor of ones: `tw.ones((2, 3))` or `tw.ones(2, 3)`; arguments as for `full`."""

@overload
def ones(
    *shape: int,
    dtype: DTypeLike | None = None,
    device: Any = None,
    like: Tensor | None = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return a tensor of ones: `tw.ones((2, 3))` or `tw.ones(2, 3)`; arguments as for `full`."""

def ones_like(
    x: ArrayLike,
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return ones in the shape and dtype of another tensor."""

def outer(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Products of each element of x and each of y: shape (x.size, y.size)."""

def overlap_add(
    g: ArrayLike,
    extents: ArrayLike,
    stride: Any = 1,
    dilation: Any = 1,
    axes: int | Sequence[int] | None = None,
    *,
    out: _Out = None,
) -> Tensor:
    r"""Sum of windows at the places they came from: the transpose of `windows`."""

def pad(
    x: ArrayLike,
    pad_width: ArrayLike,
    mode: str = "constant",
    constant_values: Any = 0,
    *,
    out: _Out = None,
) -> Tensor:
    r"""Widen a tensor along its axes."""

def partition(x: ArrayLike, kth: ArrayLike, axis: int | None = -1, *, out: _Out = None) -> Tensor:
    r"""Return the elements with each of some places as if in order, which all are."""

def percentile(
    x: ArrayLike,
    q: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: builtins.bool = False,
    *,
    method: str = "linear",
    interpolation: str | None = None,
    weights: ArrayLike | None = None,
    overwrite_input: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return the quantile of q in percent, from 0 to 100; other arguments as `quantile`'s."""

def permute_dims(x: ArrayLike, axes: int | Sequence[int] | None, *, out: _Out = None) -> Tensor:
    r"""Permute the axes."""

pi: float

def piecewise(
    x: ArrayLike, condlist: Any, funclist: Any, *args: Any, out: _Out = None, **kw: Any
) -> Tensor:
    r"""Evaluate a function given case by case."""

def polyval(p: ArrayLike, x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Value of a polynomial, its coefficients from the highest power down: p₀ xⁿ⁻¹ + … + pₙ₋₁."""

def positive(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Return a copy: +x; Booleans have no sign."""

def pow(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Python's `x ** y`: as NumPy, small constant exponents are squares, roots and quotients."""

def power(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Power: xʸ. Natively within 1.3 ulp."""

def prod(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    keepdims: builtins.bool = False,
    *,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Product over some axes; by default over all. Arguments as `sum`'s."""

def promote_types(type1: Any, type2: Any) -> DType:
    r"""Return the smallest dtype that holds the values of two."""

def ptp(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    *,
    keepdims: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Range of values over some axes, the largest less the smallest; by default over all."""

def quantile(
    x: ArrayLike,
    q: ArrayLike,
    axis: int | Sequence[int] | None = None,
    keepdims: builtins.bool = False,
    *,
    method: str = "linear",
    interpolation: str | None = None,
    weights: ArrayLike | None = None,
    overwrite_input: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return the element that a share q of the others lies below; by default of all."""

def rad2deg(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Convert radians to degrees: 180 x / π."""

def radians(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Convert degrees to radians: x π / 180."""

def ravel(x: ArrayLike, order: str = "C", *, out: _Out = None) -> Tensor:
    r"""Return all elements along one axis, in row-major order; a view if they lie so in memory."""

def real(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Real part; of real numbers, they themselves."""

def reciprocal(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""One over x; integers are inverted as float64, where NumPy rounds to zero."""

def relu(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Rectified linear unit: x where x > 0, else 0; NaN stays NaN, the derivative at 0 is 0."""

def remainder(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Remainder with the sign of y: x - y ⌊x / y⌋."""

def repeat(
    x: ArrayLike,
    repeats: Any = None,
    axis: int | None = None,
    *,
    output_size: int | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Repeat each element along an axis, by default of the flattened tensor."""

@overload
def reshape(
    x: ArrayLike, shape: int | Sequence[int], *, copy: builtins.bool | None = None, out: _Out = None
) -> Tensor:
    r"""Give the elements, in row-major order, another shape; one extent may be -1."""

@overload
def reshape(
    x: ArrayLike, *shape: int, copy: builtins.bool | None = None, out: _Out = None
) -> Tensor:
    r"""Give the elements, in row-major order, another shape; one extent may be -1."""

def result_type(*arrays_and_dtypes: Any) -> DType:
    r"""Return the dtype of an operation on tensors, dtypes and Python numbers, which give way."""

def right_shift(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Bits of integers moved to lower places, the sign following: x >> y."""

def rint(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Nearest integer, the even one of two equally near; integers become float64."""

def roll(
    x: ArrayLike,
    shift: Any = None,
    axis: int | Sequence[int] | None = None,
    *,
    shifts: Any = None,
    out: _Out = None,
) -> Tensor:
    r"""Move elements along axes, those pushed over the end coming back at the start."""

def rollaxis(a: ArrayLike, axis: int, start: int = 0, *, out: _Out = None) -> Tensor:
    r"""Move an axis back until it lies before another one."""

def rot90(
    x: ArrayLike, k: int = 1, axes: int | Sequence[int] | None = ..., *, out: _Out = None
) -> Tensor:
    r"""Turn the plane of two axes by k quarters, from the first axis towards the second."""

def round(x: ArrayLike, decimals: int = 0, *, out: _Out = None) -> Tensor:
    r"""Round to a number of decimals, halves to even; as NumPy, by scaling and `rint`."""

def row_stack(arrays: Sequence[ArrayLike] | ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Join along the first axis; vectors of n elements count as rows of shape (1, n)."""

def searchsorted(
    x: ArrayLike,
    v: ArrayLike | None = None,
    side: str | None = None,
    sorter: Any = None,
    *,
    input: Any = None,
    right: builtins.bool = False,
    out_int32: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return where values belong among sorted ones, so that they stay sorted."""

def sigmoid(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Logistic function: 1 / (1 + e⁻ˣ). Natively within 1.4 ulp."""

def sign(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Sign: -1, 0 or 1."""

def signbit(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Tell where x is negative, of zeros too: true for -0.0."""

def silu(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Sigmoid linear unit: x / (1 + e⁻ˣ)."""

def sin(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Sine of x in radians. Natively within 1.5 ulp."""

def sinc(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Normalised sine: sin(π x) / (π x), and 1 at 0."""

def sinh(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Hyperbolic sine: (eˣ - e⁻ˣ) / 2. Natively within 0.9 ulp."""

def sliding_window_view(
    x: ArrayLike,
    window_shape: ArrayLike,
    axis: int | Sequence[int] | None = None,
    *,
    subok: builtins.bool = False,
    writeable: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return all windows of a shape: an axis of places in place of each, their elements at the end."""

def softmax(
    x: ArrayLike,
    axis: int | Sequence[int] | None = -1,
    dtype: DTypeLike | None = None,
    *,
    out: _Out = None,
) -> Tensor:
    r"""Exponentials that sum to one: eˣ / Σ eˣ over the axes; computed in `dtype`, if given."""

def softplus(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Smooth rectifier, without overflow: ln(1 + eˣ)."""

def sort(
    x: ArrayLike,
    axis: int | None = -1,
    *,
    descending: builtins.bool = False,
    stable: builtins.bool = True,
    out: _Out = None,
) -> Tensor:
    r"""Return the elements in order along an axis, of the flattened tensor for None."""

def split(
    x: ArrayLike, indices_or_sections: Any = None, axis: int = 0, *, out: _Out = None
) -> list[Tensor]:
    r"""Cut a tensor into equal parts, or at the given positions along an axis."""

def sqrt(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Square root: √x."""

def square(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Square: x²."""

def squeeze(x: ArrayLike, axis: int | Sequence[int] | None = None, *, out: _Out = None) -> Tensor:
    r"""Remove axes of extent 1; by default all of them."""

def stack(arrays: Sequence[ArrayLike] | ArrayLike, axis: int = 0, *, out: _Out = None) -> Tensor:
    r"""Join tensors of one shape along a new axis."""

def std(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    ddof: float = 0,
    keepdims: builtins.bool = False,
    *,
    correction: float | None = None,
    where: ArrayLike | None = None,
    mean: Any = None,
    out: _Out = None,
) -> Tensor:
    r"""Standard deviation over some axes: the square root of the variance; arguments as there."""

def stop_gradient(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Return the same values, as a constant to derivatives."""

def subtract(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Difference: x - y."""

def sum(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    keepdims: builtins.bool = False,
    *,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Sum over some axes; by default over all."""

def swapaxes(x: ArrayLike, axis1: int, axis2: int, *, out: _Out = None) -> Tensor:
    r"""Exchange two axes."""

def take(x: ArrayLike, indices: ArrayLike, axis: int | None = None, *, out: _Out = None) -> Tensor:
    r"""Read slices at integer positions along an axis; negative positions count from the end."""

def take_along_axis(
    x: ArrayLike, indices: ArrayLike, axis: int | None = -1, *, out: _Out = None
) -> Tensor:
    r"""Read one element at each position: out[i, j] = x[i, indices[i, j]] for the last axis."""

def tan(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Tangent of x in radians. Natively within 1.3 ulp."""

def tanh(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Hyperbolic tangent. Natively within 1.5 ulp."""

def tensordot(
    x: ArrayLike, y: ArrayLike, axes: int | Sequence[int] | None = 2, *, out: _Out = None
) -> Tensor:
    r"""Sum products over several axes at once."""

def tile(x: ArrayLike, *reps: int | Sequence[int], out: _Out = None) -> Tensor:
    r"""Repeat a whole tensor, as often along each axis as `reps` says: integers, or a tuple."""

def top_k(x: ArrayLike, k: int, axis: int = -1, *, mode: str = "largest") -> Found:
    r"""Return the k largest elements along an axis, the largest first, and their positions."""

def trace(
    x: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1, *, out: _Out = None
) -> Tensor:
    r"""Sum of a diagonal of the matrices along two axes."""

def transpose(
    x: ArrayLike,
    *order: int | Sequence[int],
    axes: int | Sequence[int] | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Permute the axes; by default reverse them."""

def trapezoid(
    y: ArrayLike, x: ArrayLike | None = None, dx: Any = 1.0, axis: int = -1, *, out: _Out = None
) -> Tensor:
    r"""Integrate along an axis by the trapezoid rule: Σ (yᵢ + yᵢ₊₁) (xᵢ₊₁ - xᵢ) / 2."""

def tril(x: ArrayLike, k: int = 0, *, diagonal: int | None = None, out: _Out = None) -> Tensor:
    r"""Lower triangle of a matrix or of a stack of them; zeros above the k-th diagonal."""

def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: DTypeLike | None = None, out: _Out = None
) -> Tensor:
    r"""Rows and columns of the lower triangle of a matrix, as the two rows of a tensor."""

def tril_indices_from(arr: ArrayLike, k: int = 0, *, out: _Out = None) -> tuple[Tensor, ...]:
    r"""Return the rows and the columns of the elements on and below the k-th diagonal."""

def triu(x: ArrayLike, k: int = 0, *, diagonal: int | None = None, out: _Out = None) -> Tensor:
    r"""Upper triangle of a matrix or of a stack of them; zeros below the k-th diagonal."""

def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: DTypeLike | None = None, out: _Out = None
) -> Tensor:
    r"""Rows and columns of the upper triangle of a matrix, as the two rows of a tensor."""

def triu_indices_from(arr: ArrayLike, k: int = 0, *, out: _Out = None) -> tuple[Tensor, ...]:
    r"""Return the rows and the columns of the elements on and above the k-th diagonal."""

def true_divide(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Quotient: x / y; integers are divided as float64."""

def trunc(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Drop the digits after the point: the nearest integer towards zero."""

@overload
def unique(
    x: ArrayLike,
    return_index: Literal[False] = False,
    return_inverse: Literal[False] = False,
    return_counts: Literal[False] = False,
    axis: int | None = None,
    *,
    equal_nan: builtins.bool = True,
    sorted: builtins.bool = True,
) -> Tensor:
    r"""Return the different elements, or slices along an axis, in order."""

@overload
def unique(
    x: ArrayLike,
    return_index: builtins.bool = False,
    return_inverse: builtins.bool = False,
    return_counts: builtins.bool = False,
    axis: int | None = None,
    *,
    equal_nan: builtins.bool = True,
    sorted: builtins.bool = True,
) -> tuple[Tensor, ...]:
    r"""Return the different elements, or slices along an axis, in order."""

def unique_all(x: ArrayLike) -> UniqueAll:
    r"""Return the different values in order, with their first places, inverse and counts."""

def unique_counts(x: ArrayLike) -> UniqueCounts:
    r"""Return the different values in order, and how often each occurs."""

def unique_inverse(x: ArrayLike) -> UniqueInverse:
    r"""Return the different values in order, and which of them each element is."""

def unique_values(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Return the different values in order; every NaN is a value of its own."""

def unravel_index(
    indices: ArrayLike, shape: int | Sequence[int], *, out: _Out = None
) -> tuple[Tensor, ...]:
    r"""Return the positions along each axis of elements counted in row-major order."""

def unstack(x: ArrayLike, axis: int = 0, *, out: _Out = None) -> tuple[Tensor, ...]:
    r"""Return the slices along an axis, which disappears."""

def unwrap(
    p: ArrayLike,
    discont: Any = None,
    axis: int = -1,
    *,
    period: Any = 6.283185307179586,
    out: _Out = None,
) -> Tensor:
    r"""Add multiples of a period to phases along an axis, so that neighbours lie close."""

def vander(
    x: ArrayLike, N: int | None = None, increasing: builtins.bool = False, *, out: _Out = None
) -> Tensor:
    r"""Return the powers of a vector's elements as columns, the highest first."""

def var(
    x: ArrayLike,
    axis: int | Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    ddof: float = 0,
    keepdims: builtins.bool = False,
    *,
    correction: float | None = None,
    where: ArrayLike | None = None,
    mean: Any = None,
    out: _Out = None,
) -> Tensor:
    r"""Variance over some axes: Σ |x - x̄|² / (n - ddof); by default over all."""

def vdot(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Sum of products of all elements, those of x conjugated."""

def vecdot(x: ArrayLike, y: ArrayLike, axis: int = -1, *, out: _Out = None) -> Tensor:
    r"""Sums of products along one axis, those of x conjugated; the other axes broadcast."""

def vsplit(x: ArrayLike, indices_or_sections: ArrayLike, *, out: _Out = None) -> list[Tensor]:
    r"""Cut along the first axis, of two at least; as `split`."""

def vstack(arrays: Sequence[ArrayLike] | ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Join along the first axis; vectors of n elements count as rows of shape (1, n)."""

def where(condition: ArrayLike, x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Choose x where the condition holds, else y."""

def windows(
    x: ArrayLike,
    size: int | Sequence[int],
    stride: Any = 1,
    dilation: Any = 1,
    axes: int | Sequence[int] | None = None,
    *,
    out: _Out = None,
) -> Tensor:
    r"""Windows along axes: each such axis becomes two, (how many windows, elements of a window)."""

@overload
def zeros(
    shape: int | Sequence[int],
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    like: Tensor | None = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return a tensor of zeros: `tw.zeros((2, 3))` or `tw.zeros(2, 3)`; arguments as for `full`."""

@overload
def zeros(
    *shape: int,
    dtype: DTypeLike | None = None,
    device: Any = None,
    like: Tensor | None = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return a tensor of zeros: `tw.zeros((2, 3))` or `tw.zeros(2, 3)`; arguments as for `full`."""

def zeros_like(
    x: ArrayLike,
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Return zeros in the shape and dtype of another tensor."""

__array_api_version__: str
