"""Pooling: extremes and means of windows, with PyTorch's arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import operation
from thalweg.core.tensor import Tensor, as_tensor, fresh
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.arithmetic import add, divide, multiply
from thalweg.ops.elementwise.comparison import equal, less, not_equal, where
from thalweg.ops.elementwise.conversion import as_floating, astype, stop_gradient
from thalweg.ops.reduce.extremes import reduce_max, reduce_min
from thalweg.ops.shape.broadcast import broadcast_to, reduce_sum
from thalweg.ops.shape.cut import pad_with_zeros
from thalweg.ops.shape.reshape import reshape, restore_axes
from thalweg.ops.windows.sliding import Extents, padded, whole_numbers, with_batch
from thalweg.ops.windows.windows import window_axes, windows

__all__ = [
    "avg_pool1d",
    "avg_pool2d",
    "max_pool1d",
    "max_pool2d",
]


Numbers = tuple[int, ...]


class _Pool:
    """Where the windows of a pooling lie: PyTorch's rules, one entry an axis."""

    def __init__(
        self, name: str, rank: int, shape: Numbers, size: Any, stride: Any, padding: Any,
        dilation: Any, ceil_mode: bool,
    ) -> None:  # fmt: skip
        self.size = whole_numbers(name, "kernel_size", size, rank, 1)
        # PyTorch takes an empty stride for none.
        given = self.size if stride is None or stride == () else stride
        self.stride = whole_numbers(name, "stride", given, rank, 1)
        self.low = whole_numbers(name, "padding", padding, rank, 0)
        self.dilation = whole_numbers(name, "dilation", dilation, rank, 1)
        self.extents = shape[-rank:]
        if any(2 * p > k for p, k in zip(self.low, self.size, strict=True)):
            raise ArgumentError(
                f"{name} got padding={padding} for windows of {self.size}; a window of padding "
                "alone has no extreme. Pad by at most half the window."
            )
        self.counts = tuple(self._count(name, axis, ceil_mode) for axis in range(rank))
        self.high = tuple(
            max(0, (n - 1) * step + self._reach(axis) - extent - p)
            for axis, (n, step, extent, p) in enumerate(
                zip(self.counts, self.stride, self.extents, self.low, strict=True)
            )
        )

    def _reach(self, axis: int) -> int:
        return (self.size[axis] - 1) * self.dilation[axis] + 1

    def _count(self, name: str, axis: int, ceil_mode: bool) -> int:
        extent, step, p = self.extents[axis], self.stride[axis], self.low[axis]
        room = extent + 2 * p - self._reach(axis)
        found = (-(-room // step) if ceil_mode else room // step) + 1
        # The last window must start in the input or in the padding before it.
        if ceil_mode and (found - 1) * step >= extent + p:
            found -= 1
        if found < 1:
            raise ArgumentError(
                f"{name} got an input of height and width {self.extents} and windows that cover "
                f"{self._reach(axis)}. Pad it, or take smaller windows."
            )
        return found

    def covered(self, axis: int, with_padding: bool) -> np.ndarray[Any, Any]:
        """Return how many places each window covers, those of the padding counted or not."""
        extent, p = self.extents[axis], self.low[axis]
        start = np.arange(self.counts[axis]) * self.stride[axis] - p
        stop = np.minimum(start + self.size[axis], extent + p)
        if not with_padding:
            start, stop = np.maximum(start, 0), np.minimum(stop, extent)
        found: np.ndarray[Any, Any] = stop - start
        return found


def _seen(x: Tensor, pool: _Pool, outside: float | int) -> Tensor:
    """Return the windows of an input, with a number outside."""
    rank = len(pool.size)
    whole = padded(x, pool.low, pool.high)
    if whole is not x and outside != 0:
        inner = reshape(as_tensor(True), (1,) * rank)
        mask = pad_with_zeros(broadcast_to(inner, pool.extents), pool.low, pool.high, (0,) * rank)
        whole = where(mask, whole, outside)
    return windows(whole, pool.size, pool.stride, pool.dilation, _spatial(x, rank))


def _spatial(x: Tensor, rank: int) -> Numbers:
    return tuple(range(x.ndim - rank, x.ndim))


def _max_pool(
    name: str, rank: int, input: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any,
    ceil_mode: bool, return_indices: bool,
) -> Any:  # fmt: skip
    x, batched = with_batch(name, input, rank)
    if 0 in x.shape[1:]:
        raise ShapeError(
            f"{name} expected a tensor with optional 0 dim batch size for input; it got shape "
            f"{x.shape}, without a channel or a position. Check that the data are not empty."
        )
    pool = _Pool(name, rank, x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    least = -np.inf if x.dtype.kind == "f" else int(np.iinfo(x.dtype).min)
    seen = _seen(x, pool, least)
    axes = window_axes(_spatial(x, rank))
    fixed = stop_gradient(seen)
    top = restore_axes(reduce_max(fixed, axes), seen.shape, axes)
    size = int(np.prod(pool.size))
    spread = [1 if i % 2 == 0 else pool.size[i // 2] for i in range(2 * rank)]
    order = reshape(arange(size, dtype=np.int32), tuple(spread))
    # Of equal elements the first is the maximum, and alone has the derivative; of several NaN it
    # is the last, as PyTorch has it: they are counted below 0.
    marked = where(equal(fixed, top), order, np.int32(size))
    marked = where(not_equal(fixed, fixed), np.int32(-1) - order, marked)
    first = reduce_min(marked, axes)
    first = where(less(first, 0), np.int32(-1) - first, first)
    chosen = equal(order, restore_axes(first, seen.shape, axes))
    result = reduce_sum(where(chosen, seen, 0), axes)
    found = result if batched else reshape(result, result.shape[1:])
    if not return_indices:
        return found
    places = _places(first, pool)
    return found, places if batched else reshape(places, places.shape[1:])


def _places(first: Tensor, pool: _Pool) -> Tensor:
    """Return the position in the flattened input of each window's chosen element."""
    within, total = astype(first, np.int64), as_tensor(np.int64(0))
    rank = len(pool.size)
    for axis in range(rank):
        inner = int(np.prod(pool.size[axis + 1 :]))
        step = within // inner % pool.size[axis]
        start = np.arange(pool.counts[axis]) * pool.stride[axis] - pool.low[axis]
        place = step * pool.dilation[axis] + start.reshape(-1, *(1,) * (rank - 1 - axis))
        total = add(multiply(total, pool.extents[axis]), place)
    return total


def _avg_pool(
    name: str, rank: int, input: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool,
    count_include_pad: bool, divisor_override: int | None,
) -> Tensor:  # fmt: skip
    x, batched = with_batch(name, as_floating(input, None), rank)
    pool = _Pool(name, rank, x.shape, kernel_size, stride, padding, 1, ceil_mode)
    total = reduce_sum(_seen(x, pool, 0), window_axes(_spatial(x, rank)))
    if divisor_override is not None:
        if divisor_override == 0:
            raise ArgumentError(f"{name} got divisor_override=0; it wants another number or None.")
        result = divide(total, divisor_override)
    else:
        result = divide(total, _divisor(pool, count_include_pad, x.dtype))
    return result if batched else reshape(result, result.shape[1:])


def _divisor(pool: _Pool, count_include_pad: bool, dtype: Any) -> Any:
    rank = len(pool.size)
    product: Any = np.ones((1,) * rank, np.int64)
    for axis in range(rank):
        covered = pool.covered(axis, count_include_pad)
        product = product * covered.reshape(-1, *(1,) * (rank - 1 - axis))
    if np.all(product == product.flat[0]):
        return int(product.flat[0])
    return fresh(product.astype(dtype))


@operation
def max_pool1d(
    input: Any,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Maxima of windows of (N, C, L); see `max_pool2d`."""
    return _max_pool(
        "max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


@operation
def max_pool2d(
    input: Any,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    dilation: Extents = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Maxima of windows of images, as `torch.nn.functional.max_pool2d`.

    Of equal maxima the first has the derivative; NaN is the maximum of a window that has it.

    Args:
        input: (N, C, H, W), or (C, H, W).
        kernel_size: The window; one number, or one an axis.
        stride: The step between windows; by default the window.
        padding: How much is added on both sides; it never is the maximum.
        dilation: The distance between the elements of a window.
        ceil_mode: Whether windows may reach beyond the end.
        return_indices: Whether to return the maxima's positions in the flattened image, too.

    Raises:
        ArgumentError: If the padding exceeds half the window, or no window fits.

    Example:
        >>> import thalweg as tw
        >>> from thalweg.ops.windows.pooling import max_pool2d
        >>> max_pool2d(tw.reshape(tw.arange(16.0), (1, 1, 4, 4)), 2).tolist()
        [[[[5.0, 7.0], [13.0, 15.0]]]]
    """
    return _max_pool(
        "max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


@operation
def avg_pool1d(
    input: Any,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """Means of windows of (N, C, L); see `avg_pool2d`."""
    return _avg_pool(
        "avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None
    )


@operation
def avg_pool2d(
    input: Any,
    kernel_size: Extents,
    stride: Extents | None = None,
    padding: Extents = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Means of windows of images, as `torch.nn.functional.avg_pool2d`.

    Args:
        input: (N, C, H, W), or (C, H, W).
        kernel_size: The window; one number, or one an axis.
        stride: The step between windows; by default the window.
        padding: Zeros on both sides.
        ceil_mode: Whether windows may reach beyond the end.
        count_include_pad: Whether the zeros count.
        divisor_override: What to divide by instead of the number of elements.

    Raises:
        ArgumentError: If the padding exceeds half the window, or no window fits.

    Example:
        >>> import thalweg as tw
        >>> from thalweg.ops.windows.pooling import avg_pool2d
        >>> avg_pool2d(tw.reshape(tw.arange(16.0), (1, 1, 4, 4)), 2).tolist()
        [[[[2.5, 4.5], [10.5, 12.5]]]]
    """
    return _avg_pool(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad,
        divisor_override,
    )  # fmt: skip
