"""Windows that slide over signals, images and volumes: convolution."""

from __future__ import annotations

import functools
from typing import Any, Literal

from thalweg.control.fused import Fused, is_eager
from thalweg.core.apply import joined, kind_of
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, DtypeError, ShapeError
from thalweg.ops.elementwise.arithmetic import add
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.linalg.contraction import contract
from thalweg.ops.shape.cut import pad_with_zeros, slice_
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.transpose import transpose
from thalweg.ops.windows.windows import overlap_add, windows
from thalweg.torch.dtypes import TORCH
from thalweg.torch.fused.convolution import convolved, convolved_back
from thalweg.torch.naming import as_tensor, function, variant_of
from thalweg.torch.steps import step

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
            f"{', '.join(('depth', 'height', 'width')[-rank:])}), or the same without the batch. "
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


def check_fits(
    name: str, extents: tuple[int, ...], size: tuple[int, ...], dilation: tuple[int, ...]
) -> None:
    """Check that one window fits the extents of an input with its padding.

    Raises:
        ShapeError: If it does not.
    """
    covered = tuple((k - 1) * gap + 1 for k, gap in zip(size, dilation, strict=True))
    if any(n < k for n, k in zip(extents, covered, strict=True)):
        raise ShapeError(
            f"{name} got an input of extents {extents} with its padding, and windows "
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


def _check_channels(
    name: str, x: tuple[int, ...], weight: tuple[int, ...], groups: int, own: int
) -> None:
    if len(weight) != len(x):
        raise ShapeError(
            f"{name} got an input of shape {x} (with its batch) and a weight of shape "
            f"{weight}; both need as many axes. Reshape one of them."
        )
    wanted = weight[1] * groups if own else weight[0]
    if groups < 1 or x[1] != wanted or weight[0] % groups:
        fault = f"Given groups={groups}, weight of size {list(weight)}, expected"
        raise ShapeError(
            f"{fault} input{list(x)} to have {wanted} channels, but got {x[1]} "
            f"channels instead; the number of groups must divide the channels. Change the weight "
            f"of {name}, or the groups."
        )


# What PyTorch calls dtypes in errors: the type of a scalar, and that of C++.
_SPOKEN = {
    "float16": ("Half", "c10::Half"), "float32": ("Float", "float"),
    "float64": ("Double", "double"), "complex64": ("ComplexFloat", "c10::complex<float>"),
    "complex128": ("ComplexDouble", "c10::complex<double>"), "bool": ("Bool", "bool"),
    "int8": ("Char", "signed char"), "uint8": ("Byte", "unsigned char"),
    "int16": ("Short", "short"), "int32": ("Int", "int"), "int64": ("Long", "long int"),
}  # fmt: skip


def type_names(x: Tensor) -> tuple[str, str]:
    """Return what PyTorch calls a tensor's dtype: as that of a scalar, and in C++."""
    name = x.spec.dtype.name
    return _SPOKEN.get(name, (name, name))


def _operands(name: str, x: Tensor, weight: Any, bias: Any) -> tuple[Tensor, Tensor, Tensor | None]:
    """Return the operands in one dtype; PyTorch's tensors must have one already.

    Raises:
        DtypeError: If these do not.
    """
    tensors = [x, as_tensor(weight)] + ([] if bias is None else [as_tensor(bias)])
    if kind_of(tuple(tensors)).promotion is TORCH:
        for what, other in [*zip(("weight", "bias"), tensors[1:], strict=False)][::-1]:
            if other.spec.dtype != x.spec.dtype:
                raise _mixed(name, x, what, other)
    dtype = joined(*tensors)
    cast = [astype(t, dtype) for t in tensors]
    return cast[0], cast[1], cast[2] if bias is not None else None


def _mixed(name: str, x: Tensor, what: str, other: Tensor) -> DtypeError:
    """Return the refusal of operands of several dtypes."""
    (mine, of_input), (theirs, of_other) = type_names(x), type_names(other)
    start = f"expected scalar type {mine} but found {theirs}: " if what == "weight" else ""
    return DtypeError(
        f"{start}Input type ({of_input}) and {what} type ({of_other}) should be the same in "
        f"{name}. Convert one with .to(dtype)."
    )


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
    x, batched = with_batch(name, input, rank)
    kernel, offset = as_tensor(weight), None if bias is None else as_tensor(bias)
    at_once = is_eager(x, kernel, offset)
    if not at_once:
        x, kernel, offset = _operands(name, x, kernel, offset)
    given: list[Any] = [stride, padding, dilation, groups]
    given = [tuple(n) if n.__class__ is list else n for n in given]
    shape, of_kernel = x.array.shape, kernel.array.shape
    how = _how(name, rank, shape, of_kernel, *given)
    at_once = at_once and (offset is None or offset.array.shape == of_kernel[:1])
    result = (_CONVOLVED if at_once else _composed)(x, kernel, offset, **how)
    return result if batched else reshape(result, result.shape[1:])


@functools.lru_cache(maxsize=1024, typed=True)
def _how(
    name: str, rank: int, shape: tuple[int, ...], kernel: tuple[int, ...], stride: Any,
    padding: Any, dilation: Any, groups: int,
) -> dict[str, Any]:  # fmt: skip
    """Return how an input and a kernel of these shapes are convolved."""
    _check_channels(name, shape, kernel, groups, own=1)
    size, inner = kernel[2:], shape[2:]
    steps, gaps = whole_numbers(name, rank, stride=stride, dilation=dilation)
    low, high = _paddings(name, padding, size, steps, gaps)
    check_fits(name, tuple(n + p + q for n, p, q in zip(inner, low, high, strict=True)), size, gaps)
    return {"low": low, "high": high, "steps": steps, "gaps": gaps, "groups": groups}


def _composed(
    x: Tensor,
    kernel: Tensor,
    bias: Tensor | None,
    low: tuple[int, ...],
    high: tuple[int, ...],
    steps: tuple[int, ...],
    gaps: tuple[int, ...],
    groups: int,
) -> Tensor:
    """Return the convolution of a batch, made of operations."""
    rank, size = len(low), kernel.shape[2:]
    x = pad_last_axes(x, low, high)
    elements, places = _ELEMENTS[:rank], _PLACES[:rank]
    spread = "".join(h + u for h, u in zip(places, elements, strict=True))
    if groups == 1:
        seen = windows(x, size, steps, gaps, tuple(range(2, 2 + rank)))
        result = contract(kernel, seen, f"oc{elements},nc{spread}->no{places}")
        return _finish(result, bias, True, rank)
    x = reshape(x, (x.shape[0], groups, x.shape[1] // groups, *x.shape[2:]))
    kernel = reshape(kernel, (groups, kernel.shape[0] // groups, *kernel.shape[1:]))
    seen = windows(x, size, steps, gaps, tuple(range(3, 3 + rank)))
    result = contract(kernel, seen, f"goc{elements},ngc{spread}->ngo{places}")
    joined = (x.shape[0], kernel.shape[0] * kernel.shape[1], *result.shape[3:])
    return _finish(reshape(result, joined), bias, True, rank)


_CONVOLVED = Fused("ConvolutionBackward0", convolved, convolved_back, _composed)


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


@function
@variant_of(_convolve, 3)
def conv3d() -> None:
    """Correlate volumes (N, C, D, H, W) with weights (O, C/groups, kD, kH, kW).

    Arguments and result as `conv2d`, with three axes instead of two.

    Example:
        >>> import thalweg.torch as torch
        >>> tuple(torch.conv3d(torch.ones((1, 1, 3, 3, 3)), torch.ones((2, 1, 2, 2, 1))).shape)
        (1, 2, 2, 2, 3)
    """


@function
def conv_tbc(input: Any, weight: Any, bias: Any, pad: int = 0) -> Tensor:
    """Correlate (times, N, C) with weights (k, C, O): out[t] = b + Σ x[t+u] w[u].

    Args:
        input: (times, N, C).
        weight: (k, C, O).
        bias: (O,).
        pad: Zeros before and behind all times.

    Raises:
        ShapeError: If the shapes do not fit.

    Example:
        >>> import thalweg.torch as torch
        >>> found = torch.conv_tbc(torch.ones((5, 2, 3)), torch.ones((2, 3, 4)), torch.zeros(4))
        >>> tuple(found.shape)
        (4, 2, 4)
    """
    x, kernel = as_tensor(input), as_tensor(weight)
    if x.ndim != 3 or kernel.ndim != 3:
        raise ShapeError(
            f"Input must have 3 dims: time, batch, in_channel, and the weight 3 too; conv_tbc got "
            f"shapes {tuple(x.shape)} and {tuple(kernel.shape)}. Reshape them."
        )
    found = _convolve(
        "conv_tbc", 1, transpose(x, (1, 2, 0)), transpose(kernel, (2, 1, 0)), bias, 1, pad
    )
    return transpose(found, (2, 0, 1))


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
    x, kernel, offset = _operands(name, given, weight, bias)
    _check_channels(name, tuple(x.shape), tuple(kernel.shape), groups, own=0)
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


@function
@variant_of(_transpose_convolution, 3)
def conv_transpose3d() -> None:
    """The transpose of `conv3d`: (N, C, D, H, W) and weights (C, O/groups, kD, kH, kW).

    Arguments and result as `conv_transpose2d`, with three axes instead of two.
    """


@step("Im2Col")
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
    check_fits("unfold", x.shape[2:], size, gaps)
    seen = transpose(windows(x, size, steps, gaps, (2, 3)), (0, 1, 3, 5, 2, 4))
    shape = seen.shape
    columns = (shape[1] * shape[2] * shape[3], shape[4] * shape[5])
    return reshape(seen, (shape[0], *columns) if batched else columns)


@step("Col2Im")
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
