"""A program while it grows at random: inputs made on demand, a pool of values to choose from."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.fuzz.values import Array, filled, laid_out
from thalweg.core.primitive import PRIMITIVES
from thalweg.core.program import Symbol, Trace
from thalweg.core.spec import Shape, Spec
from thalweg.core.tensor import Tensor, astype, make
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.reshape import reshape

LARGEST = 20_000
EXTENTS = (1, 1, 2, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 23, 31, 32, 33, 40, 64, 67, 70)
LONG_EXTENTS = (130, 167, 200, 257, 300)
DTYPES = ("float64", "float64", "float64", "float32", "float32", "int64", "int32", "bool")
NUMBERS = (0, 1, 2, -1, 3, 0.5, 1.0, 2.0, -1.0, 0.0, -2.5, 1e-3, 0.1, 1.5)


def is_rare(seed: int) -> bool:
    """Tell whether a seed's program is made of rarer operations too: one in five, in tens."""
    return seed // 10 % 5 == 0


class Growth:
    """Random choices about one program, all from one generator."""

    def __init__(self, seed: int) -> None:
        self.random = random = np.random.default_rng(seed)
        self.wild = bool(random.random() < 0.25)
        self.trace = Trace()
        self.inputs: list[Symbol] = []
        self.arrays: list[Array] = []
        self.pool: list[Tensor] = []
        # How many loops and branches are around, and whether a reverse derivative is.
        self.depth, self.differentiated = 0, False
        # Few extents a program, so that shapes meet.
        extents = list(random.choice(EXTENTS, int(random.integers(1, 4))))
        if random.random() < 0.2:
            extents.append(random.choice(LONG_EXTENTS))
        if random.random() < 0.06:
            extents.append(0)
        self.extents = [int(n) for n in (*extents, 1)]
        # Few shapes and floats alone: more of such a program is computed together.
        self.dense = bool(random.random() < 0.35)
        self.rare = is_rare(seed)
        known = DTYPES[2:5] if self.dense else DTYPES
        dtypes = random.choice(known, int(random.integers(1, 2 if self.dense else 4)))
        self.dtypes = [np.dtype(str(name)) for name in dtypes]

    # ---- choices

    def chance(self, probability: float) -> bool:
        return bool(self.random.random() < probability)

    def integer(self, low: int, high: int) -> int:
        """Return an integer with low ≤ it < high."""
        return int(self.random.integers(low, high))

    def choose(self, options: Any) -> Any:
        return options[self.integer(0, len(options))]

    def subset(self, options: Any) -> tuple[int, ...]:
        return tuple(option for option in options if self.chance(0.5))

    def extent(self) -> int:
        return int(self.choose(self.extents))

    def shape(self, low: int = 0, high: int = 5) -> Shape:
        rank = min(self.integer(low, high), self.integer(low, high))
        shape = [self.extent() for _ in range(rank)]
        while math.prod(shape) > LARGEST // 4:
            shape[shape.index(max(shape))] = 2
        return tuple(shape)

    def number(self) -> float | int:
        return self.choose(NUMBERS)

    # ---- values

    def given(self, array: Array) -> Tensor:
        """Return a new input that holds an array."""
        symbol = self.trace.input(Spec(array.shape, array.dtype))
        self.inputs.append(symbol)
        self.arrays.append(array)
        return make(symbol)

    def fresh(self, shape: Shape, kinds: str = "fib") -> Tensor:
        """Return a new input of a shape."""
        allowed = [d for d in self.dtypes if d.kind in kinds]
        dtype = (
            self.choose(allowed) if allowed else np.dtype({"f": "f8", "i": "i8"}.get(kinds[0], "?"))
        )
        array = filled(self.random, Spec(shape, dtype), self.wild)
        return self.given(laid_out(self.random, array))

    def pick(
        self, kinds: str = "fib", ranks: tuple[int, int] = (0, 9), empty: bool = True
    ) -> Tensor:
        """Return a value of the pool, rather a recent one, or a new input."""
        fits = [
            t
            for t in self.pool
            if t.dtype.kind in kinds and ranks[0] <= t.ndim <= ranks[1] and (empty or t.size)
        ]
        if not fits or self.chance(0.08):
            while True:
                shape = self.shape(ranks[0], max(ranks[0] + 1, min(ranks[1] + 1, 5)))
                if empty or math.prod(shape):
                    return self.fresh(shape, kinds)
                self.extents = [n for n in self.extents if n]
        if self.chance(0.2 if self.dense else 0.5):
            return fits[-1]
        return self.choose(fits)

    def partner(self, shape: Shape, kinds: str = "fib", literals: bool = True) -> Any:
        """Return a value that broadcasts together with a shape."""
        if literals and self.chance(0.2):
            if kinds == "b":
                return self.chance(0.5)
            number = self.number()
            return number if "f" in kinds else int(number)
        fits = [t for t in self.pool if t.dtype.kind in kinds and self._meets(shape, t.shape)]
        if fits and self.chance(0.7):
            return self.choose(fits)
        dropped = self.integer(0, len(shape) + 1) if self.chance(0.3) else 0
        return self.fresh(tuple(1 if self.chance(0.15) else n for n in shape[dropped:]), kinds)

    @staticmethod
    def _meets(one: Shape, other: Shape) -> bool:
        try:
            return math.prod(np.broadcast_shapes(one, other)) <= LARGEST
        except ValueError:
            return False

    def of_shape(self, shape: Shape, dtype: Any = None, kinds: str = "fib") -> Tensor:
        """Return a value of a shape and dtype: one of the pool if it can be spread or reshaped."""
        size = math.prod(shape)
        fits = [t for t in self.pool if t.dtype.kind in kinds and t.size == size and t.ndim <= 5]
        spread = [t for t in self.pool if t.dtype.kind in kinds and _spreads(t.shape, shape)]
        if fits and self.chance(0.6):
            found = reshape(self.choose(fits), shape)
        elif spread and self.chance(0.5):
            found = broadcast_to(self.choose(spread), shape)
        else:
            found = self.fresh(shape, kinds)
        if dtype is None or found.dtype == dtype:
            return found
        return astype(self.integral(found) if dtype.kind == "i" else found, dtype)

    def integral(self, x: Tensor) -> Tensor:
        """Return numbers that every integer dtype holds: conversion of others is undefined."""
        if x.dtype.kind != "f":
            return x
        import thalweg as tw

        return tw.where(tw.absolute(x) < 1e6, x, 0.0)

    def positions(self, shape: Shape, extent: int) -> Tensor:
        """Return indices of a shape into an axis, some of them negative, many of them equal."""
        import thalweg as tw

        if extent == 0:
            shape = (*shape, 0) if 0 not in shape else shape
        computed = [t for t in self.pool if t.dtype.kind == "i" and t.size and t.shape == shape]
        if computed and extent and self.chance(0.4):
            return tw.remainder(self.choose(computed), extent)
        low, high = (-extent, extent) if self.chance(0.5) else (0, extent)
        if self.chance(0.2) and extent:
            high = min(high, low + 2)
        values = self.random.integers(low, high, shape) if extent else np.zeros(shape)
        values = np.asarray(values, self.choose(("int64", "int32")))
        return self.given(laid_out(self.random, values))

    def primitive(self, name: str, *operands: Tensor, **params: Any) -> Tensor:
        if not operands:
            return make(self.trace.append(PRIMITIVES[name], (), params))
        return PRIMITIVES[name](*operands, **params)

    def keep(self, value: Tensor) -> None:
        """Add a value to the pool unless it is too large."""
        if value.size <= LARGEST and value.ndim <= 6:
            # What the wing's functions give would promote as PyTorch does.
            self.pool.append(make(value.array, value.node, value.weak))


def _spreads(shape: Shape, wanted: Shape) -> bool:
    tail = wanted[len(wanted) - len(shape) :]
    return len(shape) <= len(wanted) and all(n in (1, m) for n, m in zip(shape, tail, strict=True))
