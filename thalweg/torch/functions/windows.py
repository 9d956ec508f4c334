"""Windows that slide over signals and images: convolution, and pooling."""

from __future__ import annotations

import functools
from typing import Any, Literal

import numpy as np

from thalweg.core.apply import joined
from thalweg.core.tensor import Tensor, fresh
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.arithmetic import add, divide, multiply
from thalweg.ops.elementwise.comparison import equal, less, not_equal, where
from thalweg.ops.elementwise.conversion import as_floating, astype, stop_gradient
from thalweg.ops.linalg.contraction import contract
from thalweg.ops.reduce.extremes import reduce_max, reduce_min
from thalweg.ops.shape.broadcast import broadcast_to, reduce_sum
from thalweg.ops.shape.cut import pad_with_zeros, slice_
from thalweg.ops.shape.reshape import reshape, restore_axes
from thalweg.ops.shape.transpose import transpose
from thalweg.ops.windows.windows import overlap_add, window_axes, windows
from thalweg.torch.naming import as_tensor, function, variant_of

Extents = int | tuple[int, ...]


def whole_numbers(name: str, rank: int, **arguments: Any) -> list[tuple[int, ...]]:
    """Return, of every argument, one number an axis: from one number, or as many as there are axes.

    Paddings are from 0, all others from 1.

    Raises:
        ArgumentError: If there are more or fewer, or one is too small.
    """
    found = []
    for what, given in arguments.items():
        least = 0 if what.endswith("padding") else 1
        values = tuple(given) if isinstance(given, (tuple, list)) else (given,)
        values = values * rank if len(values) == 1 else values
        if len(values) != rank or any(int(v) != v or v < least for v in values):
            raise ArgumentError(
                f"{name} got {what}={given}; it wants a whole number from {least} on, or "
                f"{rank} of them."
            )
        found.append(tuple(int(v) for v in values))
    return found


def with_batch(name: str, x: Any, rank: int) -> tuple[Tensor, bool]:
    """Return a tensor with a leading axis of examples, and whether it had one.

    Raises:
        ShapeError: If the tensor has too many or too few axes.
    """
    tensor = as_tensor(x)
    if tensor.ndim not in (rank + 1, rank + 2):
        raise ShapeError(
            f"{name} got a tensor of shape {tensor.shape}; it wants (batch, channels, "
            f"{', '.join(('height', 'width')[-rank:])}), or the same without the batch. "
            "Reshape it first."
        )
    batched = tensor.ndim == rank + 2
    return (tensor if batched else reshape(tensor, (1, *tensor.shape))), batched


def pad_last_axes(x: Tensor, low: tuple[int, ...], high: tuple[int, ...]) -> Tensor:
    """Return a tensor with zeros around its last axes."""
    if not any(low) and not any(high):
        return x
    lead = (0,) * (x.ndim - len(low))
    return pad_with_zeros(x, (*lead, *low), (*lead, *high), (0,) * x.ndim)


def check_fits(name: str, x: Tensor, size: tuple[int, ...], dilation: tuple[int, ...]) -> None:
    """Check that one window fits an input with its padding.

    Raises:
        ShapeError: If it does not.
    """
    covered = tuple((k - 1) * gap + 1 for k, gap in zip(size, dilation, strict=True))
    if any(n < k for n, k in zip(x.shape[2:], covered, strict=True)):
        raise ShapeError(
            f"{name} got an input of height and width {x.shape[2:]} with its padding, and windows "
            f"that cover {covered}. Pad more, or take a smaller kernel."
        )


Padding = Extents | Literal["same", "valid"]

# The labels of a contraction: the places of windows, and the elements of a window.
_PLACES, _ELEMENTS = "hij", "uvw"


def _paddings(
    name: str, padding: Any, size: tuple[int, ...], stride: Any, dilation: Any
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if padding == "valid":
        padding = 0
    if padding != "same":
        (both,) = whole_numbers(name, len(size), padding=padding)
        return both, both
    if any(step != 1 for step in stride):
        raise ArgumentError(
            f'{name} got padding="same" and stride={stride}; the output has the size of the input '
            "only with stride 1. Give the padding in numbers."
        )
    total = [gap * (k - 1) for gap, k in zip(dilation, size, strict=True)]
    return tuple(n // 2 for n in total), tuple(n - n // 2 for n in total)


def _check_channels(name: str, x: Tensor, weight: Tensor, groups: int, own: int) -> None:
    if weight.ndim != x.ndim:
        raise ShapeError(
            f"{name} got an input of shape {x.shape} (with its batch) and a weight of shape "
            f"{weight.shape}; both need as many axes. Reshape one of them."
        )
    wanted = weight.shape[1] * groups if own else weight.shape[0]
    if groups < 1 or x.shape[1] != wanted or weight.shape[0] % groups:
        raise ShapeError(
            f"{name} got an input of shape {x.shape}, a weight of shape {weight.shape} and "
            f"groups={groups}; the weight is for {wanted} input channels and the number of groups "
            "must divide the channels. Change the weight, or the groups."
        )


def _operands(x: Tensor, weight: Any, bias: Any) -> tuple[Tensor, Tensor, Tensor | None]:
    tensors = [x, as_tensor(weight)] + ([] if bias is None else [as_tensor(bias)])
    dtype = joined(*tensors)
    cast = [astype(t, dtype) for t in tensors]
    return cast[0], cast[1], cast[2] if bias is not None else None


def _finish(result: Tensor, bias: Tensor | None, batched: bool, rank: int) -> Tensor:
    if bias is not None:
        result = add(result, reshape(bias, (bias.shape[0], *(1,) * rank)))
    return result if batched else reshape(result, result.shape[1:])


def _convolve(
    name: str,
    rank: int,
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Extents = 1,
    padding: Padding = 0,
    dilation: Extents = 1,
    groups: int = 1,
) -> Tensor:
    given, batched = with_batch(name, input, rank)
    x, kernel, offset = _operands(given, weight, bias)
    _check_channels(name, x, kernel, groups, own=1)
    size = kernel.shape[2:]
    steps, gaps = whole_numbers(name, rank, stride=stride, dilation=dilation)
    x = pad_last_axes(x, *_paddings(name, padding, size, steps, gaps))
    check_fits(name, x, size, gaps)
    elements, places = _ELEMENTS[:rank], _PLACES[:rank]
    spread = "".join(h + u for h, u in zip(places, elements, strict=True))
    if groups == 1:
        seen = windows(x, size, steps, gaps, tuple(range(2, 2 + rank)))
        result = contract(kernel, seen, f"oc{elements},nc{spread}->no{places}")
        return _finish(result, offset, batched, rank)
    x = reshape(x, (x.shape[0], groups, x.shape[1] // groups, *x.shape[2:]))
    kernel = reshape(kernel, (groups, kernel.shape[0] // groups, *kernel.shape[1:]))
    seen = windows(x, size, steps, gaps, tuple(range(3, 3 + rank)))
    result = contract(kernel, seen, f"goc{elements},ngc{spread}->ngo{places}")
    joined = (x.shape[0], kernel.shape[0] * kernel.shape[1], *result.shape[3:])
    return _finish(reshape(result, joined), offset, batched, rank)


@function
@variant_of(_convolve, 1)
def conv1d() -> None:
    """Correlate (N, C, L) with weights (O, C/groups, k): out[n, o, i] = Σ w[o, c, u] x[n, c, i+u].

    Arguments and result as `conv2d`, with one axis instead of two.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.functions.windows import conv1d
        >>> conv1d(torch.reshape(torch.arange(4.0), (1, 1, 4)), torch.ones((1, 1, 2))).tolist()
        [[[1.0, 3.0, 5.0]]]
    """


@function
@variant_of(_convolve, 2)
def conv2d() -> None:
    """Correlate images with weights, as `torch.nn.functional.conv2d`.

    out[n, o, i, j] = b[o] + Σ_cuv w[o, c, u, v] · x[n, c, i·s + u·d, j·s + v·d] with stride s and
    dilation d.

    Args:
        input: (N, C, H, W), or (C, H, W).
        weight: (O, C/groups, kH, kW).
        bias: (O,), or None.
        stride: The step between windows; one number, or one an axis.
        padding: Zeros on both sides; "valid" for none, "same" for a result of the input's size.
        dilation: The distance between the elements of a window.
        groups: Into how many parts the channels are cut; each sees its own part of the input.

    Raises:
        ShapeError: If channels, groups or extents do not fit.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.functions.windows import conv2d
        >>> tuple(conv2d(torch.ones((1, 1, 3, 3)), torch.ones((2, 1, 2, 2)), padding=1).shape)
        (1, 2, 4, 4)
    """


def _transpose_convolution(
    name: str,
    rank: int,
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Extents = 1,
    padding: Extents = 0,
    output_padding: Extents = 0,
    groups: int = 1,
    dilation: Extents = 1,
) -> Tensor:
    given, batched = with_batch(name, input, rank)
    x, kernel, offset = _operands(given, weight, bias)
    _check_channels(name, x, kernel, groups, own=0)
    steps, gaps = whole_numbers(name, rank, stride=stride, dilation=dilation)
    cut, more = whole_numbers(name, rank, padding=padding, output_padding=output_padding)
    size = kernel.shape[2:]
    extents = tuple(
        (n - 1) * step + gap * (k - 1) + 1
        for n, step, gap, k in zip(x.shape[2:], steps, gaps, size, strict=True)
    )
    elements, places = _ELEMENTS[:rank], _PLACES[:rank]
    spread = "".join(h + u for h, u in zip(places, elements, strict=True))
    x = reshape(x, (x.shape[0], groups, x.shape[1] // groups, *x.shape[2:]))
    kernel = reshape(kernel, (groups, kernel.shape[0] // groups, *kernel.shape[1:]))
    seen = contract(kernel, x, f"gco{elements},ngc{places}->ngo{spread}")
    whole = overlap_add(seen, extents, steps, gaps, tuple(range(3, 3 + rank)))
    whole = reshape(whole, (x.shape[0], groups * kernel.shape[2], *extents))
    wanted = tuple(n - 2 * p + q for n, p, q in zip(extents, cut, more, strict=True))
    if min(wanted) < 1:
        raise ShapeError(
            f"{name} got an input of shape {given.shape} and padding={padding}, which leaves "
            f"{wanted}. Pad less."
        )
    high = tuple(max(0, q - p) for q, p in zip(more, cut, strict=True))
    whole = _crop(pad_last_axes(whole, (0,) * rank, high), cut, wanted)
    return _finish(whole, offset, batched, rank)


def _crop(x: Tensor, start: tuple[int, ...], extents: tuple[int, ...]) -> Tensor:
    """Return a part of the last axes of (N, C, …)."""
    bounds = [(p, p + n, 1) for p, n in zip(start, extents, strict=True)]
    return slice_(x, (*((0, n, 1) for n in x.shape[:2]), *bounds))


@function
@variant_of(_transpose_convolution, 1)
def conv_transpose1d() -> None:
    """The transpose of `conv1d`: (N, C, L) and weights (C, O/groups, k); see `conv_transpose2d`."""


@function
@variant_of(_transpose_convolution, 2)
def conv_transpose2d() -> None:
    """The transpose of `conv2d` in its input, as `torch.nn.functional.conv_transpose2d`.

    Args:
        input: (N, C, H, W), or (C, H, W).
        weight: (C, O/groups, kH, kW).
        bias: (O,), or None.
        stride: The step between windows of the result.
        padding: How much of the result is cut off on both sides.
        output_padding: How much is added at the end.
        groups: Into how many parts the channels are cut.
        dilation: The distance between the elements of a window.

    Raises:
        ShapeError: If channels, groups or extents do not fit.
    """


def unfold(
    input: Any,
    kernel_size: Extents,
    dilation: Extents = 1,
    padding: Extents = 0,
    stride: Extents = 1,
) -> Tensor:
    """Write the windows of (N, C, H, W) as columns (N, C·kH·kW, windows), as PyTorch's `unfold`."""
    x, batched = with_batch("unfold", input, 2)
    size, both = whole_numbers("unfold", 2, kernel_size=kernel_size, padding=padding)
    steps, gaps = whole_numbers("unfold", 2, stride=stride, dilation=dilation)
    x = pad_last_axes(x, both, both)
    check_fits("unfold", x, size, gaps)
    seen = transpose(windows(x, size, steps, gaps, (2, 3)), (0, 1, 3, 5, 2, 4))
    shape = seen.shape
    columns = (shape[1] * shape[2] * shape[3], shape[4] * shape[5])
    return reshape(seen, (shape[0], *columns) if batched else columns)


def fold(
    input: Any,
    output_size: Extents,
    kernel_size: Extents,
    dilation: Extents = 1,
    padding: Extents = 0,
    stride: Extents = 1,
) -> Tensor:
    """Add columns (N, C·kH·kW, windows) to an image (N, C, H, W): the transpose of `unfold`.

    Raises:
        ShapeError: If the columns are not the windows of such an image.
    """
    x, batched = with_batch("fold", input, 1)
    wanted, size = whole_numbers("fold", 2, output_size=output_size, kernel_size=kernel_size)
    steps, gaps = whole_numbers("fold", 2, stride=stride, dilation=dilation)
    (both,) = whole_numbers("fold", 2, padding=padding)
    extents = tuple(n + 2 * p for n, p in zip(wanted, both, strict=True))
    counts = tuple(
        (n - gap * (k - 1) - 1) // step + 1
        for n, gap, k, step in zip(extents, gaps, size, steps, strict=True)
    )
    if x.shape[1] % (size[0] * size[1]) or x.shape[2] != counts[0] * counts[1]:
        raise ShapeError(
            f"fold got columns of shape {x.shape} for windows {size} of an image {wanted}; it "
            f"wants (N, C·{size[0] * size[1]}, {counts[0] * counts[1]}). Change output_size."
        )
    shape = (x.shape[0], x.shape[1] // (size[0] * size[1]), *size, *counts)
    seen = transpose(reshape(x, shape), (0, 1, 4, 2, 5, 3))
    image = _crop(overlap_add(seen, extents, steps, gaps, (2, 3)), both, wanted)
    return image if batched else reshape(image, image.shape[1:])


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


def _max_pool(
    name: str, rank: int, input: Any, kernel_size: Extents, stride: Extents | None = None,
    padding: Extents = 0, dilation: Extents = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    x, batched = with_batch(name, input, rank)
    if 0 in x.shape[1:]:
        raise ShapeError(
            f"{name} expected a tensor with optional 0 dim batch size for input; it got shape "
            f"{x.shape}, without a channel or a position. Check that the data are not empty."
        )
    pool = _Pool(name, rank, x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    least = -np.inf if x.dtype.kind == "f" else int(np.iinfo(x.dtype).min)
    seen = _windows_of(x, pool, least)
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
    name: str, rank: int, input: Any, kernel_size: Extents, stride: Extents | None = None,
    padding: Extents = 0, ceil_mode: bool = False, count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    x, batched = with_batch(name, as_floating(input, None), rank)
    pool = _Pool(name, rank, x.shape, kernel_size, stride, padding, 1, ceil_mode)
    total = reduce_sum(_windows_of(x, pool, 0), window_axes(_spatial(x, rank)))
    if divisor_override == 0:
        raise ArgumentError(f"{name} got divisor_override=0; it wants another number or None.")
    result = divide(total, divisor_override or _divisor(pool, count_include_pad, x.dtype))
    return result if batched else reshape(result, result.shape[1:])


def _divisor(pool: _Pool, count_include_pad: bool, dtype: Any) -> Any:
    covered = [pool.covered(axis, count_include_pad) for axis in range(len(pool.size))]
    product: Any = functools.reduce(np.multiply.outer, covered)
    if np.all(product == product.flat[0]):
        return int(product.flat[0])
    return fresh(product.astype(dtype))


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
        >>> from thalweg.torch.functions.windows import max_pool2d
        >>> max_pool2d(torch.reshape(torch.arange(16.0), (1, 1, 4, 4)), 2).tolist()
        [[[[5.0, 7.0], [13.0, 15.0]]]]
    """


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
        >>> from thalweg.torch.functions.windows import avg_pool2d
        >>> avg_pool2d(torch.reshape(torch.arange(16.0), (1, 1, 4, 4)), 2).tolist()
        [[[[2.5, 4.5], [10.5, 12.5]]]]
    """
