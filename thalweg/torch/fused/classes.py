"""The cross entropy of classes with the softmax of scores, and its derivative."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.spec import Array


@functools.lru_cache(maxsize=8)
def _numbers(count: int) -> Array:
    return np.arange(count)


def cross_entropies(x: Array, *, y: Array, kind: str) -> tuple[Array, tuple[Array, Array]]:
    """Return -ln softmax(x)[y] of scores (N, classes), their mean or their sum."""
    shifted = x - np.maximum.reduce(x, 1, keepdims=True)
    own = shifted[_numbers(len(y)), y]
    powers = np.exp(shifted, out=shifted)
    total = np.add.reduce(powers, 1, keepdims=True)
    losses = np.log(total[:, 0])
    losses -= own
    if kind != "none":
        losses = np.add.reduce(losses)
        if kind == "mean":
            losses /= x.dtype.type(len(y))
    return losses, (powers, total)


def cross_entropies_back(
    g: Array, out: Any, kept: tuple[Array, Array], wanted: Sequence[bool], x: Any, *, y: Array,
    kind: str,
) -> tuple[Array]:  # fmt: skip
    """Return the scores' cotangent: g (softmax(x) - δ(y))."""
    powers, total = kept
    found = powers / total
    found[_numbers(len(y)), y] -= 1
    found *= g[:, None] if kind == "none" else g / x.dtype.type(len(y)) if kind == "mean" else g
    return (found,)
