"""The refusals of options that no rule can use, in PyTorch's words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.torch.optim.groups import plain_number

Number = float | Tensor


def non_negative(**options: Any) -> None:
    """Accept options that are zero or positive.

    Raises:
        ArgumentError: If one is negative or NaN.
    """
    for name, value in options.items():
        if not plain_number(name, value) >= 0.0:
            raise ArgumentError(f"Invalid {_title(name)}: {value}. Give zero or a positive number.")


def at_most_one(**options: Any) -> None:
    """Accept options in [0, 1].

    Raises:
        ArgumentError: If one is outside.
    """
    for name, value in options.items():
        if not 0.0 <= plain_number(name, value) <= 1.0:
            raise ArgumentError(f"Invalid {_title(name)}: {value}. Give a number in [0, 1].")


def betas(pair: tuple[Any, Any]) -> None:
    """Accept two shares of the past, both numbers or both tensors.

    Raises:
        ArgumentError: If one is outside [0, 1), or they are of two kinds.
    """
    first, second = pair
    if isinstance(first, Tensor) is not isinstance(second, Tensor):
        raise ArgumentError(
            "betas must be either both floats or both Tensors, but are of two kinds. Write both "
            "as numbers."
        )
    for index, beta in enumerate(pair):
        if not 0.0 <= plain_number(f"betas[{index}]", beta) < 1.0:
            raise ArgumentError(
                f"Invalid beta parameter at index {index}: {beta}. Give a number in [0, 1)."
            )


def flags(options: Mapping[str, Any]) -> None:
    """Accept PyTorch's ways of running a step, which mean nothing here, where they fit together.

    Raises:
        ArgumentError: If two exclude each other, or the step is to be differentiated.
    """
    foreach, fused = options.get("foreach"), options.get("fused")
    if foreach and fused:
        raise ArgumentError("`fused` and `foreach` cannot be `True` together. Leave both out.")
    if fused and options.get("differentiable"):
        raise ArgumentError("`fused` does not support `differentiable`. Leave `fused` out.")
    if foreach and not options.get("capturable"):
        for name, value in (("lr", options.get("lr")), *_numbered(options.get("betas"))):
            if isinstance(value, Tensor):
                raise ArgumentError(
                    f"{name} as a Tensor is not supported for capturable=False and foreach=True. "
                    "Leave foreach out; it changes nothing here."
                )


def _numbered(pair: Any) -> list[tuple[str, Any]]:
    return [(f"betas[{i}]", value) for i, value in enumerate(pair or ())]


def _title(name: str) -> str:
    return {"lr": "learning rate", "eps": "epsilon value"}.get(name, f"{name} value")


def finite_or_none(name: str, value: Any) -> None:
    """Accept None, or a finite number that is not negative.

    Raises:
        ArgumentError: If it is anything else.
    """
    if value is not None and not 0.0 <= plain_number(name, value) < math.inf:
        raise ArgumentError(f"{name} should be >= 0, but is {value}. Give None or a small number.")


def real(rule: str, group: Mapping[str, Any]) -> None:
    """Accept a group whose parameters are real.

    Raises:
        ArgumentError: If one is complex.
    """
    if any(param.dtype.kind == "c" for param in group["params"]):
        raise ArgumentError(
            f"{rule} does not support complex parameters. Give their real and imaginary parts."
        )
