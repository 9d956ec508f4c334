"""The options of a parameter group: which are numbers that may change, which are structure."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, CallError

# Integers that say how a step is made, not numbers in its arithmetic.
STRUCTURAL = frozenset({"ns_steps"})

_NUMBER = "·"


def split(options: Mapping[str, Any]) -> tuple[Hashable, tuple[float, ...]]:
    """Return a key equal for options that differ in numbers alone, and the numbers in order.

    A zero is structure: what it multiplies is left out of the step.
    """
    numbers: list[float] = []
    key = tuple((name, _scan(name, value, numbers)) for name, value in options.items())
    return key, tuple(numbers)


def joined(options: Mapping[str, Any], numbers: Iterator[Any]) -> dict[str, Any]:
    """Return the options with other numbers in their places."""
    return {name: _replace(name, value, numbers) for name, value in options.items()}


def is_zero(value: Any) -> bool:
    """Tell whether an option is zero, so that what it multiplies can be left out."""
    return isinstance(value, (int, float)) and value == 0


def _scan(name: str, value: Any, numbers: list[float]) -> Hashable:
    if _is_number(name, value):
        plain = plain_number(name, value)
        if plain == 0:
            return 0.0
        numbers.append(plain)
        return _NUMBER
    if isinstance(value, (tuple, list)):
        return tuple(_scan(name, item, numbers) for item in value)
    return value if isinstance(value, Hashable) else id(value)


def _replace(name: str, value: Any, numbers: Iterator[Any]) -> Any:
    if _is_number(name, value):
        return 0.0 if plain_number(name, value) == 0 else next(numbers)
    if isinstance(value, (tuple, list)):
        return tuple(_replace(name, item, numbers) for item in value)
    return value


def _is_number(name: str, value: Any) -> bool:
    if isinstance(value, bool) or name in STRUCTURAL:
        return False
    return isinstance(value, (int, float, Tensor)) or hasattr(value, "dtype")


def plain_number(name: str, value: Any) -> float:
    """Return an option as a Python float.

    Raises:
        CallError: If it is no number.
        ArgumentError: If it is an array of more than one number.
    """
    if isinstance(value, (int, float)):
        return float(value)
    if not hasattr(value, "item"):
        raise CallError(f"{name}={value!r} was given; it wants a number. Give one such as 0.01.")
    if getattr(value, "size", 1) != 1:
        raise ArgumentError(
            f"Tensor {name} must be 1-element, but has shape {value.shape}. Give one number; "
            "parameters that need different ones belong in different groups."
        )
    return float(value.item())
