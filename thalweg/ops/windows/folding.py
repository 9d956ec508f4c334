"""Windows of images written as columns, and columns added to images; PyTorch's arguments."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ShapeError
from thalweg.ops.shape.cut import slice_
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.transpose import transpose
from thalweg.ops.windows.sliding import Extents, check_fits, padded, whole_numbers, with_batch
from thalweg.ops.windows.windows import overlap_add, windows

__all__ = [
    "fold",
    "unfold",
]


def unfold(
    input: Any,
    kernel_size: Extents,
    dilation: Extents = 1,
    padding: Extents = 0,
    stride: Extents = 1,
) -> Tensor:
    """Write the windows of (N, C, H, W) as columns (N, C·kH·kW, windows), as PyTorch's `unfold`."""
    x, batched = with_batch("unfold", input, 2)
    size = whole_numbers("unfold", "kernel_size", kernel_size, 2, 1)
    gaps = whole_numbers("unfold", "dilation", dilation, 2, 1)
    both = whole_numbers("unfold", "padding", padding, 2, 0)
    x = padded(x, both, both)
    check_fits("unfold", x, size, gaps)
    steps = whole_numbers("unfold", "stride", stride, 2, 1)
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
    wanted = whole_numbers("fold", "output_size", output_size, 2, 1)
    size = whole_numbers("fold", "kernel_size", kernel_size, 2, 1)
    gaps = whole_numbers("fold", "dilation", dilation, 2, 1)
    both = whole_numbers("fold", "padding", padding, 2, 0)
    steps = whole_numbers("fold", "stride", stride, 2, 1)
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
    whole = overlap_add(seen, extents, steps, gaps, (2, 3))
    bounds = [(0, n, 1) for n in whole.shape[:2]]
    bounds += [(p, p + n, 1) for p, n in zip(both, wanted, strict=True)]
    image = slice_(whole, tuple(bounds))
    return image if batched else reshape(image, image.shape[1:])
