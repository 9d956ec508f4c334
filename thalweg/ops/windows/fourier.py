"""Discrete Fourier transforms: one primitive along one axis, and NumPy's functions of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.apply import stacked
from thalweg.core.operation import op, operation
from thalweg.core.primitive import linear
from thalweg.core.spec import default_dtype
from thalweg.core.tensor import Tensor, as_tensor, fresh
from thalweg.errors import ArgumentError
from thalweg.ops.creation.copying import clone
from thalweg.ops.creation.dtypes import require_cpu
from thalweg.ops.elementwise.complex import conjugated, real
from thalweg.ops.elementwise.conversion import as_floating, as_real, astype
from thalweg.ops.shape.axes import normalize_axes, normalize_axis
from thalweg.ops.shape.cut import pad_with_zeros, part_of
from thalweg.ops.shape.flip import flip, roll
from thalweg.ops.shape.join import concatenate

_NORMS = ("backward", "ortho", "forward")


@linear(
    lambda x, axis, inverse: x,
    lambda g, out, x, axis, inverse: op.fourier(g, axis=axis, inverse=inverse),
    batch=stacked,
)
def fourier(x: np.ndarray[Any, Any], *, axis: int, inverse: bool) -> np.ndarray[Any, Any]:
    """Sums of complex numbers with e^(∓2πi jk/n) along an axis, - forward and + inverse."""
    if inverse:
        return np.fft.ifft(x, axis=axis, norm="forward").astype(x.dtype)
    return np.fft.fft(x, axis=axis).astype(x.dtype)


def _complex(x: Any) -> Tensor:
    tensor = as_floating(x)
    return astype(tensor, np.result_type(tensor.dtype, np.complex64))


def _require_norm(norm: str | None) -> None:
    if norm not in (None, *_NORMS):
        raise ArgumentError(f"fft got norm {norm!r}; it wants 'backward', 'ortho' or 'forward'.")


def _resize(x: Tensor, n: int, axis: int) -> Tensor:
    """Cut an axis, or fill it up with zeros."""
    extent = x.shape[axis]
    if n < 1:
        raise ArgumentError(f"fft got {n} data points; it wants at least 1.")
    if n < extent:
        return part_of(x, axis, 0, n)
    nothing = (0,) * x.ndim
    after = tuple(n - extent if i == axis else 0 for i in range(x.ndim))
    return x if n == extent else pad_with_zeros(x, low=nothing, high=after, interior=nothing)


def _transform(x: Any, n: int | None, axis: int, norm: str | None, inverse: bool) -> Tensor:
    _require_norm(norm)
    tensor = _complex(x)
    place = normalize_axis("fft", axis, tensor.ndim)
    tensor = _resize(tensor, tensor.shape[place] if n is None else n, place)
    found = fourier(tensor, axis=place, inverse=inverse)
    count = tensor.shape[place]
    if norm == "ortho":
        return found * (1.0 / math.sqrt(count))
    return found * (1.0 / count) if inverse is (norm in (None, "backward")) else found


# ---- along one axis


@operation
def fft(x: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """Discrete Fourier transform: Xₖ = Σⱼ xⱼ e^(-2πi jk/n).

    Args:
        x: A tensor.
        n: How many elements to use; more are zeros. By default all.
        axis: The axis.
        norm: "backward" divides the inverse by n, "forward" this one, "ortho" both by √n.

    Example:
        >>> import thalweg as tw
        >>> tw.real(tw.fft.fft(tw.tensor([1.0, 2.0, 3.0])))
        tensor([ 6.0000, -1.5000, -1.5000])
    """
    return _transform(x, n, axis, norm, False)


@operation
def ifft(x: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """Inverse discrete Fourier transform; arguments as for `fft`."""
    return _transform(x, n, axis, norm, True)


@operation
def rfft(x: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """Discrete Fourier transform of real numbers: the first ⌊n/2⌋ + 1 elements."""
    found = fft(as_real("rfft", x), n, axis, norm)
    place = normalize_axis("rfft", axis, found.ndim)
    # As NumPy's, the result has memory of its own, side by side.
    return clone(_resize(found, found.shape[place] // 2 + 1, place))


@operation
def irfft(x: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """Inverse of `rfft`: n real numbers, by default an even number of them."""
    tensor = _complex(x)
    place = normalize_axis("irfft", axis, tensor.ndim)
    count = 2 * (tensor.shape[place] - 1) if n is None else n
    half = _resize(tensor, count // 2 + 1, place)
    # What is left out is the conjugate of the elements in reverse order.
    mirrored = conjugated(flip(part_of(half, place, 1, (count + 1) // 2), place))
    whole = concatenate((half, mirrored), axis=place)
    return clone(real(_transform(whole, None, place, norm, True)))


_OPPOSITE = {None: "forward", "backward": "forward", "forward": "backward", "ortho": "ortho"}


@operation
def hfft(x: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """Discrete Fourier transform of numbers with conjugate symmetry, which is real."""
    _require_norm(norm)
    return irfft(conjugated(x), n, axis, _OPPOSITE[norm])


@operation
def ihfft(x: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """Inverse of `hfft`: the first ⌊n/2⌋ + 1 elements."""
    _require_norm(norm)
    return conjugated(rfft(x, n, axis, _OPPOSITE[norm]))


# ---- along several axes


def _places(x: Tensor, s: Any, axes: Any) -> list[tuple[int | None, int]]:
    if axes is None:
        axes = range(x.ndim) if s is None else range(x.ndim - len(s), x.ndim)
    axes = (axes,) if isinstance(axes, int) else axes
    places = [normalize_axis("fftn", axis, x.ndim) for axis in axes]
    return list(zip([None] * len(places) if s is None else s, places, strict=True))


Sizes = Sequence[int] | None


@operation
def fftn(x: Any, s: Sizes = None, axes: Sizes = None, norm: str | None = None) -> Tensor:
    """Discrete Fourier transform along several axes; by default along all.

    Args:
        x: A tensor.
        s: How many elements to use along each axis; by default all.
        axes: The axes.
        norm: As for `fft`.
    """
    tensor = _complex(x)
    for n, axis in _places(tensor, s, axes):
        tensor = fft(tensor, n, axis, norm)
    return tensor


@operation
def ifftn(x: Any, s: Sizes = None, axes: Sizes = None, norm: str | None = None) -> Tensor:
    """Inverse discrete Fourier transform along several axes; arguments as for `fftn`."""
    tensor = _complex(x)
    for n, axis in _places(tensor, s, axes):
        tensor = ifft(tensor, n, axis, norm)
    return tensor


@operation
def rfftn(x: Any, s: Sizes = None, axes: Sizes = None, norm: str | None = None) -> Tensor:
    """Discrete Fourier transform of real numbers along several axes, half of the last one."""
    tensor = as_tensor(x)
    *others, (n, last) = _places(tensor, s, axes)
    tensor = rfft(tensor, n, last, norm)
    for count, axis in others:
        tensor = fft(tensor, count, axis, norm)
    return tensor


@operation
def irfftn(x: Any, s: Sizes = None, axes: Sizes = None, norm: str | None = None) -> Tensor:
    """Inverse of `rfftn`: real numbers."""
    tensor = _complex(x)
    *others, (n, last) = _places(tensor, s, axes)
    for count, axis in others:
        tensor = ifft(tensor, count, axis, norm)
    return irfft(tensor, n, last, norm)


_LAST_TWO = (-2, -1)


@operation
def fft2(x: Any, s: Sizes = None, axes: Sizes = _LAST_TWO, norm: str | None = None) -> Tensor:
    """Discrete Fourier transform along two axes; arguments as for `fftn`."""
    return fftn(x, s, axes, norm)


@operation
def ifft2(x: Any, s: Sizes = None, axes: Sizes = _LAST_TWO, norm: str | None = None) -> Tensor:
    """Inverse discrete Fourier transform along two axes; arguments as for `fftn`."""
    return ifftn(x, s, axes, norm)


@operation
def rfft2(x: Any, s: Sizes = None, axes: Sizes = _LAST_TWO, norm: str | None = None) -> Tensor:
    """Discrete Fourier transform of real numbers along two axes, half of the last one."""
    return rfftn(x, s, axes, norm)


@operation
def irfft2(x: Any, s: Sizes = None, axes: Sizes = _LAST_TWO, norm: str | None = None) -> Tensor:
    """Inverse of `rfft2`: real numbers."""
    return irfftn(x, s, axes, norm)


@operation
def hfftn(x: Any, s: Sizes = None, axes: Sizes = None, norm: str | None = None) -> Tensor:
    """Discrete Fourier transform of numbers with conjugate symmetry along several axes."""
    _require_norm(norm)
    return irfftn(conjugated(x), s, axes, _OPPOSITE[norm])


@operation
def ihfftn(x: Any, s: Sizes = None, axes: Sizes = None, norm: str | None = None) -> Tensor:
    """Inverse of `hfftn`, half of the last axis."""
    _require_norm(norm)
    return conjugated(rfftn(x, s, axes, _OPPOSITE[norm]))


@operation
def hfft2(x: Any, s: Sizes = None, axes: Sizes = _LAST_TWO, norm: str | None = None) -> Tensor:
    """Discrete Fourier transform of numbers with conjugate symmetry along two axes."""
    return hfftn(x, s, axes, norm)


@operation
def ihfft2(x: Any, s: Sizes = None, axes: Sizes = _LAST_TWO, norm: str | None = None) -> Tensor:
    """Inverse of `hfft2`, half of the last axis."""
    return ihfftn(x, s, axes, norm)


# ---- frequencies


def _frequencies(values: np.ndarray[Any, Any], dtype: Any, device: Any) -> Tensor:
    require_cpu(device)
    return fresh(values.astype(default_dtype() if dtype is None else dtype))


@operation
def fftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Frequencies of the elements of `fft` of n data points at distance d."""
    return _frequencies(np.fft.fftfreq(n, d), dtype, device)


@operation
def rfftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Frequencies of the elements of `rfft` of n data points at distance d."""
    return _frequencies(np.fft.rfftfreq(n, d), dtype, device)


def _roll_halves(x: Any, axes: Any, sign: int) -> Tensor:
    tensor = as_tensor(x)
    places = normalize_axes("fftshift", axes, tensor.ndim)
    halves = [n // 2 if sign > 0 else -(n // 2) for n in (tensor.shape[a] for a in places)]
    return roll(tensor, halves, list(places)) if places else tensor


@operation
def fftshift(x: Any, axes: Any = None) -> Tensor:
    """Move frequency zero to the middle of axes; by default of all."""
    return _roll_halves(x, axes, 1)


@operation
def ifftshift(x: Any, axes: Any = None) -> Tensor:
    """Undo `fftshift`."""
    return _roll_halves(x, axes, -1)
