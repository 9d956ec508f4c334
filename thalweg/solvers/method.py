"""An algorithm with its name and options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from thalweg.errors import ArgumentError, did_you_mean
from thalweg.solvers.function import Vector
from thalweg.solvers.iterate import Settings

# Maps (what is to be solved, where to start, settings) to where it ended.
Algorithm = Callable[[Any, Vector, Settings], Any]


@dataclass(frozen=True)
class Method:
    """An algorithm that minimizes, as a pure function in thalweg's operations.

    Attributes:
        name: The name it goes by.
        solve: Maps (function, start, settings) to the last iterate; run inside of one program.
        numbers: The options that are numbers at run time, with their defaults.
        choices: The options that are part of the program, with their defaults.
        tolerances: The options that `tol` sets.
        bounded: Whether it takes bounds.
        constrained: Whether it takes constraints.
    """

    name: str
    solve: Algorithm
    numbers: Mapping[str, float]
    choices: Mapping[str, Any] = field(default_factory=dict)
    tolerances: tuple[str, ...] = ("gtol",)
    bounded: bool = False
    constrained: bool = False

    def options(
        self, given: Mapping[str, Any], tol: float | None, size: int
    ) -> tuple[dict[str, float], dict[str, Any]]:
        """Return the numbers and the choices of a run.

        Args:
            given: What the user set.
            tol: The tolerance, if one was given.
            size: The number of variables, which default limits follow.

        Raises:
            ArgumentError: If an option is unknown.
        """
        known = {**self.numbers, **self.choices}
        for name in given:
            if name not in known:
                raise ArgumentError(
                    f"options has {name!r}, which method={self.name!r} does not know."
                    f"{did_you_mean(name, known)} Its options are {', '.join(known)}."
                )
        numbers = {**self.numbers}
        if tol is not None:
            numbers |= dict.fromkeys(self.tolerances, tol)
        numbers |= {k: v for k, v in given.items() if k in numbers and v is not None}
        if numbers["maxiter"] < 0 and "maxiter" not in given:
            numbers["maxiter"] = -numbers["maxiter"] * size
        choices = {**self.choices, **{k: v for k, v in given.items() if k in self.choices}}
        return {name: _number(name, value) for name, value in numbers.items()}, choices


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ArgumentError(
            f"options has {name}={value!r}; it wants a number. Give one, or leave it out."
        ) from None
