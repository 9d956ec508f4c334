"""Products, distances and spectra."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.program import tracing
from thalweg.core.tensor import Tensor
from thalweg.torch.functions.short.road import (
    Array,
    followed,
    is_recorded,
    known,
    new,
    require,
    short_road,
)
from thalweg.torch.fused.pairs import DISTANCES, PRODUCTS, distances, products


def _pair(
    x: Any, y: Any, left: int, right: int, may_be_recorded: bool = False
) -> tuple[Array, Array]:
    read = followed if may_be_recorded else known
    first, second = read(x), read(y)
    require(first.dtype == second.dtype and first.dtype.char in "fd")
    require(first.ndim == left and second.ndim == right)
    return first, second


@short_road("outer", "ger")
def _outer(x: Any, vec2: Any) -> Tensor:
    recorded = is_recorded(x) or is_recorded(vec2)
    first, second = _pair(x, vec2, 1, 1, recorded)
    return PRODUCTS(x, vec2) if recorded else new(tracing.quiet(products, first, second))


def _product(name: str, left: int, right: int) -> None:
    @short_road(name)
    def product(x: Any, y: Any) -> Tensor:
        first, second = _pair(x, y, left, right)
        require(first.shape[-1] == second.shape[0 if right < 3 else 1] > 0)
        require(right < 3 or first.shape[0] == second.shape[0])
        return new(tracing.quiet(np.matmul, first, second))


_product("dot", 1, 1)
_product("vdot", 1, 1)
_product("mm", 2, 2)
_product("mv", 2, 1)
_product("bmm", 3, 3)


def _added_product(name: str, left: int, right: int) -> None:
    @short_road(name)
    def added(input: Any, x: Any, y: Any) -> Tensor:
        first, second = _pair(x, y, left, right)
        term = known(input)
        require(term.dtype == first.dtype)
        require(first.shape[-1] == second.shape[0 if right < 3 else 1] > 0)
        require(right < 3 or first.shape[0] == second.shape[0])
        found = tracing.quiet(np.matmul, first, second)
        require(np.broadcast_shapes(term.shape, found.shape) == found.shape)
        return new(tracing.quiet(np.add, found, term, found))


_added_product("addmm", 2, 2)
_added_product("addmv", 2, 1)
_added_product("baddbmm", 3, 3)


@short_road("inner")
def _inner(x: Any, y: Any) -> Tensor:
    first, second = _pair(x, y, 1, 1)
    require(first.shape == second.shape and first.size > 0)
    return new(tracing.quiet(np.matmul, first, second))


@short_road("trace")
def _trace(x: Any) -> Tensor:
    array = known(x)
    require(array.ndim == 2 and array.dtype.char in "fd")
    return new(tracing.quiet(array.trace))


# So many products of numbers a sum over indices takes, written as a plain loop.
_FEW = 1 << 16


@short_road("einsum")
def _einsum(equation: Any, *operands: Any) -> Tensor:
    require(equation.__class__ is str and "->" in equation and "." not in equation)
    arrays = [known(x) for x in operands]
    require(all(array.dtype == arrays[0].dtype and array.dtype.char in "fd" for array in arrays))
    extents: dict[str, int] = {}
    for letters, array in zip(
        equation.split("->")[0].replace(" ", "").split(","), arrays, strict=True
    ):
        for letter, extent in zip(letters, array.shape, strict=True):
            require(extents.setdefault(letter, extent) == extent)
    require(math.prod(extents.values()) <= _FEW)
    return new(tracing.quiet(np.einsum, equation, *arrays))


@short_road("cdist")
def _distances(x: Any, y: Any) -> Tensor:
    recorded = is_recorded(x) or is_recorded(y)
    first, second = _pair(x, y, 2, 2, recorded)
    require(first.shape[1] == second.shape[1] > 0 and len(first) > 0 and len(second) > 0)
    return DISTANCES(x, y) if recorded else new(tracing.quiet(distances, first, second))


def _spectrum_of(transform: Callable[[Array], Array]) -> Callable[..., Tensor]:
    def form(input: Any) -> Tensor:
        array = known(input)
        require(array.dtype.char in "fdFD" and array.ndim > 0 and array.shape[-1] > 0)
        return new(transform(array))

    return form


whole_spectrum, inverse_spectrum = _spectrum_of(np.fft.fft), _spectrum_of(np.fft.ifft)


def spectrum(x: Any) -> Tensor:
    """Return the discrete Fourier transform of real numbers."""
    array = known(x)
    require(array.dtype.char in "fd" and array.ndim > 0 and array.shape[-1] > 0)
    return new(np.fft.rfft(array))


@short_road("stft")
def _spectra(
    input: Any,
    n_fft: Any,
    hop_length: Any = None,
    win_length: Any = None,
    window: Any = None,
    *,
    return_complex: Any,
) -> Tensor:
    signal, shape = known(input), known(window)
    hop = n_fft // 4 if hop_length is None else hop_length
    require(n_fft.__class__ is int and hop.__class__ is int and hop > 0)
    require(win_length in (None, n_fft) and return_complex is True)
    require(shape.shape == (n_fft,) and shape.dtype == signal.dtype and signal.dtype.char in "fd")
    half = n_fft // 2
    require(signal.ndim == 1 and signal.size > half > 0)
    wide = np.concatenate([signal[half:0:-1], signal, signal[-2 : -half - 2 : -1]])
    pieces = np.lib.stride_tricks.sliding_window_view(wide, n_fft)[::hop] * shape
    return new(np.fft.rfft(pieces).T)
