"""The ranges hyperparameters must lie in, and the words for those that do not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from thalweg.errors import ArgumentError


@dataclass(frozen=True)
class Range:
    """An interval of real numbers.

    Attributes:
        text: The interval as mathematicians write it.
        advice: What to do about a number outside of it.
    """

    text: str
    low: float
    high: float
    advice: str

    def check(self, name: str, value: Any, advice: str = "") -> None:
        """Accept a number inside the interval, and whatever has no value yet.

        Raises:
            ArgumentError: If it is no number, NaN, or outside.
        """
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            low = value >= self.low if self.text.startswith("[") else value > self.low
            if low and value < self.high:
                return
        elif hasattr(value, "dtype"):
            return
        raise ArgumentError(
            f"{name}={value!r} was given, but {name} must be a number in {self.text}. "
            f"{advice or self.advice}"
        )


FINITE = Range("(-∞, ∞)", -math.inf, math.inf, "Give a finite number.")
NON_NEGATIVE = Range("[0, ∞)", 0.0, math.inf, "Give zero or a positive number.")
POSITIVE = Range("(0, ∞)", 0.0, math.inf, "Give a number greater than zero.")
DECAY = Range("[0, 1)", 0.0, 1.0, "It is the share of the past that is kept, as 0.9.")


def check_learning_rate(value: Any) -> None:
    """Accept a learning rate: a schedule, or a number in [0, ∞).

    Raises:
        ArgumentError: If it is neither.
    """
    if not callable(value):
        advice = "Give a number such as 0.01, or a schedule; to climb, negate the loss."
        NON_NEGATIVE.check("learning_rate", value, advice)
