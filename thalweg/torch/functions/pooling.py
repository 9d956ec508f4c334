"""Windows of which one number is kept: extremes, means, norms, and what puts extremes back."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.control.fused import Fused, is_eager
from thalweg.core.tensor import Tensor, fresh, make
from thalweg.errors import ArgumentError, IndexOutOfRange, ShapeError
from thalweg.ops.creation.creation import zeros
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.arithmetic import absolute, divide, power
from thalweg.ops.elementwise.comparison import equal, less, minimum, not_equal, where
from thalweg.ops.elementwise.conversion import as_floating, astype, stop_gradient
from thalweg.ops.elementwise.floats import isfinite
from thalweg.ops.index.take import as_indices, take_along_axis
from thalweg.ops.reduce.extremes import reduce_max, reduce_min
from thalweg.ops.shape.broadcast import broadcast_to, reduce_sum
from thalweg.ops.shape.cut import pad_with_zeros
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import expand_dims, reshape, restore_axes
from thalweg.ops.windows.windows import window_axes, windows
from thalweg.random.drawing import drawn, keyed_uniform
from thalweg.torch.functions.random_fills import stream
from thalweg.torch.functions.scattering import scatter, scatter_add
from thalweg.torch.functions.windows import Extents, pad_last_axes, whole_numbers, with_batch
from thalweg.torch.fused.pooling import (
    averaged,
    averaged_back,
    largest,
    largest_alone,
    largest_back,
)
from thalweg.torch.naming import as_tensor, function, variant_of

Numbers = tuple[int, ...]


class _Pool:
    """Where the windows of a pooling lie: PyTorch's rules, one entry an axis."""

    def __init__(
        self, name: str, rank: int, shape: Numbers, size: Any, stride: Any, padding: Any,
        dilation: Any, ceil_mode: bool,
    ) -> None:  # fmt: skip
        # PyTorch takes an empty stride for none.
        step = size if stride is None or stride == () else stride
        self.size, self.stride = whole_numbers(name, rank, kernel_size=size, stride=step)
        self.low, self.dilation = whole_numbers(name, rank, padding=padding, dilation=dilation)
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

    @classmethod
    def of(cls, shape: Numbers, **options: Any) -> _Pool:
        """Return it again from its options."""
        found = cls.__new__(cls)
        found.__dict__.update(options, extents=shape[2:])
        return found

    @property
    def options(self) -> dict[str, Any]:
        """What says where the windows are, but for the input's extents."""
        return {name: value for name, value in vars(self).items() if name != "extents"}

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
                f"{name} got an input of extents {self.extents} and windows that cover "
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


@functools.lru_cache(maxsize=1024, typed=True)
def _kept(
    name: str, rank: int, shape: Numbers, arguments: tuple[Any, ...], count_include_pad: bool
) -> tuple[_Pool, dict[str, Any], Any]:
    """Return where the windows of a pooling lie, that as options, and how many places each has."""
    pool = _Pool(name, rank, shape, *arguments)
    options = pool.options
    return pool, options, _covered(pool, count_include_pad)


def _pool_of(
    name: str, x: Tensor, rank: int, *arguments: Any, count_include_pad: bool = True
) -> Any:
    given = tuple([tuple(n) if n.__class__ is list else n for n in arguments])
    return _kept(name, rank, tuple(x.shape), given, count_include_pad)


def windows_of_pool(
    name: str, shape: Numbers, rank: int, *arguments: Any, count_include_pad: bool = True
) -> tuple[_Pool, Any]:
    """Return where the windows of a pooling lie, and how many places each covers.

    Args:
        name: What pools, for errors.
        shape: The input's.
        rank: The number of axes that windows have.
        arguments: Their sizes, steps, padding and dilation, and whether they reach beyond the end.
        count_include_pad: Whether places in the padding count.
    """
    pool, _, covered = _kept(name, rank, shape, arguments, count_include_pad)
    return pool, covered


def _windows_of(x: Tensor, pool: _Pool, outside: float | int) -> Tensor:
    """Return the windows of an input, with a number outside."""
    rank = len(pool.size)
    whole = pad_last_axes(x, pool.low, pool.high)
    if whole is not x and outside != 0:
        inner = reshape(as_tensor(True), (1,) * rank)
        mask = pad_with_zeros(broadcast_to(inner, pool.extents), pool.low, pool.high, (0,) * rank)
        whole = where(mask, whole, outside)
    return windows(whole, pool.size, pool.stride, pool.dilation, _spatial(x, rank))


def _spatial(x: Tensor, rank: int) -> Numbers:
    return tuple(range(x.ndim - rank, x.ndim))


def _first_of(seen: Tensor, axes: Numbers, sizes: Numbers) -> tuple[Tensor, Tensor]:
    """Return which element of each window is the maximum, and the elements' numbers.

    Of equal elements it is the first, as it alone has the derivative; of several NaN the last, as
    PyTorch has it: they are counted below 0.

    Args:
        seen: The windows, without a derivative.
        axes: The axes of the elements of a window.
        sizes: Their extents.
    """
    top = restore_axes(reduce_max(seen, axes), seen.shape, axes)
    size = math.prod(sizes)
    spread = [1] * (seen.ndim - axes[0])
    for axis, extent in zip(axes, sizes, strict=True):
        spread[axis - axes[0]] = extent
    order = reshape(arange(size, dtype=np.int32), tuple(spread))
    marked = where(equal(seen, top), order, np.int32(size))
    marked = where(not_equal(seen, seen), np.int32(-1) - order, marked)
    first = reduce_min(marked, axes)
    return where(less(first, 0), np.int32(-1) - first, first), order


def _require_positions(name: str, x: Tensor) -> None:
    if 0 in x.shape[1:]:
        raise ShapeError(
            f"{name} expected a tensor with optional 0 dim batch size for input; it got shape "
            f"{x.shape}, without a channel or a position. Check that the data are not empty."
        )


def _max_pool(
    name: str, rank: int, input: Any, kernel_size: Extents, stride: Extents | None = None,
    padding: Extents = 0, dilation: Extents = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    x, batched = with_batch(name, input, rank)
    _require_positions(name, x)
    pool, options, _ = _pool_of(
        name, x, rank, kernel_size, stride, padding, dilation, bool(ceil_mode)
    )
    if not return_indices and is_eager(x):
        found = _LARGEST[rank](x, **options)
        return found if batched else reshape(found, found.shape[1:])
    if is_eager(x):
        found, number = _LARGEST[rank].keeping(x, **options)
        if number is not None:
            places = make(_places(number.astype(np.int64), pool), kind=found.results)
            if batched:
                return found, places
            return reshape(found, found.shape[1:]), reshape(places, places.shape[1:])
    found, first = _chosen(x, pool)
    found = found if batched else reshape(found, found.shape[1:])
    if not return_indices:
        return found
    places = _places(astype(first, np.int64), pool)
    return found, places if batched else reshape(places, places.shape[1:])


def _chosen(x: Tensor, pool: _Pool) -> tuple[Tensor, Tensor]:
    """Return the maxima of windows, and which elements of these they are."""
    rank = len(pool.size)
    least = -np.inf if x.dtype.kind == "f" else int(np.iinfo(x.dtype).min)
    seen = _windows_of(x, pool, least)
    axes = window_axes(_spatial(x, rank))
    first, order = _first_of(stop_gradient(seen), axes, pool.size)
    chosen = equal(order, restore_axes(first, seen.shape, axes))
    return reduce_sum(where(chosen, seen, 0), axes), first


def _composed(x: Tensor, **options: Any) -> Tensor:
    return _chosen(x, _Pool.of(x.shape, **options))[0]


# By the number of axes.
_LARGEST = {
    rank: Fused(
        f"MaxPool{rank}DWithIndicesBackward0", largest, largest_back, _composed, largest_alone
    )
    for rank in (1, 2, 3)
}


def _with_indices(
    name: str, rank: int, input: Any, kernel_size: Extents, stride: Extents | None = None,
    padding: Extents = 0, dilation: Extents = 1, ceil_mode: bool = False,
    return_indices: bool = True,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    found: tuple[Tensor, Tensor] = _max_pool(
        name, rank, input, kernel_size, stride, padding, dilation, ceil_mode, True
    )
    return found


def _places(first: Any, pool: _Pool) -> Any:
    """Return the position in the flattened input of each window's chosen element.

    Args:
        first: Which element of its window it is: int64, a tensor or an array.
        pool: Where the windows are.
    """
    total: Any = 0
    rank = len(pool.size)
    for axis in range(rank):
        inner = math.prod(pool.size[axis + 1 :])
        step = first // inner % pool.size[axis]
        start = np.arange(pool.counts[axis]) * pool.stride[axis] - pool.low[axis]
        place = step * pool.dilation[axis] + start.reshape(-1, *(1,) * (rank - 1 - axis))
        total = total * pool.extents[axis] + place
    return total


def _avg_pool(
    name: str, rank: int, input: Any, kernel_size: Extents, stride: Extents | None = None,
    padding: Extents = 0, ceil_mode: bool = False, count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    x, batched = with_batch(name, as_floating(input, None), rank)
    _, options, covered = _pool_of(
        name, x, rank, kernel_size, stride, padding, 1, bool(ceil_mode),
        count_include_pad=bool(count_include_pad),
    )  # fmt: skip
    if divisor_override == 0:
        raise ArgumentError(f"{name} got divisor_override=0; it wants another number or None.")
    divisor = divisor_override or covered
    if divisor.__class__ is np.ndarray:
        divisor = divisor.astype(x.dtype)
    at_once = is_eager(x) and divisor.__class__ in (int, float, np.ndarray)
    result = (_AVERAGED[rank] if at_once else _mean)(x, **options, divisor=divisor)
    return result if batched else reshape(result, result.shape[1:])


def _mean(x: Tensor, *, divisor: Any, **options: Any) -> Tensor:
    total = reduce_sum(
        _windows_of(x, _Pool.of(x.shape, **options), 0), window_axes(_spatial(x, x.ndim - 2))
    )
    return divide(total, fresh(divisor) if divisor.__class__ is np.ndarray else divisor)


# By the number of axes.
_AVERAGED = {
    rank: Fused(name, averaged, averaged_back, _mean)
    for rank, name in (
        (1, "SqueezeBackward1"), (2, "AvgPool2DBackward0"), (3, "AvgPool3DBackward0"),
    )
}  # fmt: skip


def _covered(pool: _Pool, count_include_pad: bool) -> Any:
    """Return how many places each window covers; one number if all cover as many."""
    covered = [pool.covered(axis, count_include_pad) for axis in range(len(pool.size))]
    product: Any = functools.reduce(np.multiply.outer, covered)
    return int(product.flat[0]) if np.all(product == product.flat[0]) else product


@function
@variant_of(_max_pool, 1)
def max_pool1d() -> None:
    """Maxima of windows of (N, C, L); see `max_pool2d`."""


@function
@variant_of(_max_pool, 2)
def max_pool2d() -> None:
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
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.functions.pooling import max_pool2d
        >>> max_pool2d(torch.reshape(torch.arange(16.0), (1, 1, 4, 4)), 2).tolist()
        [[[[5.0, 7.0], [13.0, 15.0]]]]
    """


@function
@variant_of(_max_pool, 3)
def max_pool3d() -> None:
    """Maxima of windows of volumes (N, C, D, H, W); see `max_pool2d`."""


@function
@variant_of(_with_indices, 1)
def max_pool1d_with_indices() -> None:
    """Return `max_pool1d` and the maxima's positions."""


@variant_of(_with_indices, 2)
def max_pool2d_with_indices() -> None:
    """Return `max_pool2d` and the maxima's positions in the flattened image."""


@variant_of(_with_indices, 3)
def max_pool3d_with_indices() -> None:
    """Return `max_pool3d` and the maxima's positions in the flattened volume."""


@function
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
        "avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad
    )


@function
@variant_of(_avg_pool, 2)
def avg_pool2d() -> None:
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
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.functions.pooling import avg_pool2d
        >>> avg_pool2d(torch.reshape(torch.arange(16.0), (1, 1, 4, 4)), 2).tolist()
        [[[[2.5, 4.5], [10.5, 12.5]]]]
    """


@variant_of(_avg_pool, 3)
def avg_pool3d() -> None:
    """Means of windows of volumes (N, C, D, H, W); see `avg_pool2d`."""


# ---- norms


def _lp_pool(
    name: str, rank: int, input: Any, norm_type: float, kernel_size: Extents,
    stride: Extents | None = None, ceil_mode: bool = False,
) -> Tensor:  # fmt: skip
    x = as_floating(input, None)
    if math.isinf(norm_type):
        sign = 1 if norm_type > 0 else -1
        found: Tensor = _max_pool(
            name, rank, sign * absolute(x), kernel_size, stride, ceil_mode=ceil_mode
        )
        return sign * found
    averages = _avg_pool(name, rank, power(x, norm_type), kernel_size, stride, 0, ceil_mode)
    (sizes,) = whole_numbers(name, rank, kernel_size=kernel_size)
    total = averages * math.prod(sizes)
    # The root has no derivative at 0, which stays 0.
    empty = equal(total, 0)
    return where(empty, 0, power(where(empty, 1, total), 1.0 / norm_type))


@variant_of(_lp_pool, 1)
def lp_pool1d() -> None:
    """Norms of windows of (N, C, L) or (C, L); see `lp_pool2d`."""


@variant_of(_lp_pool, 2)
def lp_pool2d() -> None:
    """Norms of windows of images: (Σ xᵖ)^(1/p).

    Where the sum is 0 the derivative is 0.

    Args:
        input: (N, C, H, W), or (C, H, W).
        norm_type: p; infinite for the maximum of |x|.
        kernel_size: The window; one number, or one an axis.
        stride: The step between windows; by default the window.
        ceil_mode: Whether windows may reach beyond the end.

    Raises:
        ArgumentError: If no window fits.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.lp_pool2d(torch.tensor([[[3.0, 4.0], [0.0, 0.0]]]), 2, 2).tolist()
        [[[5.0]]]
    """


@variant_of(_lp_pool, 3)
def lp_pool3d() -> None:
    """Norms of windows of volumes (N, C, D, H, W); see `lp_pool2d`."""


# ---- extremes of windows that begin anywhere


def _extremes(x: Tensor, starts: list[Tensor], sizes: Numbers, stops: list[Any]) -> Any:
    """Return the maxima of windows, and their positions in the flattened input.

    Args:
        x: The input, (N, C, …).
        starts: Of each axis where windows begin, of shape (windows,) or (N, C, windows).
        sizes: How many elements windows have, at most.
        stops: Of each axis the last position of each window, of shape (windows,); None if all
            windows have all elements.
    """
    rank = len(sizes)
    lead = tuple(x.shape[:2])
    places: Tensor = as_tensor(np.zeros((1,) * (2 + 2 * rank), np.int64))
    for axis, (start, size, stop) in enumerate(zip(starts, sizes, stops, strict=True)):
        within = expand_dims(start, -1) + np.arange(size)
        # What is beyond a window's end is its last element again, which is not the first of equals.
        within = within if stop is None else minimum(within, np.asarray(stop)[:, None])
        shape = [1] * (2 + 2 * rank)
        shape[2 + axis], shape[2 + rank + axis] = within.shape[-2:]
        shape[:2] = within.shape[:2] if within.ndim == 4 else (1, 1)
        places = places * x.shape[2 + axis] + reshape(within, tuple(shape))
    counts = tuple(places.shape[2 : 2 + rank])
    number, size = math.prod(counts), math.prod(sizes)
    places = reshape(broadcast_to(places, (*lead, *counts, *sizes)), (*lead, number * size))
    flat = reshape(x, (*lead, math.prod(x.shape[2:])))
    seen = reshape(take_along_axis(stop_gradient(flat), places, -1), (*lead, number, size))
    first, _ = _first_of(seen, (3,), (size,))
    windowed = reshape(places, (*lead, number, size))
    chosen = take_along_axis(windowed, expand_dims(astype(first, np.int64), -1), -1)
    chosen = reshape(chosen, (*lead, number))
    found = reshape(take_along_axis(flat, chosen, -1), (*lead, *counts))
    return found, reshape(chosen, (*lead, *counts))


def _adaptive_max_pool(
    name: str, rank: int, input: Any, output_size: Any, return_indices: bool = False
) -> Any:
    x, batched = with_batch(name, input, rank)
    _require_positions(name, x)
    given = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * rank
    if len(given) != rank or any(n is not None and n < 0 for n in given):
        raise ArgumentError(
            f"{name}: elements of output_size must be greater than or equal to 0, and there must "
            f"be {rank}; {output_size} was given. Give one number, or one an axis."
        )
    counts = [e if n is None else int(n) for e, n in zip(x.array.shape[2:], given, strict=True)]
    pairs = list(zip(x.array.shape[2:], counts, strict=True))
    if is_eager(x) and x.array.size and all(n > 0 and e % n == 0 for e, n in pairs):
        sizes_of_all = tuple([e // n for e, n in pairs])
        return _max_pool(name, rank, input, sizes_of_all, return_indices=return_indices)
    starts, stops, sizes = [], [], []
    for extent, wanted in zip(x.shape[2:], given, strict=True):
        n = extent if wanted is None else int(wanted)
        start = np.arange(n) * extent // max(n, 1)
        stop = -(-(np.arange(n) + 1) * extent // max(n, 1))
        starts.append(as_tensor(start))
        stops.append(stop - 1)
        sizes.append(int((stop - start).max(initial=1)))
    found, places = _extremes(x, starts, tuple(sizes), stops)
    if not batched:
        found, places = (reshape(t, t.shape[1:]) for t in (found, places))
    return (found, places) if return_indices else found


def _adaptive_with_indices(
    name: str, rank: int, input: Any, output_size: Any, return_indices: bool = True
) -> Any:
    return _adaptive_max_pool(name, rank, input, output_size, True)


@variant_of(_adaptive_max_pool, 1)
def adaptive_max_pool1d() -> None:
    """Maxima of as many windows of (N, C, L) or (C, L) as wanted; see `adaptive_max_pool2d`."""


@variant_of(_adaptive_max_pool, 2)
def adaptive_max_pool2d() -> None:
    """Maxima of as many windows of images as wanted.

    Window i of n along an extent e is from ⌊i e / n⌋ to before ⌈(i + 1) e / n⌉.

    Args:
        input: (N, C, H, W), or (C, H, W).
        output_size: n, one number or one an axis; None for the extent itself.
        return_indices: Whether to return the maxima's positions in the flattened image, too.

    Raises:
        ShapeError: If the number of axes does not fit.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.adaptive_max_pool2d(torch.reshape(torch.arange(9.0), (1, 3, 3)), (1, None)).tolist()
        [[[6.0, 7.0, 8.0]]]
    """


@variant_of(_adaptive_max_pool, 3)
def adaptive_max_pool3d() -> None:
    """Maxima of as many windows of volumes as wanted; see `adaptive_max_pool2d`."""


@variant_of(_adaptive_with_indices, 1)
def adaptive_max_pool1d_with_indices() -> None:
    """Return `adaptive_max_pool1d` and the maxima's positions."""


@variant_of(_adaptive_with_indices, 2)
def adaptive_max_pool2d_with_indices() -> None:
    """Return `adaptive_max_pool2d` and the maxima's positions in the flattened image."""


@variant_of(_adaptive_with_indices, 3)
def adaptive_max_pool3d_with_indices() -> None:
    """Return `adaptive_max_pool3d` and the maxima's positions in the flattened volume."""


def _fractional_max_pool(
    name: str, rank: int, input: Any, kernel_size: Extents, output_size: Any = None,
    output_ratio: Any = None, return_indices: bool = False, _random_samples: Any = None,
) -> Any:  # fmt: skip
    x, batched = with_batch(name, input, rank)
    _require_positions(name, x)
    (sizes,) = whole_numbers(name, rank, kernel_size=kernel_size)
    wanted = _wanted_extents(name, x, rank, output_size, output_ratio)
    shape = (*x.shape[:2], rank)
    if _random_samples is None:
        fill = lambda extents: stream(None).uniform(0.0, 1.0, extents, x.dtype)
        samples = drawn(fill, shape, keyed_uniform(x.dtype))
    else:
        samples = as_tensor(_random_samples)[: shape[0]]
        if tuple(samples.shape) != shape:
            raise ShapeError(
                f"{name}: Expect _random_samples of shape {shape}; got "
                f"{tuple(as_tensor(_random_samples).shape)}."
            )
    # PyTorch draws the first number for the last axis of images, and in order for volumes.
    order = range(rank) if rank == 3 else reversed(range(rank))
    starts = []
    for axis, number in enumerate(order):
        extent, size, n = x.shape[2 + axis], sizes[axis], wanted[axis]
        if not size <= extent or n + size - 1 > extent:
            raise ArgumentError(
                f"{name}(): pool size {size} too large relative to input extent {extent} and "
                f"{n} windows. Take smaller or fewer ones."
            )
        starts.append(_random_starts(samples[:, :, number : number + 1], extent - size, n))
    found, places = _extremes(x, starts, sizes, [None] * rank)
    if not batched:
        found, places = (reshape(t, t.shape[1:]) for t in (found, places))
    return (found, places) if return_indices else found


def _wanted_extents(name: str, x: Tensor, rank: int, size: Any, ratio: Any) -> Numbers:
    if (size is None) and (ratio is None):
        raise ArgumentError(
            f"{name} requires specifying either an output_size or an output_ratio. Give one."
        )
    if size is not None:
        (extents,) = whole_numbers(name, rank, output_size=size)
        return extents
    each = ratio if isinstance(ratio, (tuple, list)) else (ratio,) * rank
    if len(each) != rank:
        raise ArgumentError(
            f"{name} requires output_ratio to either be a single number or {rank} of them, and "
            f"{ratio} was given."
        )
    return tuple(int(n * r) for n, r in zip(x.shape[2:], each, strict=True))


def _random_starts(sample: Tensor, room: int, count: int) -> Tensor:
    """Return where windows begin: steps of two lengths in random order, the last one at the end."""
    last = np.full((*sample.shape[:2], 1), room, np.int64)
    if count == 1:
        return as_tensor(last)
    step = np.asarray(room, sample.dtype) / np.asarray(count - 1, sample.dtype)
    index = np.arange(count - 1).astype(sample.dtype)
    begun = astype((sample + index) * step, np.int64) - astype(sample * step, np.int64)
    return concatenate([begun, as_tensor(last)], -1)


def _fractional_with_indices(
    name: str, rank: int, input: Any, kernel_size: Extents, output_size: Any = None,
    output_ratio: Any = None, return_indices: bool = True, _random_samples: Any = None,
) -> Any:  # fmt: skip
    return _fractional_max_pool(
        name, rank, input, kernel_size, output_size, output_ratio, True, _random_samples
    )


@variant_of(_fractional_max_pool, 2)
def fractional_max_pool2d() -> None:
    """Maxima of overlapping windows of images whose places are random.

    Args:
        input: (N, C, H, W), or (C, H, W).
        kernel_size: The window; one number, or one an axis.
        output_size: How many windows there are; one number, or one an axis.
        output_ratio: What part of the extents they are as many as, in its place.
        return_indices: Whether to return the maxima's positions in the flattened image, too.
        _random_samples: Numbers from 0 to 1, (N, C, 2), in place of those that are drawn.

    Raises:
        ArgumentError: If neither a size nor a ratio is given, or the windows are too many.

    Source:
        Graham, "Fractional Max-Pooling", 2014. arXiv:1412.6071

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> tuple(F.fractional_max_pool2d(torch.ones((1, 1, 7, 7)), 2, output_ratio=0.6).shape)
        (1, 1, 4, 4)
    """


@variant_of(_fractional_max_pool, 3)
def fractional_max_pool3d() -> None:
    """Maxima of overlapping windows of volumes at random; see `fractional_max_pool2d`."""


@variant_of(_fractional_with_indices, 2)
def fractional_max_pool2d_with_indices() -> None:
    """Return `fractional_max_pool2d` and the maxima's positions in the flattened image."""


@variant_of(_fractional_with_indices, 3)
def fractional_max_pool3d_with_indices() -> None:
    """Return `fractional_max_pool3d` and the maxima's positions in the flattened volume."""


# ---- extremes back at their places


def _max_unpool(
    name: str, rank: int, input: Any, indices: Any, kernel_size: Extents,
    stride: Extents | None = None, padding: Extents = 0, output_size: Sequence[int] | None = None,
) -> Tensor:  # fmt: skip
    x, batched = with_batch(name, input, rank)
    places = as_indices(indices)
    if not batched:
        places = reshape(places, (1, *places.shape))
    if places.shape != x.shape:
        raise ShapeError(
            f"{name}: Expected shape of indices to be same as that of the input tensor "
            f"({tuple(x.shape)}) but got indices tensor with shape: {tuple(places.shape)}"
        )
    sizes, steps = whole_numbers(
        name, rank, kernel_size=kernel_size, stride=kernel_size if stride is None else stride
    )
    (cut,) = whole_numbers(name, rank, padding=padding)
    extents = _unpooled_extents(x.shape[2:], sizes, steps, cut, output_size)
    size = math.prod(extents)
    if not places.is_symbolic and places.size:
        least, largest = int(places.numpy().min()), int(places.numpy().max())
        if least < 0 or largest >= size:
            raise IndexOutOfRange(
                f"Found an invalid max index: {largest if least >= 0 else least} (output volumes "
                f"are of size {extents}). Give output_size, or the indices of that pooling."
            )
    lead = tuple(x.shape[:2])
    flat = (*lead, math.prod(x.shape[2:]))
    empty = zeros((*lead, size), x.dtype, like=x)
    values, at = reshape(x, flat), reshape(places, flat)
    fixed = stop_gradient(values)
    found = scatter(empty, -1, at, fixed)
    # A maximum of several windows has the derivatives of all, as in PyTorch: what is added is 0.
    found = found + scatter_add(empty, -1, at, where(isfinite(fixed), values - fixed, 0))
    return reshape(found, (*lead, *extents) if batched else (*lead[1:], *extents))


def _unpooled_extents(
    counts: Sequence[int], sizes: Numbers, steps: Numbers, cut: Numbers, wanted: Any
) -> Numbers:
    usual = tuple(
        (n - 1) * step + k - 2 * p for n, k, step, p in zip(counts, sizes, steps, cut, strict=True)
    )
    if wanted is None:
        return usual
    rank, given = len(usual), tuple(int(n) for n in wanted)
    if len(given) not in (rank, rank + 2):
        raise ArgumentError(
            f"output_size should be a sequence containing {rank} or {rank + 2} elements, but it "
            f"has a length of '{len(given)}'"
        )
    given = given[-rank:]
    for axis, (n, middle, step) in enumerate(zip(given, usual, steps, strict=True)):
        if not middle - step < n < middle + step:
            raise ArgumentError(
                f'invalid output_size "{given}" (dim {axis} must be between {middle - step} and '
                f"{middle + step})"
            )
    return given


@variant_of(_max_unpool, 1)
def max_unpool1d() -> None:
    """Put maxima of windows of (N, C, L) or (C, L) back; see `max_unpool2d`."""


@variant_of(_max_unpool, 2)
def max_unpool2d() -> None:
    """Put maxima of windows of images back to their positions, with zeros elsewhere.

    Args:
        input: The maxima, (N, C, H, W) or (C, H, W).
        indices: Their positions in the flattened image, as `max_pool2d` returns them.
        kernel_size: The window; one number, or one an axis.
        stride: The step between windows; by default the window.
        padding: How much was added on both sides.
        output_size: The extents of the image, where windows do not tell them.

    Raises:
        ShapeError: If there are not as many positions as maxima.
        IndexOutOfRange: If a position is outside of the image.
        ArgumentError: If the extents wanted are not those of such windows.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> x = torch.tensor([[[1.0, 2.0], [4.0, 3.0]]])
        >>> F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2).tolist()
        [[[0.0, 0.0], [4.0, 0.0]]]
    """


@variant_of(_max_unpool, 3)
def max_unpool3d() -> None:
    """Put maxima of windows of volumes back; see `max_unpool2d`."""
