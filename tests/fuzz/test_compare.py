"""The comparison of engines: rounding makes no difference, and a planted fault makes one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import starmap
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.fuzz.cases import Case
from tests.fuzz.compare import difference, outcome
from tests.fuzz.generate import random_case
from tests.fuzz.seeds import is_loop
from thalweg.core.primitive import PRIMITIVES
from thalweg.core.program import Equation, Program, evaluate, finish, meant, trace
from thalweg.core.spec import Bundle, Spec
from thalweg.core.tensor import make
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.engines.numpy import NumpyEngine
from thalweg.errors import ThalwegError

Array = np.ndarray[Any, Any]
# What a faulty engine makes of an equation; None where the fault does not apply.
Fault = Callable[[Equation, list[Array]], Array | None]

_CONFUSED = (
    *(("less", "less_equal"), ("greater", "greater_equal"), ("maximum", "minimum")),
    *(("add", "subtract"), ("reduce_max", "reduce_min"), ("floor", "rint"), ("sin", "cos")),
    *(("index_of_max", "index_of_min"), ("arcsinh", "arctan"), ("logical_and", "logical_or")),
)
_INSTEAD = {**dict(_CONFUSED), **{two: one for one, two in _CONFUSED}}


def confused(equation: Equation, operands: list[Array]) -> Array | None:
    """Take one primitive for another."""
    other = _INSTEAD.get(equation.primitive.name)
    if other is None or (other == "subtract" and equation.output.dtype.kind == "b"):
        return None
    return np.asarray(PRIMITIVES[other].meaning(*operands, **equation.params))


def without_tail(equation: Equation, operands: list[Array]) -> Array | None:
    """Leave the last element out of a sum."""
    if equation.primitive.name != "reduce_sum" or not operands[0].size:
        return None
    short = np.array(operands[0])
    short.flat[-1] = 0
    return np.asarray(equation.primitive.meaning(short, **equation.params))


def inexact(equation: Equation, operands: list[Array]) -> Array | None:
    """Lose half of the digits."""
    right = meant(equation, operands)
    if right.dtype.kind != "f":
        return None
    return np.asarray(right * right.dtype.type(1 + np.sqrt(np.finfo(right.dtype).eps)))


def neighbouring(equation: Equation, operands: list[Array]) -> Array | None:
    """Put an element where the last belongs."""
    right = np.array(meant(equation, operands))
    if right.size < 2:
        return None
    right.flat[-1] = right.flat[-2]
    return right


class Faulty:
    """An engine with a fault in one equation."""

    def __init__(self, fault: Fault, at: int) -> None:
        self.fault, self.at = fault, at

    def compile(self, program: Program) -> Callable[..., list[Array]]:
        chosen = program.equations[self.at % len(program.equations)]

        def apply(equation: Equation, operands: list[Array]) -> Array:
            simple = equation is chosen and not isinstance(equation.output.spec, Bundle)
            wrong = self.fault(equation, operands) if simple else None
            return meant(equation, operands) if wrong is None else wrong

        def run(*arrays: Array) -> list[Array]:
            with np.errstate(all="ignore"):
                return evaluate(program, arrays, apply)

        return run


def _program(function: Callable[..., Any], *arrays: Array) -> Case:
    result, current, symbols = trace(function, [Spec(a.shape, a.dtype) for a in arrays], make)
    return Case(finish(current, symbols, [current.lift(result)]), list(arrays))


def _above_their_mean(x: Any) -> Any:
    """Return twice the mean of equal numbers, or once if they are less than their mean."""
    y = tw.arcsinh(x)
    mean = tw.mean(y, axis=0, keepdims=True)
    return tw.max(tw.where(y >= mean, y, 0.0) + mean)


def _sum_times(factor: float) -> Any:
    """Return an engine that multiplies the sum by a factor."""

    def fault(equation: Equation, operands: list[Array]) -> Array | None:
        if equation.primitive.name != "reduce_sum":
            return None
        return np.asarray(meant(equation, operands) * np.float32(factor))

    return Faulty(fault, 1)


def test_rounding_decides_whether_equal_numbers_reach_their_mean() -> None:
    case = _program(_above_their_mean, np.ones((9, 9), np.float32))
    assert case.program.equations[1].primitive.name == "reduce_sum"
    ulp = float(np.finfo(np.float32).eps)
    results = {f: _sum_times(f).compile(case.program)(*case.arrays)[0] for f in (1 - ulp, 1 + ulp)}
    assert results[1 - ulp] == pytest.approx(2 * results[1 + ulp], rel=1e-6)
    assert all(difference(case, _sum_times(factor)) is None for factor in results)
    for factor in (0.99, 1 - 1e-4, 1 + 1e-4, 1.01, 1.5, 3.0):
        assert difference(case, _sum_times(factor)) is not None, factor


def test_a_function_beside_its_zero_is_as_uncertain_as_its_operand() -> None:
    case = _program(tw.special.j1, np.array([1.0, 7.0, 0.0]))
    assert case.program.equations[0].primitive.name == "j1"

    def moved(error: float) -> Any:
        def fault(equation: Equation, operands: list[Array]) -> Array:
            return np.asarray(meant(equation, operands) + error * np.eye(3)[1])

        return Faulty(fault, 0)

    # One unit of 7 makes 3e-16 of the result, which is 0.005.
    assert difference(case, moved(2e-16)) is None
    assert difference(case, moved(2e-14)) is not None


def _never_infinite(equation: Equation, operands: list[Array]) -> Array:
    """Give half of the largest number for what is infinite."""
    largest = 0.5 * np.finfo(np.float64).max
    return np.clip(meant(equation, operands), -largest, largest)


def test_what_overflows_between_two_literals_may_be_a_number_and_nothing_else() -> None:
    largest = np.array([np.finfo(np.float64).max])
    merged = _program(lambda x: (1.0 / 300.0) * (2.0 * x), largest)
    assert difference(merged, NativeEngine()) is None
    assert difference(merged, Faulty(_never_infinite, 0)) is not None
    of_values = _program(lambda x, y: (1.0 / 300.0) * (y * x), largest, largest)
    assert difference(of_values, Faulty(_never_infinite, 0)) is not None


FAULTS: tuple[Fault, ...] = (confused, without_tail, inexact, neighbouring)


def test_faults_are_told_from_rounding() -> None:
    made, kept = 0, []
    for seed in filter(lambda seed: not is_loop(seed), range(10, 140)):
        case, fault = random_case(seed), FAULTS[seed % len(FAULTS)]
        engine = _with_fault(case, fault, np.random.default_rng(seed))
        if engine is not None:
            made += 1
            if difference(case, engine) is None:
                kept.append((seed, fault.__name__))
    assert made > 50
    assert len(kept) <= 1, f"{kept} of {made} were not told"


def _with_fault(case: Case, fault: Fault, random: np.random.Generator) -> Any:
    """Return an engine with the fault where it matters to what comes out, None if nowhere."""
    wanted = outcome(lambda: NumpyEngine().compile(case.program)(*case.arrays))
    if isinstance(wanted, str):
        return None
    for at in random.permutation(len(case.program.equations)):
        engine = Faulty(fault, at)
        with suppress(ThalwegError, ValueError, IndexError):
            got = engine.compile(case.program)(*case.arrays)
            if not all(starmap(_close, zip(got, wanted, strict=True))):
                return engine
    return None


def _close(got: Array, wanted: Array) -> bool:
    close = 1e-4 if wanted.dtype == np.float32 else 1e-10
    return np.allclose(got, wanted, close, 0.0, equal_nan=True)
