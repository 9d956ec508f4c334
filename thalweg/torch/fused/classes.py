"""The cross entropy of classes with the softmax of scores, and its derivative."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.spec import Array
from thalweg.engines.eager.loops import loop


@functools.lru_cache(maxsize=8)
def _numbers(count: int) -> Array:
    return np.arange(count)


def cross_entropies(x: Array, *, y: Array, kind: str) -> tuple[Array, tuple[Array, Array]]:
    """Return -ln softmax(x)[y] of scores (N, classes), their mean or their sum."""
    places = y.astype(np.int64, copy=False)
    run = loop("classes.cross_entropies", x.dtype.char, kind, True)
    losses, powers, total = run(np.ascontiguousarray(x), places)
    return np.asarray(losses), (powers, total[:, None])


def cross_entropies_alone(x: Array, *, y: Array, kind: str) -> Array:
    """Return the same without what its derivative needs."""
    places = y.astype(np.int64, copy=False)
    run = loop("classes.cross_entropies", x.dtype.char, kind, False)
    return np.asarray(run(np.ascontiguousarray(x), places))


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
