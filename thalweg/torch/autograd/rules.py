"""Rules of single steps of the tape, which no primitive has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class StepRule(ABC):
    """What stands for a primitive on the tape: the rule of one step, and its name."""

    name: str
    kind, additive, identity, view = "general", False, False, False
    variadic = together = forward = recorded = None

    @abstractmethod
    def rule(self, position: int) -> Any:
        """Return the function from the result's cotangent to that of one operand."""
