"""Numbers taken one after another, for methods whose next step depends on the last number."""

from __future__ import annotations

import math
from collections.abc import Callable

_FRACTION = 2**53 - 1


class OneByOne:
    """The uniform and normal numbers of a stream in float64, each when it is asked for.

    Args:
        word: Draws a word of 32 bits.
        kept: The second normal number of the last pair, if it was not taken.

    Attributes:
        kept: That of the last pair now.
        drawn: How many words were drawn.
    """

    def __init__(self, word: Callable[[], int], kept: float | None) -> None:
        self._word = word
        self.kept = kept
        self.drawn = 0

    def uniform(self) -> float:
        """Draw a multiple of 2⁻⁵³ in [0, 1); the first word is the high half."""
        self.drawn += 2
        return ((self._word() << 32 | self._word()) & _FRACTION) * 2.0**-53

    def normal(self) -> float:
        """Draw a standard normal number, first the one kept of the last pair (`box_muller`)."""
        if self.kept is not None:
            found, self.kept = self.kept, None
            return found
        angle = 2.0 * math.pi * self.uniform()
        radius = math.sqrt(-2.0 * math.log1p(-self.uniform()))
        self.kept = radius * math.sin(angle)
        return radius * math.cos(angle)


def logarithm(x: float) -> float:
    """Return ln x, also of 0, where Python's raises an error."""
    return math.log(x) if x else -math.inf
