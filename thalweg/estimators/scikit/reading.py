"""What estimators are given, read as scikit-learn reads it, or as a table where there are texts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import (
    _check_sample_weight,
    check_consistent_length,
    column_or_1d,
    validate_data,
)

from thalweg.data.encoding import (
    Encoding,
    Feature,
    Kind,
    Missing,
    Standardized,
    TargetColumn,
    fit_feature,
)
from thalweg.data.sources import table_of
from thalweg.data.table import Table, center_and_scale
from thalweg.errors import ArgumentError, shown

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """Rows as an estimator is given them.

    Args:
        features: How each column is encoded.
        X: The encoded features, shape (rows, features).
        y: The targets, as given.
        weights: The sample weights, or None.
        tabular: Whether they came as a table, in which columns go by their names.
    """

    features: tuple[Feature, ...]
    X: Floats
    y: NDArray[Any]
    weights: Floats | None
    tabular: bool


def holds_texts(X: Any) -> bool:
    """Return whether X is a table of which scikit-learn's checks could make no numbers."""
    if isinstance(X, str | os.PathLike | Table):
        return True
    if isinstance(X, Mapping):
        return not hasattr(X, "shape")  # a sparse matrix may be a mapping of its entries
    if not hasattr(X, "columns"):
        return False
    kinds = {getattr(dtype, "kind", "?") for dtype in getattr(X, "dtypes", ["?"])}
    return not kinds <= set("biuf") and any(not column.numeric for column in table_of(X).columns)


def read_training(
    estimator: Any, X: Any, y: Any, sample_weight: Any, *, numeric: bool,
    standardize: bool = False, missing: Missing = "refuse", reset: bool = True,
) -> TrainingRows:  # fmt: skip
    """Read what an estimator is fitted to, and note its number and names of features.

    Args:
        estimator: The estimator.
        X: Features: an array, or a data frame or dict of columns, which may hold texts.
        y: The targets.
        sample_weight: What each row counts, or None.
        numeric: Whether targets must be numbers.
        standardize: Whether columns of numbers are standardized.
        missing: What is done with missing values in a table.
        reset: Whether this is the first fit, rather than one that goes on.

    Raises:
        ValueError: As scikit-learn raises it, for what is not finite, empty or of other lengths.
        DataError: If a column of texts cannot be used.
    """
    tabular = holds_texts(X)
    if tabular:
        table = table_of(X)
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None.")
        y = column_or_1d(y, warn=True)
        check_consistent_length(np.empty(table.rows), y)
        if reset:
            estimator.n_features_in_ = len(table.names)
            estimator.feature_names_in_ = np.array(table.names, object)
        shell = np.empty((table.rows, 1))
    else:
        X, y = validate_data(estimator, X, y, reset=reset, dtype=np.float64, y_numeric=numeric)
        shell = X
    weights = None
    if sample_weight is not None:
        weights = _check_sample_weight(
            sample_weight, shell, dtype=np.float64, ensure_non_negative=True
        )
    if not reset:
        return TrainingRows((), X, y, weights, tabular)
    if tabular:
        features = tuple(
            _unscaled(fit_feature(c, table.source), standardize) for c in table.columns
        )
        X = Encoding(_NO_TARGET, features, missing).matrix(table)
    else:
        features = _numeric(estimator, X, weights, standardize)
        X = scaled(features, X)
    return TrainingRows(features, X, y, weights, tabular)


_NO_TARGET = TargetColumn("y", "regression", "")


def _unscaled(feature: Feature, standardize: bool) -> Feature:
    if standardize or not isinstance(feature, Standardized):
        return feature
    return replace(feature, mean=0.0, scale=1.0)


def _numeric(
    estimator: Any, X: Floats, weights: Floats | None, standardize: bool
) -> tuple[Feature, ...]:
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        names = [f"x{i}" for i in range(X.shape[1])]
    if not standardize:
        return tuple(Standardized(str(name), 0.0, 1.0) for name in names)
    means = np.average(X, axis=0, weights=weights)
    scales = np.sqrt(np.average((X - means) ** 2, axis=0, weights=weights))
    constant = scales <= 10 * np.finfo(np.float64).eps * np.abs(means)
    scales[constant] = 1.0
    return tuple(
        Standardized(str(name), float(m), float(s))
        for name, m, s in zip(names, means, scales, strict=True)
    )


def scaled(features: tuple[Feature, ...], X: Floats) -> Floats:
    """Return encoded features of a matrix of numbers."""
    means = np.array([mean for feature in features for mean in feature.means])
    scales = np.array([scale for feature in features for scale in feature.scales])
    if not means.any() and (scales == 1.0).all():
        return X
    return np.asarray((X - means) / scales)


def read_features(estimator: Any, X: Any) -> Floats:
    """Return the encoded features of what an estimator is to predict for.

    Raises:
        ValueError: As scikit-learn raises it.
        DataError: If columns or categories are not those fitted.
    """
    encoding = estimator.model_.encoding
    named = hasattr(X, "columns") and estimator.tabular_
    if named or holds_texts(X):
        return np.asarray(encoding.matrix(table_of(X, encoding.reading)))
    if encoding.reading.text:
        raise ArgumentError(
            f"X is {type(X).__name__}, and the model was fitted to columns with texts; give a data "
            "frame or a dict of columns."
        )
    X = validate_data(estimator, X, reset=False, dtype=np.float64)
    if encoding.derivation is not None:
        columns = dict(zip(encoding.needed, X.T, strict=True))
        return np.asarray(encoding.matrix(table_of(columns)))
    return scaled(encoding.features, X)


def offset_of(offset: Any, exposure: Any, rows: int) -> Floats | None:
    """Return what is added to scores for an offset, an exposure or both.

    Raises:
        ArgumentError: If they are of another length, not finite, or an exposure is not positive.
    """
    total = None
    for name, given in (("offset", offset), ("exposure", exposure)):
        if given is None:
            continue
        values = np.asarray(column_or_1d(given), np.float64)
        if len(values) != rows:
            raise ArgumentError(f"{name} has {len(values)} values for {rows} rows; give one a row.")
        if name == "exposure" and not (values > 0.0).all():
            worst = shown(float(values[int(np.argmin(values > 0.0))]))
            raise ArgumentError(f"exposure holds {worst}; it must be positive: what is counted in.")
        values = np.log(values) if name == "exposure" else values
        if not np.isfinite(values).all():
            raise ArgumentError(f"{name} holds values that are not finite; give numbers.")
        total = values if total is None else total + values
    return total


def target_of(y: Any, kind: Kind, classes: Any = (), standardize: bool = False,
              center: bool = True, weights: Floats | None = None) -> TargetColumn:  # fmt: skip
    """Return what is predicted: its name, classes and, if it is standardized, its units."""
    name = str(getattr(y, "name", None) or "y")
    if kind != "regression" or not standardize:
        return TargetColumn(name, kind, "as given", tuple(map(str, classes)))
    values = np.asarray(y, np.float64).ravel()
    if weights is not None:
        values = values[weights > 0]
    mean, scale = center_and_scale(values, "the target")
    if not center:
        scale = float(np.sqrt(np.mean(values**2))) or 1.0
    return TargetColumn(name, kind, "as given", (), mean if center else 0.0, scale)
