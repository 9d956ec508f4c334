"""Windows of few numbers that nobody records."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.program import tracing
from thalweg.core.tensor import Tensor
from thalweg.engines.eager.loops import loop
from thalweg.torch.functions import pooling
from thalweg.torch.functions.pooling import windows_of_pool
from thalweg.torch.functions.short.road import Array, known, new, rename, require, trying

# Of more, each element of all windows is taken at once.
_FEW = 1 << 13


@functools.lru_cache(maxsize=1024, typed=True)
def _plan(
    name: str, rank: int, largest: bool, shape: tuple[int, ...], kind: str, arguments: Any
) -> tuple[Array, Array, tuple[int, ...], Callable[..., Any]]:
    """Return the windows' facts, a divisor, the result's shape, and what computes it."""
    *where, with_padding = arguments
    pool, covered = windows_of_pool(name, shape, rank, *where, count_include_pad=with_padding)
    require(largest or covered.__class__ is int)
    axes = zip(pool.size, pool.stride, pool.low, pool.dilation, strict=True)
    facts = np.array(list(axes), np.int64).reshape(-1)
    divisor = np.array(1 if largest else covered, kind)
    return facts, divisor, (*shape[:2], *pool.counts), loop("windows.pooled", kind, rank, largest)


def _pool(name: str, rank: int, largest: bool, x: Any, arguments: Any) -> Tensor:
    array = known(x)
    dtype = array.dtype
    require(array.ndim == rank + 2 and 0 < array.size <= _FEW and dtype.char in "fd")
    facts, divisor, shape, pooled = _plan(name, rank, largest, array.shape, dtype.char, arguments)
    found = np.empty(shape, dtype)
    tracing.quiet(pooled, array, facts, divisor, found)
    return new(found)


def _maxima(name: str, rank: int, long: Callable[..., Any]) -> Callable[..., Any]:
    def form(
        input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
        ceil_mode: Any = False,
    ) -> Tensor:  # fmt: skip
        arguments = kernel_size, stride, padding, dilation, bool(ceil_mode), True
        return _pool(name, rank, True, input, arguments)

    return _taken(name, form, long)


def _means(name: str, rank: int, long: Callable[..., Any]) -> Callable[..., Any]:
    def form(
        input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
        ceil_mode: Any = False, count_include_pad: Any = True,
    ) -> Tensor:  # fmt: skip
        arguments = kernel_size, stride, padding, 1, bool(ceil_mode), bool(count_include_pad)
        return _pool(name, rank, False, input, arguments)

    return _taken(name, form, long)


def _taken(name: str, form: Callable[..., Any], long: Callable[..., Any]) -> Callable[..., Any]:
    tried = trying(form, long)
    rename(name, tried)
    return tried


max_pool1d = _maxima("max_pool1d", 1, pooling.max_pool1d)
max_pool2d = _maxima("max_pool2d", 2, pooling.max_pool2d)
max_pool3d = _maxima("max_pool3d", 3, pooling.max_pool3d)
avg_pool1d = _means("avg_pool1d", 1, pooling.avg_pool1d)
avg_pool2d = _means("avg_pool2d", 2, pooling.avg_pool2d)
