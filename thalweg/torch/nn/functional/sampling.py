"""Images and volumes read at positions that are computed: grids, and what they show."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor, astype
from thalweg.errors import ArgumentError, ShapeError
from thalweg.lines import level_of_user
from thalweg.ops.creation.ranges import linspace
from thalweg.ops.elementwise.arithmetic import absolute
from thalweg.ops.elementwise.comparison import (
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    where,
)  # fmt: skip
from thalweg.ops.elementwise.conversion import stop_gradient
from thalweg.ops.elementwise.rounding import clip, floor, rint
from thalweg.ops.index.take import take_along_axis
from thalweg.ops.linalg.products import matmul
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.reshape import expand_dims, reshape
from thalweg.ops.shape.transpose import swapaxes
from thalweg.torch.naming import as_tensor
from thalweg.torch.steps import step

Array = np.ndarray[Any, Any]

__all__ = ["affine_grid", "grid_sample"]

_SAMPLING = ("bilinear", "nearest", "bicubic")

_OUTSIDE = ("zeros", "border", "reflection")

_UNSAID = (
    "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. "
    "Please specify align_corners=True if the old behavior is desired."
)


def _aligned(align_corners: bool | None) -> bool:
    if align_corners is None:
        warnings.warn(_UNSAID, stacklevel=level_of_user())
    return bool(align_corners)


def affine_grid(theta: Any, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """Return where an affine map reads each pixel: grids for `grid_sample`.

    Args:
        theta: The maps A, of shape (N, 2, 3) for images or (N, 3, 4) for volumes: position p, from
            -1 to 1 and the last axis first, is read at A (p, 1).
        size: The shape of the images to come, (N, C, H, W) or (N, C, D, H, W).
        align_corners: Whether -1 and 1 are the centres of the outermost pixels, not their edges.

    Returns:
        Positions, of shape (N, H, W, 2) or (N, D, H, W, 3).

    Raises:
        ShapeError: If the shapes do not fit.

    Source:
        Jaderberg et al., "Spatial Transformer Networks", 2015. arXiv:1506.02025

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> same = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
        >>> F.affine_grid(same, (1, 1, 1, 2), align_corners=False).tolist()
        [[[[-0.5, 0.0], [0.5, 0.0]]]]
    """
    aligned, map_, extents = _aligned(align_corners), as_tensor(theta), tuple(size)
    rank = len(extents) - 2
    if rank not in (2, 3):
        raise ArgumentError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, "
            f"respectively. Got size {extents}."
        )
    if map_.dtype.kind != "f":
        raise ArgumentError(f"Expected theta to have floating point type, but got {map_.dtype}")
    if tuple(map_.shape) != (extents[0], rank, rank + 1):
        raise ShapeError(
            f"Expected a batch of {rank}D affine matrices of shape Nx{rank}x{rank + 1} for size "
            f"{extents}. Got {tuple(map_.shape)}."
        )
    if min(extents) <= 0:
        raise ArgumentError(f"Expected non-zero, positive output size. Got {extents}")
    places = [_centres(n, aligned, map_.dtype) for n in extents[2:]]
    base = np.stack([*np.meshgrid(*places, indexing="ij")[::-1], np.ones(extents[2:])], -1)
    flat = base.reshape(-1, rank + 1).astype(map_.dtype)
    found = matmul(as_tensor(flat), swapaxes(map_, 1, 2))
    return reshape(found, (extents[0], *extents[2:], rank))


def _centres(n: int, aligned: bool, dtype: Any) -> Array:
    """Return where the pixels of an axis are, rounded at each step as PyTorch's.

    By the map that changes nothing a pixel is read at its own centre, where the derivative jumps:
    it is decided by the last bit.
    """
    if n == 1:
        return np.zeros(1, dtype)
    between: Array = linspace(-1, 1, n, dtype=dtype).array
    return between if aligned else between * dtype.type(n - 1) / dtype.type(n)


@step(lambda given, named: f"GridSampler{given[0].ndim - 2}D")
def grid_sample(
    input: Any,
    grid: Any,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """Read images or volumes at positions between their pixels.

    Args:
        input: (N, C, H, W) or (N, C, D, H, W).
        grid: Positions, (N, H', W', 2) or (N, D', H', W', 3): from -1 to 1, the last axis first.
        mode: "bilinear", of volumes along three axes; "nearest"; or, of images, "bicubic".
        padding_mode: What is outside: "zeros", the "border"'s pixels, or a "reflection".
        align_corners: Whether -1 and 1 are the centres of the outermost pixels, not their edges.

    Returns:
        What was read, of shape (N, C, H', W') or (N, C, D', H', W').

    Raises:
        ArgumentError: If a mode is unknown.
        ShapeError: If the shapes do not fit.

    Source:
        Jaderberg et al., "Spatial Transformer Networks", 2015. arXiv:1506.02025

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> x = torch.tensor([[[[1.0, 3.0]]]])
        >>> F.grid_sample(x, torch.tensor([[[[0.0, 0.0]]]]), align_corners=False).tolist()
        [[[[2.0]]]]
    """
    for what, given, known in (("mode", mode, _SAMPLING), ("padding_mode", padding_mode, _OUTSIDE)):
        if given not in known:
            raise ArgumentError(
                f"nn.functional.grid_sample(): expected {what} to be one of {known}, but got: "
                f"'{given}'"
            )
    return sampled(as_tensor(input), as_tensor(grid), mode, padding_mode, _aligned(align_corners))


def sampled(x: Tensor, grid: Tensor, mode: str, outside: str, aligned: bool) -> Tensor:
    """Read images or volumes at positions; see `grid_sample`.

    Raises:
        ShapeError: If the shapes do not fit.
    """
    rank = x.ndim - 2
    if rank not in (2, 3) or grid.ndim != x.ndim or x.shape[0] != grid.shape[0]:
        raise ShapeError(
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions and "
            f"batch size, but got input with sizes {list(x.shape)} and grid with sizes "
            f"{list(grid.shape)}"
        )
    if grid.shape[-1] != rank:
        raise ShapeError(
            f"grid_sampler(): expected grid to have size {rank} in last dimension, but got grid "
            f"with sizes {list(grid.shape)}"
        )
    if 0 in x.shape[2:]:
        raise ShapeError(
            "grid_sampler(): expected input to have non-empty spatial dimensions, but input has "
            f"sizes {list(x.shape)}"
        )
    if mode == "bicubic" and rank == 3:
        raise ArgumentError(
            "grid_sampler(): bicubic interpolation only supports 4D input. Take another mode."
        )
    flat = reshape(grid, (grid.shape[0], math.prod(grid.shape[1:-1]), rank))
    taps = [
        _taps(flat[:, :, rank - 1 - axis], extent, mode, outside, aligned)
        for axis, extent in enumerate(x.shape[2:])
    ]
    pixels = reshape(x, (*x.shape[:2], math.prod(x.shape[2:])))
    found: Any = 0
    for corner in itertools.product(*taps):
        found = found + _read(pixels, x.shape[2:], corner)
    return reshape(found, (*x.shape[:2], *grid.shape[1:-1]))


# Of one axis: where pixels are, of shape (N, points), and by what they are weighed.
_Tap = tuple[Tensor, Tensor]


def _read(pixels: Tensor, extents: Sequence[int], corner: tuple[_Tap, ...]) -> Tensor:
    """Return one pixel beside each position by its weight; 0 outside."""
    place: Any = 0
    weight: Any = 1
    inside: Any = True
    for (at, share), extent in zip(corner, extents, strict=True):
        place = place * extent + astype(clip(at, 0, extent - 1), np.int64)
        weight = weight * share
        inside = logical_and(inside, logical_and(greater_equal(at, 0), less(at, extent)))
    shape = (*pixels.shape[:2], place.shape[1])
    seen = take_along_axis(pixels, broadcast_to(expand_dims(place, 1), shape), 2)
    return seen * expand_dims(where(inside, weight, 0), 1)


def _taps(position: Tensor, extent: int, mode: str, outside: str, aligned: bool) -> list[_Tap]:
    """Return the pixels along one axis beside each position, with their weights."""
    at = (position + 1) * ((extent - 1) / 2) if aligned else ((position + 1) * extent - 1) / 2
    if mode == "bicubic":
        below = stop_gradient(floor(at))
        return [
            (_brought_inside(below + tap, extent, outside, aligned), weight)
            for tap, weight in zip(range(-1, 3), _cubic(at - below), strict=True)
        ]
    at = _brought_inside(at, extent, outside, aligned)
    if mode == "nearest":
        nearest = stop_gradient(rint(at))
        return [(nearest, at * 0 + 1)]
    below = stop_gradient(floor(at))
    return [(below, below + 1 - at), (below + 1, at - below)]


def _brought_inside(at: Tensor, extent: int, outside: str, aligned: bool) -> Tensor:
    """Return positions within an axis; the derivative at its ends is 0, as PyTorch's."""
    if outside == "zeros":
        return at
    if outside == "reflection":
        low, span = (0.0, extent - 1.0) if aligned else (-0.5, float(extent))
        if not span:
            return at * 0
        distance = absolute(at - low)
        turns = stop_gradient(floor(distance / span))
        rest = distance - turns * span
        at = where(equal(turns % 2, 0), rest + low, span - rest + low)
    last = extent - 1
    return where(greater(at, 0), where(less_equal(last, at), last, at), 0)


def _cubic(t: Tensor) -> list[Tensor]:
    """Return Keys's weights of the pixels at -1, 0, 1 and 2, for a position t between 0 and 1."""
    return [_far(t + 1), _near(t), _near(1 - t), _far(2 - t)]


# The free parameter of Keys's kernel.
_A = -0.75


def _near(distance: Tensor) -> Tensor:
    return ((_A + 2) * distance - (_A + 3)) * distance * distance + 1


def _far(distance: Tensor) -> Tensor:
    return ((_A * distance - 5 * _A) * distance + 8 * _A) * distance - 4 * _A
