"""Random windows, contractions, convolutions, poolings and keyed draws."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.fuzz.growth import LARGEST, Growth
from thalweg.core.spec import Spec
from thalweg.core.tensor import Tensor, astype
from thalweg.ops.linalg.contraction import contract
from thalweg.ops.windows.windows import overlap_add, windows
from thalweg.random import keyed
from thalweg.torch.functions.pooling import avg_pool2d, max_pool2d
from thalweg.torch.functions.windows import conv1d, conv2d

_PRODUCTS = 300_000


def _steps(g: Growth, extents: list[int]) -> dict[str, tuple[int, ...]]:
    """Return sizes, strides and dilations of windows that fit some extents."""
    size = [g.integer(1, min(n, g.choose((3, 4, 8))) + 1) for n in extents]
    room = [(n - 1) // max(1, k - 1) for n, k in zip(extents, size, strict=True)]
    return {
        "size": tuple(size),
        "stride": tuple(g.choose((1, 1, 2, 3, k)) for k in size),
        "dilation": tuple(min(max(1, r), g.choose((1, 1, 1, 2, 3))) for r in room),
    }


def sliding(g: Growth) -> Tensor:
    x = g.pick(ranks=(1, 4), empty=False)
    axes = g.subset(range(x.ndim)) or (x.ndim - 1,)
    params = _steps(g, [x.shape[a] for a in axes])
    if windows.spec(x.spec, axes=axes, **params).size > LARGEST:
        return x
    return g.primitive("windows", x, axes=axes, **params)


def overlapping(g: Growth) -> Tensor:
    shape = g.shape(1, 4)
    if 0 in shape:
        return g.pick()
    axes = g.subset(range(len(shape))) or (len(shape) - 1,)
    extents = [shape[a] for a in axes]
    params = _steps(g, extents)
    seen = windows.spec(Spec(shape, np.dtype(float)), axes=axes, **params)
    if seen.size > LARGEST:
        return g.pick()
    steps = params["stride"], params["dilation"]
    return overlap_add(g.of_shape(seen.shape), tuple(extents), *steps, axes)


def contraction(g: Growth) -> Tensor:
    """Return a product whose axes are summed, shared, or one operand's alone."""
    x = g.pick(ranks=(1, 4))
    own = "abcd"[: x.ndim]
    kinds = {label: g.choose(("inner", "row", "batch", "inner", "row")) for label in own}
    extents = dict(zip(own, x.shape, strict=True))
    columns = "xyz"[: g.integer(0, 3)]
    extents |= {label: g.extent() for label in columns}
    right = [label for label in own if kinds[label] != "row"] + list(columns)
    result = [label for label in own if kinds[label] != "inner"] + list(columns)
    g.random.shuffle(right)
    g.random.shuffle(result)
    shapes = [tuple(extents[label] for label in labels) for labels in (right, result)]
    if max(map(math.prod, shapes)) > LARGEST or math.prod(extents.values()) > _PRODUCTS:
        return x
    y = g.of_shape(shapes[0], x.dtype, x.dtype.kind)
    if g.chance(0.3):
        return contract(y, x, f"{''.join(right)},{own}->{''.join(result)}")
    return contract(x, y, f"{own},{''.join(right)}->{''.join(result)}")


def _pictures(g: Growth, rank: int) -> Tensor:
    shape = (
        g.choose((1, 3, 8, 9, 17)),
        g.choose((1, 2, 4)),
        *(g.integer(3, 9) for _ in range(rank)),
    )
    fits = [t for t in g.pool if t.ndim == rank + 2 and t.dtype.kind == "f" and min(t.shape) > 2]
    return g.choose(fits) if fits and g.chance(0.7) else g.of_shape(shape, None, "f")


def convolution(g: Growth) -> Tensor:
    rank = g.choose((1, 2, 2))
    x = _pictures(g, rank)
    groups = 2 if x.shape[1] % 2 == 0 and g.chance(0.3) else 1
    size = tuple(g.integer(1, min(3, n) + 1) for n in x.shape[2:])
    weight = g.of_shape((g.choose((2, 4)), x.shape[1] // groups, *size), x.dtype, "f")
    padding = g.choose((0, 0, 1, (1, 0)[:rank]))
    convolve: Any = conv1d if rank == 1 else conv2d
    found: Tensor = convolve(
        x, weight, None, g.choose((1, 1, 2)), padding, 1 if 3 in size else g.choose((1, 2)), groups
    ) if min(x.shape[2:]) > 2 else x  # fmt: skip
    return found


def pooling(g: Growth) -> Tensor:
    x = _pictures(g, 2)
    size, stride = g.choose((2, 2, 3, (2, 1))), g.choose((None, None, 1, 2))
    padding, ceil_mode = g.choose((0, 0, 1)), g.chance(0.3)
    if g.chance(0.5):
        return max_pool2d(x, size, stride, padding if size != (2, 1) else 0, 1, ceil_mode)
    inside = padding if size != (2, 1) else 0
    return avg_pool2d(x, size, stride, inside, ceil_mode, g.chance(0.5))


def drawing(g: Growth) -> Tensor:
    """Return numbers drawn with a key that was folded with what is there."""
    key = g.given(g.random.integers(-(2**31), 2**31, (2,)).astype(np.int32))
    if g.chance(0.7):
        number = g.pick("i", (0, 2))
        key = keyed.fold_in(key, number)
    if key.size > 400:
        return key
    dtype = g.choose(("float32", "float64", "int32", "int64"))
    return keyed.random_bits(key, g.shape(0, 3), dtype) if g.chance(0.8) else astype(key, dtype)
