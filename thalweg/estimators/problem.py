"""What is minimized: the mean loss of a model over rows, with weights, offsets and a penalty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.estimators import models
from thalweg.estimators.models import Model, Params
from thalweg.estimators.objectives import Objective

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows ready to compute with.

    Args:
        X: Features, shape (rows, features).
        y: What scores are compared with: numbers, 0 and 1, or positions of classes.
        weights: What the loss of each row counts, shape (rows,); None for all the same.
        offset: What is added to the score of each row, shape (rows,); None for nothing.
    """

    X: Floats
    y: NDArray[Any]
    weights: Floats | None = None
    offset: Floats | None = None

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: Integers) -> Rows:
        """Return some of the rows."""
        weights = None if self.weights is None else self.weights[rows]
        offset = None if self.offset is None else self.offset[rows]
        return Rows(self.X[rows], self.y[rows], weights, offset)

    @property
    def total(self) -> float:
        """The sum of the weights: what a sum of losses is divided by to be their mean."""
        return float(len(self)) if self.weights is None else float(self.weights.sum())

    def mean(self, values: Any) -> float:
        """Return the weighted mean of a value a row."""
        return float(np.average(values, weights=self.weights))

    @property
    def shares(self) -> Floats:
        """The share of each row in the mean loss; they sum to 1."""
        if self.weights is None:
            return np.full(len(self), 1.0 / len(self))
        return np.asarray(self.weights / self.weights.sum())


@dataclass(frozen=True, eq=False)
class PenalizedLoss:
    """The function of a model's parameters that a fit minimizes.

        Σᵢ wᵢ ℓ(sᵢ, yᵢ) / Σᵢ wᵢ  +  ½ λ ‖weights‖²,    sᵢ = model(xᵢ) + offsetᵢ

    Args:
        objective: The loss ℓ.
        rows: The data.
        model: What maps features to scores.
        outputs: The number of scores a row; 1 gives scores of shape (rows,).
        penalty: λ; the biases are free of it.
        intercept: Whether a linear model has one; otherwise it is zero.

    Example:
        >>> from thalweg.estimators.objectives import OBJECTIVES
        >>> rows = Rows(np.array([[1.0], [3.0]]), np.array([2.0, 4.0]), np.array([1.0, 3.0]))
        >>> problem = PenalizedLoss(OBJECTIVES["squared"], rows, penalty=2.0)
        >>> float(problem.value({"weights": [np.array([1.0])], "biases": [np.array(0.0)]}))
        2.0
    """

    objective: Objective
    rows: Rows
    model: Model = Model("linear")  # noqa: RUF009 (it is frozen)
    outputs: int = 1
    penalty: float = 0.0
    intercept: bool = True

    @property
    def data(self) -> tuple[NDArray[Any], ...]:
        """The arrays that `loss` takes beside the parameters."""
        return arrays_of(self.rows)

    def value(self, params: Params) -> Any:
        """Return the function's value."""
        return self.loss(params, *self.data)

    @property
    def loss(self) -> LossOfRows:
        """The function, of the parameters and of rows as `data` has them."""
        weighted, offset = self.rows.weights is not None, self.rows.offset is not None
        return LossOfRows(self.objective, self.model, self.penalty, weighted, offset)


@dataclass(frozen=True)
class LossOfRows:
    """A penalized mean loss in plain NumPy; it holds no data.

    Args:
        objective: The loss.
        model: What maps features to scores.
        penalty: λ.
        weighted: Whether there are weights behind features and targets.
        offset: Whether offsets are the last of the arrays.
    """

    objective: Objective
    model: Model
    penalty: float
    weighted: bool
    offset: bool

    def __call__(self, params: Params, X: Any, y: Any, *rest: Any) -> Any:
        """Return the value over given rows."""
        scores = models.scores(params, X, self.model.activation)
        if self.offset:
            scores = scores + rest[-1]
        losses = self.objective.losses(scores, y)
        value = np.sum(rest[0] * losses) / np.sum(rest[0]) if self.weighted else np.mean(losses)
        if self.penalty:
            value = value + 0.5 * self.penalty * models.squared_weights(params)
        return value


def arrays_of(rows: Rows) -> tuple[NDArray[Any], ...]:
    """Return the arrays that rows have."""
    parts = (rows.X, rows.y, rows.weights, rows.offset)
    return tuple(part for part in parts if part is not None)
