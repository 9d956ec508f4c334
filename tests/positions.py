"""Samples of primitives that order and combine elements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.draws import NUMBERS, Array, Row, Sample, along_axis, cast, real, shaping


def _ordered(*params: dict[str, Any]) -> Row:
    """Return a row along an axis, with further parameters."""
    plain = along_axis(empty=False)

    def row(random: np.random.Generator) -> Iterator[Sample]:
        for sample in plain(random):
            for chosen in params:
                yield Sample(sample.operands, {**sample.params, **chosen}, smooth=False)

    return row


def _combined(random: np.random.Generator) -> Iterator[Sample]:
    for shape, places in (((5,), (3,)), ((2, 3), (2, 4)), ((4,), (0,)), ((3, 1), (6,))):
        for how in ("multiply", "maximum", "minimum"):
            indices = random.integers(0, int(np.prod(shape)), places)
            for dtype in (*NUMBERS, np.bool_):
                x, values = (cast(real(random, s), dtype) for s in (shape, places))
                yield Sample((x, indices, values), {"how": how}, smooth=dtype is np.float64)


def _recurrences(random: np.random.Generator) -> Iterator[Sample]:
    for dtype in NUMBERS:
        for shape, axis in (((1,), 0), ((9,), 0), ((3, 5), 0), ((3, 5), 1), ((0,), 0), ((2, 0), 0)):
            factors, terms = (cast(real(random, shape), dtype) for _ in range(2))
            yield Sample((factors, terms), {"axis": axis}, smooth=dtype is np.float64)


def _parts(random: np.random.Generator) -> Iterator[Sample]:
    for shape in ((), (3,), (2, 0), (2, 3)):
        yield Sample((real(random, shape), real(random, shape)), smooth=False)


DIAGONALS = (
    ((3, 3), {"offset": 0}),
    ((2, 4), {"offset": 1}),
    ((2, 3, 4), {"offset": -1}),
    ((0, 3), {"offset": 0}),
)
OVERLAPS = (
    ((5,), {"axis": 0, "size": 2, "step": 1}),
    ((7, 2), {"axis": 0, "size": 3, "step": 2}),
    ((2, 6), {"axis": 1, "size": 2, "step": 3}),
)
STRIDES = (
    ((6,), {"shape": (2, 3), "stride": (1, 2), "offset": 0, "layout": (1,)}),
    ((6,), {"shape": (4, 3), "stride": (1, 1), "offset": 0, "layout": (1,)}),
    ((2, 3), {"shape": (3, 2), "stride": (1, 3), "offset": 0, "layout": (3, 1)}),
    ((2, 2, 3), {"shape": (2, 2), "stride": (4, 0), "offset": 3, "layout": (6, 3, 1)}),
)

POSITIONS: dict[str, Row] = {
    "combine_at": _combined,
    "complex_of": _parts,
    "index_of_running_extreme": _ordered({"largest": True}, {"largest": False}),
    "last_diagonal": shaping(*DIAGONALS),
    "recurrence": _recurrences,
    "order_along": _ordered({"descending": False}, {"descending": True}),
    "strided": shaping(*STRIDES),
    "windows_along": shaping(*OVERLAPS),
}


def _combine_at(x: Array, places: Array, values: Array, how: str) -> Array:
    result = x.copy().ravel()
    combine = {"multiply": np.multiply, "maximum": np.maximum, "minimum": np.minimum}[how]
    for place, value in zip(places.ravel(), values.ravel(), strict=True):
        result[place] = combine(result[place], value)
    return result.reshape(x.shape)


def _order_along(x: Array, axis: int, descending: bool) -> Array:
    return np.argsort(-x if descending else x, axis=axis, kind="stable")


def _running(x: Array, axis: int, largest: bool) -> Array:
    last = np.moveaxis(x if largest else -x, axis, -1)
    found = np.zeros(last.shape, np.int64)
    for place in np.ndindex(last.shape):
        row = last[place[:-1]][: place[-1] + 1]
        found[place] = np.flatnonzero(row == row.max())[-1]
    return np.moveaxis(found, -1, axis)


def _recurrence(a: Array, b: Array, axis: int) -> Array:
    rows = np.moveaxis(b.copy(), axis, -1)
    for place in np.ndindex(rows.shape):
        if place[-1]:
            before = rows[(*place[:-1], place[-1] - 1)]
            rows[place] += np.moveaxis(a, axis, -1)[place] * before
    return np.moveaxis(rows, -1, axis)


def _windows_along(x: Array, axis: int, size: int, step: int) -> Array:
    starts = range(0, x.shape[axis] - size + 1, step)
    parts = [np.take(x, range(start, start + size), axis) for start in starts]
    return np.stack([np.moveaxis(part, axis, -1) for part in parts], axis)


def _strided(x: Array, shape: Any, stride: Any, offset: int, layout: Any) -> Array:
    steps = [step * x.itemsize for step in stride]
    return np.lib.stride_tricks.as_strided(np.ascontiguousarray(x).ravel()[offset:], shape, steps)


POSITION_ORACLES: dict[str, Any] = {
    "combine_at": _combine_at,
    "complex_of": lambda x, y: x + 1j * y,
    "index_of_running_extreme": _running,
    "last_diagonal": lambda x, offset: np.diagonal(x, offset, -2, -1),
    "order_along": _order_along,
    "recurrence": _recurrence,
    "strided": _strided,
    "windows_along": _windows_along,
}
