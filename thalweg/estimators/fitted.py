"""A fitted model: what it predicts for any table with its columns, and its coefficients."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.data.encoding import Encoding
from thalweg.data.sources import table_of
from thalweg.errors import ArgumentError
from thalweg.estimators import models
from thalweg.estimators.evaluation import inspection
from thalweg.estimators.evaluation.inspection import PartialDependence, PermutationImportance
from thalweg.estimators.evaluation.metrics import most_likely
from thalweg.estimators.models import Model, Params
from thalweg.estimators.objectives import Objective
from thalweg.estimators.uncertainty.intervals import Uncertainty, intervals
from thalweg.inference import Predictions

Floats = NDArray[np.float64]

# Products of columns are added up in pieces that stay in the cache.
ROWS_AT_ONCE = 8192


@dataclass(frozen=True, eq=False)
class FittedModel:
    """A model with the parameters that a fit found: all it takes to predict.

    Whatever it predicts for holds the columns it was fitted on, in any order: the path of a file, a
    data frame, a dict of columns or a table.

    Args:
        encoding: How columns become features, and scores what is predicted.
        objective: The loss.
        spec: What was fitted: linear, or the layers of a network.
        params: Its weights and biases, for encoded features.
        uncertainty: What intervals of predictions are made of, or why there are none; None if
            nothing is known of it.

    Example:
        >>> from thalweg.estimators import fit_table
        >>> houses = {"area": [50.0, 70.0, 90.0], "price": [1.0, 1.5, 2.0]}
        >>> fitted = fit_table(houses, "price", holdout=0).model
        >>> fitted.predict({"area": [60.0]})
        array([1.25])
    """

    encoding: Encoding
    objective: Objective
    spec: Model
    params: Params
    uncertainty: Uncertainty | None = None

    def predict(self, data: Any) -> NDArray[Any]:
        """Return what is predicted for each row: a number, or the name of the most likely class.

        Raises:
            DataError: If data cannot be read, or columns or categories are not those fitted.
        """
        return self.predicted(self.scores(data))

    def probabilities(self, data: Any) -> Floats:
        """Return the probability of each class in each row, shape (rows, classes).

        Raises:
            ArgumentError: If the loss gives none.
            DataError: If data cannot be read, or columns or categories are not those fitted.
        """
        return self.shares_of(self.scores(data))

    def intervals(self, data: Any, level: float = 0.95) -> Predictions:
        """Return the mean of each row with its interval, and that of a new target.

        Of two classes, the mean is the probability of the second.

        Args:
            data: As for `predict`.
            level: How often intervals cover, between 0 and 1.

        Returns:
            `mean`, `std_errors`, `interval` and, of a linear regression, `new_interval`; NaN where
            a mean stands for a missing value.

        Raises:
            ArgumentError: If there are none: after a penalty, of networks, of several classes, of
                a model that was saved by an earlier version or from an estimator.
            DataError: As for `predict`.

        Example:
            >>> from thalweg.estimators import fit_table
            >>> columns = {"x": [1.0, 2.0, 3.0, 4.0], "y": [2.5, 3.5, 6.5, 7.5]}
            >>> model = fit_table(columns, "y", holdout=0, covariance="classical").model
            >>> model.intervals({"x": [2.5]}).interval.round(3)
            array([[3.639, 6.361]])
        """
        table = table_of(data, self.encoding.reading)
        X = self.encoding.matrix(table)
        return intervals(self, X, level, self.encoding.observed(table))

    def scores(self, data: Any) -> Floats:
        """Return what the loss compares the target with, shape (rows,) or (rows, classes).

        Raises:
            DataError: If data cannot be read, or columns or categories are not those fitted.
        """
        table = table_of(data, self.encoding.reading)
        return self.of_features(self.encoding.matrix(table))

    @property
    def coefficients(self) -> Coefficients:
        """The coefficients of a linear model in the data's own units, without standard errors.

        Raises:
            ArgumentError: If the model is not linear.
        """
        if self.spec.kind != "linear":
            raise ArgumentError(
                f"A model {self.spec} has no coefficients, but params. Fit a linear model for them."
            )
        return coefficients(self.encoding, self.params)

    def of_features(self, X: Floats) -> Floats:
        """Return the scores of encoded features, shape (rows, features)."""
        return np.asarray(models.scores(self.params, X, self.spec.activation))

    # ---- what columns do

    def partial_dependence(
        self,
        data: Any,
        column: str,
        *,
        percentiles: tuple[float, float] = (0.05, 0.95),
        grid_resolution: int = 100,
    ) -> PartialDependence:
        """Return what is predicted on average where a column has given values.

        It is scikit-learn's, of kind "average": of numbers the prediction, of classes their
        probabilities, or the scores if the loss gives none. It says what the model does, also
        where no row is.

        Args:
            data: The rows to average over.
            column: The column.
            percentiles: The ends of the grid of a column of many numbers.
            grid_resolution: How many values the grid has.

        Raises:
            ArgumentError: If there is no such column, or the grid has no extent.
            DataError: If data cannot be read, or columns or categories are not those fitted.

        Source:
            Friedman, "Greedy Function Approximation", 2001, section 8.2.

        Example:
            >>> from thalweg.estimators import fit_table
            >>> houses = {"area": [50.0, 70.0, 90.0], "price": [1.0, 1.5, 2.0]}
            >>> model = fit_table(houses, "price", holdout=0).model
            >>> found = model.partial_dependence(houses, "area")
            >>> found.grid_values, found.average.round(6)
            (array([50., 70., 90.]), array([[1. , 1.5, 2. ]]))
        """
        X = self.encoding.matrix(table_of(data, self.encoding.reading))
        return self.dependence_of(X, column, percentiles, grid_resolution)

    def dependence_of(
        self,
        X: Floats,
        column: str,
        percentiles: tuple[float, float] = (0.05, 0.95),
        grid_resolution: int = 100,
    ) -> PartialDependence:
        """Return the partial dependence over encoded features, shape (rows, features)."""
        target = self.encoding.target
        values, average = inspection.partial_dependence(
            self._response, X, self.encoding, column, percentiles, grid_resolution
        )
        outputs = target.classes if target.kind == "multiclass" else target.classes[1:]
        return PartialDependence(column, values, average, outputs or (target.name,))

    def _response(self, X: Floats) -> Floats:
        """Return what partial dependence averages."""
        scores = self.of_features(X)
        if self.encoding.target.kind == "regression":
            return self.predicted(scores)
        shares = self.shares(scores)
        if shares is None:
            return scores
        return shares if scores.ndim > 1 else shares[:, 1]

    def permutation_importance(
        self, data: Any, *, n_repeats: int = 5, random_state: int = 0
    ) -> PermutationImportance:
        """Return by how much the mean loss rises if a column is shuffled.

        Orders are scikit-learn's of the same state, so that with the same loss as its scoring it
        is `sklearn.inspection.permutation_importance`.

        Args:
            data: The rows, with the target.
            n_repeats: How many orders there are.
            random_state: What they follow from.

        Raises:
            ArgumentError: If there are no repeats.
            DataError: If data cannot be read, or columns or categories are not those fitted.

        Source:
            Breiman, "Random Forests", 2001; Fisher, Rudin and Dominici, 2019. arXiv:1801.01489

        Example:
            >>> from thalweg.estimators import fit_table
            >>> houses = {"area": [50.0, 70.0, 90.0], "price": [1.0, 1.5, 2.0]}
            >>> model = fit_table(houses, "price", holdout=0).model
            >>> model.permutation_importance(houses, n_repeats=2).importances.shape
            (1, 2)
        """
        encoding = self.encoding
        reading = replace(encoding.reading, only=(*encoding.columns, encoding.target.name))
        table = table_of(data, reading)
        y: NDArray[Any] = encoding.values(table)
        if encoding.target.kind == "regression":
            y = (y - encoding.target.mean) / encoding.target.scale
        return self.importance_of(encoding.matrix(table), y, n_repeats, random_state)

    def importance_of(
        self,
        X: Floats,
        y: NDArray[Any],
        n_repeats: int = 5,
        random_state: int = 0,
        weights: Floats | None = None,
    ) -> PermutationImportance:
        """Return the permutation importance over encoded features and targets."""
        unit = self.objective.unit(self.encoding.target.scale)

        def loss(X: Floats) -> float:
            losses = self.objective.losses(self.of_features(X), y)
            return float(np.average(losses, weights=weights)) * unit

        columns = inspection.places(self.encoding)
        return inspection.permutation_importance(loss, X, columns, n_repeats, random_state)

    # ---- what scores say

    def predicted(self, scores: Floats) -> NDArray[Any]:
        """Return what is predicted where the scores are these."""
        target, mean = self.encoding.target, self.objective.mean
        if target.kind == "regression":
            values = mean(scores) if mean else scores
            return np.asarray(values * target.scale + target.mean)
        return np.array(target.classes, object)[self.taken(scores)]

    def taken(self, scores: Floats) -> NDArray[np.int64]:
        """Return the position of the most likely class where the scores are these."""
        return most_likely(scores)

    def shares_of(self, scores: Floats) -> Floats:
        """Return the probabilities of the classes where the scores are these.

        Raises:
            ArgumentError: If the loss gives none.
        """
        shares = self.shares(scores)
        if shares is None:
            raise ArgumentError(
                f"A model with the loss {self.objective.text} gives no probabilities. Fit one with "
                "the loss logistic or softmax, or take the scores."
            )
        return shares

    def shares(self, scores: Floats) -> Floats | None:
        """Return the probabilities of the classes where the scores are these, if there are any."""
        mean = self.objective.mean
        if mean is None or self.encoding.target.kind == "regression":
            return None
        shares = mean(scores)
        return shares if shares.ndim > 1 else np.column_stack([1.0 - shares, shares])


@dataclass(frozen=True, eq=False)
class Coefficients:
    """A linear model's coefficients.

    Args:
        names: The intercept and the features.
        outputs: The classes they are for; one empty name if there is one score.
        values: In the columns' own units, shape (1 + features, outputs).
        standardized: For a change of one standard deviation, shape (1 + features, outputs).
        std_errors: Robust standard errors of the values (HC1), shape (1 + features,), NaN where
            rows do not determine one; None where there are none, and `inference.why` says why.

    Example:
        >>> from thalweg.estimators import fit_table
        >>> columns = {"x": [1.0, 2.0, 3.0, 4.0], "y": [2.5, 3.5, 6.5, 7.5]}
        >>> found = fit_table(columns, "y", holdout=0).coefficients
        >>> found.names, found.values[:, 0].round(6), found.std_errors.round(3)
        (('intercept', 'x'), array([0.5, 1.8]), array([0.529, 0.17 ]))
    """

    names: tuple[str, ...]
    outputs: tuple[str, ...]
    values: Floats
    standardized: Floats
    std_errors: Floats | None = None

    def by_weight(self) -> list[int]:
        """Return the intercept's position and then the features', the largest effects first."""
        sizes = np.max(np.abs(self.standardized[1:]), axis=1)
        return [0, *(np.argsort(-sizes, kind="stable") + 1).tolist()]


def coefficients(encoding: Encoding, params: Params) -> Coefficients:
    """Return a linear model's coefficients, without standard errors.

    Args:
        encoding: How columns became features.
        params: The weights and biases of those, one a score.
    """
    target = encoding.target
    weights, bias = params["weights"][0] * target.scale, params["biases"][0] * target.scale
    slopes, intercept = encoding.original_units(weights, bias)
    outputs = target.classes if weights.ndim > 1 else ("",)
    shape = (-1, len(outputs))
    deviations = encoding.deviations.reshape(-1, *(1 for _ in weights.shape[1:]))
    return Coefficients(
        ("intercept", *encoding.names),
        outputs,
        np.concatenate([intercept.reshape(shape) + target.mean, slopes.reshape(shape)]),
        np.concatenate([bias.reshape(shape) + target.mean, (slopes * deviations).reshape(shape)]),
    )
