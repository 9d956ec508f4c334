"""The losses of labels that are not aligned with times, and their derivative."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.core.spec import Array


@functools.cache
def _native(kind: str) -> tuple[Callable[..., Any], Callable[..., Any], Callable[[int], int], int]:
    from thalweg.engines.llvm.eager import alignments as a  # it loads the compiler

    return a.alignment_losses(kind), a.alignment_slopes(kind), a.states_of, a.AHEAD


def _forward(
    logs: Array, labels: Array, times: Array, lengths: Array, blank: int, is_kept: bool
) -> tuple[Array, tuple[Array, ...]]:
    losses, _, states_of, ahead = _native(logs.dtype.char)
    steps, batch, _ = logs.shape
    count = states_of(labels.shape[1])
    classes = np.empty((batch, count), np.int64)
    gaps = np.empty((batch, count + ahead), logs.dtype)
    shape = batch, steps, count + ahead
    if is_kept:
        states = np.empty(shape, logs.dtype)
    else:
        # Those of a time take the place of those before.
        room = np.empty((batch, shape[2]), logs.dtype)
        states = np.ndarray(shape, logs.dtype, room, 0, (room.strides[0], 0, room.strides[1]))
    found = losses(_by_example(logs), classes, gaps, states, times, lengths, labels, blank)
    return found, (classes, gaps, states)


def _by_example(logs: Array) -> Array:
    return np.ascontiguousarray(logs).transpose(1, 0, 2)


def aligned_losses(
    logs: Array, *, labels: Array, times: Array, lengths: Array, blank: int, zero_infinity: bool
) -> tuple[Array, tuple[Array, ...]]:
    """Return -ln Σ of the probabilities of all alignments, of logarithms (times, N, classes).

    Args:
        logs: The logarithms.
        labels: Those of an example a row, int64, all of them classes.
        times: How many times of an example count, int64, from 1 on.
        lengths: How many labels an example has, int64.
        blank: The class between labels.
        zero_infinity: Whether losses that are infinite are 0, as are their derivatives.
    """
    found, kept = _forward(logs, labels, times, lengths, blank, True)
    return _finite(found, zero_infinity), (*kept, found.copy())


def _finite(losses: Array, zero_infinity: bool) -> Array:
    return np.where(np.isinf(losses), 0, losses) if zero_infinity else losses


def aligned_losses_alone(
    logs: Array, *, labels: Array, times: Array, lengths: Array, blank: int, zero_infinity: bool
) -> Array:
    """Return the same without what its derivative needs."""
    return _finite(_forward(logs, labels, times, lengths, blank, False)[0], zero_infinity)


def aligned_losses_back(
    g: Array, out: Any, kept: tuple[Array, ...], wanted: Sequence[bool], logs: Any, *,
    labels: Array, times: Array, lengths: Array, blank: int, zero_infinity: bool,
) -> tuple[Array]:  # fmt: skip
    """Return the logarithms' cotangent: g (p less the probability of a class given the labels)."""
    classes, gaps, states, losses = kept
    rows = _by_example(np.asarray(logs))
    room = np.empty((2, *gaps.shape), rows.dtype)
    slopes = _native(rows.dtype.char)[1]
    found = np.empty(logs.shape, rows.dtype)
    slopes(
        rows, classes, gaps, states, times, lengths, losses, g, *room,
        out=found.transpose(1, 0, 2),
    )  # fmt: skip
    if zero_infinity:
        found[:, np.isinf(losses)] = 0
    return (found,)
