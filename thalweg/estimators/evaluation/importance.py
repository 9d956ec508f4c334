"""What a model loses without a feature: permutation importance."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Of very many rows, so many tell enough.
MOST_ROWS = 2000


def permutation_importance(
    loss: Callable[[Floats, NDArray[np.int64]], float],
    X: Floats,
    groups: Sequence[slice],
    seed: int = 0,
    repeats: int = 5,
) -> Floats:
    """Return by how much a loss rises if a column is shuffled, shape (columns, repeats).

    Args:
        loss: Maps features, and the positions of their rows, to a mean loss.
        X: The features, shape (rows, features).
        groups: The features of each column, which are shuffled together.
        seed: What the orders follow from.
        repeats: How many orders there are.

    Source:
        Breiman, "Random Forests", 2001; Fisher, Rudin and Dominici, 2019. arXiv:1801.01489

    Example:
        >>> X = np.random.default_rng(0).normal(size=(50, 2))
        >>> square = lambda Z, rows: float(np.mean((Z[:, 0] - X[rows, 0]) ** 2))
        >>> permutation_importance(square, X, [slice(0, 1), slice(1, 2)]).mean(axis=1) > 0
        array([ True, False])
    """
    random = np.random.default_rng([seed, 4])
    rows = np.sort(random.permutation(len(X))[:MOST_ROWS])
    kept = X[rows]
    least = loss(kept, rows)
    found = np.empty((len(groups), repeats))
    for repeat in range(repeats):
        order = random.permutation(len(rows))
        for i, group in enumerate(groups):
            shuffled = kept.copy()
            shuffled[:, group] = kept[order, group]
            found[i, repeat] = loss(shuffled, rows) - least
    return found
