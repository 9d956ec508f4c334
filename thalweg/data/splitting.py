"""Splitting a data set at random."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence
from typing import Any

from thalweg.data.datasets import Subset
from thalweg.errors import ArgumentError
from thalweg.random.generator import Generator, default_generator

__all__ = ["random_split"]


def random_split(
    dataset: Any, lengths: Sequence[float], generator: Generator | None = None
) -> list[Subset]:
    """Split a data set at random into subsets; the same subsets as PyTorch's for the same seed.

    Args:
        dataset: A map-style data set of n samples.
        lengths: Lengths with the sum n, or fractions with the sum 1. What rounding fractions
            down leaves over goes to the first subsets, one sample each.
        generator: Where the draws come from; by default the default generator.

    Raises:
        ArgumentError: If the lengths do not add up, or a fraction is outside [0, 1].

    Example:
        >>> from thalweg.data import random_split
        >>> [len(part) for part in random_split(range(10), [0.7, 0.3])]
        [7, 3]
    """
    n = len(dataset)
    sizes = list(lengths)
    if any(isinstance(length, float) for length in sizes):
        sizes = _fractions(sizes, n)
    if sum(sizes) != n or min(sizes, default=0) < 0:
        raise ArgumentError(
            f"random_split got lengths {list(lengths)} for {n} samples; lengths with the sum {n}, "
            "or fractions with the sum 1, are wanted. Correct the lengths."
        )
    order = (generator or default_generator).randperm(n)
    ends = list(itertools.accumulate(sizes))
    return [
        Subset(dataset, order[int(end - size) : int(end)])
        for size, end in zip(sizes, ends, strict=True)
    ]


def _fractions(fractions: list[float], n: int) -> list[float]:
    for position, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ArgumentError(
                f"random_split got the fraction {fraction} at position {position}; one from 0 to 1 "
                "is wanted. Pass integers for lengths."
            )
    if not math.isclose(sum(fractions), 1):
        return fractions
    sizes = [math.floor(n * fraction) for fraction in fractions]
    for position in range(n - sum(sizes)):
        sizes[position % len(sizes)] += 1
    for position, size in enumerate(sizes):
        if size == 0:
            warnings.warn(
                f"Subset {position} of random_split has no samples: {fractions[position]} of {n}. "
                "Iterating over it yields nothing.",
                stacklevel=3,
            )
    return list(sizes)
