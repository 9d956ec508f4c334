"""Positions as affine expressions of loop variables: constant + Σ coefficient · variable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Var:
    """A loop variable or a gathered index: 0 ≤ value < extent.

    `number` orders and names it; `detail` tells gathers at different places apart.
    """

    number: int
    extent: int
    detail: Any = None


@dataclass(frozen=True, slots=True)
class Affine:
    """constant + Σ coefficient · variable, with the terms in the order of their variables."""

    constant: int = 0
    terms: tuple[tuple[Var, int], ...] = ()

    def __add__(self, other: Affine | int) -> Affine:
        if isinstance(other, int):
            return Affine(self.constant + other, self.terms)
        if not other.terms:
            return Affine(self.constant + other.constant, self.terms)
        sums = dict(self.terms)
        for var, coefficient in other.terms:
            sums[var] = sums.get(var, 0) + coefficient
        terms = sorted(((v, c) for v, c in sums.items() if c), key=lambda term: term[0].number)
        return Affine(self.constant + other.constant, tuple(terms))

    def __mul__(self, factor: int) -> Affine:
        if factor == 0:
            return ZERO
        return Affine(self.constant * factor, tuple((v, c * factor) for v, c in self.terms))

    def bounds(self) -> tuple[int, int]:
        """Return the smallest and the largest value it can take."""
        low = high = self.constant
        for var, coefficient in self.terms:
            reach = coefficient * (var.extent - 1)
            low, high = low + min(0, reach), high + max(0, reach)
        return low, high

    def coefficient(self, var: Var) -> int:
        """Return the coefficient of a variable, 0 if it does not occur."""
        return next((c for v, c in self.terms if v == var), 0)


ZERO = Affine()

Index = tuple[Affine, ...]


def of(var: Var, coefficient: int = 1, constant: int = 0) -> Affine:
    """Return constant + coefficient · var; a variable that can only be 0 is left out."""
    if var.extent == 1 or coefficient == 0:
        return Affine(constant)
    return Affine(constant, ((var, coefficient),))


def axis_variables(shape: tuple[int, ...]) -> Index:
    """Return one variable an axis, numbered like it; axes of extent 1 are at 0."""
    return tuple(of(Var(i, n)) for i, n in enumerate(shape))


def moving(index: Index, shape: tuple[int, ...]) -> list[Affine]:
    """Return an index into an array of a shape along its axes that are not of extent 1."""
    return [at for at, extent in zip(index, shape, strict=True) if extent != 1]


def linear(index: Index, shape: tuple[int, ...]) -> Affine:
    """Return the position in row-major memory of an index into an array of a shape."""
    position, stride = ZERO, 1
    for at, extent in zip(reversed(index), reversed(shape), strict=True):
        if extent != 1:
            position = position + at * stride
        stride *= extent
    return position
