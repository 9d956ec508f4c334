"""What a model makes of its columns: permutation importance and partial dependence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.data.encoding import Encoding, Feature, OneHot
from thalweg.errors import ArgumentError, did_you_mean, shown

Floats = NDArray[np.float64]


def places(encoding: Encoding) -> dict[str, slice]:
    """Return where the features of each column are.

    Raises:
        ArgumentError: If features are made of several columns, by a formula or as products.

    >>> from thalweg.data.encoding import encode
    >>> from thalweg.data.table import as_table
    >>> places(encode(as_table({"x": [1.0, 2.0], "y": [0.1, 0.2]}), "y"))
    {'x': slice(0, 1, None)}
    """
    if encoding.derivation is not None:
        raise ArgumentError(
            "The model's features are made by a formula or as products of columns, so that none "
            "of them stands for a column. Save the model, and give the estimator that "
            "tw.load_model returns to the functions of sklearn.inspection."
        )
    found, at = {}, 0
    for feature in encoding.features:
        found[feature.name] = slice(at, at + len(feature.names))
        at += len(feature.names)
    return found


# ---- permutation importance


@dataclass(frozen=True, eq=False)
class PermutationImportance:
    """By how much a model's loss rises if a column is shuffled; the names are scikit-learn's.

    Attributes:
        columns: The columns.
        importances: The rise of the mean loss with each order, shape (columns, repeats).
    """

    columns: tuple[str, ...]
    importances: Floats

    @property
    def importances_mean(self) -> Floats:
        """The mean over orders, shape (columns,)."""
        return np.asarray(self.importances.mean(axis=1))

    @property
    def importances_std(self) -> Floats:
        """The standard deviation over orders, shape (columns,)."""
        return np.asarray(self.importances.std(axis=1))


def permutation_importance(
    loss: Callable[[Floats], float],
    X: Floats,
    columns: Mapping[str, slice],
    n_repeats: int = 5,
    random_state: int = 0,
) -> PermutationImportance:
    """Return by how much a loss rises if a column is shuffled.

    Args:
        loss: Maps features to a mean loss.
        X: The features, shape (rows, features).
        columns: The features of each column, which are shuffled together.
        n_repeats: How many orders there are, the same for all columns.
        random_state: What they follow from; they are scikit-learn's of that state.

    Raises:
        ArgumentError: If there are no repeats.

    Source:
        Breiman, "Random Forests", 2001; Fisher, Rudin and Dominici, 2019. arXiv:1801.01489

    Example:
        >>> X = np.random.default_rng(0).normal(size=(50, 2))
        >>> square = lambda Z: float(np.mean((Z[:, 0] - X[:, 0]) ** 2))
        >>> found = permutation_importance(square, X, {"a": slice(0, 1), "b": slice(1, 2)})
        >>> found.importances_mean > 0
        array([ True, False])
    """
    if n_repeats < 1:
        raise ArgumentError(f"n_repeats is {n_repeats!r}; give at least 1.")
    # scikit-learn shuffles the numbers of rows again and again, and by them what it had shuffled.
    seed = np.random.RandomState(random_state).randint(np.iinfo(np.int32).max + 1)
    random, places = np.random.RandomState(seed), np.arange(len(X))
    least, shuffled, order = loss(X), X.copy(), places.copy()
    found = np.empty((len(columns), n_repeats))
    for repeat in range(n_repeats):
        random.shuffle(places)
        order = order[places]
        for i, at in enumerate(columns.values()):
            shuffled[:, at] = X[order, at]
            found[i, repeat] = loss(shuffled) - least
            shuffled[:, at] = X[:, at]
    return PermutationImportance(tuple(columns), found)


# ---- partial dependence


@dataclass(frozen=True, eq=False)
class PartialDependence:
    """What a model predicts on average where a column has given values.

    Attributes:
        column: The column.
        grid_values: Its values: numbers, or levels.
        average: The mean over the rows, shape (outputs, values).
        outputs: What is predicted: the target, or classes whose probabilities they are.
    """

    column: str
    grid_values: NDArray[Any]
    average: Floats
    outputs: tuple[str, ...]


def partial_dependence(
    response: Callable[[Floats], Floats],
    X: Floats,
    encoding: Encoding,
    column: str,
    percentiles: tuple[float, float] = (0.05, 0.95),
    grid_resolution: int = 100,
) -> tuple[NDArray[Any], Floats]:
    """Return values of a column, and the mean response where all rows have them.

        f̂(v) = 1/n Σᵢ f(v, xᵢ),    xᵢ the other columns of row i

    Of a column with fewer values than the grid has, the grid is those; of another it is as many
    evenly spaced ones between two percentiles, as scikit-learn's.

    Args:
        response: Maps features to what is averaged, shape (rows,) or (rows, outputs).
        X: The features, shape (rows, features).
        encoding: How columns became features.
        column: The column.
        percentiles: The ends of the grid, shares of the rows from 0 to 1.
        grid_resolution: How many values, at least 2.

    Returns:
        The values, and the means, shape (outputs, values).

    Raises:
        ArgumentError: If there is no such column, or the grid has no extent.

    Source:
        Friedman, "Greedy Function Approximation", 2001, section 8.2.

    Example:
        >>> from thalweg.data.encoding import encode
        >>> from thalweg.data.table import as_table
        >>> table = as_table({"x": [1.0, 3.0], "y": [0.1, 0.2]})
        >>> encoding = encode(table, "y")
        >>> partial_dependence(lambda X: X[:, 0] ** 3, encoding.matrix(table), encoding, "x")
        (array([1., 3.]), array([[-1.,  1.]]))
    """
    found = places(encoding)
    if column not in found:
        raise ArgumentError(
            f"column is {shown(column)}, which the model does not have."
            f"{did_you_mean(str(column), found)} Its columns are {', '.join(found)}."
        )
    at, feature = found[column], encoding.features[list(found).index(column)]
    values, encoded = _grid(feature, X[:, at], percentiles, grid_resolution)
    moved, means = X.copy(), []
    for row in encoded:
        moved[:, at] = row
        means.append(np.mean(response(moved), axis=0))
    return values, np.stack(means).reshape(len(values), -1).T


def _grid(
    feature: Feature, X: Floats, percentiles: tuple[float, float], resolution: int
) -> tuple[NDArray[Any], Floats]:
    """Return the grid of a column, and its features there, shape (values, features)."""
    if isinstance(feature, OneHot):
        known = np.vstack([X.sum(axis=1) == 0.0, (X == 1.0).T]).any(axis=1)
        every = np.eye(len(feature.levels))[:, 1:]
        return np.array(feature.levels, object)[known], every[known]
    low, high = percentiles
    if not (0.0 <= low < high <= 1.0 and resolution >= 2):
        raise ArgumentError(
            f"percentiles is {percentiles!r} and grid_resolution is {resolution!r}. Give two "
            "shares from 0 to 1, the lower one first, and at least 2 values."
        )
    places = np.unique(X)
    if len(places) >= resolution:
        first, last = _quantiles(np.sort(X[:, 0]), np.array([low, high]))
        if not first < last:
            raise ArgumentError(
                f"Between the percentiles {percentiles!r} {shown(feature.name)} has one value only."
                " Choose percentiles that are further apart, such as (0, 1)."
            )
        places = np.linspace(first, last, resolution)
    return feature.means[0] + feature.scales[0] * places, places[:, None]


def _quantiles(values: Floats, levels: Floats) -> Floats:
    """Return quantiles of sorted values by Cunnane's plotting positions, as scikit-learn's."""
    rank = len(values) * levels + 0.4 + 0.2 * levels
    below = np.floor(np.clip(rank, 1, len(values) - 1)).astype(np.int64)
    share = np.clip(rank - below, 0.0, 1.0)
    return np.asarray((1.0 - share) * values[below - 1] + share * values[below])
