"""What samples of operands are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from thalweg.core.tensor import as_tensor

Array = np.ndarray[Any, Any]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]

FLOATS = (np.float64, np.float32)
NUMBERS = (np.float64, np.float32, np.int64, np.int32)
SHAPES: tuple[tuple[int, ...], ...] = ((), (1,), (5,), (0,), (3, 7), (2, 0, 3), (2, 3, 5))
BROADCASTING: tuple[tuple[tuple[int, ...], ...], ...] = (
    ((), ()),
    ((3,), (3,)),
    ((3, 1), (1, 4)),
    ((2, 3), ()),
    ((), (5,)),
    ((0, 3), (1, 3)),
    ((1,), (7,)),
    ((2, 1, 3), (4, 1)),
)
SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.5, 1e-30, 700.0, -700.0)


@dataclass(frozen=True)
class Sample:
    """Operands and parameters as an engine gets them: cast and checked.

    `smooth` tells that derivatives of every order exist there, so that differences give them.
    """

    operands: tuple[Array, ...]
    params: dict[str, Any] = field(default_factory=dict)
    smooth: bool = True

    def __str__(self) -> str:
        specs = ", ".join(str(as_tensor(operand).spec) for operand in self.operands)
        return f"({specs}, {self.params})"


# ---- what operands are drawn from


def real(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw numbers well away from integers, halves and from 0."""
    whole = random.integers(-3, 3, shape)
    return np.asarray(whole + random.uniform(0.1, 0.4, shape))


def positive(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(random.uniform(0.4, 2.4, shape))


def above_one(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw numbers well above 1."""
    return np.asarray(random.uniform(1.5, 4.0, shape))


def boolean(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(random.random(shape) < 0.5)


def distinct(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw numbers without ties, a tenth apart at least."""
    size = int(np.prod(shape))
    return (random.permutation(size).reshape(shape) - size / 2) / 10.0 + 0.03


def cast(values: Array, dtype: Any) -> Array:
    if np.dtype(dtype).kind == "b":
        return np.asarray(values > 0)
    if np.dtype(dtype).kind in "iu":
        values = np.where(np.abs(values) < 1, np.sign(values), values)
    return np.asarray(values).astype(dtype)


Row = Callable[[np.random.Generator], Iterator[Sample]]


def shaping(*cases: tuple[tuple[int, ...], dict[str, Any]], draw: Draw = distinct) -> Row:
    """Return a row of one operand a case: its shape and the parameters."""

    def row(random: np.random.Generator) -> Iterator[Sample]:
        for dtype in (*NUMBERS, np.bool_):
            for shape, params in cases:
                operand = cast(draw(random, shape), dtype)
                yield Sample((operand,), params, smooth=dtype is np.float64)

    return row


def unary(draw: Draw = real, dtypes: tuple[Any, ...] = FLOATS) -> Row:
    def row(random: np.random.Generator) -> Iterator[Sample]:
        for dtype in dtypes:
            smooth = dtype is np.float64
            for shape in SHAPES:
                yield Sample((cast(draw(random, shape), dtype),), smooth=smooth)
            strided = cast(draw(random, (4, 6)), dtype)[::2, ::-1]
            yield Sample((strided,), smooth=smooth)
            if np.dtype(dtype).kind == "f":
                yield Sample((np.array(SPECIAL, dtype),), smooth=False)

    return row


def binary(
    left: Draw = real, right: Draw = real, dtypes: tuple[Any, ...] = NUMBERS, apart: bool = False
) -> Row:
    """Return a row of two operands; `apart` keeps them from being equal."""

    def row(random: np.random.Generator) -> Iterator[Sample]:
        for dtype in dtypes:
            for shapes in BROADCASTING:
                x, y = left(random, shapes[0]), right(random, shapes[1])
                if apart:
                    y = y + 0.35
                operands = (cast(x, dtype), cast(y, dtype))
                yield Sample(operands, smooth=dtype is np.float64)
            if np.dtype(dtype).kind == "f":
                column = np.array(SPECIAL, dtype)
                yield Sample((column[:, None], column), smooth=False)

    return row


def along_axis(empty: bool, dtypes: tuple[Any, ...] = NUMBERS) -> Row:
    """Return a row of operations along one axis."""

    def row(random: np.random.Generator) -> Iterator[Sample]:
        cases = [((1,), 0), ((7,), 0), ((3, 5), 0), ((3, 5), 1), ((2, 3, 4), 1), ((0, 3), 1)]
        if empty:
            cases += [((0,), 0), ((3, 0), 1)]
        for dtype in dtypes:
            for shape, axis in cases:
                operand = cast(distinct(random, shape), dtype)
                yield Sample((operand,), {"axis": axis}, smooth=dtype is np.float64)

    return row
