"""Linear models with any loss by name: what `thalweg fit` fits."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from thalweg import optim
from thalweg.data.encoding import Encoding, Missing
from thalweg.errors import ArgumentError
from thalweg.estimators import models
from thalweg.estimators.epochs import Epochs, train_by_epochs
from thalweg.estimators.objectives import Objective, parse_objective
from thalweg.estimators.optimum import optimum, quantile_optimum
from thalweg.estimators.problem import PenalizedLoss
from thalweg.estimators.scikit.estimator import (
    ClassEstimator,
    RegressionEstimator,
    minimized,
    weighted_rows,
)
from thalweg.estimators.scikit.linear import at_least, ended
from thalweg.estimators.scikit.reading import TrainingRows, read_training, target_of

# What Adam's rate falls from to zero, where a loss has kinks.
RATE, BATCH = 0.05, 100


class Regressor(RegressionEstimator):
    """A linear model of numbers with any loss by name.

        min Σᵢ wᵢ ℓ(sᵢ, yᵢ) + ½ α ‖β‖²,    sᵢ = xᵢ·β + b

    Losses that are smooth go to their optimum by Newton's method, absolute and quantile losses
    without a penalty by an interior point method, all others by Adam.

    Args:
        loss: squared, absolute, huber, huber(1.0), quantile, quantile(0.9) or poisson; the number
            of huber is in standard deviations of the target.
        alpha: α, not negative: what `thalweg fit` calls l2, twice Ridge's for the loss squared.
        fit_intercept: Whether there is b.
        standardize: Whether columns of numbers are standardized, so that α counts for a change of
            one standard deviation, as in `thalweg fit`.
        missing: What is done with missing values in a data frame: "refuse" them or take the "mean".
        optimizer: A transformation, such as `tw.optim.adam(0.01)`, to train by instead.
        batch_size: Rows a step of the optimizer.
        max_iter: The most steps to the optimum, or the epochs of the optimizer; by default 200.
        tol: The norm of the gradient that is asked for, in decorrelated features.
        random_state: What the order of rows follows from.
        warm_start: Whether a fit starts where the last one ended.

    Attributes:
        coef_: β, shape (features,).
        intercept_: b.
        n_iter_: The steps or epochs made.

    Example:
        >>> rooms = {"area": [50.0, 70.0, 90.0, 60.0], "town": ["Como", "Como", "Lugano", "Lugano"]}
        >>> model = Regressor("absolute").fit(rooms, [1.0, 1.4, 2.8, 2.2])
        >>> model.predict({"area": [80.0], "town": ["Como"]}).round(6)
        array([1.6])
        >>> model.coefficients_.names
        ('intercept', 'area', 'town=Lugano')
    """

    def __init__(
        self, loss: str = "squared", *, alpha: float = 0.0, fit_intercept: bool = True,
        standardize: bool = False, missing: Missing = "refuse", optimizer: Any = None,
        batch_size: int = BATCH, max_iter: int = 200, tol: float = 1e-10, random_state: Any = None,
        warm_start: bool = False,
    ) -> None:  # fmt: skip
        self.loss = loss
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.missing = missing
        self.optimizer = optimizer
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
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
            SpecError: If there is no such loss for numbers.
        """
        objective = parse_objective(self.loss, "regression")
        given = read_training(
            self, X, y, sample_weight, numeric=True, standardize=self.standardize,
            missing=self.missing,
        )  # fmt: skip
        values = np.asarray(given.y, np.float64)
        if objective.text == "poisson" and (values < 0.0).any():
            raise ArgumentError("y has negative values, and the loss poisson is for counts.")
        standardizes = objective.standardizes_target
        target = target_of(y, "regression", (), standardizes, self.fit_intercept, given.weights)
        rows = weighted_rows(given.X, (values - target.mean) / target.scale, given.weights)
        alpha = at_least("alpha", self.alpha, 0.0)
        # Losses count in the target's own units.
        alpha *= target.scale ** (2 - objective.power) if standardizes else 1.0
        total = rows.total
        problem = minimized(objective, rows, alpha / total, self.fit_intercept)
        _fitted(self, given, Encoding(target, given.features, self.missing), problem)
        return self


class Classifier(ClassEstimator):
    """A linear model of classes: logistic regression, multinomial for more than two classes.

        min C Σᵢ wᵢ ℓ(sᵢ, yᵢ) + ½ ‖β‖²,    sᵢ = xᵢ·β + b

    scikit-learn's LogisticRegression, with its C.

    Args:
        loss: logistic or hinge for two classes, softmax for more; by default the first and the
            last.
        C: The inverse of the penalty, positive; infinity for none.
        fit_intercept: Whether there is b.
        standardize: Whether columns of numbers are standardized, so that C counts for a change of
            one standard deviation, as in `thalweg fit`.
        missing: What is done with missing values in a data frame: "refuse" them or take the "mean".
        optimizer: A transformation, such as `tw.optim.adam(0.01)`, to train by instead.
        batch_size: Rows a step of the optimizer.
        max_iter: The most steps to the optimum, or the epochs of the optimizer; by default 200.
        tol: The norm of the gradient that is asked for, in decorrelated features.
        random_state: What the order of rows follows from.
        warm_start: Whether a fit starts where the last one ended.

    Attributes:
        classes_: The classes, in order.
        coef_: β, shape (1, features) for two classes, else (classes, features).
        intercept_: b, shape (1,) or (classes,).
        n_iter_: The steps or epochs made.

    Example:
        >>> model = Classifier().fit([[1.0], [2.0], [3.0], [4.0]], ["no", "no", "yes", "yes"])
        >>> model.predict([[0.0], [5.0]]).tolist(), model.predict_proba([[2.5]]).round(6)
        (['no', 'yes'], array([[0.5, 0.5]]))
    """

    def __init__(
        self, loss: str | None = None, *, C: float = 1.0, fit_intercept: bool = True,
        standardize: bool = False, missing: Missing = "refuse", optimizer: Any = None,
        batch_size: int = BATCH, max_iter: int = 200, tol: float = 1e-10, random_state: Any = None,
        warm_start: bool = False,
    ) -> None:  # fmt: skip
        self.loss = loss
        self.C = C
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.missing = missing
        self.optimizer = optimizer
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.warm_start = warm_start

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to rows.

        Args:
            X: Features, shape (rows, features); or a data frame or dict of columns, texts in it
                coded as categories.
            y: Classes, shape (rows,).
            sample_weight: w, not negative, shape (rows,); 1 by default.

        Raises:
            ValueError: If values are not finite, there is one class, or shapes do not fit.
            SpecError: If there is no such loss for so many classes.
        """
        if not self.C > 0.0:
            raise ArgumentError(f"C is {self.C}; give a positive number, or infinity.")
        given = read_training(
            self, X, y, sample_weight, numeric=False, standardize=self.standardize,
            missing=self.missing,
        )  # fmt: skip
        codes = self._coded(given.y, given.weights)
        several = len(self.classes_) > 2
        target = target_of(y, "multiclass" if several else "binary", self.classes_)
        objective = parse_objective(self.loss, target.kind)
        rows = weighted_rows(given.X, codes if several else codes.astype(np.float64), given.weights)
        total = rows.total
        outputs = len(self.classes_) if several else 1
        penalty = 1.0 / (self.C * total)
        problem = minimized(objective, rows, penalty, self.fit_intercept, outputs)
        _fitted(self, given, Encoding(target, given.features, self.missing), problem)
        return self


def _fitted(
    estimator: Any, given: TrainingRows, encoding: Encoding, problem: PenalizedLoss
) -> None:
    """Minimize by what suits the loss."""
    objective, start = problem.objective, estimator._started(problem, encoding)
    level = _level(objective)
    tolerance, most = estimator.tol, estimator.max_iter
    if estimator.optimizer is None and objective.smooth:
        found = optimum(problem, start, tolerance=tolerance, most=most)
    elif estimator.optimizer is None and level is not None and not problem.penalty:
        found = quantile_optimum(problem, level, tolerance=tolerance, most=most)
    else:
        _trained(estimator, given, encoding, problem, start)
        return
    estimator._keep(given, encoding, problem, found.params)
    ended(estimator, found)


def _level(objective: Objective) -> float | None:
    """Return the level of the quantile that a loss finds, if it finds one."""
    if objective.text == "absolute":
        return 0.5
    return float(objective.text[9:-1]) if objective.text.startswith("quantile(") else None


def _trained(
    estimator: Any, given: TrainingRows, encoding: Encoding, problem: PenalizedLoss, start: Any
) -> None:
    if not problem.intercept:
        raise ArgumentError(
            f"fit_intercept is False, and the loss {problem.objective.text} is trained by an "
            "optimizer, which needs an intercept. Center columns and target, or set it True."
        )
    rows, size = problem.rows, int(at_least("batch_size", estimator.batch_size, 1))
    steps = estimator.max_iter * -(-len(rows) // size)
    rate = optim.cosine_decay_schedule(RATE, steps)
    if start is None:
        start = models.initial(problem.model, rows.X.shape[1], problem.outputs, 0)
    course = Epochs(
        estimator.optimizer or optim.adam(rate), size, estimator.max_iter,
        seed_of(estimator.random_state), tolerance=-np.inf, wait=estimator.max_iter,
    )  # fmt: skip
    found = train_by_epochs(problem, course, start)
    estimator._keep(given, encoding, problem, found.params)
    estimator.n_iter_ = len(found.curve)


def seed_of(random_state: Any) -> int:
    """Return a seed from what scikit-learn calls a random state; 0 for none."""
    from sklearn.utils import check_random_state

    if random_state is None:
        return 0
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))
