"""Discrete Fourier transforms: the Array API's extension."""

# Written by `python -m tests.stubs`.

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from thalweg.core.tensor import Tensor
from thalweg.ops.windows import fourier as fourier
from thalweg.ops.windows.fourier import Sizes

_Out: TypeAlias = Tensor | np.ndarray[Any, Any] | tuple[Any, ...] | None

def fft(
    x: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None, *, out: _Out = None
) -> Tensor:
    r"""Discrete Fourier transform: Xₖ = Σⱼ xⱼ e^(-2πi jk/n)."""

def fft2(
    x: ArrayLike, s: Sizes = None, axes: Sizes = ..., norm: str | None = None, *, out: _Out = None
) -> Tensor:
    r"""Discrete Fourier transform along two axes; arguments as for `fftn`."""

def fftfreq(
    n: int, d: float = 1.0, *, dtype: DTypeLike | None = None, device: Any = None, out: _Out = None
) -> Tensor:
    r"""Frequencies of the elements of `fft` of n data points at distance d."""

def fftn(
    x: ArrayLike, s: Sizes = None, axes: Sizes = None, norm: str | None = None, *, out: _Out = None
) -> Tensor:
    r"""Discrete Fourier transform along several axes; by default along all."""

def fftshift(x: ArrayLike, axes: int | Sequence[int] | None = None, *, out: _Out = None) -> Tensor:
    r"""Move frequency zero to the middle of axes; by default of all."""

def hfft(
    x: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None, *, out: _Out = None
) -> Tensor:
    r"""Discrete Fourier transform of numbers with conjugate symmetry, which is real."""

def hfft2(
    x: ArrayLike, s: Sizes = None, axes: Sizes = ..., norm: str | None = None, *, out: _Out = None
) -> Tensor:
    r"""Discrete Fourier transform of numbers with conjugate symmetry along two axes."""

def hfftn(
    x: ArrayLike, s: Sizes = None, axes: Sizes = None, norm: str | None = None, *, out: _Out = None
) -> Tensor:
    r"""Discrete Fourier transform of numbers with conjugate symmetry along several axes."""

def ifft(
    x: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None, *, out: _Out = None
) -> Tensor:
    r"""Inverse discrete Fourier transform; arguments as for `fft`."""

def ifft2(
    x: ArrayLike, s: Sizes = None, axes: Sizes = ..., norm: str | None = None, *, out: _Out = None
) -> Tensor:
    r"""Inverse discrete Fourier transform along two axes; arguments as for `fftn`."""

def ifftn(
    x: ArrayLike, s: Sizes = None, axes: Sizes = None, norm: str | None = None, *, out: _Out = None
) -> Tensor:
    r"""Inverse discrete Fourier transform along several axes; arguments as for `fftn`."""

def ifftshift(x: ArrayLike, axes: int | Sequence[int] | None = None, *, out: _Out = None) -> Tensor:
    r"""Undo `fftshift`."""

def ihfft(
    x: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None, *, out: _Out = None
) -> Tensor:
    r"""Inverse of `hfft`: the first ⌊n/2⌋ + 1 elements."""

def ihfft2(
    x: ArrayLike, s: Sizes = None, axes: Sizes = ..., norm: str | None = None, *, out: _Out = None
) -> Tensor:
    r"""Inverse of `hfft2`, half of the last axis."""

def ihfftn(
    x: ArrayLike, s: Sizes = None, axes: Sizes = None, norm: str | None = None, *, out: _Out = None
) -> Tensor:
    r"""Inverse of `hfftn`, half of the last axis."""

def irfft(
    x: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None, *, out: _Out = None
) -> Tensor:
    r"""Inverse of `rfft`: n real numbers, by default an even number of them."""

def irfft2(
    x: ArrayLike, s: Sizes = None, axes: Sizes = ..., norm: str | None = None, *, out: _Out = None
) -> Tensor:
    r"""Inverse of `rfft2`: real numbers."""

def irfftn(
    x: ArrayLike, s: Sizes = None, axes: Sizes = None, norm: str | None = None, *, out: _Out = None
) -> Tensor:
    r"""Inverse of `rfftn`: real numbers."""

def rfft(
    x: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None, *, out: _Out = None
) -> Tensor:
    r"""Discrete Fourier transform of real numbers: the first ⌊n/2⌋ + 1 elements."""

def rfft2(
    x: ArrayLike, s: Sizes = None, axes: Sizes = ..., norm: str | None = None, *, out: _Out = None
) -> Tensor:
    r"""Discrete Fourier transform of real numbers along two axes, half of the last one."""

def rfftfreq(
    n: int, d: float = 1.0, *, dtype: DTypeLike | None = None, device: Any = None, out: _Out = None
) -> Tensor:
    r"""Frequencies of the elements of `rfft` of n data points at distance d."""

def rfftn(
    x: ArrayLike, s: Sizes = None, axes: Sizes = None, norm: str | None = None, *, out: _Out = None
) -> Tensor:
    r"""Discrete Fourier transform of real numbers along several axes, half of the last one."""
