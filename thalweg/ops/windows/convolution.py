"""Convolutions: windows of the input, contracted with the weights. PyTorch's arguments."""

from __future__ import annotations

from typing import Any, Literal

from thalweg.core.operation import operation
from thalweg.core.spec import promote
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.elementwise.arithmetic import add
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.linalg.contraction import contract
from thalweg.ops.shape.cut import slice_
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.windows.sliding import Extents, check_fits, padded, whole_numbers, with_batch
from thalweg.ops.windows.windows import overlap_add, windows

__all__ = [
    "conv1d",
    "conv2d",
    "conv_transpose1d",
    "conv_transpose2d",
]


Padding = Extents | Literal["same", "valid"]

# The labels of a contraction: the places of windows, and the elements of a window.
_PLACES, _ELEMENTS = "hij", "uvw"


def _paddings(
    name: str, padding: Any, size: tuple[int, ...], stride: Any, dilation: Any
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if padding == "valid":
        padding = 0
    if padding != "same":
        both = whole_numbers(name, "padding", padding, len(size), 0)
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
    dtype = promote(tuple(t.spec for t in tensors))[0]
    cast = [astype(t, dtype) for t in tensors]
    return cast[0], cast[1], cast[2] if bias is not None else None


def _finished(result: Tensor, bias: Tensor | None, batched: bool, rank: int) -> Tensor:
    if bias is not None:
        result = add(result, reshape(bias, (bias.shape[0], *(1,) * rank)))
    return result if batched else reshape(result, result.shape[1:])


def _convolve(
    name: str,
    rank: int,
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Tensor:
    given, batched = with_batch(name, input, rank)
    x, kernel, offset = _operands(given, weight, bias)
    _check_channels(name, x, kernel, groups, own=1)
    size = kernel.shape[2:]
    steps = whole_numbers(name, "stride", stride, rank, 1)
    gaps = whole_numbers(name, "dilation", dilation, rank, 1)
    x = padded(x, *_paddings(name, padding, size, steps, gaps))
    check_fits(name, x, size, gaps)
    elements, places = _ELEMENTS[:rank], _PLACES[:rank]
    spread = "".join(h + u for h, u in zip(places, elements, strict=True))
    if groups == 1:
        seen = windows(x, size, steps, gaps, tuple(range(2, 2 + rank)))
        result = contract(kernel, seen, f"oc{elements},nc{spread}->no{places}")
        return _finished(result, offset, batched, rank)
    x = reshape(x, (x.shape[0], groups, x.shape[1] // groups, *x.shape[2:]))
    kernel = reshape(kernel, (groups, kernel.shape[0] // groups, *kernel.shape[1:]))
    seen = windows(x, size, steps, gaps, tuple(range(3, 3 + rank)))
    result = contract(kernel, seen, f"goc{elements},ngc{spread}->ngo{places}")
    joined = (x.shape[0], kernel.shape[0] * kernel.shape[1], *result.shape[3:])
    return _finished(reshape(result, joined), offset, batched, rank)


@operation
def conv1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Extents = 1,
    padding: Padding = 0,
    dilation: Extents = 1,
    groups: int = 1,
) -> Tensor:
    """Correlate (N, C, L) with weights (O, C/groups, k): out[n, o, i] = Σ w[o, c, u] x[n, c, i+u].

    Arguments and result as `conv2d`, with one axis instead of two.

    Example:
        >>> import thalweg as tw
        >>> from thalweg.ops.windows.convolution import conv1d
        >>> conv1d(tw.reshape(tw.arange(4.0), (1, 1, 4)), tw.ones((1, 1, 2))).tolist()
        [[[1.0, 3.0, 5.0]]]
    """
    return _convolve("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


@operation
def conv2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Extents = 1,
    padding: Padding = 0,
    dilation: Extents = 1,
    groups: int = 1,
) -> Tensor:
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
        >>> import thalweg as tw
        >>> from thalweg.ops.windows.convolution import conv2d
        >>> tuple(conv2d(tw.ones((1, 1, 3, 3)), tw.ones((2, 1, 2, 2)), padding=1).shape)
        (1, 2, 4, 4)
    """
    return _convolve("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def _convolve_transposed(
    name: str,
    rank: int,
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Tensor:
    given, batched = with_batch(name, input, rank)
    x, kernel, offset = _operands(given, weight, bias)
    _check_channels(name, x, kernel, groups, own=0)
    steps = whole_numbers(name, "stride", stride, rank, 1)
    gaps = whole_numbers(name, "dilation", dilation, rank, 1)
    cut = whole_numbers(name, "padding", padding, rank, 0)
    more = whole_numbers(name, "output_padding", output_padding, rank, 0)
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
    whole = padded(whole, (0,) * rank, high)
    bounds = [(0, n, 1) for n in whole.shape[:2]]
    bounds += [(p, p + n, 1) for p, n in zip(cut, wanted, strict=True)]
    return _finished(slice_(whole, tuple(bounds)), offset, batched, rank)


@operation
def conv_transpose1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Extents = 1,
    padding: Extents = 0,
    output_padding: Extents = 0,
    groups: int = 1,
    dilation: Extents = 1,
) -> Tensor:
    """The transpose of `conv1d`: (N, C, L) and weights (C, O/groups, k); see `conv_transpose2d`."""
    return _convolve_transposed(
        "conv_transpose1d",
        1,
        input,
        weight,
        bias,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )


@operation
def conv_transpose2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Extents = 1,
    padding: Extents = 0,
    output_padding: Extents = 0,
    groups: int = 1,
    dilation: Extents = 1,
) -> Tensor:
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
    return _convolve_transposed(
        "conv_transpose2d",
        2,
        input,
        weight,
        bias,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )
