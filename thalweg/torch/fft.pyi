"""PyTorch's `torch.fft`: the functions of `thalweg.fft`."""

# Written by `python -m tests.stubs`.

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from thalweg.ops.windows.fourier import Sizes
from thalweg.torch.naming import creating as creating
from thalweg.torch.naming import speaking as speaking
from thalweg.torch.tensors import TorchTensor

_Out: TypeAlias = TorchTensor | np.ndarray[Any, Any] | tuple[Any, ...] | None

def fft(
    input: ArrayLike,
    n: int | None = None,
    dim: int = -1,
    norm: str | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Discrete Fourier transform: Xₖ = Σⱼ xⱼ e^(-2πi jk/n)."""

def fft2(
    input: ArrayLike,
    s: Sizes = None,
    dim: Sizes = ...,
    norm: str | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Discrete Fourier transform along two axes; arguments as for `fftn`."""

def fftfreq(
    n: int, d: float = 1.0, *, dtype: DTypeLike | None = None, device: Any = None, out: _Out = None
) -> TorchTensor:
    r"""Frequencies of the elements of `fft` of n data points at distance d."""

def fftn(
    input: ArrayLike,
    s: Sizes = None,
    dim: Sizes = None,
    norm: str | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Discrete Fourier transform along several axes; by default along all."""

def fftshift(
    input: ArrayLike, dim: int | Sequence[int] | None = None, *, out: _Out = None
) -> TorchTensor:
    r"""Move frequency zero to the middle of axes; by default of all."""

def hfft(
    input: ArrayLike,
    n: int | None = None,
    dim: int = -1,
    norm: str | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Discrete Fourier transform of numbers with conjugate symmetry, which is real."""

def hfft2(
    input: ArrayLike,
    s: Sizes = None,
    dim: Sizes = ...,
    norm: str | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Discrete Fourier transform of numbers with conjugate symmetry along two axes."""

def hfftn(
    input: ArrayLike,
    s: Sizes = None,
    dim: Sizes = None,
    norm: str | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Discrete Fourier transform of numbers with conjugate symmetry along several axes."""

def ifft(
    input: ArrayLike,
    n: int | None = None,
    dim: int = -1,
    norm: str | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Inverse discrete Fourier transform; arguments as for `fft`."""

def ifft2(
    input: ArrayLike,
    s: Sizes = None,
    dim: Sizes = ...,
    norm: str | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Inverse discrete Fourier transform along two axes; arguments as for `fftn`."""

def ifftn(
    input: ArrayLike,
    s: Sizes = None,
    dim: Sizes = None,
    norm: str | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Inverse discrete Fourier transform along several axes; arguments as for `fftn`."""

def ifftshift(
    input: ArrayLike, dim: int | Sequence[int] | None = None, *, out: _Out = None
) -> TorchTensor:
    r"""Undo `fftshift`."""

def ihfft(
    input: ArrayLike,
    n: int | None = None,
    dim: int = -1,
    norm: str | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Inverse of `hfft`: the first ⌊n/2⌋ + 1 elements."""

def ihfft2(
    input: ArrayLike,
    s: Sizes = None,
    dim: Sizes = ...,
    norm: str | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Inverse of `hfft2`, half of the last axis."""

def ihfftn(
    input: ArrayLike,
    s: Sizes = None,
    dim: Sizes = None,
    norm: str | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Inverse of `hfftn`, half of the last axis."""

def irfft(
    input: ArrayLike,
    n: int | None = None,
    dim: int = -1,
    norm: str | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Inverse of `rfft`: n real numbers, by default an even number of them."""

def irfft2(
    input: ArrayLike,
    s: Sizes = None,
    dim: Sizes = ...,
    norm: str | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Inverse of `rfft2`: real numbers."""

def irfftn(
    input: ArrayLike,
    s: Sizes = None,
    dim: Sizes = None,
    norm: str | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Inverse of `rfftn`: real numbers."""

def rfft(
    input: ArrayLike,
    n: int | None = None,
    dim: int = -1,
    norm: str | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Discrete Fourier transform of real numbers: the first ⌊n/2⌋ + 1 elements."""

def rfft2(
    input: ArrayLike,
    s: Sizes = None,
    dim: Sizes = ...,
    norm: str | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Discrete Fourier transform of real numbers along two axes, half of the last one."""

def rfftfreq(
    n: int, d: float = 1.0, *, dtype: DTypeLike | None = None, device: Any = None, out: _Out = None
) -> TorchTensor:
    r"""Frequencies of the elements of `rfft` of n data points at distance d."""

def rfftn(
    input: ArrayLike,
    s: Sizes = None,
    dim: Sizes = None,
    norm: str | None = None,
    *,
    out: _Out = None,
) -> TorchTensor:
    r"""Discrete Fourier transform of real numbers along several axes, half of the last one."""
