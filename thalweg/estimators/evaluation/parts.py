"""Which rows a model is judged on, and does not see: drawn at random, by groups, or by time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

# After so many groups went over, parts are as good as they get.
_MOST_CHANGES = 100


def random_part(rows: int, count: int, seed: int) -> Integers:
    """Return so many rows at random, in order.

    >>> random_part(10, 3, seed=0)
    array([2, 4, 6])
    """
    order = np.random.default_rng(seed).permutation(rows)
    return np.sort(order[:count])


def stratified_part(classes: Integers, count: int, seed: int) -> Integers:
    """Return so many rows at random, each class with its share of them, and never with all of it.

    Args:
        classes: The class of each row.
        count: How many.
        seed: What the draws follow from.

    Example:
        >>> classes = np.array([0] * 8 + [1] * 4 + [2])
        >>> np.bincount(classes[stratified_part(classes, 3, seed=0)])
        array([2, 1])
    """
    order = np.random.default_rng(seed).permutation(len(classes))
    sizes = np.bincount(classes)
    wanted = sizes * (count / max(1, len(classes)))
    taken = np.minimum(np.floor(wanted).astype(np.int64), np.maximum(sizes - 1, 0))
    # What rounding down left over goes where it is wanted most.
    for k in np.argsort(taken - wanted, kind="stable"):
        if taken.sum() < count and taken[k] + 1 < sizes[k]:
            taken[k] += 1
    chosen = [order[classes[order] == k][: taken[k]] for k in range(len(sizes))]
    return np.sort(np.concatenate(chosen))


def grouped_part(
    groups: Integers, count: int, seed: int, classes: Integers | None = None
) -> Integers:
    """Return all rows of groups at random, as nearly so many, and of each class, as groups allow.

    Args:
        groups: The group of each row, of which there are at least two.
        count: How many rows.
        seed: What the draws follow from.
        classes: The class of each row, of which never all rows are returned if that can be helped.

    Example:
        >>> groups = np.array([0, 0, 1, 1, 2, 2, 3, 3])
        >>> groups[grouped_part(groups, 3, seed=0)]
        array([2, 2])
    """
    if not count:
        return np.empty(0, np.int64)
    shares, wanted = _shares(groups, classes), count / len(groups)
    order = np.random.default_rng(seed).permutation(len(shares))
    held = np.zeros(len(shares), bool)
    sizes = np.cumsum(shares[order, 0])[:-1]
    held[order[: 1 + int(np.argmin(np.abs(sizes - wanted)))]] = True
    # Then the group goes over, to the held out or back, that brings them nearest to what is wanted.
    for _ in range(_MOST_CHANGES):
        now = shares[held].sum(axis=0)
        after = now + np.where(held, -1.0, 1.0)[:, None] * shares
        far = _distances(after, wanted)
        group = int(np.argmin(far))
        if not far[group] < _distances(now[None], wanted)[0]:
            break
        held[group] = not held[group]
    return np.flatnonzero(held[groups])


def _distances(held: NDArray[np.float64], wanted: float) -> NDArray[np.float64]:
    """Return how far shares held out are from what is wanted; infinity if one is all or no row."""
    far = np.sum((held - wanted) ** 2, axis=1)
    return np.where((held > 1.0 - 1e-9).any(axis=1) | (held[:, 0] < 1e-9), np.inf, far)


def _shares(groups: Integers, classes: Integers | None) -> NDArray[np.float64]:
    """Return the share of all rows that each group has, and of the rows of each class."""
    sizes = np.bincount(groups)
    columns = [sizes / len(groups)]
    if classes is not None:
        for k in np.unique(classes):
            of_class = np.bincount(groups[classes == k], minlength=len(sizes))
            columns.append(of_class / of_class.sum())
    return np.column_stack(columns)


def latest_part(times: NDArray[Any], count: int) -> Integers:
    """Return the rows of the latest times, at most so many: none has the time of an earlier row.

    >>> latest_part(np.array([3.0, 1.0, 2.0, 2.0]), 2)
    array([0])
    """
    if not count:
        return np.empty(0, np.int64)
    last = np.sort(times)[len(times) - count - 1]
    return np.flatnonzero(times > last)


def folds(
    rows: int,
    count: int,
    seed: int,
    *,
    classes: NDArray[Any] | None = None,
    groups: Integers | None = None,
    equal: bool = False,
) -> list[Integers]:
    """Return the rows that each fold leaves out; together they are all rows.

    Args:
        rows: How many there are.
        count: How many folds.
        seed: What the draws follow from.
        classes: The class of each row: folds have the classes' shares.
        groups: The group of each row: none is in two folds, and folds are as even, and have the
            classes' shares as nearly, as that allows.
        equal: Whether folds are of one size, so that a few rows are left out by none.

    Example:
        >>> [part.tolist() for part in folds(5, 2, seed=0, groups=np.array([0, 0, 1, 1, 1]))]
        [[2, 3, 4], [0, 1]]
    """
    random = np.random.default_rng([seed, 3])
    if groups is not None:
        shares = _shares(groups, classes)
        shuffled = random.permutation(len(shares))
        filled, at = np.zeros((count, shares.shape[1])), np.empty(len(shares), np.int64)
        # The largest first, each to the fold that has least of what it brings.
        for group in shuffled[np.argsort(-np.sum(shares[shuffled] ** 2, axis=1), kind="stable")]:
            at[group] = np.argmin(filled @ shares[group])
            filled[at[group]] += shares[group]
        return [np.flatnonzero(at[groups] == fold) for fold in range(count)]
    order = random.permutation(rows)
    if classes is not None:
        order = order[np.argsort(classes[order], kind="stable")]
    taken = order[: rows // count * count] if equal else order
    return [np.sort(taken[fold::count]) for fold in range(count)]
