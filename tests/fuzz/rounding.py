"""What rounding may do to a program: its meaning, run again with every freedom used at random.

An engine may add in another order, round its functions to a few units in the last place, and
simplify as the passes say. A run with such perturbations shows how far each of a program's
results may move, or that it may turn to anything; what stays the same must be met exactly.
"""

from __future__ import annotations

import math
from contextlib import ExitStack
from typing import Any
from unittest import mock

import numpy as np

from thalweg.control import branches, conditional, loops
from thalweg.core.program import Equation, Program, Symbol, evaluate, nested
from thalweg.engines.llvm.mathematics.special.functions import SPECIAL
from thalweg.ops.linalg.contraction import parts
from thalweg.ops.windows.windows import window_axes

Array = np.ndarray[Any, Any]

# Functions that are rounded to a few units, not correctly; in units of the last place.
_FUNCTIONS = {
    **dict.fromkeys(("exp", "expm1", "log", "log1p", "sin", "cos", "arctan", "tanh", "erf"), 6),
    **dict.fromkeys(("exp2", "log2", "log10", "cbrt", "hypot", "sinh", "cosh", "arctan2"), 6),
    **dict.fromkeys(("arcsin", "arccos", "arctanh", "arcsinh", "arccosh"), 6),
    **dict.fromkeys(("tan", "sigmoid", "power", "logaddexp"), 10),
}
# And in units of what one unit of the operands makes of the result.
_SPECIAL = {
    **dict.fromkeys(SPECIAL, 12),
    **{"gammainc_by_shape": 60, "betainc_by_a": 200, "betainc_by_b": 900},
}
_ARITHMETIC = frozenset({"add", "subtract", "multiply", "divide", "square", "sqrt"})
_SUMS = frozenset({"reduce_sum", "cumulative_sum", "scatter_add", "scatter_add_along_axis"})
_PRODUCTS = frozenset({"matrix_product", "contract"})
# Where NumPy itself does not say which of two zeros is chosen.
_EXTREMES = frozenset(
    {"maximum", "minimum", "reduce_max", "reduce_min", "floor_divide", "combine_at"}
)

# Beside terms of this size nothing is left of numbers that are usual.
_HUGE = 1e30

# What may take another value altogether when its operand moves a little.
_JUMPS = frozenset(
    {"index_of_max", "index_of_min", "index_of_running_extreme", "order_along"}
    | {"floor", "ceil", "sign", "floor_divide", "remainder"}
    | {"arctan2", "fmod", "rint", "sign_bit"}
    | {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}
)


def jumps_at(equation: Equation) -> bool:
    """Tell whether an equation has jumps: comparisons, rounding, conversion to integers."""
    if equation.primitive.name in ("conditional_loop", "chosen_branch"):
        return True
    if any(jumps_at(step) for program in nested(equation) for step in program.equations):
        return True
    if equation.primitive.name == "astype":
        return equation.inputs[0].dtype.kind == "f" != equation.output.dtype.kind
    return equation.primitive.name in _JUMPS


class Perturbed:
    """Evaluates programs with random rounding.

    `simplified` also allows what the passes may do: other roundings of arithmetic, and the
    other sign of any zero. With an odd seed a function's rounding is the same everywhere, as it
    is where its operands are equal: equal numbers stay so, and their mean may be above them all.
    """

    def __init__(self, seed: int, simplified: bool) -> None:
        self.random = np.random.default_rng(seed)
        self.simplified = simplified
        self.everywhere = seed % 2 == 1
        self.scattered = False

    def __call__(self, program: Program, arrays: list[Array]) -> list[Array]:
        # The updates of a scatter may be added one by one to what their sum was added to.
        self.scattered = _scatters(program)
        with np.errstate(all="ignore"):
            return evaluate(program, arrays, self._apply, _literal)

    def _apply(self, equation: Equation, operands: list[Array]) -> Array:
        name, output = equation.primitive.name, equation.output
        if any(nested(equation)):
            with ExitStack() as stack:
                for room in (loops, conditional, branches):
                    stack.enter_context(mock.patch.object(room, "meant", self._apply))
                # Bodies are simplified where code is made of them.
                stack.enter_context(mock.patch.object(self, "simplified", True))
                return np.asarray(equation.primitive.meaning(*operands, **equation.params))
        result = np.asarray(equation.primitive.meaning(*operands, **equation.params))
        if output.dtype.kind == "c" and name in ("multiply", "divide"):
            return self._of_parts(result, np.abs(result))
        if name == "fourier" and result.size:
            return self._of_parts(result, np.abs(result).max())
        if output.dtype.kind != "f" or not result.size:
            return result
        if equation.primitive.role == "whole":
            return self._of_matrices(name, operands, result)
        if name in _SPECIAL:
            result = self._moved(self._beside(equation, operands, result), _SPECIAL[name])
        if name in _SUMS or name in _PRODUCTS:
            return self._sum(equation, operands, result)
        if name == "overlap_add":
            return self._overlapped(equation, operands, result)
        units = _FUNCTIONS.get(name, 0)
        if name == "reduce_prod":
            return self._product(operands[0], result)
        if units:
            result = self._moved(result, units)
        if name == "logaddexp":
            # The larger of the two and what is added to it may cancel.
            size = np.maximum(*(np.abs(o) for o in operands)) * float(np.finfo(result.dtype).eps)
            noise = self.random.uniform(-2, 2, result.shape) * np.where(np.isfinite(size), size, 0)
            result = (result + noise).astype(result.dtype)
        if self.simplified and name in _ARITHMETIC:
            result = self._rearranged(equation, operands, result)
        if self.simplified or name in _EXTREMES:
            result = self._either_zero(result)
        return result

    def _of_parts(self, result: Array, size: Array) -> Array:
        """Return complex numbers whose parts, sums of products that cancel, are moved by a size.

        NumPy itself fuses a product and a sum or does not, as elements lie. What is left may also
        be far smaller, and the inverse of that as large as it likes.
        """
        size = size * float(np.finfo(result.dtype).eps)
        if self.random.random() < 0.3:
            size = size * 2.0 ** -self.random.integers(0, 64)
        size = np.where(np.isfinite(size), size, 0)
        shifts = [self.random.integers(-1, 2, result.shape) * size for _ in range(2)]
        parts = [result.real + shifts[0], result.imag + shifts[1]]
        parts = [self._cancelled(part, 4 * size) for part in parts]
        return (parts[0] + 1j * parts[1]).astype(result.dtype)

    def _moved(self, result: Array, units: float) -> Array:
        """Return values moved by up to so many units in the last place."""
        limits = np.finfo(result.dtype)
        noise = self.random.uniform(-units, units, () if self.everywhere else result.shape)
        tiny = np.rint(noise) * float(limits.smallest_subnormal)
        exact = (result == 0) | ~np.isfinite(result)
        moved = result * (1 + noise * float(limits.eps)) + np.where(exact, 0, tiny)
        return np.where(exact, result, moved).astype(result.dtype)

    def _beside(self, equation: Equation, operands: list[Array], result: Array) -> Array:
        """Return what a function is beside its operands; at poles and ends of its domain, there."""
        moved = [self._moved(o, 2) for o in operands]
        beside = np.asarray(equation.primitive.meaning(*moved, **equation.params))
        return np.where(np.isfinite(result) & np.isfinite(beside), beside, result)

    def _of_matrices(self, name: str, operands: list[Array], result: Array) -> Array:
        """Return what is found of well-conditioned matrices in another order."""
        if not all(np.isfinite(o).all() for o in operands):
            return self._anything(result.shape).astype(result.dtype)
        size = float(np.abs(result[np.isfinite(result)]).max(initial=0.0))
        units = 32 * max(1, *(n for o in operands for n in o.shape[-2:]))
        noise = self.random.uniform(-units, units, result.shape) * float(np.finfo(result.dtype).eps)
        moved = np.asarray((result + size * noise).astype(result.dtype))
        moved = self._cancelled(moved, units * float(np.finfo(result.dtype).eps) * size)
        if name == "lu_parts":
            moved[..., -1, :] = result[..., -1, :]  # which rows were exchanged
        return moved

    def _rearranged(self, equation: Equation, operands: list[Array], result: Array) -> Array:
        """Return results of arithmetic as they are if it is written in another way."""
        name = equation.primitive.name
        result = self._moved(result, 2)
        if name in ("multiply", "divide", "square"):
            # What vanishes or overflows between two literals need not do so once they are one.
            if any(symbol.value is not None for symbol in equation.inputs):
                result = self._within(operands, result)
            lost = (result == 0) & np.all([o != 0 for o in np.broadcast_arrays(*operands)], axis=0)
            tiny = self.random.uniform(-2, 2, result.shape)
            tiny = np.rint(tiny) * float(np.finfo(result.dtype).smallest_subnormal)
            return np.where(lost, tiny, result).astype(result.dtype)
        if name in ("add", "subtract") and self.scattered:
            size = np.abs(operands[0]) + np.abs(operands[1])
            noise = self.random.uniform(-8, 8, result.shape) * float(np.finfo(result.dtype).eps)
            moved = result + np.where(np.isfinite(size), noise * size, 0)
            result = moved.astype(result.dtype)
        if name in ("add", "subtract"):
            size = np.abs(operands[0]) + np.abs(operands[1])
            result = self._cancelled(result, 64 * float(np.finfo(result.dtype).eps) * size)
        return result

    def _within(self, operands: list[Array], result: Array) -> Array:
        """Return, as often as not, the largest numbers in place of what overflowed."""
        finite = np.all([np.isfinite(o) for o in np.broadcast_arrays(*operands)], axis=0)
        over = np.isinf(result) & finite & (self.random.random(result.shape) < 0.5)
        return np.where(over, np.copysign(np.finfo(result.dtype).max, result), result)

    def _cancelled(self, result: Array, rounding: Array | float) -> Array:
        """Return, as often as not, nothing where no more is left of terms than their rounding."""
        if self.random.random() < 0.5:
            return result
        left = (np.abs(result) <= rounding) & np.isfinite(result)
        return np.where(left, result.dtype.type(0), result)

    def _either_zero(self, result: Array) -> Array:
        flipped = self.random.random(result.shape) < 0.5
        return np.where((result == 0) & flipped, -result, result)

    def _sum(self, equation: Equation, operands: list[Array], result: Array) -> Array:
        """Return sums in another order: off by parts of the sum of magnitudes."""
        finite = [np.where(np.isfinite(o), np.abs(o), 0).astype(o.dtype) for o in operands]
        kept = [
            f if s.dtype.kind == "f" else o
            for s, f, o in zip(equation.inputs, finite, operands, strict=True)
        ]
        magnitude = np.asarray(equation.primitive.meaning(*kept, **equation.params))
        count = _terms(equation)
        units = 1 + 0.5 * np.sqrt(count) + count / 24 if count > 1 or self.simplified else 0
        # Sums of equal terms are all off to the same side.
        together = self.random.random() < 0.5
        noise = self.random.uniform(-1, 1, () if together else result.shape)
        noise = noise * units * float(np.finfo(result.dtype).eps)
        moved = result + noise * np.where(np.isinf(magnitude), 0, magnitude)
        # Where even the sum of magnitudes overflows, or huge terms cancel and small ones may be
        # lost before or not, the order decides what comes out.
        rounding = units * float(np.finfo(result.dtype).eps) * magnitude
        left = np.abs(result) <= rounding
        moved = self._cancelled(moved, rounding)
        decided = np.isinf(magnitude) | ((magnitude > _HUGE) & left)
        moved = np.where(decided, self._anything(result.shape), moved)
        return self._either_zero(moved.astype(result.dtype))

    def _overlapped(self, equation: Equation, operands: list[Array], result: Array) -> Array:
        """Return overlaps as sums, and where weights are not finite, as products with zeros."""
        finite = np.isfinite(operands[0]).all()
        if self.simplified and not finite and self.random.random() < 0.5:
            return self._anything(result.shape).astype(result.dtype)
        return self._sum(equation, operands, result)

    def _anything(self, shape: tuple[int, ...]) -> Array:
        return self.random.choice([np.nan, 0.0, 1.0, -1.0, 1e30, -1e30], shape)

    def _product(self, x: Array, result: Array) -> Array:
        # Partial products may overflow or vanish in one order and not in another.
        count = x.size // max(1, result.size)
        with np.errstate(divide="ignore"):
            reach = np.abs(np.log(np.abs(x[np.isfinite(x) & (x != 0)]))).sum()
        if reach > float(np.log(np.finfo(x.dtype).max)):
            return self._anything(result.shape).astype(result.dtype)
        return self._either_zero(self._moved(result, count))


def _terms(equation: Equation) -> int:
    """Return how many terms a sum has."""
    name, first = equation.primitive.name, equation.inputs[0]
    if name == "matrix_product":
        return first.shape[-1]
    if name == "contract":
        shape = equation.inputs[0].shape
        labels, _, kept = parts(equation.params["labels"])
        return math.prod(n for label, n in zip(labels, shape, strict=True) if label not in kept)
    if name == "overlap_add":
        return math.prod(first.shape[a] for a in window_axes(equation.params["axes"]))
    if name == "reduce_sum":
        return first.spec.size // max(1, equation.output.spec.size)
    if name == "cumulative_sum":
        return first.shape[equation.params["axis"]]
    indices = equation.inputs[1]
    along = name == "scatter_add_along_axis"
    return 1 + (indices.shape[equation.params["axis"]] if along else indices.spec.size)


def _scatters(program: Program) -> bool:
    return any(
        e.primitive.name.startswith("scatter") or any(map(_scatters, nested(e)))
        for e in program.equations
    )


def _literal(symbol: Symbol) -> Array:
    assert symbol.value is not None
    return symbol.value
