"""Constraints as users state them: SciPy's dictionaries, and objects with limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.creation import zeros
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.join import concatenate
from thalweg.solvers.constrained.constraints import Constraints
from thalweg.solvers.function import Vector
from thalweg.solvers.variables import Variables, flat_tensor

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Limited:
    """A function of the variables with limits of its values.

    Attributes:
        function: Called with the variables and its arguments; returns any tree of arrays.
        args: Its arguments.
        lower: The least values.
        upper: The greatest values.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    lower: Array
    upper: Array

    @property
    def pattern(self) -> tuple[tuple[int, ...], bytes, bytes, bytes]:
        """Which values have one limit, a lower and an upper one."""
        equal = (self.lower == self.upper) & np.isfinite(self.lower)
        below, above = np.isfinite(self.lower) & ~equal, np.isfinite(self.upper) & ~equal
        return equal.shape, equal.tobytes(), below.tobytes(), above.tobytes()


def _linear(x: Any, matrix: Any) -> Tensor:
    return as_tensor(matrix) @ flat_tensor(x)


def read_constraints(given: Any) -> list[Limited]:
    """Return constraints as functions with limits.

    Raises:
        ArgumentError: If one is none, or a lower limit is above an upper one.
        ShapeError: If limits do not fit each other.
    """
    several = isinstance(given, (list, tuple))
    return [_read(one, i) for i, one in enumerate(given if several else (given,))]


def _read(one: Any, number: int) -> Limited:
    if isinstance(one, dict):
        kind = str(one.get("type", "")).lower()
        if kind not in ("eq", "ineq") or not callable(one.get("fun")):
            raise ArgumentError(
                f"constraints has a dictionary of type {one.get('type')!r} and fun "
                f"{one.get('fun')!r} as number {number}; it wants 'type': 'eq' or 'ineq', and a "
                "function as 'fun'."
            )
        args = one.get("args", ())
        upper = np.array(0.0 if kind == "eq" else np.inf)
        args = args if isinstance(args, tuple) else (args,)
        return Limited(one["fun"], args, np.array(0.0), upper)
    if not (
        hasattr(one, "lb") and hasattr(one, "ub") and (hasattr(one, "A") or hasattr(one, "fun"))
    ):
        raise ArgumentError(
            f"constraints has a {type(one).__name__} as number {number}; it wants a dictionary "
            "{'type': 'eq' or 'ineq', 'fun': …}, or an object with lb, ub and fun or A, such as "
            "SciPy's NonlinearConstraint and LinearConstraint."
        )
    try:
        lower, upper = (np.array(x, float) for x in np.broadcast_arrays(one.lb, one.ub))
    except ValueError as error:
        raise ShapeError(
            f"The limits of constraint {number} do not fit each other: {error}."
        ) from None
    if not (lower <= upper).all():
        raise ArgumentError(
            f"Constraint {number} has lower limits above upper ones, or none that are numbers; "
            "give lb ≤ ub."
        )
    if hasattr(one, "A"):
        matrix = one.A.toarray() if hasattr(one.A, "toarray") else one.A
        matrix = matrix if isinstance(matrix, Tensor) else np.atleast_2d(np.asarray(matrix, float))
        return Limited(_linear, (matrix,), np.ravel(lower), np.ravel(upper))
    return Limited(one.fun, (), lower, upper)


class TracedConstraints:
    """The constraints of a problem as those of a vector, while it is traced.

    Args:
        limited: The constraints.
        variables: How the variables lie in a vector.
        args: The arguments that all functions take.
        limits: Lower and upper limits of each.
        start: A vector that tells how many values there are.
    """

    def __init__(
        self,
        limited: Sequence[Limited],
        variables: Variables,
        args: tuple[Any, ...],
        limits: Sequence[tuple[Any, Any]],
        start: Vector,
    ) -> None:
        self._functions = [one.function for one in limited]
        self._variables, self._args, self._limits = variables, args, limits
        self._sizes = [int(value.size) for value in self._each(start)]
        self._places = [
            self._of(one, size, i)
            for i, (one, size) in enumerate(zip(limited, self._sizes, strict=True))
        ]

    def _each(self, x: Vector) -> list[Tensor]:
        apart = self._variables.apart(x)
        return [flat_tensor(function(apart, *self._args)) for function in self._functions]

    @staticmethod
    def _of(one: Limited, size: int, number: int) -> list[Array]:
        """Return the places of values with one limit, a lower and an upper one."""
        if one.lower.shape not in ((), (1,), (size,)):
            raise ShapeError(
                f"Constraint {number} has {size} values and {one.lower.size} limits; give one "
                "limit, or as many as values."
            )
        equal = (one.lower == one.upper) & np.isfinite(one.lower)
        masks = equal, np.isfinite(one.lower) & ~equal, np.isfinite(one.upper) & ~equal
        return [np.flatnonzero(np.broadcast_to(mask, (size,))) for mask in masks]

    def constraints(self) -> Constraints:
        """Return the constraints as an algorithm takes them."""
        counts = [len(p) for places in self._places for p in places]
        if not sum(counts):
            # A constraint that always holds is as good as none.
            return Constraints(lambda x: x[:1] * 0.0 + 1.0, zeros((1,), dtype=bool))
        equal = np.repeat([i % 3 == 0 for i in range(len(counts))], counts)
        return Constraints(self._values, as_tensor(equal))

    def _values(self, x: Vector) -> Tensor:
        parts = []
        for value, places, pair in zip(self._each(x), self._places, self._limits, strict=True):
            lower, upper = (
                broadcast_to(astype(as_tensor(limit), x.dtype), value.shape) for limit in pair
            )
            equal, below, above = (_taken(p, value.size) for p in places)
            parts += [equal(value - lower), below(value - lower), above(upper - value)]
        parts = [part for part in parts if part.size]
        return parts[0] if len(parts) == 1 else concatenate(parts)

    def apart(self, multipliers: Vector) -> list[Tensor]:
        """Return multipliers as those of each function's values, one array each."""
        found, first = [], 0
        for size, places in zip(self._sizes, self._places, strict=True):
            whole = zeros((size,), dtype=multipliers.dtype)
            for sign, place in zip((1.0, 1.0, -1.0), places, strict=True):
                last = first + len(place)
                if len(place):
                    matrix = np.zeros((size, len(place)))
                    matrix[place, np.arange(len(place))] = sign
                    whole = whole + astype(as_tensor(matrix), whole.dtype) @ multipliers[first:last]
                first = last
            found.append(whole)
        return found


def _taken(places: Array, size: int) -> Callable[[Tensor], Tensor]:
    """Return what takes the elements at places out of a vector."""
    return (lambda x: x) if len(places) == size else (lambda x: x[places])
