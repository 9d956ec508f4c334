"""What hyperparameters may be: numbers in ranges, known names; the words for those that are not."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from thalweg.errors import ArgumentError, did_you_mean


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

    def check(self, advice: str = "", /, **numbers: Any) -> None:
        """Accept numbers inside the interval, and whatever has no value yet.

        Args:
            advice: What to do about a number outside, if it is not what the interval says.
            numbers: Those to check, by name.

        Raises:
            ArgumentError: If one is no number, NaN, or outside.
        """
        for name, value in numbers.items():
            if not self._holds(value):
                raise ArgumentError(
                    f"{name}={value!r} was given, but {name} must be a number in {self.text}. "
                    f"{advice or self.advice}"
                )

    def _holds(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return hasattr(value, "dtype")
        closed = self.text.startswith("[")
        above = value >= self.low if closed else value > self.low
        return above and (value < self.high or math.isnan(self.high))


FINITE = Range("(-∞, ∞)", -math.inf, math.inf, "Give a finite number.")
NON_NEGATIVE = Range("[0, ∞)", 0.0, math.inf, "Give zero or a positive number.")
GROWTH = Range(
    "(0, ∞]", 0.0, math.nan, "Give a number greater than zero; ∞ is to the limit at once."
)
POSITIVE = Range("(0, ∞)", 0.0, math.inf, "Give a number greater than zero.")
DECAY = Range("[0, 1)", 0.0, 1.0, "It is the share of the past that is kept, as 0.9.")
SHARE = Range("[0, 1]", 0.0, math.nextafter(1.0, 2.0), "It is a share: 0 is none, 1 all.")


def check_learning_rate(value: Any) -> None:
    """Accept a learning rate: a schedule, or a number in [0, ∞).

    Raises:
        ArgumentError: If it is neither.
    """
    if not callable(value):
        advice = "Give a number such as 0.01, or a schedule; to climb, negate the loss."
        NON_NEGATIVE.check(advice, learning_rate=value)


def check_choice(known: Collection[str], /, **chosen: Any) -> None:
    """Accept names that are known.

    Raises:
        ArgumentError: If one is another.
    """
    for name, value in chosen.items():
        if value not in known:
            words = [*map(repr, known)]
            wanted = " or ".join(words) if len(words) == 2 else f"one of {', '.join(words)}"
            raise ArgumentError(
                f"{name}={value!r} was given; it must be {wanted}.{did_you_mean(str(value), known)}"
            )
