"""Convolution as products of matrices, and its derivative.

The windows of an image are the columns of a matrix, which is written for as many examples at a time
as fit a processor's cache.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from thalweg.core.spec import Array
from thalweg.engines.eager.loops import loop

Numbers = tuple[int, ...]

# So many bytes of columns are written at a time, and so many are kept for the derivative.
_AT_A_TIME, _KEPT = 1 << 20, 1 << 25

# Of so many products each window is taken by itself.
_FEW_PRODUCTS = 1 << 17


class _Windows:
    """Where the windows of a convolution lie.

    Attributes:
        sizes: Those of a window.
        counts: How many windows there are, along each axis.
        extents: Those of the input with its padding.
    """

    def __init__(
        self, shape: Numbers, weight: Numbers, itemsize: int, low: Numbers, high: Numbers,
        steps: Numbers, gaps: Numbers, groups: int,
    ) -> None:  # fmt: skip
        self.batch, self.channels, *inner = shape
        self.sizes: Numbers = weight[2:]
        self.low, self.steps, self.gaps, self.groups = low, steps, gaps, groups
        self.inner = inner
        self.extents = [n + p + q for n, p, q in zip(inner, low, high, strict=True)]
        walk = zip(self.extents, self.sizes, gaps, steps, strict=True)
        self.counts = [(n - (k - 1) * gap - 1) // step + 1 for n, k, gap, step in walk]
        self.places = math.prod(self.counts)
        self.outputs = weight[0]
        rows = math.prod(weight[1:])
        self.columns = groups, rows, self.places
        self.kernel = groups, self.outputs // groups, rows
        each = max(1, groups * rows * self.places * itemsize)
        self.at_a_time = max(1, _AT_A_TIME // each)
        # Columns of windows would take longer to write than the products themselves.
        products = self.batch * self.outputs * rows * self.places
        self.direct = products <= _FEW_PRODUCTS or (groups == self.channels == self.outputs)
        steps_and_gaps = list(zip(steps, gaps, strict=True))
        self.facts = np.array(steps_and_gaps, np.int64).reshape(-1)
        self.shape = self.batch, self.outputs, *self.counts
        # Where a window is one element, the columns are the input itself.
        self.plain = self.extents == inner and set(self.sizes) <= {1} and set(steps) <= {1}
        self.keeps = self.batch * each <= _KEPT and not self.plain and not self.direct

    def padded(self, x: Array) -> Array:
        """Return an input with zeros around it."""
        if self.extents == self.inner:
            return np.ascontiguousarray(x)
        wide = np.zeros((self.batch, self.channels, *self.extents), x.dtype)
        wide[self._middle] = x
        return wide

    def cropped(self, wide: Array) -> Array:
        """Return what is inside of the zeros."""
        return wide[self._middle]

    @property
    def _middle(self) -> tuple[slice, ...]:
        bounds = zip(self.low, self.inner, strict=True)
        return slice(None), slice(None), *(slice(p, p + n) for p, n in bounds)

    def parts(self) -> Iterator[slice]:
        """Yield which examples are taken at a time."""
        for start in range(0, self.batch, self.at_a_time):
            yield slice(start, min(start + self.at_a_time, self.batch))

    def columns_of(self, wide: Array, part: slice) -> Array:
        """Return the windows of some examples: (examples, groups, elements, places)."""
        some = wide[part]
        if self.plain:
            return some.reshape(len(some), *self.columns)
        example, channel, *along = some.strides
        strides = [s * gap for s, gap in zip(along, self.gaps, strict=True)]
        strides += [s * step for s, step in zip(along, self.steps, strict=True)]
        shape = len(some), self.channels, *self.sizes, *self.counts
        shown: Array = np.ndarray(shape, some.dtype, some, 0, (example, channel, *strides))
        return shown.reshape(len(some), *self.columns)

    def added_back(self, kernel: Array, moving: Array) -> Array:
        """Return the input's cotangent, with its padding, from that of some examples' results.

        Args:
            kernel: (groups, elements, outputs of a group).
            moving: (examples, groups, outputs of a group, places).
        """
        count = len(moving)
        # With the examples innermost there are long rows to add, and one product for all.
        turned = moving.transpose(1, 2, 3, 0).reshape(*moving.shape[1:3], self.places * count)
        columns = np.matmul(kernel, turned)
        spread = columns.reshape(self.channels, *self.sizes, *self.counts, count)
        wide = np.zeros((self.channels, *self.extents, count), moving.dtype)
        walk = list(zip(self.gaps, self.steps, self.counts, strict=True))
        for element in np.ndindex(*self.sizes):
            target = tuple(
                slice(u * gap, u * gap + (n - 1) * step + 1, step)
                for u, (gap, step, n) in zip(element, walk, strict=True)
            )
            wide[(slice(None), *target)] += spread[(slice(None), *element)]
        return np.moveaxis(wide, -1, 0)


@functools.lru_cache(maxsize=256)
def _windows_at(*given: Any, **options: Any) -> _Windows:
    return _Windows(*given, **options)


def _directly(at: _Windows, wide: Array, weight: Array, bias: Array | None) -> Array:
    dense = at.steps[-1] == 1
    run = loop("convolution.convolved", wide.dtype.char, len(at.counts), dense)
    found: Array = np.empty(at.shape, wide.dtype)
    offset = np.zeros(at.outputs, wide.dtype) if bias is None else bias
    run(wide, weight, offset, at.facts, found)
    return found


def convolved(
    x: Array, weight: Array, bias: Array | None, **options: Any
) -> tuple[Array, list[Array] | None]:
    """Return the correlation of (N, C, …) with weights (O, C/groups, …), and the columns."""
    at = _windows_at(x.shape, weight.shape, x.dtype.itemsize, **options)
    wide = at.padded(x)
    if at.direct:
        return _directly(at, wide, weight, bias), None
    kernel = weight.reshape(at.kernel)
    found: Array = np.empty((at.batch, *at.kernel[:2], at.places), x.dtype)
    kept: list[Array] = []
    for part in at.parts():
        columns = at.columns_of(wide, part)
        np.matmul(kernel, columns, out=found[part])
        if at.keeps:
            kept.append(columns)
    found = found.reshape(at.batch, at.outputs, at.places)
    if bias is not None:
        found += bias[:, None]
    return found.reshape(at.batch, at.outputs, *at.counts), kept if at.keeps else None


def convolved_back(
    g: Array, out: Any, kept: list[Array] | None, wanted: Sequence[bool], x: Any, weight: Any,
    bias: Any, **options: Any,
) -> tuple[Array | None, ...]:  # fmt: skip
    """Return the cotangents of the input, the weights and the bias."""
    at = _windows_at(x.shape, weight.shape, x.dtype.itemsize, **options)
    moving = g.reshape(at.batch, *at.kernel[:2], at.places)
    of_x = of_weight = of_bias = None
    if wanted[2]:
        of_bias = np.add.reduce(g.reshape(at.batch, at.outputs, at.places), (0, 2))
    if wanted[1]:
        wide = at.padded(x) if kept is None else x
        of_weight = np.zeros(at.kernel, g.dtype)
        for i, part in enumerate(at.parts()):
            columns = at.columns_of(wide, part) if kept is None else kept[i]
            of_weight += np.add.reduce(np.matmul(moving[part], columns.swapaxes(2, 3)), 0)
        of_weight = of_weight.reshape(weight.shape)
    if wanted[0]:
        kernel = weight.reshape(at.kernel).swapaxes(1, 2)
        of_x = np.empty(x.shape, g.dtype)
        for part in at.parts():
            of_x[part] = at.cropped(at.added_back(kernel, moving[part]))
    return of_x, of_weight, of_bias
