"""How a loop over rows of several operands is written, which NumPy calls (`universal`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.engines.llvm.eager.universal import InnerLoop, in_vectors, universal
from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.lowering import TYPES

_OPERAND = re.compile(r"\(([^)]*)\)")


class RowKernel:
    """One round of a loop: operands and results with axes that it reads and writes whole.

    Args:
        signature: Of which axes, as NEP 20 writes them.
        takes: The dtypes of the operands, as characters.
        gives: Those of the results.

    Attributes:
        e: What writes it.
        types: The types of operands and results.
    """

    def __init__(self, signature: str, takes: str, gives: str) -> None:
        self._given = signature, takes, gives
        self.loop = InnerLoop()
        self.e: Emitter = self.loop.e
        self.types = [TYPES[np.dtype(kind)] for kind in takes + gives]
        self._axes = [[a for a in found.split(",") if a] for found in _OPERAND.findall(signature)]
        names = list(dict.fromkeys(axis for axes in self._axes for axis in axes))
        self._extents = {name: self.loop.extent(1 + i) for i, name in enumerate(names)}
        starts = [self.loop.operand(i) for i in range(len(self._axes))]
        steps = [self.loop.stride(i) for i in range(len(self._axes))]
        self._strides: list[list[Value]] = []
        number = len(self._axes)
        for axes in self._axes:
            self._strides.append([self.loop.stride(number + i) for i in range(len(axes))])
            number += len(axes)
        row, _ = self.e.begin_loop(self.loop.count)
        self._rows = [
            self.moved(start, row, step) for start, step in zip(starts, steps, strict=True)
        ]

    def extent(self, name: str) -> Value:
        """Return how long an axis is."""
        return self._extents[name]

    def moved(self, pointer: Value, index: Value | int, stride: Value) -> Value:
        """Return the address so many strides on."""
        offset = self.e.multiply(index, stride)
        return self.e.instruction(
            f"getelementptr i8, {pointer}, {offset}", "ptr", 1, (pointer, offset)
        )

    def at(self, number: int, *indices: Value | int) -> Value:
        """Return the address of an element of an operand or result, by its first axes."""
        pointer = self._rows[number]
        for index, stride in zip(indices, self._strides[number], strict=False):
            pointer = self.moved(pointer, index, stride)
        return pointer

    def load(self, number: int, *indices: Value | int, width: int = 1) -> Value:
        """Return elements of an operand, those of a vector being next to each other."""
        return self.e.load(self.at(number, *indices), self.types[number], width, cse=False)

    def store(self, value: Value, number: int, *indices: Value | int) -> None:
        """Write elements of a result."""
        self.e.store(value, self.at(number, *indices))

    def lanes(self, number: int) -> int:
        """Return how many elements of an operand are taken at once."""
        return self.e.target.lanes(self.types[number])

    def made(self) -> Callable[..., Any]:
        """Return it as a universal function."""
        self.e.end_loop()
        signature, takes, gives = self._given
        return universal(self.loop.compiled(), "loop", takes, gives, signature)

    # ---- loops over an axis

    def each(self, count: Value, lanes: int, body: Callable[[Value, int], None]) -> None:
        """Write a loop over an axis: in vectors, and what is left one by one."""
        in_vectors(self.e, count, lanes, body)

    def reduced(
        self,
        count: Value,
        lanes: int,
        start: Value,
        term: Callable[[Value, int], Value],
        combine: Callable[[Value, Value], Value],
    ) -> Value:
        """Return what an axis' terms combine to, starting from a scalar that changes nothing."""
        e = self.e
        whole = e.divide(count, lanes)
        i, (so_far,) = e.begin_loop(whole, [e.splat(start, lanes)])
        (vector,) = e.end_loop([combine(so_far, term(e.multiply(i, lanes), lanes))])
        total = e.horizontal(vector, combine)
        done = e.multiply(whole, lanes)
        i, (so_far,) = e.begin_loop(e.subtract(count, done), [total])
        return e.end_loop([combine(so_far, term(e.add(done, i), 1))])[0]

    def summed(self, count: Value, lanes: int, term: Callable[[Value, int], Value]) -> Value:
        """Return the sum of an axis' terms, in float64."""
        e = self.e
        wide = lambda at, width: e.convert(term(at, width), "f64")
        return self.reduced(count, lanes, e.constant(0.0, "f64"), wide, e.add)
