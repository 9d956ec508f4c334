"""The first value of a program that is not finite, and what made it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.core.program import DERIVATIVE, Equation, Program, Symbol, evaluate
from thalweg.engines.engine import Array
from thalweg.training.checks.finite import is_finite, spelt


@dataclass(frozen=True)
class Fault:
    """An equation whose result is not finite.

    Attributes:
        equation: The equation.
        value: The first such value.
        place: Where among the program's inputs the operand stands that was not finite to begin
            with; -1 if that is a number in the program's text, None if there is none.
        infinite: Whether operands were infinite, though none was NaN.
    """

    equation: Equation
    value: float
    place: int | None = None
    infinite: bool = False


class _FoundError(Exception):
    """Ends the walk over a program at the fault looked for."""

    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self.fault = fault


def first_fault(program: Program, arguments: Sequence[Array]) -> Fault | None:
    """Return the first equation that makes or reads a NaN, or that makes an infinity.

    Infinities that are given are taken to be meant, as in a mask, unless there is nothing else.
    """
    given: list[Fault] = []

    def apply(equation: Equation, operands: list[Any]) -> Any:
        value = np.asarray(equation.primitive.meaning(*operands, **equation.params))
        if is_finite(value):
            return value
        fault = _fault(program, equation, operands, value)
        if fault is not None and fault.place is not None and np.isinf(fault.value):
            given.append(fault)
        elif fault is not None:
            raise _FoundError(fault)
        return value

    try:
        with np.errstate(all="ignore"):
            evaluate(program, arguments, apply, lambda symbol: symbol.value)
    except _FoundError as found:
        return found.fault
    except MemoryError:
        pass
    return given[0] if given else None


def _fault(program: Program, equation: Equation, operands: list[Any], value: Array) -> Fault | None:
    arrays = [np.asarray(operand) for operand in operands]
    bad = [i for i, array in enumerate(arrays) if not is_finite(array)]
    worst = _worst(value)
    if not bad:
        return Fault(equation, worst)
    if np.isnan(worst) and not any(np.isnan(arrays[i]).any() for i in bad):
        return Fault(equation, worst, infinite=True)
    for i in bad:
        place = _place(program, equation.inputs[i])
        if place is not None:
            return Fault(equation, _worst(arrays[i]), place)
    return None


def _place(program: Program, symbol: Symbol) -> int | None:
    if symbol.value is not None:
        return -1
    return next((i for i, known in enumerate(program.inputs) if known is symbol), None)


def _worst(values: Array) -> float:
    """Return a NaN if there is one, else an infinity."""
    bad = values[~np.isfinite(values)]
    nan = bad[np.isnan(bad)]
    return float((nan if nan.size else bad).flat[0])


def told(fault: Fault, name_of: Callable[[int], str]) -> str:
    """Say what went wrong, where, and what to do.

    Args:
        fault: What was found.
        name_of: Says what stands at a place among the inputs.
    """
    equation, value = fault.equation, spelt(fault.value)
    source = f" at {equation.source}" if equation.source else ""
    if fault.place == -1:
        return f"The loss uses the number {value}{source}. Replace it, or compute it differently."
    if fault.place is not None:
        return (
            f"{name_of(fault.place)} holds {value}. Replace it there; with arrays that shall hold "
            "infinities, choose with np.where before computing."
        )
    operands = "infinite numbers, as inf - inf is" if fault.infinite else "finite numbers"
    return f"{equation.primitive.name}{source} gave {value} from {operands}. {_advice(equation)}"


def _advice(equation: Equation) -> str:
    if equation.source.endswith(DERIVATIVE):
        return (
            "The derivative there is infinite or overflows, as that of sqrt, a norm or a root is "
            "at 0. Start from other parameters, or add a small number inside, as in "
            "np.sqrt(x + 1e-12)."
        )
    return (
        "Keep its operands in range: standardize the data, start from smaller parameters, or use "
        "a stable form such as logaddexp, softplus or log1p."
    )
