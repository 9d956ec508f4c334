"""What all estimators have in common: a fitted model, its files, and warnings of no convergence."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from thalweg.data.encoding import Encoding
from thalweg.errors import ArgumentError, shown
from thalweg.estimators.fitted import Coefficients, FittedModel, coefficients
from thalweg.estimators.folder import write_model
from thalweg.estimators.models import Model, Params
from thalweg.estimators.objectives import Objective
from thalweg.estimators.problem import PenalizedLoss, Rows
from thalweg.estimators.scikit.reading import TrainingRows, read_features
from thalweg.lines import level_of_user

Floats = NDArray[np.float64]


class ModelEstimator(BaseEstimator):
    """An estimator whose fit is a `FittedModel`.

    Attributes:
        model_: The fitted model.
        problem_: What was minimized, with the rows: what inference starts from. It is left out
            where the estimator is pickled.
        n_features_in_: The number of columns fitted.
        feature_names_in_: Their names, if they have names.
    """

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the fitted model to a folder; `tw.load_model` reads it, `thalweg predict` too."""
        save_estimator(self, folder)

    @property
    def coefficients_(self) -> Coefficients:
        """A linear model's coefficients with their names, those of categories too."""
        check_is_fitted(self)
        return self.model_.coefficients

    def _scores(self, X: Any, offset: Floats | None = None) -> Floats:
        check_is_fitted(self)
        scores = self.model_.of_features(read_features(self, X))
        return scores if offset is None else np.asarray(scores + offset)

    def _keep(
        self, given: TrainingRows, encoding: Encoding, problem: PenalizedLoss, params: Params
    ) -> None:
        self.model_ = FittedModel(encoding, problem.objective, problem.model, params)
        self.problem_, self.tabular_ = problem, given.tabular
        self._show()

    def _show(self) -> None:
        """Set the attributes that tell of the model."""
        if self.model_.spec.kind != "linear":
            self.coefs_ = self.model_.params["weights"]
            self.intercepts_ = self.model_.params["biases"]
            return
        values = coefficients(self.model_.encoding, self.model_.params).values
        several = values.shape[1] > 1 or isinstance(self, ClassifierMixin)
        self.coef_ = values[1:].T.copy() if several else values[1:, 0].copy()
        self.intercept_ = values[0].copy() if several else float(values[0, 0])

    def _started(self, problem: PenalizedLoss, encoding: Encoding) -> Params | None:
        """Return the former fit's parameters for the coming one, if it starts there."""
        if not getattr(self, "warm_start", False) or not hasattr(self, "model_"):
            return None
        former, target = self.model_, encoding.target
        if former.spec != problem.model or former.encoding.names != encoding.names:
            return None
        if problem.model.kind != "linear" or target.kind != "regression":
            return dict(former.params)
        # From the former target's units to the present one's.
        ratio = former.encoding.target.scale / target.scale
        shift = (former.encoding.target.mean - target.mean) / target.scale
        weights, biases = former.params["weights"][0], former.params["biases"][0]
        return {"weights": [weights * ratio], "biases": [np.asarray(biases * ratio + shift)]}

    def _warn(self, what: str) -> None:
        warnings.warn(
            f"{type(self).__name__} did not converge: {what}",
            ConvergenceWarning,
            stacklevel=level_of_user(),
        )

    def __getstate__(self) -> Any:
        state = dict(super().__getstate__())
        state.pop("problem_", None)
        return state


class RegressionEstimator(RegressorMixin, ModelEstimator):
    """An estimator of numbers."""

    def predict(self, X: Any) -> Floats:
        """Return what is predicted for each row, shape (rows,).

        Args:
            X: What the estimator was fitted to, an array, data frame or dict of columns, or the
                path of a file with its columns.

        Raises:
            NotFittedError: Before a fit.
            ValueError: If features are not those fitted.
        """
        scores = self._scores(X)
        return self.model_.predicted(scores)


class ClassEstimator(ClassifierMixin, ModelEstimator):
    """An estimator of classes.

    Attributes:
        classes_: The classes, in order.
    """

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most likely class of each row, shape (rows,)."""
        scores = self._scores(X)
        return np.asarray(self.classes_[self.model_.taken(scores)])

    def decision_function(self, X: Any) -> Floats:
        """Return the scores, shape (rows,) for two classes, else (rows, classes)."""
        return self._scores(X)

    def predict_proba(self, X: Any) -> Floats:
        """Return the probability of each class, shape (rows, classes).

        Raises:
            ArgumentError: If the loss gives none.
        """
        scores = self._scores(X)
        return self.model_.shares_of(scores)

    def predict_log_proba(self, X: Any) -> Floats:
        """Return the logarithms of the probabilities, shape (rows, classes)."""
        return np.asarray(np.log(self.predict_proba(X)))

    def _coded(self, y: Any, weights: Floats | None) -> NDArray[np.int64]:
        """Note the classes, and return the position of each target among them."""
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        counted = codes if weights is None else codes[weights > 0]
        if (found := len(np.unique(counted))) < 2:
            raise ValueError(
                f"{type(self).__name__} needs rows of at least 2 classes in y, but the data "
                f"contains only {found} class{'es' * (found != 1)}. Give rows of another class."
            )
        return np.asarray(codes, np.int64)


def weighted_rows(X: Floats, y: NDArray[Any], weights: Floats | None,
                  offset: Floats | None = None) -> Rows:  # fmt: skip
    """Return rows without those of weight zero."""
    rows = Rows(X, y, weights, offset)
    return rows if weights is None or weights.all() else rows.take(np.flatnonzero(weights))


LINEAR = Model("linear")


def minimized(objective: Objective, rows: Rows, penalty: float, intercept: bool,
              outputs: int = 1) -> PenalizedLoss:  # fmt: skip
    """Return what a linear estimator minimizes."""
    return PenalizedLoss(objective, rows, LINEAR, outputs, penalty, intercept)


# ---- files

# Attributes of some estimators that no model tells of.
MORE = ("n_iter_", "scale_", "loss_", "best_loss_")


def save_estimator(estimator: Any, folder: str | os.PathLike[str]) -> None:
    """Write a fitted estimator to a folder, as `save_model` does.

    Raises:
        ArgumentError: If it is none of thalweg's, or has classes that no file can hold, or the
            folder holds files of something else.
        CheckpointError: If the folder cannot be written.
        NotFittedError: If it is not fitted.
    """
    kind = type(estimator)
    if not isinstance(estimator, ModelEstimator) or kind.__module__.split(".")[0] != "thalweg":
        raise ArgumentError(
            f"An object of {shown(str(kind))} was given to save. Give the model of a fit, or one "
            "of thalweg's estimators with a model by name; others are pickled."
        )
    check_is_fitted(estimator)
    write_model(estimator.model_, folder, estimator=described(estimator))


def described(estimator: ModelEstimator) -> dict[str, Any]:
    """Return what makes a fitted estimator beside its model, in plain values."""
    name = type(estimator).__name__
    given = estimator.get_params(deep=False)
    plain = {key: _plain(value) for key, value in given.items() if _is_plain(value)}
    said: dict[str, Any] = {"name": name, "params": plain, "tabular": estimator.tabular_}
    said["columns"] = int(estimator.n_features_in_)
    said["named"] = hasattr(estimator, "feature_names_in_")
    if hasattr(estimator, "classes_"):
        classes = estimator.classes_
        if classes.dtype.kind not in "biufUO":
            raise ArgumentError(
                f"The classes are of dtype {classes.dtype}; give numbers or texts to save them."
            )
        said["classes"], said["dtype"] = classes.tolist(), classes.dtype.str
    said["more"] = {key: getattr(estimator, key) for key in MORE if hasattr(estimator, key)}
    return said


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str | np.number)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.number) else value
