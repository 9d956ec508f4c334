"""A series of noisy losses as a line that shows where it goes."""

from __future__ import annotations

from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]


def smooth(x: Any, y: Any, points: int = 100) -> tuple[Floats, Floats]:
    """Return the means of successive parts of a series, at most so many.

    Args:
        x: Where the values are taken, shape (n,).
        y: The values, shape (n,).
        points: How many parts there are; a shorter series is returned as it is.

    Returns:
        The mean place and value of each part.

    Example:
        >>> smooth([0, 1, 2, 3], [4.0, 2.0, 3.0, 1.0], 2)
        (array([0.5, 2.5]), array([3., 2.]))
    """
    xs, ys = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if len(ys) <= points:
        return xs, ys
    starts = np.linspace(0, len(ys), points, endpoint=False).astype(np.int64)
    counts = np.diff(np.append(starts, len(ys)))
    means = (np.add.reduceat(series, starts) / counts for series in (xs, ys))
    places, values = means
    return places, values
