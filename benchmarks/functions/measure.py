"""How a call's time is taken: of the processor, in turn with PyTorch's."""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass
from typing import Any

import torch

from benchmarks.functions.given import Call, Case, Given
from thalweg import torch as wing

SIZES = (32, 1_000, 1_000_000)
SAMPLE_SECONDS = 0.004


@dataclass(frozen=True)
class Cost:
    """The microseconds of a call, ours and PyTorch's, and the median ratio of their samples."""

    ours: float
    theirs: float
    ratio: float


def cost(case: Case, n: int, rounds: int, backward: bool = False) -> Cost | None:
    """Take the time of a case at a size; None if it has no derivative and that was asked for."""
    made = [Given(lib, n, backward) for lib in (torch, wing)]
    calls = [case(given) for given in made]
    if backward:
        found = [_with_backward(given, call) for given, call in zip(made, calls, strict=True)]
        calls = [call for call in found if call is not None]
        if len(calls) < 2:
            return None
    for call in calls:
        for _ in range(3):
            call()
    repeats = [max(1, round(SAMPLE_SECONDS / _seconds(call, 1))) for call in calls]
    gc.disable()
    samples = [
        [_seconds(*pair) for pair in zip(calls, repeats, strict=True)] for _ in range(rounds)
    ]
    gc.enable()
    theirs, ours = (statistics.median(times) * 1e6 for times in zip(*samples, strict=True))
    return Cost(ours, theirs, statistics.median(mine / other for other, mine in samples))


def _seconds(call: Call, repeats: int) -> float:
    began = time.process_time()
    for _ in range(repeats):
        call()
    return (time.process_time() - began) / repeats


def _with_backward(given: Given, call: Call) -> Call | None:
    """Return the call followed by its backward pass, if its result has one."""
    first = _differentiable(call())
    if first is None:
        return None
    ones = given.lib.ones(first.shape, dtype=first.dtype)

    def both() -> None:
        for leaf in given.leaves:
            leaf.grad = None
        _differentiable(call()).backward(ones)

    return both


def _differentiable(result: Any) -> Any:
    result = result[0] if isinstance(result, tuple) else result
    return result if getattr(result, "requires_grad", False) else None
