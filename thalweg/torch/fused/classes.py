"""Losses of classes, by scores or by logarithms of probabilities, and their derivatives."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.spec import Array
from thalweg.engines.composed import by_rows
from thalweg.engines.eager.loops import loop
from thalweg.ops.special.activations import log_softmax


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


# ---- classes with weights, of which some may be ignored


def _reduced(losses: Array, own: Array, kind: str) -> Array:
    """Return losses, their sum, or that divided by the sum of their weights."""
    if kind == "none":
        return losses
    total = np.add.reduce(losses)
    return np.asarray(total / np.add.reduce(own) if kind == "mean" else total)


def _factors(g: Array, own: Array, kind: str) -> Array:
    """Return what the cotangent of each loss is."""
    return np.asarray(g / np.add.reduce(own) if kind == "mean" else g)


def negatives(x: Array, *, y: Array, own: Array, counts: Array, kind: str) -> tuple[Array, None]:
    """Return -w x[y] of logarithms (N, classes), their sum, or that divided by the sum of w.

    Args:
        x: The logarithms.
        y: The classes, int64, from 0 on.
        own: The weights w of the targets.
        counts: Whether a target counts; it has no loss else, whatever the logarithm is.
        kind: "none", "sum" or "mean".
    """
    losses = np.where(counts, x[_numbers(len(y)), y] * -own, x.dtype.type(0))
    return _reduced(losses, own, kind), None


def negatives_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, *, y: Array, own: Array,
    counts: Array, kind: str,
) -> tuple[Array]:  # fmt: skip
    """Return the logarithms' cotangent, which is -g w at the targets."""
    found = np.zeros(x.shape, x.dtype)
    found[_numbers(len(y)), y] = np.where(counts, _factors(g, own, kind) * -own, x.dtype.type(0))
    return (found,)


def weighted_entropies(
    x: Array, *, y: Array, own: Array, counts: Array, weight: Array, smoothing: float, kind: str
) -> tuple[Array, Array]:
    """Return cross entropies of scores, with weights and targets shared among all classes.

    Args:
        x: The scores (N, classes).
        y: As of `negatives`.
        own: Likewise.
        counts: Likewise.
        weight: The weights of the classes.
        smoothing: How much of each target is shared.
        kind: As of `negatives`.
    """
    logs = by_rows(log_softmax, np.ascontiguousarray(x), axis=-1)
    losses = logs[_numbers(len(y)), y] * -own
    if smoothing:
        losses *= x.dtype.type(1 - smoothing)
        losses -= (logs @ weight) * x.dtype.type(smoothing / x.shape[1])
    return _reduced(np.where(counts, losses, x.dtype.type(0)), own, kind), logs


def weighted_entropies_back(
    g: Array, out: Any, kept: Array, wanted: Sequence[bool], x: Any, *, y: Array, own: Array,
    counts: Array, weight: Array, smoothing: float, kind: str,
) -> tuple[Array]:  # fmt: skip
    """Return the scores' cotangent: g (w softmax(x) less the targets, as weighted and shared)."""
    scalar = x.dtype.type
    factors = np.where(counts, _factors(g, own, kind), scalar(0))
    shares = weight * scalar(smoothing / x.shape[1])
    at_own = own * scalar(1 - smoothing)
    found = np.exp(kept)
    found *= (factors * (at_own + np.add.reduce(shares)))[:, None]
    if smoothing:
        found -= factors[:, None] * shares
    found[_numbers(len(y)), y] -= factors * at_own
    return (found,)
