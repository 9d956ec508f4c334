"""Multilayer perceptrons, trained in batches by any optimizer."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from thalweg import optim
from thalweg.data.encoding import Encoding, TargetColumn
from thalweg.errors import ArgumentError, did_you_mean, shown
from thalweg.estimators import models
from thalweg.estimators.epochs import Epochs, TrainedModel, train_by_epochs
from thalweg.estimators.models import Model
from thalweg.estimators.objectives import Objective, parse_objective
from thalweg.estimators.problem import PenalizedLoss, Rows
from thalweg.estimators.scikit.estimator import (
    ClassEstimator,
    ModelEstimator,
    RegressionEstimator,
    weighted_rows,
)
from thalweg.estimators.scikit.general import seed_of
from thalweg.estimators.scikit.linear import at_least
from thalweg.estimators.scikit.reading import TrainingRows, read_training, scaled, target_of

Floats = NDArray[np.float64]


class NetworkEstimator(ModelEstimator):
    """What regressors and classifiers by networks have in common: how they are trained.

    Attributes:
        loss_curve_: The mean loss of each epoch, the penalty included.
        validation_curve_: With early stopping, the loss on the rows set aside after each epoch.
        best_loss_: The least of the one or, with early stopping, of the other.
        loss_: The last of `loss_curve_`.
        n_iter_: The epochs made.
        n_layers_: The number of layers, input and output included.
        coefs_: The weights of each layer; the last is of shape (units,) for one output.
        intercepts_: The biases of each layer.
    """

    def _model(self) -> Model:
        hidden = np.atleast_1d(np.asarray(self.hidden_layer_sizes))
        if hidden.ndim != 1 or not len(hidden) or not all(size >= 1 for size in hidden):
            raise ArgumentError(
                f"hidden_layer_sizes is {self.hidden_layer_sizes!r}; give at least one size, all "
                "of at least 1, as (64, 32). Regressor and Classifier are linear."
            )
        if self.activation not in models.ACTIVATIONS:
            guess = did_you_mean(str(self.activation), models.ACTIVATIONS)
            raise ArgumentError(
                f"activation is {shown(self.activation)}.{guess} Choose "
                f"{', '.join(models.ACTIVATIONS)}."
            )
        return Model("mlp", tuple(int(size) for size in hidden), self.activation)

    def _course(self, rows: int, epochs: int, seed: int) -> Epochs:
        size = min(200, rows) if self.batch_size == "auto" else self.batch_size
        size = int(at_least("batch_size", size, 1))
        rate = at_least("learning_rate_init", self.learning_rate_init, 0.0)
        wait = int(at_least("n_iter_no_change", self.n_iter_no_change, 1))
        return Epochs(
            self.optimizer or optim.adam(rate), min(size, rows), epochs, seed, bool(self.shuffle),
            at_least("tol", self.tol, 0.0), wait, bool(self.verbose),
            self.engine,
        )  # fmt: skip

    def _trained(
        self, given: TrainingRows, encoding: Encoding, objective: Objective, y: NDArray[Any],
        outputs: int,
    ) -> Self:  # fmt: skip
        """Train from the start, or from the last fit's end."""
        rows, model, seed = weighted_rows(given.X, y, given.weights), self._model(), self._seed()
        aside = None
        if self.early_stopping:
            rows, aside = self._split(rows, seed)
        course = self._course(len(rows), int(at_least("max_iter", self.max_iter, 1)), seed)
        alpha = at_least("alpha", self.alpha, 0.0) / course.batch_size
        problem = PenalizedLoss(objective, rows, model, outputs, alpha)
        start = self._started(problem, encoding)
        if start is None:
            start = models.initial(model, rows.X.shape[1], outputs, seed)
        found = train_by_epochs(problem, course, start, aside)
        self._keep(given, encoding, problem, found.params)
        self._forget()
        self._tell(found)
        if not found.converged:
            self._warn(
                f"losses still fell after {self.max_iter} epochs, as many as max_iter lets it "
                "make. Raise max_iter or the learning rate."
            )
        return self

    def _trained_further(self, rows: Rows) -> Self:
        """Train one epoch more."""
        former, seed = self.model_, self._seed() + self.epochs_
        course = self._course(len(rows), 1, seed)
        alpha = at_least("alpha", self.alpha, 0.0) / course.batch_size
        outputs = self.problem_outputs_
        problem = PenalizedLoss(former.objective, rows, former.spec, outputs, alpha)
        state = getattr(self, "state_", None)
        found = train_by_epochs(problem, course, former.params, None, state)
        self._keep(
            TrainingRows((), rows.X, rows.y, None, self.tabular_), former.encoding, problem,
            found.params,
        )  # fmt: skip
        self._tell(found)
        return self

    def _begun(
        self, given: TrainingRows, target: TargetColumn, objective: Objective, outputs: int
    ) -> None:
        """Make the model that `partial_fit` trains."""
        encoding, model, seed = Encoding(target, given.features), self._model(), self._seed()
        rows = Rows(given.X, given.y, given.weights)
        problem = PenalizedLoss(objective, rows, model, outputs)
        start = models.initial(model, given.X.shape[1], outputs, seed)
        self._keep(given, encoding, problem, start)
        self._forget()

    def _forget(self) -> None:
        self.loss_curve_: list[float] = []
        self.validation_curve_: list[float] = []
        self.epochs_, self.state_ = 0, None

    def _tell(self, found: TrainedModel) -> None:
        self.state_, self.problem_outputs_ = found.state, self.problem_.outputs
        self.epochs_ += len(found.curve)
        self.loss_curve_ = [*self.loss_curve_, *found.curve]
        self.validation_curve_ = [*self.validation_curve_, *found.validation]
        self.n_iter_ = self.epochs_
        self.loss_ = self.loss_curve_[-1]
        self.best_loss_ = float(min(self.validation_curve_ or self.loss_curve_))
        self.n_layers_ = len(self.coefs_) + 1
        self.n_outputs_ = self.problem_.outputs

    def _seed(self) -> int:
        return seed_of(self.random_state)

    def _split(self, rows: Rows, seed: int) -> tuple[Rows, Rows]:
        share = self.validation_fraction
        if not 0.0 < share < 1.0:
            raise ArgumentError(f"validation_fraction is {share}; give a share between 0 and 1.")
        order = np.random.default_rng([seed, 2]).permutation(len(rows))
        count = max(1, round(share * len(rows)))
        if count >= len(rows):
            raise ArgumentError(
                f"validation_fraction is {share}, and there are {len(rows)} rows: none would be "
                "left to train on. Give more rows, or early_stopping=False."
            )
        return rows.take(np.sort(order[count:])), rows.take(np.sort(order[:count]))

    def _more(self, X: Any, y: Any, sample_weight: Any, numeric: bool) -> TrainingRows:
        """Read further rows for `partial_fit`."""
        given = read_training(self, X, y, sample_weight, numeric=numeric, reset=False)
        encoding = self.model_.encoding
        features = (
            encoding.matrix(_table(X)) if given.tabular else scaled(encoding.features, given.X)
        )
        return TrainingRows(encoding.features, features, given.y, given.weights, given.tabular)


def _table(X: Any) -> Any:
    from thalweg.data.sources import table_of

    return table_of(X)


class MLPRegressor(RegressionEstimator, NetworkEstimator):
    """A multilayer perceptron of numbers.

        min Σᵢ wᵢ ℓ(sᵢ, yᵢ) / Σᵢ wᵢ + ½ α ‖weights‖² / batch size,    the sums over a batch

    The target is standardized for training. Standardize the columns, too.

    Args:
        loss: squared, absolute, huber, huber(1.0), quantile, quantile(0.9) or poisson.
        hidden_layer_sizes: The number of units of each hidden layer.
        activation: What is applied between layers: relu, tanh, logistic or identity.
        optimizer: A transformation, such as `tw.optim.sgd(0.1, momentum=0.9)`; by default Adam
            with `learning_rate_init`.
        alpha: α, not negative.
        batch_size: Rows a step; "auto" for 200, or all if there are fewer.
        learning_rate_init: Adam's rate.
        max_iter: The most epochs.
        shuffle: Whether each epoch has an order of its own.
        random_state: What first parameters and orders follow from.
        tol: A loss that is not less than the least by this much is no gain.
        verbose: Whether progress is shown.
        warm_start: Whether a fit starts where the last one ended.
        early_stopping: Whether rows set aside say when to stop, and which parameters were best.
        validation_fraction: The share of those rows.
        n_iter_no_change: After so many epochs without a gain the training ends.
        engine: "auto", "native" or "numpy", which compiles nothing: for a few quick steps.

    Example:
        >>> X = np.linspace(-1.0, 1.0, 200)[:, None]
        >>> model = MLPRegressor((20,), learning_rate_init=0.02, batch_size=50, max_iter=300)
        >>> model.fit(X, np.abs(X[:, 0])).score(X, np.abs(X[:, 0])) > 0.99
        True
    """

    def __init__(
        self, hidden_layer_sizes: Any = (100,), *, loss: str = "squared", activation: str = "relu",
        optimizer: Any = None, alpha: float = 0.0001, batch_size: Any = "auto",
        learning_rate_init: float = 0.001, max_iter: int = 200, shuffle: bool = True,
        random_state: Any = None, tol: float = 1e-4, verbose: bool = False,
        warm_start: bool = False, early_stopping: bool = False, validation_fraction: float = 0.1,
        n_iter_no_change: int = 10, engine: str = "auto",
    ) -> None:  # fmt: skip
        self.hidden_layer_sizes = hidden_layer_sizes
        self.loss = loss
        self.activation = activation
        self.optimizer = optimizer
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.engine = engine

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to rows.

        Args:
            X: Features, shape (rows, features); or a data frame or dict of columns, texts in it
                coded as categories.
            y: Targets, shape (rows,).
            sample_weight: w, not negative, shape (rows,); 1 by default.

        Raises:
            ValueError: If values are not finite, or shapes do not fit.
            TrainingDiverged: If the loss or the parameters stop being finite.
        """
        objective = parse_objective(self.loss, "regression")
        given = read_training(self, X, y, sample_weight, numeric=True)
        target = self._target(y, objective, given.weights)
        values = self._values(given.y, target, objective)
        return self._trained(given, Encoding(target, given.features), objective, values, 1)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train one epoch on rows, going on from what was fitted before.

        The first rows decide how the target is standardized and texts are coded.

        Args:
            X: Features, as in `fit`.
            y: Targets, shape (rows,).
            sample_weight: w, not negative, shape (rows,).
        """
        if not hasattr(self, "model_"):
            objective = parse_objective(self.loss, "regression")
            given = read_training(self, X, y, sample_weight, numeric=True)
            self._begun(given, self._target(y, objective, given.weights), objective, 1)
            self.problem_outputs_ = 1
        else:
            given = self._more(X, y, sample_weight, numeric=True)
        values = self._values(given.y, self.model_.encoding.target, self.model_.objective)
        return self._trained_further(weighted_rows(given.X, values, given.weights))

    @staticmethod
    def _target(y: Any, objective: Objective, weights: Floats | None) -> TargetColumn:
        return target_of(y, "regression", (), objective.standardizes_target, True, weights)

    @staticmethod
    def _values(y: Any, target: TargetColumn, objective: Objective) -> Floats:
        values = np.asarray(y, np.float64)
        if objective.text == "poisson" and (values < 0.0).any():
            raise ArgumentError("y has negative values, and the loss poisson is for counts.")
        return np.asarray((values - target.mean) / target.scale)


class MLPClassifier(ClassEstimator, NetworkEstimator):
    """A multilayer perceptron of classes.

        min Σᵢ wᵢ ℓ(sᵢ, yᵢ) / Σᵢ wᵢ + ½ α ‖weights‖² / batch size,    the sums over a batch

    ℓ is the logistic loss for two classes, else the cross-entropy of softmax. Standardize the
    columns.

    Args:
        hidden_layer_sizes: The number of units of each hidden layer.
        activation: What is applied between layers: relu, tanh, logistic or identity.
        optimizer: A transformation, such as `tw.optim.sgd(0.1, momentum=0.9)`; by default Adam
            with `learning_rate_init`.
        alpha: α, not negative.
        batch_size: Rows a step; "auto" for 200, or all if there are fewer.
        learning_rate_init: Adam's rate.
        max_iter: The most epochs.
        shuffle: Whether each epoch has an order of its own.
        random_state: What first parameters and orders follow from.
        tol: A loss that is not less than the least by this much is no gain.
        verbose: Whether progress is shown.
        warm_start: Whether a fit starts where the last one ended.
        early_stopping: Whether rows set aside say when to stop, and which parameters were best.
        validation_fraction: The share of those rows.
        n_iter_no_change: After so many epochs without a gain the training ends.
        engine: "auto", "native" or "numpy", which compiles nothing: for a few quick steps.

    Attributes:
        classes_: The classes, in order.

    Example:
        >>> X = np.linspace(-1.0, 1.0, 100)[:, None]
        >>> model = MLPClassifier((8,), learning_rate_init=0.02, max_iter=500)
        >>> model.fit(X, np.abs(X[:, 0]) > 0.5).predict([[0.0], [0.9]]).tolist()
        [False, True]
    """

    def __init__(
        self, hidden_layer_sizes: Any = (100,), *, activation: str = "relu", optimizer: Any = None,
        alpha: float = 0.0001, batch_size: Any = "auto", learning_rate_init: float = 0.001,
        max_iter: int = 200, shuffle: bool = True, random_state: Any = None, tol: float = 1e-4,
        verbose: bool = False, warm_start: bool = False, early_stopping: bool = False,
        validation_fraction: float = 0.1, n_iter_no_change: int = 10, engine: str = "auto",
    ) -> None:  # fmt: skip
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.optimizer = optimizer
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.engine = engine

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to rows.

        Args:
            X: Features, shape (rows, features); or a data frame or dict of columns, texts in it
                coded as categories.
            y: Classes, shape (rows,).
            sample_weight: w, not negative, shape (rows,); 1 by default.

        Raises:
            ValueError: If values are not finite, there is one class, or shapes do not fit.
            TrainingDiverged: If the loss or the parameters stop being finite.
        """
        given = read_training(self, X, y, sample_weight, numeric=False)
        codes = self._coded(given.y, given.weights)
        target, objective, outputs = self._target(y)
        values = codes if outputs > 1 else codes.astype(np.float64)
        return self._trained(given, Encoding(target, given.features), objective, values, outputs)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train one epoch on rows, going on from what was fitted before.

        Args:
            X: Features, as in `fit`.
            y: Classes, shape (rows,).
            classes: All classes there will be; the first call wants them.
            sample_weight: w, not negative, shape (rows,).
        """
        if not hasattr(self, "model_"):
            if classes is None:
                raise ArgumentError("The first call of partial_fit wants classes: all of them.")
            given = read_training(self, X, y, sample_weight, numeric=False)
            self._coded(np.asarray(classes), None)
            target, objective, outputs = self._target(y)
            self._begun(given, target, objective, outputs)
            self.problem_outputs_ = outputs
        else:
            given = self._more(X, y, sample_weight, numeric=False)
        known = np.isin(given.y, self.classes_)
        if not known.all():
            wrong = shown(str(np.asarray(given.y)[~known][0]))
            raise ArgumentError(f"y holds the class {wrong}, which is none of classes_.")
        codes = np.searchsorted(self.classes_, given.y)
        values = codes if len(self.classes_) > 2 else codes.astype(np.float64)
        return self._trained_further(weighted_rows(given.X, values, given.weights))

    def _target(self, y: Any) -> tuple[TargetColumn, Objective, int]:
        several = len(self.classes_) > 2
        target = target_of(y, "multiclass" if several else "binary", self.classes_)
        return target, parse_objective(None, target.kind), len(self.classes_) if several else 1
