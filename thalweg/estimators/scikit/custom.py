"""An estimator of any loss written in NumPy."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

import thalweg as tw
from thalweg.estimators.epochs import epoch_means
from thalweg.estimators.scikit.general import seed_of
from thalweg.estimators.scikit.linear import at_least
from thalweg.lines import level_of_user


class Estimator(BaseEstimator):
    """Any loss over rows, minimized, as an estimator.

    Args:
        loss: Called as `loss(params, X, y)`, `loss(params, X)` where no y is given, and with the
            weights of the rows behind where there are some; returns a number. Plain NumPy, and
            differentiable.
        predictor: Called as `predictor(params, X)`; what `predict` returns.
        params: Where to start: a tree of arrays and numbers, or a function of X and y that returns
            one.
        optimizer: A transformation, such as `tw.optim.adam(0.01)`; by default L-BFGS over all rows.
        batch_size: Rows a step of the optimizer; None for all.
        max_iter: The most iterations of L-BFGS, or epochs of the optimizer.
        tol: The largest part of the gradient that L-BFGS ends with.
        random_state: What the order of rows follows from.
        warm_start: Whether a fit starts where the last one ended.
        engine: "auto", "native" or "numpy", which compiles nothing: for a few quick steps.

    Attributes:
        params_: The parameters found.
        loss_: The loss there, over all rows.
        n_iter_: The iterations or epochs made.
        n_features_in_: The number of columns fitted.
        feature_names_in_: Their names, if they have names.

    Example:
        >>> def loss(params, X, y):
        ...     return np.mean(np.log(np.cosh(y - X @ params["w"] - params["b"])))
        >>> def line(params, X):
        ...     return X @ params["w"] + params["b"]
        >>> start = lambda X, y: {"w": np.zeros(X.shape[1]), "b": 0.0}
        >>> model = Estimator(loss, line, start).fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
        >>> model.predict([[3.0]]).round(4)
        array([7.])
    """

    def __init__(
        self, loss: Callable[..., Any], predictor: Callable[..., Any], params: Any, *,
        optimizer: Any = None, batch_size: int | None = None, max_iter: int = 1000,
        tol: float = 1e-8, random_state: Any = None, warm_start: bool = False, engine: str = "auto",
    ) -> None:  # fmt: skip
        self.loss = loss
        self.predictor = predictor
        self.params = params
        self.optimizer = optimizer
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.warm_start = warm_start
        self.engine = engine

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Minimize the loss over rows.

        Args:
            X: Features, shape (rows, features).
            y: Targets, shape (rows,), if the loss takes them.
            sample_weight: What each row counts, shape (rows,), if the loss takes it.

        Raises:
            ValueError: If values are not finite, or shapes do not fit.
            ThalwegError: As `tw.minimize` and `tw.fit` raise it.
        """
        data = self._data(X, y, sample_weight, True)
        most = int(at_least("max_iter", self.max_iter, 1))
        start = self.params_ if self.warm_start and hasattr(self, "params_") else self._start(data)
        if self.optimizer is None:
            self._minimize(start, data, most)
        else:
            self.state_ = None
            self._train(start, data, most)
        return self

    def _partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Train one epoch on rows by the optimizer, going on from what was fitted before.

        Args:
            X: Features, shape (rows, features).
            y: Targets, shape (rows,), if the loss takes them.
            sample_weight: What each row counts, shape (rows,), if the loss takes it.
        """
        begun = hasattr(self, "params_")
        data = self._data(X, y, sample_weight, not begun)
        self._train(self.params_ if begun else self._start(data), data, 1)
        return self

    # There is none without an optimizer: a Pipeline and a search ask.
    partial_fit = available_if(lambda self: self.optimizer is not None)(_partial_fit)

    def predict(self, X: Any) -> Any:
        """Return what the predictor makes of the parameters and X."""
        check_is_fitted(self, "params_")
        X = validate_data(self, X, reset=False, dtype=np.float64)
        return np.asarray(self.predictor(self.params_, X))

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return minus the loss over rows: the greater, the better."""
        check_is_fitted(self, "params_")
        data = self._data(X, y, sample_weight, False)
        return -float(self.loss(self.params_, *data))

    def _data(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> tuple[Any, ...]:
        parts: tuple[Any, ...]
        if y is None:
            parts = (validate_data(self, X, reset=reset, dtype=np.float64),)
        else:
            X, y = validate_data(self, X, y, reset=reset, dtype=np.float64)
            parts = (X, y if y.dtype.kind in "iub" else np.asarray(y, np.float64))
        if sample_weight is None:
            return parts
        weights = _check_sample_weight(
            sample_weight, parts[0], dtype=np.float64, ensure_non_negative=True
        )
        return (*parts, weights)

    def _start(self, data: tuple[Any, ...]) -> Any:
        given = data if len(data) > 1 else (*data, None)
        return self.params(*given[:2]) if callable(self.params) else self.params

    def _minimize(self, start: Any, data: tuple[Any, ...], most: int) -> None:
        options = {"gtol": at_least("tol", self.tol, 0.0), "maxiter": most}
        found = tw.minimize(
            self.loss, start, data, method="lbfgs", options=options, engine=self.engine
        )
        self.params_, self.loss_ = found.x, float(found.fun)
        self.n_iter_ = max(1, int(found.nit))
        largest = max((float(np.max(np.abs(g))) for g in tw.tree.leaves(found.jac)), default=0.0)
        if not found.success and not largest <= 10 * self.tol:
            text = f"Estimator did not converge: {found.message} (gradient {largest:.1e})"
            warnings.warn(text, ConvergenceWarning, stacklevel=level_of_user())

    def _train(self, start: Any, data: tuple[Any, ...], epochs: int) -> None:
        rows = len(data[0])
        size = None if self.batch_size is None else int(at_least("batch_size", self.batch_size, 1))
        state = getattr(self, "state_", None)
        fit = tw.fit(
            self.loss, start, data, epochs=epochs, seed=seed_of(self.random_state),
            progress=False, engine=self.engine,
            optimizer=self.optimizer if state is None else self.optimizer.continued(state),
            batch_size=None if size is None or size >= rows else size,
        )  # fmt: skip
        self.params_, self.state_, self.loss_curve_ = fit.params, fit.opt_state, epoch_means(fit)
        self.loss_, self.n_iter_ = float(self.loss(fit.params, *data)), epochs
