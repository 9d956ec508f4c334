"""Fisher's and Yates's shuffle from the left, without a loop over the elements."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Below, a loop is faster.
_FEW = 500


def shuffled(targets: NDArray[Any]) -> NDArray[np.int64]:
    """Return 0 … n-1 after exchanging, for i = 0, 1, …, elements i and targets[i].

    Args:
        targets: Shape (n,); targets[i] from i to n - 1.

    >>> shuffled(np.array([2, 1, 2])).tolist()
    [2, 1, 0]
    """
    if targets.size < _FEW:
        return _by_exchanges(targets)
    return _by_pointers(targets.astype(np.int64))


def _by_exchanges(targets: NDArray[Any]) -> NDArray[np.int64]:
    order = list(range(targets.size))
    for i, target in enumerate(targets.tolist()):
        order[i], order[target] = order[target], order[i]
    return np.array(order, np.int64)


def _by_pointers(targets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find every element where it came from.

    Exchange i takes what lies at its target t. It was put there by the last exchange s < i with
    the same target, and was then what lay at s; if there is none, it is t itself. What lies at s
    when its turn comes was put there by the last exchange before s with target s, and so on: a
    chain whose start is found by following pointers twice as far each time.
    """
    n = targets.size
    positions = np.arange(n)
    # Exchanges by target, and by turn among equal ones.
    by_target = np.sort(targets * n + positions)
    target, turn = np.divmod(by_target, n)
    follows = target[1:] == target[:-1]
    previous = np.full(n, -1)
    previous[turn[1:][follows]] = turn[:-1][follows]
    # The last exchange that put something at a place, before the place's own.
    last = np.append(~follows, True)
    places, exchanges = target[last], turn[last]
    before = np.where(exchanges == places, previous[places], exchanges)
    start = positions.copy()
    start[places] = np.where(before < 0, places, before)
    while not np.array_equal(further := start[start], start):
        start = further
    return np.where(previous < 0, targets, start[previous])
