"""Linear models by scikit-learn's names, to their optimum."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from thalweg.data.encoding import Encoding
from thalweg.errors import ArgumentError
from thalweg.estimators.objectives import OBJECTIVES, huber_and_scale
from thalweg.estimators.optimum import (
    NO_SCALE,
    LinearOptimum,
    huber_optimum,
    optimum,
    quantile_optimum,
)
from thalweg.estimators.scikit.estimator import RegressionEstimator, minimized, weighted_rows
from thalweg.estimators.scikit.reading import offset_of, read_training, target_of

Floats = NDArray[np.float64]


def at_least(name: str, value: Any, least: float) -> float:
    """Return a number if it is finite and at least so much.

    Raises:
        ArgumentError: If it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise ArgumentError(f"{name} is {value!r}; give a number of at least {least:g}.")
    if not (value >= least and np.isfinite(value)):
        raise ArgumentError(f"{name} is {value}; give a number of at least {least:g}.")
    return float(value)


class LinearRegressor(RegressionEstimator):
    """Least squares, with a ridge penalty if one is asked for.

        min Σᵢ wᵢ (yᵢ − xᵢ·β − b)² + α ‖β‖²

    With α = 0 it is scikit-learn's LinearRegression, otherwise its Ridge.

    Args:
        alpha: α, not negative.
        fit_intercept: Whether there is b.
        max_iter: The most steps of Newton's method.
        tol: The norm of the gradient that is asked for, of the mean loss, in decorrelated features.
        warm_start: Whether a fit starts where the last one ended.

    Attributes:
        coef_: β, shape (features,).
        intercept_: b.
        n_iter_: The steps made.

    Example:
        >>> model = LinearRegressor().fit([[1.0], [2.0], [3.0]], [3.0, 5.0, 7.0])
        >>> model.coef_.round(9), round(model.intercept_, 9)
        (array([2.]), 1.0)
    """

    def __init__(
        self, alpha: float = 0.0, *, fit_intercept: bool = True, max_iter: int = 100,
        tol: float = 1e-10, warm_start: bool = False,
    ) -> None:  # fmt: skip
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to rows.

        Args:
            X: Features, shape (rows, features); or a data frame or dict of columns, texts in it
                coded as categories.
            y: Targets, shape (rows,).
            sample_weight: w, not negative, shape (rows,); 1 by default.

        Raises:
            ValueError: If values are not finite, or shapes do not fit.
        """
        alpha = at_least("alpha", self.alpha, 0.0)
        given = read_training(self, X, y, sample_weight, numeric=True)
        target = target_of(y, "regression", (), True, self.fit_intercept, given.weights)
        values = (np.asarray(given.y, np.float64) - target.mean) / target.scale
        rows = weighted_rows(given.X, values, given.weights)
        total = rows.total
        problem = minimized(OBJECTIVES["squared"], rows, 2 * alpha / total, self.fit_intercept)
        encoding = Encoding(target, given.features)
        start = self._started(problem, encoding)
        found = optimum(problem, start, tolerance=self.tol, most=self.max_iter)
        self._keep(given, encoding, problem, found.params)
        ended(self, found)
        return self


class PoissonRegressor(RegressionEstimator):
    """Poisson regression with the logarithmic link, offsets and exposures.

        min Σᵢ wᵢ (exp(sᵢ) − yᵢ sᵢ) / Σᵢ wᵢ + ½ α ‖β‖²,    sᵢ = xᵢ·β + b + offsetᵢ + log exposureᵢ

    scikit-learn's PoissonRegressor without offsets; statsmodels' GLM with α = 0.

    Args:
        alpha: α, not negative.
        fit_intercept: Whether there is b.
        max_iter: The most steps of Newton's method.
        tol: The norm of the gradient that is asked for, in decorrelated features.
        warm_start: Whether a fit starts where the last one ended.

    Attributes:
        coef_: β, shape (features,).
        intercept_: b.
        n_iter_: The steps made.

    Example:
        >>> model = PoissonRegressor(alpha=0.0)
        >>> model.fit([[0.0], [0.0], [1.0], [1.0]], [1, 3, 4, 4]).predict([[0.0], [1.0]]).round(6)
        array([2., 4.])
        >>> model.fit([[0.0], [1.0]], [2, 4], exposure=[1.0, 2.0]).predict([[0.0], [1.0]]).round(6)
        array([2., 2.])
    """

    def __init__(
        self, alpha: float = 1.0, *, fit_intercept: bool = True, max_iter: int = 100,
        tol: float = 1e-10, warm_start: bool = False,
    ) -> None:  # fmt: skip
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None, exposure: Any = None
    ) -> Self:
        """Fit to rows.

        Args:
            X: Features, shape (rows, features); or a data frame or dict of columns.
            y: Counts, not negative, not all zero, shape (rows,).
            sample_weight: w, not negative, shape (rows,); 1 by default.
            offset: What is added to each row's score, shape (rows,).
            exposure: What each row was counted in, such as time or area; positive, shape (rows,).

        Raises:
            ValueError: If values are not finite, a count is negative, or shapes do not fit.
        """
        alpha = at_least("alpha", self.alpha, 0.0)
        given = read_training(self, X, y, sample_weight, numeric=True)
        counts = np.asarray(given.y, np.float64)
        if (counts < 0.0).any() or not counts.any():
            raise ArgumentError(
                f"{type(self).__name__} is for counts: some value(s) of y are out of the valid "
                "range, negative or all zero. Choose another estimator, or correct them."
            )
        added = offset_of(offset, exposure, len(counts))
        rows = weighted_rows(given.X, counts, given.weights, added)
        problem = minimized(OBJECTIVES["poisson"], rows, alpha, self.fit_intercept)
        encoding = Encoding(target_of(y, "regression"), given.features)
        start = self._started(problem, encoding)
        found = optimum(problem, start, tolerance=self.tol, most=self.max_iter)
        self._keep(given, encoding, problem, found.params)
        ended(self, found)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = True
        return tags

    def predict(self, X: Any, offset: Any = None, exposure: Any = None) -> Floats:
        """Return the expected count of each row: for an exposure of 1, if none is given.

        Args:
            X: Features as they were fitted.
            offset: What is added to each row's score.
            exposure: What each row is counted in.
        """
        scores = self._scores(X)
        added = offset_of(offset, exposure, len(scores))
        return self.model_.predicted(scores if added is None else scores + added)

    def score(
        self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None, exposure: Any = None
    ) -> float:
        """Return D², the share of the deviance explained; 1 is the best there is."""
        from sklearn.metrics import d2_tweedie_score

        predicted = self.predict(X, offset, exposure)
        return float(d2_tweedie_score(y, predicted, sample_weight=sample_weight, power=1))


class QuantileRegressor(RegressionEstimator):
    """Linear quantile regression, exact: a linear program.

        min Σᵢ wᵢ max(q rᵢ, (q − 1) rᵢ) / Σᵢ wᵢ + α ‖β‖₁,    rᵢ = yᵢ − xᵢ·β − b

    scikit-learn's QuantileRegressor; statsmodels' QuantReg with α = 0.

    Args:
        quantile: q, between 0 and 1.
        alpha: α, not negative.
        fit_intercept: Whether there is b.
        max_iter: The most steps of the interior point method.
        tol: By how much the loss may be above its minimum, in parts of it.

    Attributes:
        coef_: β, shape (features,).
        intercept_: b.
        n_iter_: The steps made.

    Example:
        >>> X, y = [[1.0], [2.0], [3.0], [4.0]], [1.0, 2.0, 3.0, 40.0]
        >>> QuantileRegressor(alpha=0.0).fit(X, y).predict([[5.0]]).round(9)
        array([5.])
    """

    def __init__(
        self, *, quantile: float = 0.5, alpha: float = 1.0, fit_intercept: bool = True,
        max_iter: int = 200, tol: float = 1e-10,
    ) -> None:  # fmt: skip
        self.quantile = quantile
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to rows.

        Args:
            X: Features, shape (rows, features); or a data frame or dict of columns.
            y: Targets, shape (rows,).
            sample_weight: w, not negative, shape (rows,); 1 by default.

        Raises:
            ValueError: If values are not finite, or shapes do not fit.
        """
        alpha = at_least("alpha", self.alpha, 0.0)
        if not 0.0 < at_least("quantile", self.quantile, 0.0) < 1.0:
            raise ArgumentError(f"quantile is {self.quantile}; give a level between 0 and 1.")
        given = read_training(self, X, y, sample_weight, numeric=True)
        rows = weighted_rows(given.X, np.asarray(given.y, np.float64), given.weights)
        objective = OBJECTIVES["quantile"].at(self.quantile)
        problem = minimized(objective, rows, 0.0, self.fit_intercept)
        found = quantile_optimum(
            problem, self.quantile, alpha, tolerance=self.tol, most=self.max_iter
        )
        encoding = Encoding(target_of(y, "regression"), given.features)
        self._keep(given, encoding, problem, found.params)
        ended(self, found)
        return self


class HuberRegressor(RegressionEstimator):
    """Linear regression robust to outliers, the scale of the residuals estimated beside.

        min Σᵢ wᵢ (σ + σ H(rᵢ / σ)) + α ‖β‖²,    rᵢ = yᵢ − xᵢ·β − b

    H(z) is z² where |z| ≤ ε, and 2 ε |z| − ε² elsewhere. scikit-learn's HuberRegressor.

    Args:
        epsilon: ε, at least 1; residuals beyond ε σ count as outliers.
        max_iter: The most steps of Newton's method.
        alpha: α, not negative.
        warm_start: Whether a fit starts where the last one ended.
        fit_intercept: Whether there is b.
        tol: The norm of the gradient that is asked for, in decorrelated features.

    Attributes:
        coef_: β, shape (features,).
        intercept_: b.
        scale_: σ.
        outliers_: Which rows are beyond, shape (rows,).
        n_iter_: The steps made.

    Example:
        >>> X = np.arange(10.0)[:, None]
        >>> y = 2.0 * X[:, 0] + np.resize([0.1, -0.1], 10)
        >>> y[3] = 100.0
        >>> model = HuberRegressor().fit(X, y)
        >>> model.coef_.round(2), LinearRegressor().fit(X, y).coef_.round(2)
        (array([1.99]), array([0.28]))
    """

    def __init__(
        self, *, epsilon: float = 1.35, max_iter: int = 200, alpha: float = 0.0001,
        warm_start: bool = False, fit_intercept: bool = True, tol: float = 1e-10,
    ) -> None:  # fmt: skip
        self.epsilon = epsilon
        self.max_iter = max_iter
        self.alpha = alpha
        self.warm_start = warm_start
        self.fit_intercept = fit_intercept
        self.tol = tol

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to rows.

        Args:
            X: Features, shape (rows, features); or a data frame or dict of columns.
            y: Targets, shape (rows,).
            sample_weight: w, not negative, shape (rows,); 1 by default.

        Raises:
            ValueError: If values are not finite, or shapes do not fit.
        """
        alpha, epsilon = at_least("alpha", self.alpha, 0.0), at_least("epsilon", self.epsilon, 1.0)
        given = read_training(self, X, y, sample_weight, numeric=True)
        target = target_of(y, "regression", (), True, self.fit_intercept, given.weights)
        values = (np.asarray(given.y, np.float64) - target.mean) / target.scale
        rows = weighted_rows(given.X, values, given.weights)
        total = rows.total
        penalty = 2 * alpha * target.scale / total
        objective = OBJECTIVES["huber"].at(epsilon)
        problem = minimized(objective, rows, penalty, self.fit_intercept)
        encoding = Encoding(target, given.features)
        start = self._started(problem, encoding)
        begun = None if start is None else (start, self.scale_ / target.scale)
        found, scale = huber_optimum(
            problem, huber_and_scale(epsilon), begun, tolerance=self.tol, most=self.max_iter
        )
        self._keep(given, encoding, problem, found.params)
        self.scale_: float = scale * target.scale
        residuals = np.asarray(given.y, np.float64) - self.model_.predicted(
            self.model_.of_features(given.X)
        )
        self.outliers_ = np.abs(residuals) > self.scale_ * epsilon
        ended(self, found)
        return self


def ended(estimator: Any, found: LinearOptimum) -> None:
    """Note how a run ended, and warn if it did not converge."""
    if found.interrupted:
        raise KeyboardInterrupt
    estimator.n_iter_ = max(1, found.steps)
    if found.converged:
        return
    if found.steps >= estimator.max_iter:
        what = f"it made {found.steps} steps, as many as max_iter lets it. Raise max_iter."
    elif getattr(estimator, "scale_", 1.0) < NO_SCALE * estimator.model_.encoding.target.scale:
        what = "the rows can be fitted exactly, and the scale falls to 0. Take LinearRegressor."
    elif found.distance <= estimator.tol:
        what = (
            "the loss falls for ever, as where features separate the targets. Raise the penalty, "
            "or leave out columns."
        )
    else:
        what = (
            f"rounding let the gradient or gap be no less than {found.distance:.1e}, and tol is "
            f"{estimator.tol:g}. Raise tol, or write columns in units nearer to one another."
        )
    estimator._warn(what)
