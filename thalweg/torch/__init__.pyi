"""PyTorch's habit under PyTorch's paths: `import thalweg.torch as torch`."""

# Written by `python -m tests.stubs`.

import builtins
from builtins import MemoryError as _MemoryError
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, Literal, NamedTuple, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from thalweg.autodiff.modes import enable_grad as enable_grad
from thalweg.autodiff.modes import inference_mode as inference_mode
from thalweg.autodiff.modes import is_anomaly_enabled as is_anomaly_enabled
from thalweg.autodiff.modes import is_grad_enabled as is_grad_enabled
from thalweg.autodiff.modes import no_grad as no_grad
from thalweg.autodiff.modes import set_grad_enabled as set_grad_enabled
from thalweg.core import tensor as _core
from thalweg.core.printing import set_printoptions as set_printoptions
from thalweg.ops.creation.dtypes import finfo as finfo
from thalweg.ops.creation.dtypes import iinfo as iinfo
from thalweg.random.generator import Generator as Generator
from thalweg.torch import absent as absent
from thalweg.torch import accelerator as accelerator
from thalweg.torch import amp as amp
from thalweg.torch import autograd as autograd
from thalweg.torch import backends as backends
from thalweg.torch import compiler as compiler
from thalweg.torch import cuda as cuda
from thalweg.torch import devices as devices
from thalweg.torch import distributions as distributions
from thalweg.torch import dtypes as dtypes
from thalweg.torch import fft as fft
from thalweg.torch import func as func
from thalweg.torch import fused as fused
from thalweg.torch import jit as jit
from thalweg.torch import linalg as linalg
from thalweg.torch import nn as nn
from thalweg.torch import optim as optim
from thalweg.torch import random as random
from thalweg.torch import return_types as return_types
from thalweg.torch import serialization as serialization
from thalweg.torch import settings as settings
from thalweg.torch import signal as signal
from thalweg.torch import size as size
from thalweg.torch import sparse as sparse
from thalweg.torch import special as special
from thalweg.torch import steps as steps
from thalweg.torch import typed as typed
from thalweg.torch import utils as utils
from thalweg.torch.amp.autocast_mode import autocast as autocast
from thalweg.torch.amp.autocast_mode import is_autocast_enabled as is_autocast_enabled
from thalweg.torch.amp.grad_scaler import GradScaler as GradScaler
from thalweg.torch.devices import device as device
from thalweg.torch.devices import get_default_device as get_default_device
from thalweg.torch.devices import set_default_device as set_default_device
from thalweg.torch.dtypes import dtype as dtype
from thalweg.torch.dtypes import get_default_dtype as get_default_dtype
from thalweg.torch.dtypes import set_default_dtype as set_default_dtype
from thalweg.torch.func import cond as cond
from thalweg.torch.func import vmap as vmap
from thalweg.torch.functions.traits import layout as layout
from thalweg.torch.functions.traits import memory_format as memory_format
from thalweg.torch.functions.windows import Extents, Padding
from thalweg.torch.jit import compile as compile
from thalweg.torch.serialization.loading import load as load
from thalweg.torch.settings import (
    are_deterministic_algorithms_enabled as are_deterministic_algorithms_enabled,
)
from thalweg.torch.settings import get_deterministic_debug_mode as get_deterministic_debug_mode
from thalweg.torch.settings import get_float32_matmul_precision as get_float32_matmul_precision
from thalweg.torch.settings import get_num_interop_threads as get_num_interop_threads
from thalweg.torch.settings import get_num_threads as get_num_threads
from thalweg.torch.settings import (
    is_deterministic_algorithms_warn_only_enabled as is_deterministic_algorithms_warn_only_enabled,
)
from thalweg.torch.settings import is_warn_always_enabled as is_warn_always_enabled
from thalweg.torch.settings import set_deterministic_debug_mode as set_deterministic_debug_mode
from thalweg.torch.settings import set_float32_matmul_precision as set_float32_matmul_precision
from thalweg.torch.settings import set_flush_denormal as set_flush_denormal
from thalweg.torch.settings import set_num_interop_threads as set_num_interop_threads
from thalweg.torch.settings import set_num_threads as set_num_threads
from thalweg.torch.settings import set_warn_always as set_warn_always
from thalweg.torch.settings import use_deterministic_algorithms as use_deterministic_algorithms
from thalweg.torch.size import TorchSize
from thalweg.torch.size import TorchSize as _TorchSize
from thalweg.torch.sparse.functions import sparse_coo_tensor as sparse_coo_tensor
from thalweg.torch.sparse.functions import sparse_csr_tensor as sparse_csr_tensor
from thalweg.torch.tensors import TorchTensor
from thalweg.torch.tensors import TorchTensor as _TorchTensor
from thalweg.torch.typed import BoolTensor as BoolTensor
from thalweg.torch.typed import ByteTensor as ByteTensor
from thalweg.torch.typed import CharTensor as CharTensor
from thalweg.torch.typed import DoubleTensor as DoubleTensor
from thalweg.torch.typed import FloatTensor as FloatTensor
from thalweg.torch.typed import HalfTensor as HalfTensor
from thalweg.torch.typed import IntTensor as IntTensor
from thalweg.torch.typed import LongTensor as LongTensor
from thalweg.torch.typed import ShortTensor as ShortTensor
from thalweg.torch.typed import set_default_tensor_type as set_default_tensor_type
from thalweg.torch.typed import typename as typename
from thalweg.training.saving import save as save

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

OutOfMemoryError = _MemoryError
Size = _TorchSize
Tensor = _TorchTensor

def abs(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Absolute value |x|; its derivative at 0 is taken as 0."""

def abs_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `abs` into the tensor itself, and return it."""

def absolute(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Absolute value |x|; its derivative at 0 is taken as 0."""

def absolute_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `absolute` into the tensor itself, and return it."""

def acos(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse cosine, in radians, of x in [-1, 1]. Natively within 1.2 ulp."""

def acos_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `acos` into the tensor itself, and return it."""

def acosh(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse hyperbolic cosine of x ≥ 1. Natively within 1.0 ulp."""

def acosh_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `acosh` into the tensor itself, and return it."""

def adaptive_avg_pool1d(input: ArrayLike, output_size: ArrayLike) -> TorchTensor:
    r"""Means of as many windows of (N, C, L) or (C, L) as wanted; see `adaptive_avg_pool2d`."""

def adaptive_max_pool1d(
    input: ArrayLike, output_size: ArrayLike
) -> tuple[TorchTensor, TorchTensor]:
    r"""Return the largest elements of so many windows, and their places."""

def add(input: ArrayLike, other: ArrayLike, *, alpha: Any = 1, out: _Out = None) -> TorchTensor:
    r"""Sum of two tensors: x + α y."""

def add_(input: TorchTensor, other: ArrayLike, *, alpha: Any = 1) -> TorchTensor:
    r"""Write the result of `add` into the tensor itself, and return it."""

def addbmm(
    input: ArrayLike,
    batch1: ArrayLike,
    batch2: ArrayLike,
    *,
    beta: Any = 1,
    alpha: Any = 1,
    out: _Out = None,
) -> TorchTensor:
    r"""Add the sum of the products of two stacks of matrices: β x + α Σ A B."""

def addbmm_(
    input: TorchTensor, batch1: ArrayLike, batch2: ArrayLike, *, beta: Any = 1, alpha: Any = 1
) -> TorchTensor:
    r"""Write the result of `addbmm` into the tensor itself, and return it."""

def addcdiv(
    input: ArrayLike, tensor1: ArrayLike, tensor2: ArrayLike, *, value: Any = 1, out: _Out = None
) -> TorchTensor:
    r"""Add a multiple of a quotient: x + value · tensor₁ / tensor₂."""

def addcdiv_(
    input: TorchTensor, tensor1: ArrayLike, tensor2: ArrayLike, *, value: Any = 1
) -> TorchTensor:
    r"""Write the result of `addcdiv` into the tensor itself, and return it."""

def addcmul(
    input: ArrayLike, tensor1: ArrayLike, tensor2: ArrayLike, *, value: Any = 1, out: _Out = None
) -> TorchTensor:
    r"""Add a multiple of a product: x + value · tensor₁ · tensor₂."""

def addcmul_(
    input: TorchTensor, tensor1: ArrayLike, tensor2: ArrayLike, *, value: Any = 1
) -> TorchTensor:
    r"""Write the result of `addcmul` into the tensor itself, and return it."""

def addmm(
    input: ArrayLike,
    mat1: ArrayLike,
    mat2: ArrayLike,
    *,
    beta: Any = 1,
    alpha: Any = 1,
    out: _Out = None,
) -> TorchTensor:
    r"""Add a product of matrices: β x + α A B."""

def addmm_(
    input: TorchTensor, mat1: ArrayLike, mat2: ArrayLike, *, beta: Any = 1, alpha: Any = 1
) -> TorchTensor:
    r"""Write the result of `addmm` into the tensor itself, and return it."""

def addmv(
    input: ArrayLike,
    mat: ArrayLike,
    vec: ArrayLike,
    *,
    beta: Any = 1,
    alpha: Any = 1,
    out: _Out = None,
) -> TorchTensor:
    r"""Add a product of a matrix and a vector: β x + α A v."""

def addmv_(
    input: TorchTensor, mat: ArrayLike, vec: ArrayLike, *, beta: Any = 1, alpha: Any = 1
) -> TorchTensor:
    r"""Write the result of `addmv` into the tensor itself, and return it."""

def addr(
    input: ArrayLike,
    vec1: ArrayLike,
    vec2: ArrayLike,
    *,
    beta: Any = 1,
    alpha: Any = 1,
    out: _Out = None,
) -> TorchTensor:
    r"""Add an outer product: β x + α u vᵀ."""

def addr_(
    input: TorchTensor, vec1: ArrayLike, vec2: ArrayLike, *, beta: Any = 1, alpha: Any = 1
) -> TorchTensor:
    r"""Write the result of `addr` into the tensor itself, and return it."""

def adjoint(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Conjugate transpose of a matrix or a stack of them."""

def affine_grid_generator(
    theta: ArrayLike, size: Sequence[builtins.int], align_corners: builtins.bool
) -> TorchTensor:
    r"""Return the places that an affine map leads to; see `nn.functional.affine_grid`."""

def alias_copy(input: ArrayLike, *, memory_format: Any = None, out: _Out = None) -> TorchTensor:
    r"""Return the same values in memory of their own; derivatives pass through."""

def all(
    input: ArrayLike,
    dim: builtins.int | Sequence[builtins.int] | None = None,
    keepdim: builtins.bool = False,
    *,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Tell whether every element over the axes is true, of those where a mask holds."""

def allclose(
    input: ArrayLike,
    other: ArrayLike,
    rtol: builtins.float = 1e-05,
    atol: builtins.float = 1e-08,
    equal_nan: builtins.bool = False,
    *,
    out: _Out = None,
) -> builtins.bool | TorchTensor:
    r"""Tell whether all elements of x and y are close, as `isclose` tells of each: True or False."""

def alpha_dropout(
    input: ArrayLike,
    p: builtins.float = 0.5,
    training: builtins.bool = False,
    inplace: builtins.bool = False,
) -> TorchTensor:
    r"""Dropout that keeps mean and variance of what `selu` gives: dropped is its lowest value."""

def alpha_dropout_(input: TorchTensor, p: builtins.float, train: builtins.bool) -> TorchTensor:
    r"""`alpha_dropout`, written into the input."""

def amax(
    input: ArrayLike,
    dim: builtins.int | Sequence[builtins.int] | None = None,
    keepdim: builtins.bool = False,
    *,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Largest element over some axes; by default over all. Ties share the derivative."""

def amin(
    input: ArrayLike,
    dim: builtins.int | Sequence[builtins.int] | None = None,
    keepdim: builtins.bool = False,
    *,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Smallest element over some axes; by default over all. Ties share the derivative."""

def aminmax(
    input: ArrayLike, *, dim: builtins.int | None = None, keepdim: builtins.bool = False
) -> Extremes:
    r"""Return the smallest and the largest element along an axis, by default of all."""

def angle(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Angle of complex numbers in radians between -π and π; of real ones 0 or π."""

def any(
    input: ArrayLike,
    dim: builtins.int | Sequence[builtins.int] | None = None,
    keepdim: builtins.bool = False,
    *,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Tell whether some element over the axes is true, of those where a mask holds."""

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
) -> TorchTensor:
    r"""Return numbers from start (by default 0) up to, not including, the end."""

def arccos(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse cosine, in radians, of x in [-1, 1]. Natively within 1.2 ulp."""

def arccos_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `arccos` into the tensor itself, and return it."""

def arccosh(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse hyperbolic cosine of x ≥ 1. Natively within 1.0 ulp."""

def arccosh_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `arccosh` into the tensor itself, and return it."""

def arcsin(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse sine, in radians, of x in [-1, 1]. Natively within 1.3 ulp."""

def arcsin_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `arcsin` into the tensor itself, and return it."""

def arcsinh(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse hyperbolic sine. Natively within 1.1 ulp."""

def arcsinh_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `arcsinh` into the tensor itself, and return it."""

def arctan(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse tangent, in radians. Natively within 1.5 ulp."""

def arctan2(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Angle of the point (y, x), in radians between -π and π: the arctangent of x / y."""

def arctan2_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `arctan2` into the tensor itself, and return it."""

def arctan_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `arctan` into the tensor itself, and return it."""

def arctanh(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse hyperbolic tangent of x in [-1, 1]. Natively within 1.4 ulp."""

def arctanh_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `arctanh` into the tensor itself, and return it."""

def argmax(
    input: ArrayLike,
    dim: builtins.int | None = None,
    keepdim: builtins.bool = False,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Position of the first largest element along an axis, or in the flattened tensor."""

def argmin(
    input: ArrayLike,
    dim: builtins.int | None = None,
    keepdim: builtins.bool = False,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Position of the first smallest element along an axis, or in the flattened tensor."""

def argsort(
    input: ArrayLike,
    dim: builtins.int = -1,
    descending: builtins.bool = False,
    stable: builtins.bool = True,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Return the positions that put an axis into order; equal elements stay in theirs."""

def argwhere(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return where elements are not zero, as the rows of a matrix."""

def as_strided(
    input: ArrayLike,
    size: builtins.int | Sequence[builtins.int],
    stride: ArrayLike,
    storage_offset: builtins.int | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Show a tensor's memory in a shape, with elements so many places apart along each axis."""

def as_strided_(
    input: TorchTensor,
    size: builtins.int | Sequence[builtins.int],
    stride: ArrayLike,
    storage_offset: builtins.int | None = None,
) -> TorchTensor:
    r"""Lay the tensor itself out anew on its memory; arguments and errors as for `as_strided`."""

def as_strided_copy(
    input: ArrayLike,
    size: builtins.int | Sequence[builtins.int],
    stride: ArrayLike,
    storage_offset: builtins.int | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a copy of what `as_strided` shows."""

def as_strided_scatter(
    input: ArrayLike,
    src: ArrayLike,
    size: builtins.int | Sequence[builtins.int],
    stride: ArrayLike,
    storage_offset: builtins.int | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a copy of a tensor with other values where `as_strided` would show it."""

def as_tensor(
    data: Any, dtype: DTypeLike | None = None, device: Any = None, *, out: _Out = None
) -> TorchTensor:
    r"""Return a tensor of data, on their own memory where they are an array of that dtype."""

def asarray(
    obj: Any,
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    copy: builtins.bool | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a tensor over the values, by default without a copy where NumPy needs none."""

def asin(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse sine, in radians, of x in [-1, 1]. Natively within 1.3 ulp."""

def asin_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `asin` into the tensor itself, and return it."""

def asinh(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse hyperbolic sine. Natively within 1.1 ulp."""

def asinh_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `asinh` into the tensor itself, and return it."""

def atan(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse tangent, in radians. Natively within 1.5 ulp."""

def atan2(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Angle of the point (y, x), in radians between -π and π: the arctangent of x / y."""

def atan2_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `atan2` into the tensor itself, and return it."""

def atan_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `atan` into the tensor itself, and return it."""

def atanh(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse hyperbolic tangent of x in [-1, 1]. Natively within 1.4 ulp."""

def atanh_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `atanh` into the tensor itself, and return it."""

@overload
def atleast_1d(tensors: ArrayLike, /) -> TorchTensor:
    r"""Return a tensor, or each of several, with at least one axis: a scalar becomes shape (1,)."""

@overload
def atleast_1d(*tensors: ArrayLike) -> list[TorchTensor]:
    r"""Return a tensor, or each of several, with at least one axis: a scalar becomes shape (1,)."""

@overload
def atleast_2d(tensors: ArrayLike, /) -> TorchTensor:
    r"""Return a tensor, or each of several, with two axes or more: n numbers become (1, n)."""

@overload
def atleast_2d(*tensors: ArrayLike) -> list[TorchTensor]:
    r"""Return a tensor, or each of several, with two axes or more: n numbers become (1, n)."""

@overload
def atleast_3d(tensors: ArrayLike, /) -> TorchTensor:
    r"""Return a tensor, or each of several, with three axes or more: n numbers become (1, n, 1)."""

@overload
def atleast_3d(*tensors: ArrayLike) -> list[TorchTensor]:
    r"""Return a tensor, or each of several, with three axes or more: n numbers become (1, n, 1)."""

def avg_pool1d(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    ceil_mode: builtins.bool = False,
    count_include_pad: builtins.bool = True,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Means of windows of (N, C, L); see `avg_pool2d`."""

def avg_pool2d(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    ceil_mode: builtins.bool = False,
    count_include_pad: builtins.bool = True,
    divisor_override: builtins.int | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Means of windows of images, as `torch.nn.functional.avg_pool2d`."""

def baddbmm(
    input: ArrayLike,
    batch1: ArrayLike,
    batch2: ArrayLike,
    *,
    beta: Any = 1,
    alpha: Any = 1,
    out: _Out = None,
) -> TorchTensor:
    r"""Add the products of two stacks of matrices: β x + α A B."""

def baddbmm_(
    input: TorchTensor, batch1: ArrayLike, batch2: ArrayLike, *, beta: Any = 1, alpha: Any = 1
) -> TorchTensor:
    r"""Write the result of `baddbmm` into the tensor itself, and return it."""

def bartlett_window(
    window_length: builtins.int,
    periodic: builtins.bool = True,
    *numbers: builtins.float,
    dtype: DTypeLike | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
    **by_name: builtins.float,
) -> TorchTensor:
    r"""The window `torch.signal.windows.bartlett`, by default of a period."""

def batch_norm(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike,
    running_mean: ArrayLike,
    running_var: ArrayLike,
    training: builtins.bool,
    momentum: builtins.float,
    eps: builtins.float,
    cudnn_enabled: builtins.bool,
) -> TorchTensor:
    r"""Give each channel mean 0 and variance 1; see `nn.functional.batch_norm`."""

def bernoulli(
    input: ArrayLike,
    p: builtins.float | None = None,
    *,
    generator: Generator | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Return 1 with the probability that each element states, else 0, in the tensor's dtype."""

def bernoulli_(
    input: TorchTensor, p: Any = 0.5, *, generator: Generator | None = None
) -> TorchTensor:
    r"""Fill with 1, of probability p, and 0, and return the tensor."""

def bilinear(
    input1: ArrayLike, input2: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None
) -> TorchTensor:
    r"""Return x₁ᵀ W_k x₂ + b_k for each output k."""

def binary_cross_entropy_with_logits(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    pos_weight: Any = None,
    reduction: builtins.int = 0,
) -> TorchTensor:
    r"""Logistic loss; see `nn.functional.binary_cross_entropy_with_logits`."""

def bincount(
    input: ArrayLike,
    weights: ArrayLike | None = None,
    minlength: builtins.int = 0,
    *,
    length: builtins.int | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Count how often each integer from 0 on occurs, or sum weights: float32 if these are."""

def binomial(
    count: ArrayLike, prob: ArrayLike, generator: Generator | None = None, *, out: _Out = None
) -> TorchTensor:
    r"""Draw the number of successes among so many trials of a probability."""

def bitwise_and(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Bits set in both of two integers, or where both of two Booleans hold: x & y."""

def bitwise_and_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `bitwise_and` into the tensor itself, and return it."""

def bitwise_left_shift(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Bits of integers moved to higher places, zeros following: x << y."""

def bitwise_left_shift_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `bitwise_left_shift` into the tensor itself, and return it."""

def bitwise_not(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Bits that are not set, or where a Boolean does not hold: ~x."""

def bitwise_not_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `bitwise_not` into the tensor itself, and return it."""

def bitwise_or(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Bits set in one of two integers at least, or where one of two Booleans holds: x | y."""

def bitwise_or_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `bitwise_or` into the tensor itself, and return it."""

def bitwise_right_shift(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Bits of integers moved to lower places, the sign following: x >> y."""

def bitwise_right_shift_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `bitwise_right_shift` into the tensor itself, and return it."""

def bitwise_xor(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Bits set in exactly one of two integers, or where exactly one Boolean holds: x ^ y."""

def bitwise_xor_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `bitwise_xor` into the tensor itself, and return it."""

def blackman_window(
    window_length: builtins.int,
    periodic: builtins.bool = True,
    *numbers: builtins.float,
    dtype: DTypeLike | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
    **by_name: builtins.float,
) -> TorchTensor:
    r"""The window `torch.signal.windows.blackman`, by default of a period."""

def block_diag(*tensors: ArrayLike, out: _Out = None) -> TorchTensor:
    r"""Build the matrix with matrices along its diagonal; numbers and vectors count as rows."""

def bmm(input: ArrayLike, mat2: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Products of two stacks of matrices, of as many."""

bool: dtype

def broadcast_shapes(*shapes: builtins.int | Sequence[builtins.int]) -> TorchSize:
    r"""Return the shape that tensors of these shapes broadcast to."""

def broadcast_tensors(*tensors: ArrayLike, out: _Out = None) -> list[TorchTensor]:
    r"""Return the tensors broadcast to their common shape."""

def broadcast_to(
    input: ArrayLike, shape: builtins.int | Sequence[builtins.int], *, out: _Out = None
) -> TorchTensor:
    r"""Repeat along new leading axes and axes of extent 1."""

def bucketize(
    input: ArrayLike,
    boundaries: ArrayLike,
    *,
    out_int32: builtins.bool = False,
    right: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return the number of the interval between sorted boundaries each element lies in."""

def can_cast(from_: Any, to: Any) -> builtins.bool:
    r"""Tell whether a result of one dtype may be written into a tensor of another."""

def cartesian_prod(*tensors: ArrayLike, out: _Out = None) -> TorchTensor:
    r"""Return all choices of one element of each vector, as rows; the last changes fastest."""

def cat(
    tensors: Sequence[ArrayLike] | ArrayLike,
    dim: builtins.int | None = 0,
    dtype: DTypeLike | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Join tensors along an existing axis."""

def cauchy_(
    input: TorchTensor,
    median: builtins.float = 0.0,
    sigma: builtins.float = 1.0,
    *,
    generator: Generator | None = None,
) -> TorchTensor:
    r"""Fill with numbers of the density 1/(πσ(1 + ((x - median)/σ)²)), and return the tensor."""

def cdist(
    input: ArrayLike,
    other: ArrayLike,
    p: builtins.float = 2.0,
    compute_mode: str | None = None,
    *,
    x1: Any = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Distances between every row of x and every row of y, in stacks of matrices."""

cdouble: dtype

def ceil(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Smallest integer not below x."""

def ceil_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `ceil` into the tensor itself, and return it."""

def celu(
    input: ArrayLike, alpha: builtins.float = 1.0, inplace: builtins.bool = False
) -> TorchTensor:
    r"""Exponential linear unit with a continuous derivative: x where x > 0, else α (e^(x/α) - 1)."""

def celu_(input: TorchTensor, alpha: builtins.float = 1.0) -> TorchTensor:
    r"""`celu`, written into the input."""

cfloat: dtype

def chain_matmul(*matrices: Any, out: _Out = None) -> TorchTensor:
    r"""Product of several matrices, from left to right."""

def channel_shuffle(input: ArrayLike, groups: builtins.int) -> TorchTensor:
    r"""Deal the channels of (N, C, …) out again, one of each group in turn."""

def cholesky(input: ArrayLike, *, upper: builtins.bool = False, out: _Out = None) -> TorchTensor:
    r"""Triangular factor of positive definite matrices: the lower L with L Lᴴ = x, or Lᴴ."""

def cholesky_inverse(
    input: ArrayLike, upper: builtins.bool = False, *, out: _Out = None
) -> TorchTensor:
    r"""Inverses of L Lᴴ, for lower triangles L; of Uᴴ U for upper ones."""

def cholesky_solve(
    input: ArrayLike, other: ArrayLike, upper: builtins.bool = False, *, out: _Out = None
) -> TorchTensor:
    r"""Solve A z = x for z, where A = L Lᴴ."""

def chunk(
    input: ArrayLike, chunks: builtins.int, dim: builtins.int = 0, *, out: _Out = None
) -> tuple[TorchTensor, ...]:
    r"""Cut a tensor into at most `chunks` parts of one size, the last one smaller."""

def clamp(
    input: ArrayLike,
    min: ArrayLike | None = None,
    max: ArrayLike | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Limit values to lie between two bounds; NaN stays NaN."""

def clamp_(
    input: TorchTensor, min: ArrayLike | None = None, max: ArrayLike | None = None
) -> TorchTensor:
    r"""Write the result of `clamp` into the tensor itself, and return it."""

def clamp_max(input: ArrayLike, max: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Limit values from above: the smaller of x and `max`."""

def clamp_max_(input: TorchTensor, max: ArrayLike) -> TorchTensor:
    r"""Write the result of `clamp_max` into the tensor itself, and return it."""

def clamp_min(input: ArrayLike, min: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Limit values from below: the larger of x and `min`."""

def clamp_min_(input: TorchTensor, min: ArrayLike) -> TorchTensor:
    r"""Write the result of `clamp_min` into the tensor itself, and return it."""

def clip(
    input: ArrayLike,
    min: ArrayLike | None = None,
    max: ArrayLike | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Limit values to lie between two bounds; NaN stays NaN."""

def clip_(
    input: TorchTensor, min: ArrayLike | None = None, max: ArrayLike | None = None
) -> TorchTensor:
    r"""Write the result of `clip` into the tensor itself, and return it."""

def clone(input: ArrayLike, *, memory_format: Any = None, out: _Out = None) -> TorchTensor:
    r"""Return the same values in memory of their own; derivatives pass through."""

def column_stack(tensors: Sequence[ArrayLike] | ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Join vectors as the columns of a matrix; matrices contribute their columns."""

def combinations(
    input: ArrayLike,
    r: builtins.int = 2,
    with_replacement: builtins.bool = False,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Return all choices of r elements of a vector, as rows, in the order of their positions."""

def complex(real: ArrayLike, imag: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return complex numbers of real and imaginary parts."""

complex128: dtype
complex64: dtype

def concat(
    tensors: Sequence[ArrayLike] | ArrayLike,
    dim: builtins.int | None = 0,
    dtype: DTypeLike | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Join tensors along an existing axis."""

def concatenate(
    tensors: Sequence[ArrayLike] | ArrayLike,
    dim: builtins.int | None = 0,
    dtype: DTypeLike | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Join tensors along an existing axis."""

def conj(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Complex conjugate: a - bi of a + bi; of real numbers a copy."""

def conj_physical(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Complex conjugate: a - bi of a + bi; of real numbers a copy."""

def conj_physical_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `conj_physical` into the tensor itself, and return it."""

def constant_pad_nd(
    input: ArrayLike, pad: Sequence[builtins.int], value: builtins.float = 0
) -> TorchTensor:
    r"""Pad with a number, last axis first; see `nn.functional.pad`."""

def contiguous(input: ArrayLike, memory_format: Any = None, *, out: _Out = None) -> TorchTensor:
    r"""Return a tensor whose memory is in row-major order: itself, or a copy."""

contiguous_format: memory_format

def conv1d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Extents = 1,
    padding: Padding = 0,
    dilation: Extents = 1,
    groups: builtins.int = 1,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Correlate (N, C, L) with weights (O, C/groups, k): out[n, o, i] = Σ w[o, c, u] x[n, c, i+u]."""

def conv2d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Extents = 1,
    padding: Padding = 0,
    dilation: Extents = 1,
    groups: builtins.int = 1,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Correlate images with weights, as `torch.nn.functional.conv2d`."""

def conv3d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Extents = 1,
    padding: Padding = 0,
    dilation: Extents = 1,
    groups: builtins.int = 1,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Correlate volumes (N, C, D, H, W) with weights (O, C/groups, kD, kH, kW)."""

def conv_tbc(
    input: ArrayLike, weight: ArrayLike, bias: ArrayLike, pad: builtins.int = 0, *, out: _Out = None
) -> TorchTensor:
    r"""Correlate (times, N, C) with weights (k, C, O): out[t] = b + Σ x[t+u] w[u]."""

def conv_transpose1d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Extents = 1,
    padding: Extents = 0,
    output_padding: Extents = 0,
    groups: builtins.int = 1,
    dilation: Extents = 1,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""The transpose of `conv1d`: (N, C, L) and weights (C, O/groups, k); see `conv_transpose2d`."""

def conv_transpose2d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Extents = 1,
    padding: Extents = 0,
    output_padding: Extents = 0,
    groups: builtins.int = 1,
    dilation: Extents = 1,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""The transpose of `conv2d` in its input, as `torch.nn.functional.conv_transpose2d`."""

def conv_transpose3d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Extents = 1,
    padding: Extents = 0,
    output_padding: Extents = 0,
    groups: builtins.int = 1,
    dilation: Extents = 1,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""The transpose of `conv3d`: (N, C, D, H, W) and weights (C, O/groups, kD, kH, kW)."""

def convolution(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike,
    stride: Sequence[builtins.int],
    padding: Sequence[builtins.int],
    dilation: Sequence[builtins.int],
    transposed: builtins.bool,
    output_padding: Sequence[builtins.int],
    groups: builtins.int,
) -> TorchTensor:
    r"""Correlate, or apply the transpose, over as many axes as the weight has beyond two."""

def copy_(
    input: TorchTensor, source: ArrayLike, non_blocking: builtins.bool = False
) -> TorchTensor:
    r"""Write another tensor's values into this one, broadcast and converted to its dtype."""

def copysign(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return |x| with the sign of y, also of its zeros."""

def copysign_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `copysign` into the tensor itself, and return it."""

def corrcoef(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Correlations of variables, the rows of a matrix of observations."""

def cos(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Cosine of x in radians. Natively within 1.5 ulp."""

def cos_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `cos` into the tensor itself, and return it."""

def cosh(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Hyperbolic cosine: (eˣ + e⁻ˣ) / 2. Natively within 1.0 ulp."""

def cosh_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `cosh` into the tensor itself, and return it."""

def cosine_embedding_loss(
    input1: ArrayLike,
    input2: ArrayLike,
    target: ArrayLike,
    margin: builtins.float = 0.0,
    reduction: builtins.int = 0,
) -> TorchTensor:
    r"""Loss of the cosine of two inputs; see `nn.functional.cosine_embedding_loss`."""

def cosine_similarity(
    x1: ArrayLike, x2: ArrayLike, dim: builtins.int = 1, eps: builtins.float = 1e-08
) -> TorchTensor:
    r"""Cosine of the angle between vectors: Σ x₁x₂ / (max(‖x₁‖, ε) max(‖x₂‖, ε))."""

def count_nonzero(
    input: ArrayLike,
    dim: builtins.int | Sequence[builtins.int] | None = None,
    *,
    keepdim: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Count the elements that are not zero over some axes; by default over all."""

def cov(
    input: ArrayLike,
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

def cross(
    input: ArrayLike, other: ArrayLike, dim: builtins.int | None = None, *, out: _Out = None
) -> TorchTensor:
    r"""Cross products along an axis, by default along the first of extent 3."""

def ctc_loss(
    log_probs: ArrayLike,
    targets: ArrayLike,
    input_lengths: ArrayLike,
    target_lengths: ArrayLike,
    blank: builtins.int = 0,
    reduction: builtins.int = 0,
    zero_infinity: builtins.bool = False,
) -> TorchTensor:
    r"""Connectionist temporal classification; see `nn.functional.ctc_loss`."""

def cummax(input: ArrayLike, dim: builtins.int) -> Found:
    r"""Return the largest element so far along an axis, and its position."""

def cummin(input: ArrayLike, dim: builtins.int) -> Found:
    r"""Return the smallest element so far along an axis, and its position."""

def cumprod(
    input: ArrayLike,
    dim: builtins.int | None = None,
    dtype: DTypeLike | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Running product along an axis, or of the flattened tensor."""

def cumprod_(
    input: TorchTensor, dim: builtins.int | None = None, dtype: DTypeLike | None = None
) -> TorchTensor:
    r"""Write the result of `cumprod` into the tensor itself, and return it."""

def cumsum(
    input: ArrayLike,
    dim: builtins.int | None = None,
    dtype: DTypeLike | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Running sum along an axis, or of the flattened tensor."""

def cumsum_(
    input: TorchTensor, dim: builtins.int | None = None, dtype: DTypeLike | None = None
) -> TorchTensor:
    r"""Write the result of `cumsum` into the tensor itself, and return it."""

def cumulative_trapezoid(
    other: ArrayLike, input: Any = None, dx: Any = 1.0, dim: builtins.int = -1, *, out: _Out = None
) -> TorchTensor:
    r"""Integrate along an axis up to each point but the first; arguments as `trapezoid`'s."""

default_generator: Generator

def deg2rad(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Convert degrees to radians: x π / 180."""

def deg2rad_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `deg2rad` into the tensor itself, and return it."""

def det(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Determinant of square matrices; the derivative are the cofactors, of singular ones too."""

def detach(input: _core.Tensor, *, out: _Out = None) -> TorchTensor:
    r"""Return a tensor on the same memory without the history."""

def detach_(tensor: TorchTensor) -> TorchTensor:
    r"""Forget a tensor's history, in place: it is a leaf that requires no gradient."""

def detach_copy(input: ArrayLike, *, memory_format: Any = None, out: _Out = None) -> TorchTensor:
    r"""Return the same values in memory of their own; derivatives pass through."""

def diag(
    input: ArrayLike, k: builtins.int = 0, *, diagonal: builtins.int | None = None, out: _Out = None
) -> TorchTensor:
    r"""Read the k-th diagonal of a matrix, or build the matrix with a vector there."""

def diag_embed(
    input: ArrayLike,
    offset: builtins.int = 0,
    dim1: builtins.int = -2,
    dim2: builtins.int = -1,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Build matrices along two new axes with the last axis of x as their diagonal."""

def diagflat(input: ArrayLike, offset: builtins.int = 0, *, out: _Out = None) -> TorchTensor:
    r"""Build the matrix with all elements of x on a diagonal."""

def diagonal(
    input: ArrayLike,
    offset: builtins.int = 0,
    dim1: builtins.int = 0,
    dim2: builtins.int = 1,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Show a diagonal of the matrices along two axes; it becomes the last axis."""

def diagonal_copy(
    input: ArrayLike,
    offset: builtins.int = 0,
    dim1: builtins.int = 0,
    dim2: builtins.int = 1,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a copy of what `diagonal` shows."""

def diagonal_scatter(
    input: ArrayLike,
    src: ArrayLike,
    offset: builtins.int = 0,
    dim1: builtins.int = 0,
    dim2: builtins.int = 1,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a copy in which `diagonal` shows another tensor."""

def diff(
    input: ArrayLike,
    n: builtins.int = 1,
    dim: builtins.int = -1,
    prepend: ArrayLike | None = None,
    append: ArrayLike | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Differences of neighbours along an axis, taken `n` times."""

def digamma(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Derivative of the logarithm of the gamma function: Γ'(x) / Γ(x)."""

def digamma_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `digamma` into the tensor itself, and return it."""

def dist(
    input: ArrayLike, other: ArrayLike, p: builtins.float = 2.0, *, out: _Out = None
) -> TorchTensor:
    r"""Norm of a difference: (Σ |x - y|ᵖ)^(1/p) over all elements."""

def div(
    input: ArrayLike, other: ArrayLike, *, rounding_mode: str | None = None, out: _Out = None
) -> TorchTensor:
    r"""Quotient of two tensors, rounded to whole numbers if that is asked."""

def div_(input: TorchTensor, other: ArrayLike, *, rounding_mode: str | None = None) -> TorchTensor:
    r"""Write the result of `div` into the tensor itself, and return it."""

def divide(
    input: ArrayLike, other: ArrayLike, *, rounding_mode: str | None = None, out: _Out = None
) -> TorchTensor:
    r"""Quotient of two tensors, rounded to whole numbers if that is asked."""

def divide_(
    input: TorchTensor, other: ArrayLike, *, rounding_mode: str | None = None
) -> TorchTensor:
    r"""Write the result of `divide` into the tensor itself, and return it."""

def dot(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Products of the rows of x and the columns of y, as NumPy: last axis with last but one."""

double: dtype

def dropout(
    input: ArrayLike,
    p: builtins.float = 0.5,
    training: builtins.bool = True,
    inplace: builtins.bool = False,
) -> TorchTensor:
    r"""Set elements to zero with probability p in training, and divide the others by 1 - p."""

def dropout_(input: TorchTensor, p: builtins.float, train: builtins.bool) -> TorchTensor:
    r"""`dropout`, written into the input."""

def dsmm(mat1: ArrayLike, mat2: ArrayLike) -> TorchTensor:
    r"""Product of a sparse matrix and a dense matrix or vector; derivatives flow to both."""

def dsplit(
    input: ArrayLike, indices_or_sections: ArrayLike, *, out: _Out = None
) -> list[TorchTensor]:
    r"""Cut along the third axis; as `split`."""

def dstack(tensors: Sequence[ArrayLike] | ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Join along the third axis; matrices and vectors get one of extent 1."""

e: builtins.float

def einsum(
    subscripts: Any,
    *operands: Any,
    optimize: Any = False,
    dtype: DTypeLike | None = None,
    order: str = "K",
    casting: str = "safe",
    out: _Out = None,
) -> TorchTensor:
    r"""Sum products over the axes that the result does not name."""

def embedding(
    weight: ArrayLike,
    indices: ArrayLike,
    padding_idx: builtins.int = -1,
    scale_grad_by_freq: builtins.bool = False,
    sparse: builtins.bool = False,
) -> TorchTensor:
    r"""Return the row of each index; see `nn.functional.embedding`. No padding is -1."""

def embedding_bag(
    weight: ArrayLike,
    indices: ArrayLike,
    offsets: ArrayLike,
    scale_grad_by_freq: builtins.bool = False,
    mode: builtins.int = 0,
    sparse: builtins.bool = False,
    per_sample_weights: Any = None,
    include_last_offset: builtins.bool = False,
    padding_idx: builtins.int | None = None,
) -> tuple[TorchTensor, TorchTensor, TorchTensor, TorchTensor]:
    r"""Return sums, means or maxima of bags of rows; see `nn.functional.embedding_bag`."""

def embedding_renorm_(
    weight: TorchTensor, indices: ArrayLike, max_norm: builtins.float, norm_type: builtins.float
) -> TorchTensor:
    r"""Shorten rows that are read and longer than `max_norm`, in their own memory."""

@overload
def empty(
    shape: builtins.int | Sequence[builtins.int],
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a tensor of whatever its memory holds, to be filled; arguments as for `full`."""

@overload
def empty(
    *shape: builtins.int,
    dtype: DTypeLike | None = None,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a tensor of whatever its memory holds, to be filled; arguments as for `full`."""

def empty_like(
    input: ArrayLike,
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a tensor of the shape and dtype of another one, to be filled."""

def empty_permuted(
    size: builtins.int | Sequence[builtins.int],
    physical_layout: ArrayLike,
    *,
    dtype: DTypeLike | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: builtins.bool = False,
    pin_memory: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a tensor of a shape whose axes follow each other in memory in a given order."""

def empty_strided(
    size: builtins.int | Sequence[builtins.int],
    stride: ArrayLike,
    *,
    dtype: DTypeLike | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: builtins.bool = False,
    pin_memory: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a tensor of a shape whose neighbours are so many places apart along each axis."""

def eq(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where x = y."""

def eq_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `eq` into the tensor itself, and return it."""

def equal(input: ArrayLike, other: ArrayLike) -> builtins.bool:
    r"""Tell whether two tensors have one shape and equal elements; `==` tells of each element."""

def erf(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Error function: 2/√π ∫₀ˣ e^(-t²) dt. Natively within 1.3 ulp."""

def erf_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `erf` into the tensor itself, and return it."""

def erfc(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Complementary error function, accurate where it is small: 1 - erf(x)."""

def erfc_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `erfc` into the tensor itself, and return it."""

def erfinv(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse of the error function, for x between -1 and 1."""

def erfinv_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `erfinv` into the tensor itself, and return it."""

def exp(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Exponential: eˣ. Natively within 1.1 ulp."""

def exp2(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Power of two: 2ˣ. Natively within 1.2 ulp."""

def exp2_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `exp2` into the tensor itself, and return it."""

def exp_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `exp` into the tensor itself, and return it."""

def expand(
    input: ArrayLike,
    *sizes: builtins.int | Sequence[builtins.int],
    implicit: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Repeat along axes of extent 1 and new leading axes without a copy; -1 leaves an axis."""

def expand_as(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Repeat to the shape of another tensor, without a copy."""

def expand_copy(
    input: ArrayLike,
    *sizes: builtins.int | Sequence[builtins.int],
    implicit: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a copy of what `expand` shows."""

def expm1(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Exponential minus one, accurate near zero: eˣ - 1. Natively within 1.4 ulp."""

def expm1_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `expm1` into the tensor itself, and return it."""

def exponential_(
    input: TorchTensor, lambd: builtins.float = 1.0, *, generator: Generator | None = None
) -> TorchTensor:
    r"""Fill with numbers of the density λ exp(-λx), and return the tensor."""

def eye(
    rows: builtins.int,
    columns: builtins.int | None = None,
    k: builtins.int = 0,
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return ones on the k-th diagonal and zeros elsewhere."""

def feature_alpha_dropout(
    input: ArrayLike,
    p: builtins.float = 0.5,
    training: builtins.bool = False,
    inplace: builtins.bool = False,
) -> TorchTensor:
    r"""`alpha_dropout` of whole channels of (N, C, …)."""

def feature_alpha_dropout_(
    input: TorchTensor, p: builtins.float, train: builtins.bool
) -> TorchTensor:
    r"""`feature_alpha_dropout`, written into the input."""

def feature_dropout(input: ArrayLike, p: builtins.float, train: builtins.bool) -> TorchTensor:
    r"""Set whole channels of (N, C, …) to zero with probability p; see `nn.functional.dropout2d`."""

def feature_dropout_(input: TorchTensor, p: builtins.float, train: builtins.bool) -> TorchTensor:
    r"""`feature_dropout`, written into the input."""

def fill(input: ArrayLike, value: Any, *, out: _Out = None) -> TorchTensor:
    r"""Return a tensor's copy with all elements set to one number; derivatives go to the number."""

def fill_(input: TorchTensor, value: Any) -> TorchTensor:
    r"""Set all elements to one number."""

def fill_diagonal_(
    input: TorchTensor, fill_value: ArrayLike, wrap: builtins.bool = False
) -> TorchTensor:
    r"""Set the elements whose indices are all equal, and return the tensor."""

def fix(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Drop the digits after the point: the nearest integer towards zero."""

def fix_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `fix` into the tensor itself, and return it."""

def flatten(
    input: ArrayLike, start_dim: builtins.int = 0, end_dim: builtins.int = -1, *, out: _Out = None
) -> TorchTensor:
    r"""Show the elements of a run of axes along one axis, or copy them where they lie elsewhere."""

def flip(
    input: ArrayLike,
    *dim: builtins.int | Sequence[builtins.int] | None,
    dims: builtins.int | Sequence[builtins.int] | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Reverse the order along some axes."""

def fliplr(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Reverse the second axis, left to right."""

def flipud(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Reverse the first axis, up to down."""

float: dtype
float16: dtype
float32: dtype
float64: dtype

def float_power(input: ArrayLike, exponent: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Power in double precision: xʸ, whatever the dtypes."""

def float_power_(input: TorchTensor, exponent: ArrayLike) -> TorchTensor:
    r"""Write the result of `float_power` into the tensor itself, and return it."""

def floor(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Largest integer not above x."""

def floor_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `floor` into the tensor itself, and return it."""

def floor_divide(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Quotient rounded down: ⌊x / y⌋, of infinite numbers too. It has no derivative."""

def floor_divide_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `floor_divide` into the tensor itself, and return it."""

def fmax(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Larger of two; where one is NaN, the other."""

def fmin(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Smaller of two; where one is NaN, the other."""

def fmod(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Remainder with the sign of x, as C's: x - y trunc(x / y)."""

def fmod_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `fmod` into the tensor itself, and return it."""

def frac(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Digits after the point, with the sign of x: x - trunc(x)."""

def frac_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `frac` into the tensor itself, and return it."""

def frexp(input: ArrayLike, *, out: _Out = None) -> tuple[TorchTensor, TorchTensor]:
    r"""Return mantissas between a half and one, and exponents of two: x = m 2ᵉ."""

def frobenius_norm(
    input: ArrayLike,
    dim: builtins.int | Sequence[builtins.int] | None,
    keepdim: builtins.bool = False,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""√Σ |x|² over dimensions; over all for none of them."""

def from_dlpack(
    input: ArrayLike, /, *, device: Any = None, copy: builtins.bool | None = None, out: _Out = None
) -> TorchTensor:
    r"""Return a tensor over the memory of any object with `__dlpack__`, such as other arrays."""

def from_numpy(ndarray: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return a tensor on the memory of a NumPy array: what is written into one is in the other."""

def frombuffer(
    buffer: ArrayLike,
    *,
    dtype: DTypeLike | None,
    count: builtins.int = -1,
    offset: builtins.int = 0,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a tensor of one axis on the memory of a buffer, such as a bytearray."""

def full(
    shape: builtins.int | Sequence[builtins.int] | None = None,
    fill_value: ArrayLike | None = None,
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    size: builtins.int | Sequence[builtins.int] | None = None,
    like: _core.Tensor | None = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a tensor filled with one value."""

def full_like(
    input: ArrayLike,
    fill_value: ArrayLike,
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return one value in the shape and dtype of another tensor."""

def gather(
    input: ArrayLike,
    dim: builtins.int,
    index: ArrayLike,
    *,
    sparse_grad: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Read one element for each position: out[i, j] = x[i, index[i, j]] for the last axis."""

def gcd(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Greatest common divisor of integers."""

def gcd_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `gcd` into the tensor itself, and return it."""

def ge(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where x ≥ y."""

def ge_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `ge` into the tensor itself, and return it."""

def geometric_(
    input: TorchTensor, p: builtins.float, *, generator: Generator | None = None
) -> TorchTensor:
    r"""Fill with the numbers of attempts up to a first success, and return the tensor."""

def geqrf(input: ArrayLike) -> Any:
    r"""Decompose matrices into reflections and a triangle, as LAPACK's `geqrf` stores them."""

def ger(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Products of each element of x and each of y: shape (x.size, y.size)."""

def get_device(input: ArrayLike) -> builtins.int:
    r"""Return the number of the device: -1, the CPU."""

def get_rng_state(*, out: _Out = None) -> TorchTensor:
    r"""Return the default generator's state; shape (5056,), uint8."""

def gradient(
    input: ArrayLike,
    *varargs: Any,
    dims: builtins.int | Sequence[builtins.int] | None = None,
    edge_order: builtins.int = 1,
    spacing: Any = None,
    dim: builtins.int | Sequence[builtins.int] | None = None,
) -> Any:
    r"""Estimate derivatives along axes by central differences; one-sided at the ends."""

def greater(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where x > y."""

def greater_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `greater` into the tensor itself, and return it."""

def greater_equal(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where x ≥ y."""

def greater_equal_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `greater_equal` into the tensor itself, and return it."""

def grid_sampler(
    input: ArrayLike,
    grid: ArrayLike,
    interpolation_mode: builtins.int,
    padding_mode: builtins.int,
    align_corners: builtins.bool,
) -> TorchTensor:
    r"""Read an image or a volume at places; see `nn.functional.grid_sample`."""

def grid_sampler_2d(
    input: ArrayLike,
    grid: ArrayLike,
    interpolation_mode: builtins.int,
    padding_mode: builtins.int,
    align_corners: builtins.bool,
) -> TorchTensor:
    r"""Read images at places; arguments as of `grid_sampler`."""

def grid_sampler_3d(
    input: ArrayLike,
    grid: ArrayLike,
    interpolation_mode: builtins.int,
    padding_mode: builtins.int,
    align_corners: builtins.bool,
) -> TorchTensor:
    r"""Read volumes at places; arguments as of `grid_sampler`."""

def group_norm(
    input: ArrayLike,
    num_groups: builtins.int,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    eps: builtins.float = 1e-05,
) -> TorchTensor:
    r"""Give each group of channels of each example mean 0 and variance 1."""

def gru(*args: Any, **kwargs: Any) -> tuple[TorchTensor, TorchTensor]:
    r"""Return what a GRU's last layer gives, and the last states of all; called as `lstm` is."""

def gru_cell(
    input: ArrayLike,
    hx: ArrayLike,
    w_ih: ArrayLike,
    w_hh: ArrayLike,
    b_ih: Any = None,
    b_hh: Any = None,
) -> TorchTensor:
    r"""Return a gated recurrent unit's next state; the arguments are as in `lstm_cell`."""

def gt(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where x > y."""

def gt_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `gt` into the tensor itself, and return it."""

half: dtype

def hamming_window(
    window_length: builtins.int,
    periodic: builtins.bool = True,
    *numbers: builtins.float,
    dtype: DTypeLike | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
    **by_name: builtins.float,
) -> TorchTensor:
    r"""The window `torch.signal.windows.hamming`, by default of a period."""

def hann_window(
    window_length: builtins.int,
    periodic: builtins.bool = True,
    *numbers: builtins.float,
    dtype: DTypeLike | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
    **by_name: builtins.float,
) -> TorchTensor:
    r"""The window `torch.signal.windows.hann`, by default of a period."""

def hardshrink(input: ArrayLike, lambd: builtins.float = 0.5) -> TorchTensor:
    r"""Return x where |x| > λ, else 0."""

def heaviside(input: ArrayLike, values: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Step function: 0 where x < 0, `values` where x = 0, 1 where x > 0."""

def heaviside_(input: TorchTensor, values: ArrayLike) -> TorchTensor:
    r"""Write the result of `heaviside` into the tensor itself, and return it."""

def hinge_embedding_loss(
    input: ArrayLike, target: ArrayLike, margin: builtins.float = 1.0, reduction: builtins.int = 0
) -> TorchTensor:
    r"""Loss of distances of what is alike or not; see `nn.functional.hinge_embedding_loss`."""

def histc(
    input: ArrayLike,
    bins: builtins.int = 100,
    min: builtins.float = 0,
    max: builtins.float = 0,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Count elements in intervals of equal width between two bounds, by default the extremes."""

def histogram(
    input: ArrayLike,
    bins: Any = 100,
    *,
    range: Any = None,
    weight: ArrayLike | None = None,
    density: builtins.bool = False,
) -> Any:
    r"""Count elements, or sum their weights, between bounds; the last one belongs to its interval."""

def histogramdd(
    input: ArrayLike,
    bins: ArrayLike,
    *,
    range: Any = None,
    weight: ArrayLike | None = None,
    density: builtins.bool = False,
) -> Any:
    r"""Count points in the cells of a grid, or sum their weights."""

def hsmm(mat1: ArrayLike, mat2: ArrayLike) -> TorchTensor:
    r"""Product of a sparse matrix and a dense matrix or vector; derivatives flow to both."""

def hsplit(
    input: ArrayLike, indices_or_sections: ArrayLike, *, out: _Out = None
) -> list[TorchTensor]:
    r"""Cut along the second axis, or a vector along its only one; as `split`."""

def hstack(tensors: Sequence[ArrayLike] | ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Join along the second axis; vectors along their only one."""

def hypot(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Length of the hypotenuse, without overflow: √(x² + y²). Natively within 1.3 ulp."""

def hypot_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `hypot` into the tensor itself, and return it."""

def i0(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Modified Bessel function of the first kind and order 0."""

def i0_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `i0` into the tensor itself, and return it."""

def igamma(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Lower regularized incomplete gamma function: `torch.special.gammainc`."""

def igamma_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `igamma` into the tensor itself, and return it."""

def igammac(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Upper regularized incomplete gamma function: `torch.special.gammaincc`."""

def igammac_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `igammac` into the tensor itself, and return it."""

def imag(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Imaginary part; of real numbers zeros."""

def index_add(
    input: ArrayLike,
    dim: builtins.int,
    index: ArrayLike,
    source: ArrayLike,
    *,
    alpha: Any = 1,
    out: _Out = None,
) -> TorchTensor:
    r"""Add multiples of slices at positions along an axis; repeated positions add up."""

def index_add_(
    input: TorchTensor, dim: builtins.int, index: ArrayLike, source: ArrayLike, *, alpha: Any = 1
) -> TorchTensor:
    r"""Write the result of `index_add` into the tensor itself, and return it."""

def index_copy(
    input: ArrayLike, dim: builtins.int, index: ArrayLike, source: ArrayLike, *, out: _Out = None
) -> TorchTensor:
    r"""Replace slices at positions along an axis; arguments as `index_add`'s."""

def index_copy_(
    input: TorchTensor, dim: builtins.int, index: ArrayLike, source: ArrayLike
) -> TorchTensor:
    r"""Write the result of `index_copy` into the tensor itself, and return it."""

def index_fill(
    input: ArrayLike, dim: builtins.int, index: ArrayLike, value: Any, *, out: _Out = None
) -> TorchTensor:
    r"""Write one number into the slices at positions along an axis."""

def index_fill_(input: TorchTensor, dim: builtins.int, index: ArrayLike, value: Any) -> TorchTensor:
    r"""Write the result of `index_fill` into the tensor itself, and return it."""

def index_put(
    input: ArrayLike,
    indices: ArrayLike,
    values: ArrayLike,
    accumulate: builtins.bool = False,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Replace what x[indices] reads, or add to it; repeated positions add up."""

def index_put_(
    input: TorchTensor, indices: ArrayLike, values: ArrayLike, accumulate: builtins.bool = False
) -> TorchTensor:
    r"""Write the result of `index_put` into the tensor itself, and return it."""

def index_reduce(
    input: ArrayLike,
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
    input: TorchTensor,
    dim: builtins.int,
    index: ArrayLike,
    source: ArrayLike,
    reduce: str,
    *,
    include_self: builtins.bool = True,
) -> TorchTensor:
    r"""Write the result of `index_reduce` into the tensor itself, and return it."""

def index_select(
    input: ArrayLike, dim: builtins.int, index: ArrayLike, *, out: _Out = None
) -> TorchTensor:
    r"""Read slices at positions along an axis."""

inf: builtins.float

def initial_seed() -> builtins.int:
    r"""Return the seed that the default generator's stream started from."""

def inner(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Sums of products over the last axes of both."""

def instance_norm(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike,
    running_mean: ArrayLike,
    running_var: ArrayLike,
    use_input_stats: builtins.bool,
    momentum: builtins.float,
    eps: builtins.float,
    cudnn_enabled: builtins.bool,
) -> TorchTensor:
    r"""Give each channel of each example mean 0 and variance 1, as `nn.functional.instance_norm`."""

int: dtype
int16: dtype
int32: dtype
int64: dtype
int8: dtype

def inverse(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse of square matrices."""

def is_complex(input: ArrayLike) -> builtins.bool:
    r"""Tell whether the dtype is complex."""

def is_conj(input: ArrayLike) -> builtins.bool:
    r"""Tell whether conjugation is left for later, which it never is."""

def is_floating_point(input: ArrayLike) -> builtins.bool:
    r"""Tell whether the dtype is a floating one."""

def is_inference(input: ArrayLike) -> builtins.bool:
    r"""Tell whether a tensor can never be recorded, which none is."""

def is_neg(input: ArrayLike) -> builtins.bool:
    r"""Tell whether negation is left for later, which it never is."""

def is_nonzero(input: ArrayLike) -> builtins.bool:
    r"""Tell whether the only element is not 0."""

def is_same_size(input: ArrayLike, other: ArrayLike) -> builtins.bool:
    r"""Tell whether two tensors have the same shape."""

def is_signed(input: ArrayLike) -> builtins.bool:
    r"""Tell whether the dtype holds numbers below 0."""

def is_tensor(input: ArrayLike) -> builtins.bool:
    r"""Tell whether something is a tensor."""

def isclose(
    input: ArrayLike,
    other: ArrayLike,
    rtol: builtins.float = 1e-05,
    atol: builtins.float = 1e-08,
    equal_nan: builtins.bool = False,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Tell where x and y are equal or differ by no more than atol + rtol |y|."""

def isfinite(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where x is neither infinite nor NaN."""

def isin(
    input: ArrayLike,
    test_elements: ArrayLike,
    *,
    assume_unique: builtins.bool = False,
    invert: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Tell which elements are among others."""

def isinf(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where x is +∞ or -∞."""

def isnan(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where x is not a number."""

def isneginf(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where x is -∞."""

def isposinf(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where x is +∞."""

def isreal(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where the imaginary part is 0."""

def istft(
    input: ArrayLike,
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

def kaiser_window(
    window_length: builtins.int,
    periodic: builtins.bool = True,
    *numbers: builtins.float,
    dtype: DTypeLike | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
    **by_name: builtins.float,
) -> TorchTensor:
    r"""The window `torch.signal.windows.kaiser`, by default of a period."""

def kl_div(
    input: ArrayLike,
    target: ArrayLike,
    reduction: builtins.int = 0,
    *,
    log_target: builtins.bool = False,
) -> TorchTensor:
    r"""Kullback-Leibler divergence, element by element; see `nn.functional.kl_div`."""

def kron(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Kronecker product: every element of x times the whole of y, side by side."""

def kthvalue(
    input: ArrayLike, k: builtins.int, dim: builtins.int = -1, keepdim: builtins.bool = False
) -> Found:
    r"""Return the k-th smallest element along an axis, counted from 1, and its position."""

def layer_norm(
    input: ArrayLike,
    normalized_shape: Sequence[builtins.int],
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    eps: builtins.float = 1e-05,
) -> TorchTensor:
    r"""Give the last axes mean 0 and variance 1: (x - μ) / √(σ² + ε) · w + b."""

def lcm(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Least common multiple of integers, not negative."""

def lcm_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `lcm` into the tensor itself, and return it."""

def ldexp(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Multiply by a power of two: x 2ʸ."""

def ldexp_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `ldexp` into the tensor itself, and return it."""

def le(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where x ≤ y."""

def le_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `le` into the tensor itself, and return it."""

def lerp(input: ArrayLike, end: ArrayLike, weight: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Interpolate linearly: x + weight · (end - x)."""

def lerp_(input: TorchTensor, end: ArrayLike, weight: ArrayLike) -> TorchTensor:
    r"""Write the result of `lerp` into the tensor itself, and return it."""

def less(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where x < y."""

def less_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `less` into the tensor itself, and return it."""

def less_equal(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where x ≤ y."""

def less_equal_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `less_equal` into the tensor itself, and return it."""

def lgamma(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Logarithm of the absolute gamma function: ln |Γ(x)|."""

def lgamma_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `lgamma` into the tensor itself, and return it."""

def linspace(
    start: ArrayLike,
    stop: Any = None,
    num: builtins.int = 50,
    endpoint: builtins.bool = True,
    dtype: DTypeLike | None = None,
    *,
    end: Any = None,
    steps: builtins.int | None = None,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return evenly spaced numbers from start to stop."""

def lobpcg(
    A: ArrayLike,
    k: builtins.int | None = None,
    B: Any = None,
    X: Any = None,
    n: builtins.int | None = None,
    iK: Any = None,
    niter: builtins.int | None = None,
    tol: builtins.float | None = None,
    largest: builtins.bool | None = None,
    method: str | None = None,
    tracker: Any = None,
    ortho_iparams: Any = None,
    ortho_fparams: Any = None,
    ortho_bparams: Any = None,
    *,
    out: _Out = None,
) -> tuple[TorchTensor, TorchTensor]:
    r"""Return the k largest or smallest eigenvalues of symmetric matrices, with their vectors."""

def log(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Natural logarithm: ln x. Natively within 1.1 ulp."""

def log10(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Logarithm to base 10. Natively within 1.0 ulp."""

def log10_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `log10` into the tensor itself, and return it."""

def log1p(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Logarithm of one plus x, accurate near zero: ln(1 + x). Natively within 1.1 ulp."""

def log1p_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `log1p` into the tensor itself, and return it."""

def log2(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Logarithm to base 2. Natively within 1.2 ulp."""

def log2_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `log2` into the tensor itself, and return it."""

def log_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `log` into the tensor itself, and return it."""

def log_normal_(
    input: TorchTensor,
    mean: builtins.float = 1.0,
    std: builtins.float = 2.0,
    *,
    generator: Generator | None = None,
) -> TorchTensor:
    r"""Fill with numbers whose logarithms are normal, and return the tensor."""

def log_softmax(
    input: ArrayLike,
    dim: builtins.int | Sequence[builtins.int] | None = -1,
    dtype: DTypeLike | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Logarithm of the softmax, without overflow: x - ln Σ eˣ over the axes."""

def logaddexp(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Logarithm of a sum of exponentials: ln(eˣ + eʸ)."""

def logaddexp2(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Logarithm to base 2 of a sum of powers of two: log₂(2ˣ + 2ʸ)."""

def logcumsumexp(input: ArrayLike, dim: builtins.int, *, out: _Out = None) -> TorchTensor:
    r"""Running logarithm of sums of exponentials along an axis, without overflow."""

def logdet(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Logarithm of the determinant of square matrices; NaN where that is negative."""

def logical_and(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where both hold."""

def logical_and_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `logical_and` into the tensor itself, and return it."""

def logical_not(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where it does not hold."""

def logical_not_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `logical_not` into the tensor itself, and return it."""

def logical_or(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where at least one holds."""

def logical_or_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `logical_or` into the tensor itself, and return it."""

def logical_xor(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where exactly one holds."""

def logical_xor_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `logical_xor` into the tensor itself, and return it."""

def logit(input: ArrayLike, eps: builtins.float | None = None, *, out: _Out = None) -> TorchTensor:
    r"""Log odds: ln(x / (1 - x)), the inverse of the logistic function."""

def logit_(input: TorchTensor, eps: builtins.float | None = None) -> TorchTensor:
    r"""Write the result of `logit` into the tensor itself, and return it."""

def logspace(
    start: ArrayLike,
    stop: Any = None,
    num: builtins.int = 50,
    endpoint: builtins.bool | builtins.float = True,
    base: Any = 10.0,
    dtype: DTypeLike | None = None,
    *,
    end: Any = None,
    steps: builtins.int | None = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return powers of a base whose exponents are evenly spaced from start to stop."""

def logsumexp(
    input: ArrayLike,
    dim: builtins.int | Sequence[builtins.int] | None = None,
    keepdim: builtins.bool = False,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Logarithm of a sum of exponentials, without overflow: ln Σ eˣ."""

long: dtype

def lstm(*args: Any, **kwargs: Any) -> tuple[TorchTensor, TorchTensor, TorchTensor]:
    r"""Return what an LSTM's last layer gives, and the last h and c of all its layers."""

def lstm_cell(
    input: ArrayLike,
    hx: ArrayLike,
    w_ih: ArrayLike,
    w_hh: ArrayLike,
    b_ih: Any = None,
    b_hh: Any = None,
) -> tuple[TorchTensor, TorchTensor]:
    r"""Return an LSTM's next h and c."""

def lt(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where x < y."""

def lt_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `lt` into the tensor itself, and return it."""

def lu(A: ArrayLike, pivot: builtins.bool = True, get_infos: builtins.bool = False) -> Any:
    r"""Return L and U in one matrix, and which rows were exchanged: an older `lu_factor_ex`."""

def lu_solve(
    b: ArrayLike, LU_data: ArrayLike, LU_pivots: ArrayLike, *, out: _Out = None
) -> TorchTensor:
    r"""Solve A x = b by the factors of A: `torch.linalg.lu_solve` with the factors last."""

def lu_unpack(
    LU_data: ArrayLike,
    LU_pivots: ArrayLike,
    unpack_data: builtins.bool = True,
    unpack_pivots: builtins.bool = True,
) -> Any:
    r"""Return P, L and U of what `torch.linalg.lu_factor` returned."""

def manual_seed(seed: builtins.int) -> Generator:
    r"""Start the default generator's stream of a seed, and return that generator."""

def margin_ranking_loss(
    input1: ArrayLike,
    input2: ArrayLike,
    target: ArrayLike,
    margin: builtins.float = 0.0,
    reduction: builtins.int = 0,
) -> TorchTensor:
    r"""Loss of which of two is larger; see `nn.functional.margin_ranking_loss`."""

def masked_fill(input: ArrayLike, mask: ArrayLike, value: Any, *, out: _Out = None) -> TorchTensor:
    r"""Write one number where a mask, broadcast, holds."""

def masked_fill_(input: TorchTensor, mask: ArrayLike, value: Any) -> TorchTensor:
    r"""Write the result of `masked_fill` into the tensor itself, and return it."""

def masked_scatter(
    input: ArrayLike, mask: ArrayLike, source: ArrayLike, *, out: _Out = None
) -> TorchTensor:
    r"""Write the first elements of a tensor where a mask, broadcast, holds."""

def masked_scatter_(input: TorchTensor, mask: ArrayLike, source: ArrayLike) -> TorchTensor:
    r"""Write the result of `masked_scatter` into the tensor itself, and return it."""

def masked_select(input: ArrayLike, mask: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return the elements where a mask holds, in row-major order; both broadcast."""

def matmul(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Matrix product with NumPy's rules: vectors are promoted, batch axes broadcast."""

def matrix_exp(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Exponential of square matrices: Σ xᵏ / k!."""

def matrix_power(input: ArrayLike, n: builtins.int, *, out: _Out = None) -> TorchTensor:
    r"""Product of a square matrix with itself, n times; of its inverse for negative n."""

@overload
def max(
    input: ArrayLike,
    dim: None = None,
    keepdim: builtins.bool = False,
    *,
    other: ArrayLike | None = None,
) -> TorchTensor:
    r"""Return the largest element; along an axis, with its position; or the larger of two."""

@overload
def max(
    input: ArrayLike,
    dim: builtins.int,
    keepdim: builtins.bool = False,
    *,
    other: ArrayLike | None = None,
) -> Found:
    r"""Return the largest element; along an axis, with its position; or the larger of two."""

@overload
def max(
    input: ArrayLike,
    dim: TorchTensor,
    keepdim: builtins.bool = False,
    *,
    other: ArrayLike | None = None,
) -> TorchTensor:
    r"""Return the largest element; along an axis, with its position; or the larger of two."""

@overload
def max_pool1d(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: builtins.bool = False,
    return_indices: Literal[False] = False,
) -> TorchTensor:
    r"""Maxima of windows of (N, C, L); see `max_pool2d`."""

@overload
def max_pool1d(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: builtins.bool = False,
    *,
    return_indices: Literal[True],
) -> tuple[TorchTensor, TorchTensor]:
    r"""Maxima of windows of (N, C, L); see `max_pool2d`."""

@overload
def max_pool1d(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: builtins.bool = False,
    return_indices: builtins.bool = False,
) -> Any:
    r"""Maxima of windows of (N, C, L); see `max_pool2d`."""

def max_pool1d_with_indices(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: builtins.bool = False,
    return_indices: builtins.bool = True,
    *,
    out: _Out = None,
) -> tuple[TorchTensor, TorchTensor]:
    r"""Return `max_pool1d` and the maxima's positions."""

@overload
def max_pool2d(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: builtins.bool = False,
    return_indices: Literal[False] = False,
) -> TorchTensor:
    r"""Maxima of windows of images, as `torch.nn.functional.max_pool2d`."""

@overload
def max_pool2d(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: builtins.bool = False,
    *,
    return_indices: Literal[True],
) -> tuple[TorchTensor, TorchTensor]:
    r"""Maxima of windows of images, as `torch.nn.functional.max_pool2d`."""

@overload
def max_pool2d(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: builtins.bool = False,
    return_indices: builtins.bool = False,
) -> Any:
    r"""Maxima of windows of images, as `torch.nn.functional.max_pool2d`."""

def max_pool3d(
    input: ArrayLike,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: builtins.bool = False,
    return_indices: builtins.bool = False,
) -> Any:
    r"""Maxima of windows of volumes (N, C, D, H, W); see `max_pool2d`."""

def maximum(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Larger of two; NaN if either is. Ties share the derivative equally."""

def mean(
    input: ArrayLike,
    dim: builtins.int | Sequence[builtins.int] | None = None,
    keepdim: builtins.bool = False,
    *,
    dtype: DTypeLike | None = None,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Arithmetic mean over some axes; by default over all."""

@overload
def median(input: ArrayLike, dim: None = None, keepdim: builtins.bool = False) -> TorchTensor:
    r"""Return the lower of the middle elements; along an axis, with its position."""

@overload
def median(input: ArrayLike, dim: builtins.int, keepdim: builtins.bool = False) -> Found:
    r"""Return the lower of the middle elements; along an axis, with its position."""

@overload
def median(input: ArrayLike, dim: TorchTensor, keepdim: builtins.bool = False) -> TorchTensor:
    r"""Return the lower of the middle elements; along an axis, with its position."""

def meshgrid(
    *tensors: ArrayLike, indexing: str = "ij", out: _Out = None
) -> tuple[TorchTensor, ...]:
    r"""Return the coordinates of a grid, one tensor an axis."""

@overload
def min(
    input: ArrayLike,
    dim: None = None,
    keepdim: builtins.bool = False,
    *,
    other: ArrayLike | None = None,
) -> TorchTensor:
    r"""Return the smallest element; along an axis, with its position; or the smaller of two."""

@overload
def min(
    input: ArrayLike,
    dim: builtins.int,
    keepdim: builtins.bool = False,
    *,
    other: ArrayLike | None = None,
) -> Found:
    r"""Return the smallest element; along an axis, with its position; or the smaller of two."""

@overload
def min(
    input: ArrayLike,
    dim: TorchTensor,
    keepdim: builtins.bool = False,
    *,
    other: ArrayLike | None = None,
) -> TorchTensor:
    r"""Return the smallest element; along an axis, with its position; or the smaller of two."""

def minimum(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Smaller of two; NaN if either is. Ties share the derivative equally."""

def mm(input: ArrayLike, mat2: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Product of two matrices."""

def mode(input: ArrayLike, dim: builtins.int = -1, keepdim: builtins.bool = False) -> Found:
    r"""Return the most frequent element along an axis, the smallest of several, and its position."""

def moveaxis(
    input: ArrayLike, source: ArrayLike, destination: ArrayLike, *, out: _Out = None
) -> TorchTensor:
    r"""Move axes to other places; the others keep their order."""

def movedim(
    input: ArrayLike, source: ArrayLike, destination: ArrayLike, *, out: _Out = None
) -> TorchTensor:
    r"""Move axes to other places; the others keep their order."""

def msort(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return the elements in order along the first axis."""

def mul(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Product: x · y."""

def mul_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `mul` into the tensor itself, and return it."""

def multinomial(
    input: ArrayLike,
    num_samples: builtins.int,
    replacement: builtins.bool = False,
    *,
    generator: Generator | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Draw categories with probabilities in proportion to weights."""

def multiply(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Product: x · y."""

def multiply_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `multiply` into the tensor itself, and return it."""

def mv(input: ArrayLike, vec: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Product of a matrix and a vector."""

def mvlgamma(input: ArrayLike, p: builtins.int, *, out: _Out = None) -> TorchTensor:
    r"""Logarithm of the multivariate gamma function of dimension p."""

def mvlgamma_(input: TorchTensor, p: builtins.int) -> TorchTensor:
    r"""Write the result of `mvlgamma` into the tensor itself, and return it."""

nan: builtins.float

def nan_to_num(
    input: ArrayLike,
    nan: Any = 0.0,
    posinf: builtins.float | None = None,
    neginf: builtins.float | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Replace NaN, +∞ and -∞ by numbers; the infinities by the dtype's extremes by default."""

def nan_to_num_(
    input: TorchTensor,
    nan: Any = 0.0,
    posinf: builtins.float | None = None,
    neginf: builtins.float | None = None,
) -> TorchTensor:
    r"""Write the result of `nan_to_num` into the tensor itself, and return it."""

def nanmean(
    input: ArrayLike,
    dim: builtins.int | Sequence[builtins.int] | None = None,
    keepdim: builtins.bool = False,
    *,
    dtype: DTypeLike | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Mean of what is not NaN over some axes; by default over all."""

@overload
def nanmedian(input: ArrayLike, dim: None = None, keepdim: builtins.bool = False) -> TorchTensor:
    r"""Return the lower median of what is not NaN; along an axis, with its position."""

@overload
def nanmedian(input: ArrayLike, dim: builtins.int, keepdim: builtins.bool = False) -> Found:
    r"""Return the lower median of what is not NaN; along an axis, with its position."""

@overload
def nanmedian(input: ArrayLike, dim: TorchTensor, keepdim: builtins.bool = False) -> TorchTensor:
    r"""Return the lower median of what is not NaN; along an axis, with its position."""

def nanquantile(
    input: ArrayLike,
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
    input: ArrayLike,
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
    input: ArrayLike, dim: builtins.int, start: ArrayLike, length: builtins.int, *, out: _Out = None
) -> TorchTensor:
    r"""Read `length` positions from `start` on along an axis."""

def narrow_copy(
    input: ArrayLike, dim: builtins.int, start: ArrayLike, length: builtins.int, *, out: _Out = None
) -> TorchTensor:
    r"""Return a copy of what `narrow` shows."""

def native_batch_norm(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike,
    running_mean: ArrayLike,
    running_var: ArrayLike,
    training: builtins.bool,
    momentum: builtins.float,
    eps: builtins.float,
) -> tuple[TorchTensor, TorchTensor, TorchTensor]:
    r"""Batch normalization with the batch's means and 1/√(variance + ε); none in prediction."""

def native_channel_shuffle(input: ArrayLike, groups: builtins.int) -> TorchTensor:
    r"""`channel_shuffle`, by another of its names."""

def native_dropout(
    input: ArrayLike, p: builtins.float, train: builtins.bool | None
) -> tuple[TorchTensor, TorchTensor]:
    r"""Return what dropout keeps, and a mask that tells which elements these are."""

def native_group_norm(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike,
    N: builtins.int,
    C: builtins.int,
    HxW: builtins.int,
    group: builtins.int,
    eps: builtins.float,
) -> tuple[TorchTensor, TorchTensor, TorchTensor]:
    r"""Normalization of groups of channels, with the means and 1/√(variance + ε) of each."""

def native_layer_norm(
    input: ArrayLike,
    normalized_shape: Sequence[builtins.int],
    weight: ArrayLike,
    bias: ArrayLike,
    eps: builtins.float,
) -> tuple[TorchTensor, TorchTensor, TorchTensor]:
    r"""Normalization over the last axes, with the means and 1/√(variance + ε)."""

def ne(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where x ≠ y."""

def ne_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `ne` into the tensor itself, and return it."""

def neg(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Negative: -x."""

def neg_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `neg` into the tensor itself, and return it."""

def negative(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Negative: -x."""

def negative_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `negative` into the tensor itself, and return it."""

newaxis: None

def nextafter(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Next number after x in the direction of y."""

def nextafter_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `nextafter` into the tensor itself, and return it."""

@overload
def nonzero(input: ArrayLike, *, as_tuple: Literal[False] = False) -> TorchTensor:
    r"""Return the positions of the elements that are not zero."""

@overload
def nonzero(input: ArrayLike, *, as_tuple: Literal[True]) -> tuple[TorchTensor, ...]:
    r"""Return the positions of the elements that are not zero."""

@overload
def nonzero(input: ArrayLike, *, as_tuple: builtins.bool = False) -> Any:
    r"""Return the positions of the elements that are not zero."""

def nonzero_static(
    input: ArrayLike, *, size: builtins.int, fill_value: builtins.int = -1, out: _Out = None
) -> TorchTensor:
    r"""Return the first `size` positions of elements that are not 0, one a row, then fill."""

def norm(
    input: ArrayLike,
    p: Any = "fro",
    dim: builtins.int | Sequence[builtins.int] | None = None,
    keepdim: builtins.bool = False,
    dtype: DTypeLike | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Norm of the elements over some axes, by default of all."""

def norm_except_dim(
    v: ArrayLike, pow: builtins.int = 2, dim: builtins.int = 0, *, out: _Out = None
) -> TorchTensor:
    r"""Norm of each slice along one dimension, taken over all others; for -1 of the whole tensor."""

def normal(
    mean: Any = 0.0,
    std: Any = 1.0,
    size: builtins.int | Sequence[builtins.int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: DTypeLike | None = None,
    requires_grad: builtins.bool = False,
    device: Any = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Return normal numbers."""

def normal_(
    input: TorchTensor,
    mean: builtins.float = 0.0,
    std: builtins.float = 1.0,
    *,
    generator: Generator | None = None,
) -> TorchTensor:
    r"""Fill with normal numbers, and return the tensor."""

def not_equal(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where x ≠ y."""

def not_equal_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `not_equal` into the tensor itself, and return it."""

def nuclear_norm(
    input: ArrayLike,
    dim: builtins.int | Sequence[builtins.int] | None = None,
    keepdim: builtins.bool = False,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Sum of the singular values of a matrix, or of those along two dimensions."""

def numel(input: ArrayLike) -> builtins.int:
    r"""Return the number of elements."""

@overload
def ones(
    shape: builtins.int | Sequence[builtins.int],
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    like: _core.Tensor | None = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a tensor of ones: `tw.ones((2, 3))` or `tw.ones(2, 3)`; arguments as for `full`."""

@overload
def ones(
    *shape: builtins.int,
    dtype: DTypeLike | None = None,
    device: Any = None,
    like: _core.Tensor | None = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a tensor of ones: `tw.ones((2, 3))` or `tw.ones(2, 3)`; arguments as for `full`."""

def ones_like(
    input: ArrayLike,
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return ones in the shape and dtype of another tensor."""

def orgqr(input: ArrayLike, tau: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return the first columns of a product of reflections: `torch.linalg.householder_product`."""

def ormqr(
    input: ArrayLike,
    tau: ArrayLike,
    other: ArrayLike,
    left: builtins.bool = True,
    transpose: builtins.bool = False,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Multiply matrices by a whole product Q of reflections: Q other, or other Q."""

def outer(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Products of each element of x and each of y: shape (x.size, y.size)."""

def pairwise_distance(
    x1: ArrayLike,
    x2: ArrayLike,
    p: builtins.float = 2.0,
    eps: builtins.float = 1e-06,
    keepdim: builtins.bool = False,
) -> TorchTensor:
    r"""Distance of vectors along the last axis: ‖x₁ - x₂ + ε‖ₚ."""

def pca_lowrank(
    A: ArrayLike,
    q: builtins.int | None = None,
    center: builtins.bool = True,
    niter: builtins.int = 2,
    *,
    out: _Out = None,
) -> tuple[TorchTensor, TorchTensor, TorchTensor]:
    r"""Return the first principal components of rows, about, as `svd_lowrank` of what is centred."""

def pdist(input: ArrayLike, p: builtins.float = 2.0, *, out: _Out = None) -> TorchTensor:
    r"""Distances of the rows of a matrix from all later rows: of n rows n (n - 1) / 2."""

def permute(
    input: ArrayLike, *dim: builtins.int | Sequence[builtins.int] | None, out: _Out = None
) -> TorchTensor:
    r"""Put the axes into another order."""

def permute_copy(
    input: ArrayLike, *dim: builtins.int | Sequence[builtins.int] | None, out: _Out = None
) -> TorchTensor:
    r"""Return a copy of what `permute` shows."""

pi: builtins.float

def pinverse(
    input: ArrayLike,
    rtol: Any = None,
    *,
    rcond: Any = None,
    hermitian: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Moore-Penrose inverse of matrices, of full rank where derivatives are wanted."""

def pixel_shuffle(input: ArrayLike, upscale_factor: builtins.int) -> TorchTensor:
    r"""Lay out groups of r² channels as r by r pixels: (…, C r², H, W) to (…, C, H r, W r)."""

def pixel_unshuffle(input: ArrayLike, downscale_factor: builtins.int) -> TorchTensor:
    r"""Lay out r by r pixels as r² channels, the inverse of `pixel_shuffle`."""

def poisson(
    input: ArrayLike, generator: Generator | None = None, *, out: _Out = None
) -> TorchTensor:
    r"""Draw whole numbers of Poisson's law, each of its own mean."""

def poisson_nll_loss(
    input: ArrayLike,
    target: ArrayLike,
    log_input: builtins.bool,
    full: builtins.bool,
    eps: builtins.float,
    reduction: builtins.int,
) -> TorchTensor:
    r"""Negative log-likelihood of counts; see `nn.functional.poisson_nll_loss`."""

def polar(abs: ArrayLike, angle: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return complex numbers of sizes and angles: r (cos θ + i sin θ)."""

def polygamma(n: ArrayLike, input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Derivative of order n of the digamma function."""

def positive(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return a copy: +x; Booleans have no sign."""

def pow(input: ArrayLike, exponent: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Python's `x ** y`: as NumPy, small constant exponents are squares, roots and quotients."""

def pow_(input: TorchTensor, exponent: ArrayLike) -> TorchTensor:
    r"""Write the result of `pow` into the tensor itself, and return it."""

def prelu(input: ArrayLike, weight: ArrayLike) -> TorchTensor:
    r"""Return x where x > 0, else w x, with one learned slope w, or one for each channel."""

preserve_format: memory_format

def prod(
    input: ArrayLike,
    dim: builtins.int | Sequence[builtins.int] | None = None,
    keepdim: builtins.bool = False,
    *,
    dtype: DTypeLike | None = None,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Product over some axes; by default over all. Arguments as `sum`'s."""

def promote_types(type1: Any, type2: Any) -> Any:
    r"""Return the dtype of an operation on tensors of two: of real numbers and integers, the real."""

def put(
    input: ArrayLike,
    index: ArrayLike,
    source: ArrayLike,
    accumulate: builtins.bool = False,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Replace elements, counted in row-major order, or add to them."""

def put_(
    input: TorchTensor, index: ArrayLike, source: ArrayLike, accumulate: builtins.bool = False
) -> TorchTensor:
    r"""Write the result of `put` into the tensor itself, and return it."""

def qr(input: ArrayLike, some: builtins.bool = True) -> Any:
    r"""Orthonormal columns and an upper triangle whose product is the matrix."""

def quantile(
    input: ArrayLike,
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

def rad2deg(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Convert radians to degrees: 180 x / π."""

def rad2deg_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `rad2deg` into the tensor itself, and return it."""

def rand(
    *size: builtins.int | Sequence[builtins.int],
    dtype: DTypeLike | None = None,
    generator: Generator | None = None,
    requires_grad: builtins.bool = False,
    device: Any = None,
    out: _Out = None,
    **keywords: Any,
) -> TorchTensor:
    r"""Return numbers uniform on [0, 1)."""

def rand_like(
    input: ArrayLike,
    dtype: DTypeLike | None = None,
    *,
    generator: Generator | None = None,
    requires_grad: builtins.bool = False,
    device: Any = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Return numbers uniform on [0, 1) in the shape, memory order and dtype of a tensor."""

def randint(
    *bounds: Any,
    low: builtins.int | None = None,
    high: builtins.int | None = None,
    size: builtins.int | Sequence[builtins.int] | None = None,
    dtype: DTypeLike | None = ...,
    generator: Generator | None = None,
    requires_grad: builtins.bool = False,
    device: Any = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Return integers from low (by default 0) to high - 1: `randint([low,] high, size)`."""

def randint_like(
    input: ArrayLike,
    *bounds: Any,
    low: builtins.int | None = None,
    high: builtins.int | None = None,
    dtype: DTypeLike | None = None,
    generator: Generator | None = None,
    requires_grad: builtins.bool = False,
    device: Any = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Return integers from low (by default 0) to high - 1: `randint_like(x, [low,] high)`."""

def randn(
    *size: builtins.int | Sequence[builtins.int],
    dtype: DTypeLike | None = None,
    generator: Generator | None = None,
    requires_grad: builtins.bool = False,
    device: Any = None,
    out: _Out = None,
    **keywords: Any,
) -> TorchTensor:
    r"""Return standard normal numbers; arguments as for `rand`."""

def randn_like(
    input: ArrayLike,
    dtype: DTypeLike | None = None,
    *,
    generator: Generator | None = None,
    requires_grad: builtins.bool = False,
    device: Any = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Return standard normal numbers in the shape, memory order and dtype of a tensor."""

def random_(
    input: TorchTensor,
    from_: builtins.int | None = None,
    to: builtins.int | None = None,
    *,
    generator: Generator | None = None,
) -> TorchTensor:
    r"""Fill with integers from `from` (by default 0) to `to` - 1, and return the tensor."""

def randperm(
    n: builtins.int,
    *,
    dtype: DTypeLike | None = ...,
    generator: Generator | None = None,
    requires_grad: builtins.bool = False,
    device: Any = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Return 0 … n - 1 in random order."""

def range(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: DTypeLike | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return numbers from `start` to `end`, which is one of them; of old: `arange` is Python's."""

def ravel(input: ArrayLike, order: str = "C", *, out: _Out = None) -> TorchTensor:
    r"""Return all elements along one axis, in row-major order; a view if they lie so in memory."""

def real(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Real part; of real numbers, they themselves."""

def reciprocal(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""One over x; integers are inverted as float64, where NumPy rounds to zero."""

def reciprocal_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `reciprocal` into the tensor itself, and return it."""

def relu(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Rectified linear unit: x where x > 0, else 0; NaN stays NaN, the derivative at 0 is 0."""

def relu_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `relu` into the tensor itself, and return it."""

def remainder(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Remainder with the sign of y: x - y ⌊x / y⌋."""

def remainder_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `remainder` into the tensor itself, and return it."""

def renorm(
    input: ArrayLike,
    p: builtins.float,
    dim: builtins.int,
    maxnorm: builtins.float,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Scale the slices along an axis down to norms of at most `maxnorm`."""

def renorm_(
    input: TorchTensor, p: builtins.float, dim: builtins.int, maxnorm: builtins.float
) -> TorchTensor:
    r"""Write the result of `renorm` into the tensor itself, and return it."""

def repeat_interleave(
    input: ArrayLike,
    repeats: Any = None,
    dim: builtins.int | None = None,
    *,
    output_size: builtins.int | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Repeat each element along an axis, by default of the flattened tensor."""

@overload
def reshape(
    input: ArrayLike,
    shape: builtins.int | Sequence[builtins.int],
    *,
    copy: builtins.bool | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Give the elements, in row-major order, another shape; one extent may be -1."""

@overload
def reshape(
    input: ArrayLike, *shape: builtins.int, copy: builtins.bool | None = None, out: _Out = None
) -> TorchTensor:
    r"""Give the elements, in row-major order, another shape; one extent may be -1."""

def reshape_as(input: ArrayLike, other: _core.Tensor, *, out: _Out = None) -> TorchTensor:
    r"""Give the elements the shape of another tensor."""

def resize_as_(input: TorchTensor, other: ArrayLike, *, memory_format: Any = None) -> TorchTensor:
    r"""Give the tensor itself the shape of another one, as `resize_` does."""

def resolve_conj(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return the tensor: its values are computed, and none waits to be conjugated."""

def resolve_neg(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return the tensor: its values are computed, and none waits to be negated."""

def result_type(tensor1: ArrayLike, tensor2: ArrayLike) -> Any:
    r"""Return the dtype of an operation on two tensors, or on a tensor and a number."""

def rms_norm(
    input: ArrayLike,
    normalized_shape: Sequence[builtins.int],
    weight: ArrayLike | None = None,
    eps: builtins.float | None = None,
) -> TorchTensor:
    r"""Give the last axes mean square 1: x / √(mean x² + ε) · w."""

def rnn_relu(*args: Any, **kwargs: Any) -> tuple[TorchTensor, TorchTensor]:
    r"""Return the same of a plain network with max(0, ·); called as `lstm` is."""

def rnn_relu_cell(
    input: ArrayLike,
    hx: ArrayLike,
    w_ih: ArrayLike,
    w_hh: ArrayLike,
    b_ih: Any = None,
    b_hh: Any = None,
) -> TorchTensor:
    r"""Return max(0, x W_ihᵀ + b_ih + h W_hhᵀ + b_hh); the arguments are as in `lstm_cell`."""

def rnn_tanh(*args: Any, **kwargs: Any) -> tuple[TorchTensor, TorchTensor]:
    r"""Return the same of a plain network with tanh; called as `lstm` is."""

def rnn_tanh_cell(
    input: ArrayLike,
    hx: ArrayLike,
    w_ih: ArrayLike,
    w_hh: ArrayLike,
    b_ih: Any = None,
    b_hh: Any = None,
) -> TorchTensor:
    r"""Return tanh(x W_ihᵀ + b_ih + h W_hhᵀ + b_hh); the arguments are as in `lstm_cell`."""

def roll(
    input: ArrayLike,
    shift: Any = None,
    dim: builtins.int | Sequence[builtins.int] | None = None,
    *,
    shifts: Any = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Move elements along axes, those pushed over the end coming back at the start."""

def rot90(
    input: ArrayLike,
    k: builtins.int = 1,
    dim: builtins.int | Sequence[builtins.int] | None = ...,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Turn the plane of two axes by k quarters, from the first axis towards the second."""

def round(input: ArrayLike, decimals: builtins.int = 0, *, out: _Out = None) -> TorchTensor:
    r"""Round to a number of decimals, halves to even; as NumPy, by scaling and `rint`."""

def round_(input: TorchTensor, decimals: builtins.int = 0) -> TorchTensor:
    r"""Write the result of `round` into the tensor itself, and return it."""

def row_stack(tensors: Sequence[ArrayLike] | ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Join along the first axis; vectors of n elements count as rows of shape (1, n)."""

def rrelu(
    input: ArrayLike,
    lower: builtins.float = 0.125,
    upper: builtins.float = 0.3333333333333333,
    training: builtins.bool = False,
    inplace: builtins.bool = False,
) -> TorchTensor:
    r"""Leaky rectifier whose slope below zero is random in training, and its mean else."""

def rrelu_(
    input: TorchTensor,
    lower: builtins.float = 0.125,
    upper: builtins.float = 0.3333333333333333,
    training: builtins.bool = False,
    generator: Any = None,
) -> TorchTensor:
    r"""`rrelu`, written into the input."""

def rsqrt(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""One over the square root: 1 / √x."""

def rsqrt_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `rsqrt` into the tensor itself, and return it."""

def rsub(input: ArrayLike, other: ArrayLike, *, alpha: Any = 1, out: _Out = None) -> TorchTensor:
    r"""Difference the other way around: y - α x."""

def scalar_tensor(
    value: Any,
    *,
    dtype: DTypeLike | None = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a tensor without axes over a number."""

def scatter(
    input: ArrayLike,
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
    input: TorchTensor,
    dim: builtins.int,
    index: ArrayLike,
    src: ArrayLike | None = None,
    *,
    value: Any = None,
    reduce: str | None = None,
) -> TorchTensor:
    r"""Write the result of `scatter` into the tensor itself, and return it."""

def scatter_add(
    input: ArrayLike, dim: builtins.int, index: ArrayLike, src: ArrayLike, *, out: _Out = None
) -> TorchTensor:
    r"""Add one element for each position: x[i, index[i, j]] += src[i, j] for the last axis."""

def scatter_add_(
    input: TorchTensor, dim: builtins.int, index: ArrayLike, src: ArrayLike
) -> TorchTensor:
    r"""Write the result of `scatter_add` into the tensor itself, and return it."""

def scatter_reduce(
    input: ArrayLike,
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
    input: TorchTensor,
    dim: builtins.int,
    index: ArrayLike,
    src: ArrayLike,
    reduce: str,
    *,
    include_self: builtins.bool = True,
) -> TorchTensor:
    r"""Write the result of `scatter_reduce` into the tensor itself, and return it."""

def searchsorted(
    self: ArrayLike,
    v: ArrayLike | None = None,
    side: str | None = None,
    sorter: Any = None,
    *,
    input: Any = None,
    right: builtins.bool = False,
    out_int32: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return where values belong among sorted ones, so that they stay sorted."""

def seed() -> builtins.int:
    r"""Seed the default generator from the operating system's randomness; return the seed."""

def segment_reduce(
    input: ArrayLike,
    reduce: str,
    *,
    lengths: Any = None,
    indices: Any = None,
    offsets: Any = None,
    dim: builtins.int = 0,
    unsafe: builtins.bool = False,
    initial: builtins.float | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Combine runs of neighbours along an axis: of data (…, n, …) a result (…, segments, …)."""

def select(
    input: ArrayLike, dim: builtins.int, index: builtins.int, *, out: _Out = None
) -> TorchTensor:
    r"""Read one position along an axis, which disappears."""

def select_copy(
    input: ArrayLike, dim: builtins.int, index: builtins.int, *, out: _Out = None
) -> TorchTensor:
    r"""Return a copy of what `select` shows."""

def select_scatter(
    input: ArrayLike, src: ArrayLike, dim: builtins.int, index: builtins.int, *, out: _Out = None
) -> TorchTensor:
    r"""Return a copy in which `select(axis, index)` shows another tensor."""

def selu(input: ArrayLike, inplace: builtins.bool = False) -> TorchTensor:
    r"""Self-normalizing linear unit: λ x where x > 0, else λ α (eˣ - 1), λ ≈ 1.0507, α ≈ 1.6733."""

def selu_(input: TorchTensor) -> TorchTensor:
    r"""Write `selu` of a tensor into its own memory."""

def set_rng_state(new_state: ArrayLike) -> None:
    r"""Let the default generator go on where it was when `get_rng_state` was called."""

def sgn(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Sign: -1, 0 or 1; of a complex number x / |x|."""

def sgn_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `sgn` into the tensor itself, and return it."""

short: dtype

def sigmoid(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Logistic function: 1 / (1 + e⁻ˣ). Natively within 1.4 ulp."""

def sigmoid_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `sigmoid` into the tensor itself, and return it."""

def sign(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Sign: -1, 0 or 1."""

def sign_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `sign` into the tensor itself, and return it."""

def signbit(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tell where x is negative, of zeros too: true for -0.0."""

def sin(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Sine of x in radians. Natively within 1.5 ulp."""

def sin_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `sin` into the tensor itself, and return it."""

def sinc(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Normalised sine: sin(π x) / (π x), and 1 at 0."""

def sinc_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `sinc` into the tensor itself, and return it."""

def sinh(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Hyperbolic sine: (eˣ - e⁻ˣ) / 2. Natively within 0.9 ulp."""

def sinh_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `sinh` into the tensor itself, and return it."""

def slice_along(
    input: ArrayLike,
    dim: builtins.int = 0,
    start: builtins.int | None = None,
    end: builtins.int | None = None,
    step: builtins.int = 1,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Read a slice along one axis."""

def slice_copy(
    input: ArrayLike,
    dim: builtins.int = 0,
    start: builtins.int | None = None,
    end: builtins.int | None = None,
    step: builtins.int = 1,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a copy of what `x[start:end:step]` shows along an axis."""

def slice_scatter(
    input: ArrayLike,
    src: ArrayLike,
    dim: builtins.int = 0,
    start: builtins.int | None = None,
    end: builtins.int | None = None,
    step: builtins.int = 1,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a copy in which the slice along an axis shows another tensor."""

def slogdet(input: ArrayLike) -> SlogdetResult:
    r"""Sign of the determinant of square matrices, and the logarithm of its magnitude."""

def softmax(
    input: ArrayLike,
    dim: builtins.int | Sequence[builtins.int] | None = -1,
    dtype: DTypeLike | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Exponentials that sum to one: eˣ / Σ eˣ over the axes; computed in `dtype`, if given."""

def sort(
    input: ArrayLike,
    dim: builtins.int = -1,
    descending: builtins.bool = False,
    *,
    stable: builtins.bool = True,
) -> Found:
    r"""Return the elements in order along an axis, and their positions."""

sparse_coo: layout
sparse_csr: layout

def split(
    tensor: ArrayLike, split_size_or_sections: ArrayLike, dim: builtins.int = 0, *, out: _Out = None
) -> tuple[TorchTensor, ...]:
    r"""Cut a tensor into parts of one size, the last one smaller, or of several sizes."""

def split_copy(
    tensor: ArrayLike, split_size_or_sections: ArrayLike, dim: builtins.int = 0, *, out: _Out = None
) -> tuple[TorchTensor, ...]:
    r"""Return a copy of what `split` shows."""

def split_with_sizes(
    input: ArrayLike, split_sizes: ArrayLike, dim: builtins.int = 0, *, out: _Out = None
) -> tuple[TorchTensor, ...]:
    r"""Cut a tensor into parts of the given sizes along an axis."""

def split_with_sizes_copy(
    input: ArrayLike, split_sizes: ArrayLike, dim: builtins.int = 0, *, out: _Out = None
) -> tuple[TorchTensor, ...]:
    r"""Return a copy of what `split_with_sizes` shows."""

def spmm(mat1: ArrayLike, mat2: ArrayLike) -> TorchTensor:
    r"""Product of a sparse matrix and a dense matrix or vector; derivatives flow to both."""

def sqrt(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Square root: √x."""

def sqrt_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `sqrt` into the tensor itself, and return it."""

def square(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Square: x²."""

def square_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `square` into the tensor itself, and return it."""

def squeeze(
    input: ArrayLike, dim: builtins.int | Sequence[builtins.int] | None = None, *, out: _Out = None
) -> TorchTensor:
    r"""Remove axes of extent 1 among those given, by default all; others stay, as in PyTorch."""

def squeeze_copy(
    input: ArrayLike, dim: builtins.int | Sequence[builtins.int] | None = None, *, out: _Out = None
) -> TorchTensor:
    r"""Return a copy of what `squeeze` shows."""

def stack(
    tensors: Sequence[ArrayLike] | ArrayLike, dim: builtins.int = 0, *, out: _Out = None
) -> TorchTensor:
    r"""Join tensors of one shape along a new axis."""

def std(
    input: ArrayLike,
    dim: builtins.int | Sequence[builtins.int] | None = None,
    unbiased: Any = None,
    keepdim: builtins.bool = False,
    *,
    correction: Any = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Standard deviation over some axes; arguments as for `var`."""

def std_mean(
    input: ArrayLike,
    dim: builtins.int | Sequence[builtins.int] | None = None,
    unbiased: Any = None,
    keepdim: builtins.bool = False,
    *,
    correction: Any = None,
    out: _Out = None,
) -> tuple[TorchTensor, TorchTensor]:
    r"""Standard deviation and mean over some axes; arguments as for `var`."""

def stft(
    input: ArrayLike,
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

def stop_gradient(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return the same values, as a constant to derivatives."""

strided: layout

def sub(input: ArrayLike, other: ArrayLike, *, alpha: Any = 1, out: _Out = None) -> TorchTensor:
    r"""Difference of two tensors: x - α y."""

def sub_(input: TorchTensor, other: ArrayLike, *, alpha: Any = 1) -> TorchTensor:
    r"""Write the result of `sub` into the tensor itself, and return it."""

def subtract(
    input: ArrayLike, other: ArrayLike, *, alpha: Any = 1, out: _Out = None
) -> TorchTensor:
    r"""Difference of two tensors: x - α y."""

def subtract_(input: TorchTensor, other: ArrayLike, *, alpha: Any = 1) -> TorchTensor:
    r"""Write the result of `subtract` into the tensor itself, and return it."""

def sum(
    input: ArrayLike,
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
    input: ArrayLike, *size: builtins.int | Sequence[builtins.int], out: _Out = None
) -> TorchTensor:
    r"""Sum over axes so that the shape becomes one that broadcasts to it."""

@overload
def svd(input: ArrayLike, some: builtins.bool = True, *, compute_uv: Literal[False]) -> TorchTensor:
    r"""Singular values and vectors: input = U diag(S) Vᴴ, the values in descending order."""

@overload
def svd(
    input: ArrayLike, some: builtins.bool = True, compute_uv: Literal[True] = True
) -> SVDResult:
    r"""Singular values and vectors: input = U diag(S) Vᴴ, the values in descending order."""

@overload
def svd(input: ArrayLike, some: builtins.bool = True, compute_uv: builtins.bool = True) -> Any:
    r"""Singular values and vectors: input = U diag(S) Vᴴ, the values in descending order."""

def svd_lowrank(
    A: ArrayLike, q: builtins.int = 6, niter: builtins.int = 2, M: Any = None, *, out: _Out = None
) -> tuple[TorchTensor, TorchTensor, TorchTensor]:
    r"""Return the largest singular values of matrices with their vectors, about: A ≈ U diag(S) Vᴴ."""

def swapaxes(
    input: ArrayLike, dim1: builtins.int, dim2: builtins.int, *, out: _Out = None
) -> TorchTensor:
    r"""Exchange two axes."""

def swapdims(
    input: ArrayLike, dim0: builtins.int, dim1: builtins.int, *, out: _Out = None
) -> TorchTensor:
    r"""Exchange two axes."""

def t(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Transpose a matrix; a vector stays as it is."""

def t_copy(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return a copy of what `t` shows."""

def take(
    input: ArrayLike, indices: ArrayLike, dim: builtins.int | None = None, *, out: _Out = None
) -> TorchTensor:
    r"""Read slices at integer positions along an axis; negative positions count from the end."""

def take_along_dim(
    input: ArrayLike, indices: ArrayLike, dim: builtins.int | None = None, *, out: _Out = None
) -> TorchTensor:
    r"""Read one element at each position along an axis, by default of the flattened tensor."""

def tan(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Tangent of x in radians. Natively within 1.3 ulp."""

def tan_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `tan` into the tensor itself, and return it."""

def tanh(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Hyperbolic tangent. Natively within 1.5 ulp."""

def tanh_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `tanh` into the tensor itself, and return it."""

def tensor(
    data: Any,
    dtype: DTypeLike | None = None,
    requires_grad: builtins.bool = False,
    *,
    device: Any = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a new tensor over a copy of the data, as PyTorch's function of that name."""

def tensor_split(
    input: ArrayLike, indices_or_sections: ArrayLike, dim: builtins.int = 0, *, out: _Out = None
) -> tuple[TorchTensor, ...]:
    r"""Cut a tensor into nearly equal parts, the first ones larger, or at the given positions."""

def tensordot(
    input: ArrayLike,
    other: ArrayLike,
    dim: builtins.int | Sequence[builtins.int] | None = 2,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Sum products over several axes at once."""

def threshold(
    input: ArrayLike,
    threshold: builtins.float,
    value: builtins.float,
    inplace: builtins.bool = False,
) -> TorchTensor:
    r"""Return x where it is above the threshold, else the value."""

def threshold_(input: TorchTensor, limit: builtins.float, value: builtins.float) -> TorchTensor:
    r"""Write `threshold` of a tensor into its own memory."""

def tile(
    input: ArrayLike, *reps: builtins.int | Sequence[builtins.int], out: _Out = None
) -> TorchTensor:
    r"""Repeat a whole tensor, as often along each axis as `reps` says: integers, or a tuple."""

def to(
    input: _core.Tensor,
    *args: Any,
    dtype: DTypeLike | None = None,
    copy: builtins.bool = False,
    out: _Out = None,
    **kwargs: Any,
) -> TorchTensor:
    r"""Convert to a dtype, or to that of another tensor; everything is on the CPU."""

def topk(
    input: ArrayLike,
    k: builtins.int,
    dim: builtins.int = -1,
    largest: builtins.bool = True,
    sorted: builtins.bool = True,
) -> Found:
    r"""Return the k largest elements along an axis, the largest first, and their positions."""

def trace(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Sum of the diagonal of a matrix."""

def transpose(
    input: ArrayLike, dim0: builtins.int, dim1: builtins.int, *, out: _Out = None
) -> TorchTensor:
    r"""Exchange two axes."""

def transpose_copy(
    input: ArrayLike, dim0: builtins.int, dim1: builtins.int, *, out: _Out = None
) -> TorchTensor:
    r"""Return a copy of what `transpose` shows."""

def trapezoid(
    other: ArrayLike, input: Any = None, dx: Any = 1.0, dim: builtins.int = -1, *, out: _Out = None
) -> TorchTensor:
    r"""Integrate along an axis by the trapezoid rule: Σ (yᵢ + yᵢ₊₁) (xᵢ₊₁ - xᵢ) / 2."""

def trapz(
    other: ArrayLike, input: Any = None, dx: Any = 1.0, dim: builtins.int = -1, *, out: _Out = None
) -> TorchTensor:
    r"""Integrate along an axis by the trapezoid rule: Σ (yᵢ + yᵢ₊₁) (xᵢ₊₁ - xᵢ) / 2."""

def triangular_solve(
    b: ArrayLike,
    A: ArrayLike,
    upper: builtins.bool = True,
    transpose: builtins.bool = False,
    unitriangular: builtins.bool = False,
) -> Any:
    r"""Solve A x = b, reading one triangle of A alone."""

def tril(
    input: ArrayLike, k: builtins.int = 0, *, diagonal: builtins.int | None = None, out: _Out = None
) -> TorchTensor:
    r"""Lower triangle of a matrix or of a stack of them; zeros above the k-th diagonal."""

def tril_(
    input: TorchTensor, k: builtins.int = 0, *, diagonal: builtins.int | None = None
) -> TorchTensor:
    r"""Write the result of `tril` into the tensor itself, and return it."""

def tril_indices(
    row: builtins.int,
    col: builtins.int,
    offset: builtins.int = 0,
    *,
    dtype: DTypeLike | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Rows and columns of the lower triangle of a matrix, as the two rows of a tensor."""

def triplet_margin_loss(
    anchor: ArrayLike,
    positive: ArrayLike,
    negative: ArrayLike,
    margin: builtins.float = 1.0,
    p: builtins.float = 2.0,
    eps: builtins.float = 1e-06,
    swap: builtins.bool = False,
    reduction: builtins.int = 0,
) -> TorchTensor:
    r"""Loss of two distances from an anchor; see `nn.functional.triplet_margin_loss`."""

def triu(
    input: ArrayLike, k: builtins.int = 0, *, diagonal: builtins.int | None = None, out: _Out = None
) -> TorchTensor:
    r"""Upper triangle of a matrix or of a stack of them; zeros below the k-th diagonal."""

def triu_(
    input: TorchTensor, k: builtins.int = 0, *, diagonal: builtins.int | None = None
) -> TorchTensor:
    r"""Write the result of `triu` into the tensor itself, and return it."""

def triu_indices(
    row: builtins.int,
    col: builtins.int,
    offset: builtins.int = 0,
    *,
    dtype: DTypeLike | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Rows and columns of the upper triangle of a matrix, as the two rows of a tensor."""

def true_divide(
    input: ArrayLike, other: ArrayLike, *, rounding_mode: str | None = None, out: _Out = None
) -> TorchTensor:
    r"""Quotient of two tensors, rounded to whole numbers if that is asked."""

def true_divide_(
    input: TorchTensor, other: ArrayLike, *, rounding_mode: str | None = None
) -> TorchTensor:
    r"""Write the result of `true_divide` into the tensor itself, and return it."""

def trunc(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Drop the digits after the point: the nearest integer towards zero."""

def trunc_(input: TorchTensor) -> TorchTensor:
    r"""Write the result of `trunc` into the tensor itself, and return it."""

def type_as(input: _core.Tensor, other: _core.Tensor, *, out: _Out = None) -> TorchTensor:
    r"""Convert to the dtype of another tensor."""

uint16: dtype
uint32: dtype
uint64: dtype
uint8: dtype

def unbind(input: ArrayLike, dim: builtins.int = 0, *, out: _Out = None) -> tuple[TorchTensor, ...]:
    r"""Read all positions along an axis, one tensor each."""

def unbind_copy(
    input: ArrayLike, dim: builtins.int = 0, *, out: _Out = None
) -> tuple[TorchTensor, ...]:
    r"""Return a copy of what `unbind` shows."""

def unflatten(
    input: ArrayLike,
    dim: builtins.int,
    sizes: builtins.int | Sequence[builtins.int],
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Unfold one axis into several; one of the sizes may be -1."""

def unfold_copy(
    input: ArrayLike, dim: builtins.int, size: builtins.int, step: builtins.int, *, out: _Out = None
) -> TorchTensor:
    r"""Return a copy of what `unfold` shows."""

def uniform_(
    input: TorchTensor, from_: Any = 0.0, to: Any = 1.0, *, generator: Generator | None = None
) -> TorchTensor:
    r"""Fill with numbers uniform on [from, to), and return the tensor."""

@overload
def unique(
    input: ArrayLike,
    sorted: builtins.bool = True,
    return_inverse: Literal[False] = False,
    return_counts: Literal[False] = False,
    dim: builtins.int | None = None,
) -> TorchTensor:
    r"""Return the different elements, or slices along an axis, in order."""

@overload
def unique(
    input: ArrayLike,
    sorted: builtins.bool = True,
    return_inverse: builtins.bool = False,
    return_counts: builtins.bool = False,
    dim: builtins.int | None = None,
) -> tuple[TorchTensor, ...]:
    r"""Return the different elements, or slices along an axis, in order."""

@overload
def unique_consecutive(
    input: ArrayLike,
    return_inverse: Literal[False] = False,
    return_counts: Literal[False] = False,
    dim: builtins.int | None = None,
) -> TorchTensor:
    r"""Return the elements, or slices along an axis, that differ from the one before."""

@overload
def unique_consecutive(
    input: ArrayLike,
    return_inverse: builtins.bool = False,
    return_counts: builtins.bool = False,
    dim: builtins.int | None = None,
) -> tuple[TorchTensor, ...]:
    r"""Return the elements, or slices along an axis, that differ from the one before."""

def unravel_index(
    indices: ArrayLike, shape: builtins.int | Sequence[builtins.int], *, out: _Out = None
) -> tuple[TorchTensor, ...]:
    r"""Return the positions along each axis of elements counted in row-major order."""

def unsafe_chunk(
    input: ArrayLike, chunks: builtins.int, dim: builtins.int = 0, *, out: _Out = None
) -> tuple[TorchTensor, ...]:
    r"""Cut a tensor into at most `chunks` parts of one size, the last one smaller."""

def unsafe_split(
    tensor: ArrayLike, split_size_or_sections: ArrayLike, dim: builtins.int = 0, *, out: _Out = None
) -> tuple[TorchTensor, ...]:
    r"""Cut a tensor into parts of one size, the last one smaller, or of several sizes."""

def unsafe_split_with_sizes(
    input: ArrayLike, split_sizes: ArrayLike, dim: builtins.int = 0, *, out: _Out = None
) -> tuple[TorchTensor, ...]:
    r"""Cut a tensor into parts of the given sizes along an axis."""

def unsqueeze(
    input: ArrayLike, dim: builtins.int | Sequence[builtins.int] | None, *, out: _Out = None
) -> TorchTensor:
    r"""Insert axes of extent 1 at the given positions of the result."""

def unsqueeze_copy(
    input: ArrayLike, dim: builtins.int | Sequence[builtins.int] | None, *, out: _Out = None
) -> TorchTensor:
    r"""Return a copy of what `unsqueeze` shows."""

def vander(
    input: ArrayLike,
    N: builtins.int | None = None,
    increasing: builtins.bool = False,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Return the powers of a vector's elements as columns, the highest first."""

def var(
    input: ArrayLike,
    dim: builtins.int | Sequence[builtins.int] | None = None,
    unbiased: Any = None,
    keepdim: builtins.bool = False,
    *,
    correction: Any = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Variance over some axes, by default of all; 1 is subtracted from the number by default."""

def var_mean(
    input: ArrayLike,
    dim: builtins.int | Sequence[builtins.int] | None = None,
    unbiased: Any = None,
    keepdim: builtins.bool = False,
    *,
    correction: Any = None,
    out: _Out = None,
) -> tuple[TorchTensor, TorchTensor]:
    r"""Variance and mean over some axes; arguments as for `var`."""

def vdot(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Sum of products of all elements, those of x conjugated."""

version: SimpleNamespace

def view(
    input: _core.Tensor,
    *shape: builtins.int | Sequence[builtins.int],
    dtype: DTypeLike | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Show the same memory in another shape, or as another dtype."""

def view_as(input: _core.Tensor, other: _core.Tensor, *, out: _Out = None) -> TorchTensor:
    r"""Show the same memory in the shape of another tensor."""

def view_as_complex(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return complex numbers of which the last axis, of extent 2, holds both parts."""

def view_as_complex_copy(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return complex numbers of which the last axis, of extent 2, holds both parts."""

def view_as_real(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return both parts of complex numbers along a new last axis."""

def view_as_real_copy(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return both parts of complex numbers along a new last axis."""

def view_copy(
    input: _core.Tensor,
    *shape: builtins.int | Sequence[builtins.int],
    dtype: DTypeLike | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a copy of what `view` shows."""

def vsplit(
    input: ArrayLike, indices_or_sections: ArrayLike, *, out: _Out = None
) -> list[TorchTensor]:
    r"""Cut along the first axis, of two at least; as `split`."""

def vstack(tensors: Sequence[ArrayLike] | ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Join along the first axis; vectors of n elements count as rows of shape (1, n)."""

def where(
    condition: ArrayLike, input: ArrayLike, other: ArrayLike, *, out: _Out = None
) -> TorchTensor:
    r"""Choose x where the condition holds, else y."""

def xlogy(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return x ln y, and 0 where x is 0, whatever y is there."""

def xlogy_(input: TorchTensor, other: ArrayLike) -> TorchTensor:
    r"""Write the result of `xlogy` into the tensor itself, and return it."""

def zero_(input: TorchTensor) -> TorchTensor:
    r"""Set all elements to zero, as in `w.grad.zero_()`, and return the tensor."""

@overload
def zeros(
    shape: builtins.int | Sequence[builtins.int],
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    like: _core.Tensor | None = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a tensor of zeros: `tw.zeros((2, 3))` or `tw.zeros(2, 3)`; arguments as for `full`."""

@overload
def zeros(
    *shape: builtins.int,
    dtype: DTypeLike | None = None,
    device: Any = None,
    like: _core.Tensor | None = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return a tensor of zeros: `tw.zeros((2, 3))` or `tw.zeros(2, 3)`; arguments as for `full`."""

def zeros_like(
    input: ArrayLike,
    dtype: DTypeLike | None = None,
    *,
    device: Any = None,
    requires_grad: builtins.bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Return zeros in the shape and dtype of another tensor."""
