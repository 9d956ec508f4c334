"""How near predictions are to what is: scikit-learn's numbers under scikit-learn's names.

Classes are positions from 0 to K − 1. Where a number is not defined it is NaN, which tables show as
– and JSON has as null. Rows may have weights; without any, all count alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.data.encoding import Kind

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


# ---- numbers


def root_mean_squared_error(
    actual: Floats, predicted: Floats, weights: Floats | None = None
) -> float:
    """Return √ mean (y − ŷ)², in the target's units.

    >>> root_mean_squared_error(np.array([1.0, 2.0]), np.array([1.0, 4.0])) ** 2
    2.0000000000000004
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sqrt(np.average((actual - predicted) ** 2, weights=weights)))


def mean_absolute_error(actual: Floats, predicted: Floats, weights: Floats | None = None) -> float:
    """Return mean |y − ŷ|, in the target's units.

    >>> mean_absolute_error(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    1.0
    """
    return float(np.average(np.abs(actual - predicted), weights=weights))


def r2_score(actual: Floats, predicted: Floats, weights: Floats | None = None) -> float:
    """Return R² = 1 − Σ w (y − ŷ)² / Σ w (y − ȳ)²; NaN where all are equal.

    >>> r2_score(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]))
    0.5
    """
    with np.errstate(over="ignore", invalid="ignore"):
        w = np.ones(len(actual)) if weights is None else weights
        spread = float(np.sum(w * (actual - np.average(actual, weights=weights)) ** 2))
        return 1 - float(np.sum(w * (actual - predicted) ** 2)) / spread if spread else float("nan")


# ---- classes


def most_likely(scores: Floats) -> Integers:
    """Return the position of the most likely class by scores, (rows,) of two or (rows, classes).

    >>> most_likely(np.array([-0.5, 2.0])).tolist()
    [0, 1]
    """
    return scores.argmax(axis=1) if scores.ndim > 1 else (scores > 0).astype(np.int64)


def confusion_matrix(
    actual: Integers, taken: Integers, classes: int, weights: Floats | None = None
) -> NDArray[Any]:
    """Return how often each class (row) was taken for each (column), shape (classes, classes).

    With weights, it is the sum of those.

    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    pairs = actual.astype(np.int64) * classes + taken
    return np.bincount(pairs, weights, minlength=classes * classes).reshape(classes, classes)


def accuracy_score(confusion: NDArray[Any]) -> float:
    """Return the share of rows taken right, from a confusion matrix.

    >>> accuracy_score(np.array([[1, 1], [0, 2]]))
    0.75
    """
    return float(np.trace(confusion) / confusion.sum())


def balanced_accuracy_score(confusion: NDArray[Any]) -> float:
    """Return the mean recall of the classes that have rows.

    >>> balanced_accuracy_score(np.array([[8, 2], [1, 1]]))
    0.65
    """
    rows = confusion.sum(axis=1)
    return float(np.mean(np.diag(confusion)[rows > 0] / rows[rows > 0]))


def precision_recall(confusion: NDArray[Any]) -> tuple[Floats, Floats]:
    """Return how many of the rows taken for each class are of it, and how many of its are found.

    Precision is NaN for a class that was never taken, recall for one that has no row.

    >>> precision_recall(np.array([[3, 1], [0, 0]]))
    (array([1., 0.]), array([0.75,  nan]))
    """
    right = np.diag(confusion).astype(np.float64)
    with np.errstate(invalid="ignore"):
        return right / confusion.sum(axis=0), right / confusion.sum(axis=1)


def log_loss(actual: Integers, shares: Floats, weights: Floats | None = None) -> float:
    """Return −mean log p(class), shares no nearer to 0 than the precision of float64.

    Args:
        actual: The classes.
        shares: Their probabilities, shape (rows, classes).
        weights: What each row counts.

    >>> round(log_loss(np.array([0, 1]), np.array([[0.5, 0.5], [0.0, 1.0]])), 6)  # ½ log 2
    0.346574
    """
    chosen = shares[np.arange(len(actual)), actual.astype(np.int64)]
    tiny = np.finfo(np.float64).eps
    logs = np.log(np.clip(chosen, tiny, 1.0 - tiny))
    return float(-np.average(logs, weights=weights))


def roc_auc_score(
    positive: NDArray[np.bool_], scores: Floats, weights: Floats | None = None
) -> float:
    """Return the chance that a positive row scores above a negative one; ties count one half.

    NaN where there are no positive or no negative rows.

    Source:
        Hanley and McNeil, "The Meaning and Use of the Area under a ROC Curve", 1982.

    >>> roc_auc_score(np.array([False, True, True]), np.array([0.2, 0.2, 0.9]))
    0.75
    """
    w = np.ones(len(scores)) if weights is None else weights
    _, at = np.unique(scores, return_inverse=True)
    ones, zeros = np.bincount(at, w * positive), np.bincount(at, w * ~positive)
    pairs = float(ones.sum() * zeros.sum())
    if not pairs:
        return float("nan")
    below = np.cumsum(zeros) - zeros / 2.0
    return float(ones @ below / pairs)


def roc_auc_of_classes(actual: Integers, shares: Floats, weights: Floats | None = None) -> float:
    """Return the mean of the classes' areas, each against the rest; NaN where one has no row.

    Args:
        actual: The classes.
        shares: Scores or probabilities, shape (rows, classes).
        weights: What each row counts.

    >>> roc_auc_of_classes(np.array([0, 1, 2]), np.eye(3))
    1.0
    """
    columns = enumerate(shares.T)
    return float(np.mean([roc_auc_score(actual == k, column, weights) for k, column in columns]))


# ---- curves


def roc_curve(
    positive: NDArray[np.bool_], scores: Floats, weights: Floats | None = None
) -> tuple[Floats, Floats]:
    """Return the false and the true positive rates as the threshold falls through all scores.

    >>> roc_curve(np.array([False, True]), np.array([0.1, 0.9]))
    (array([0., 0., 1.]), array([0., 1., 1.]))
    """
    false, true = _above(positive, scores, weights)
    return false / (false[-1] or 1.0), true / (true[-1] or 1.0)


def precision_recall_curve(
    positive: NDArray[np.bool_], scores: Floats, weights: Floats | None = None
) -> tuple[Floats, Floats]:
    """Return precision and recall as the threshold falls through all scores.

    >>> precision_recall_curve(np.array([False, True]), np.array([0.1, 0.9]))
    (array([1. , 0.5]), array([1., 1.]))
    """
    false, true = (counts[1:] for counts in _above(positive, scores, weights))
    return true / (true + false), true / (true[-1] or 1.0)


def _above(
    positive: NDArray[np.bool_], scores: Floats, weights: Floats | None
) -> tuple[Floats, Floats]:
    """Return how many negative and positive rows score at least each of the scores, from 0 on."""
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    w = (np.ones(len(scores)) if weights is None else weights)[order]
    true, false = (np.cumsum(w * part)[last] for part in (positive[order], ~positive[order]))
    return np.append(0.0, false), np.append(0.0, true)


def calibration_curve(
    positive: NDArray[np.bool_], shares: Floats, bins: int = 10, weights: Floats | None = None
) -> tuple[Floats, Floats, Integers]:
    """Return, by tenths of the probability, how often it came true, its mean, and the rows.

    >>> calibration_curve(np.array([False, True]), np.array([0.1, 0.9]))
    (array([0., 1.]), array([0.1, 0.9]), array([1, 1]))
    """
    edges = np.linspace(0.0, 1.0, bins + 1)
    at = np.searchsorted(edges[1:-1], shares)
    rows = np.bincount(at, minlength=bins)
    some = rows > 0
    w = np.ones(len(shares)) if weights is None else weights
    totals = np.bincount(at, w, minlength=bins)[some]
    true = np.bincount(at, w * positive, minlength=bins)[some] / totals
    mean = np.bincount(at, w * shares, minlength=bins)[some] / totals
    return true, mean, np.asarray(rows[some], np.int64)


# ---- all of them


@dataclass(frozen=True, eq=False)
class Judgment:
    """What a model predicted for some rows, beside what is.

    Args:
        kind: The kind of target.
        classes: The names of the classes; none in a regression.
        actual: Numbers in the target's units, or positions of classes, shape (rows,).
        predicted: The same, as predicted.
        shares: The probabilities of the classes, shape (rows, classes), if there are any.
        scores: What ranks rows of a binary target without probabilities, shape (rows,).
        weights: What each row counts, shape (rows,), if not all alike.

    Example:
        >>> one = np.array([1.0, 2.0, 3.0])
        >>> Judgment("regression", (), one, one + 1.0).metrics
        {'RMSE': 1.0, 'MAE': 1.0, 'R²': -0.5}
    """

    kind: Kind
    classes: tuple[str, ...]
    actual: NDArray[Any]
    predicted: NDArray[Any]
    shares: Floats | None = None
    scores: Floats | None = None
    weights: Floats | None = None

    def __len__(self) -> int:
        return len(self.actual)

    @property
    def metrics(self) -> dict[str, float]:
        """Every metric that the target has, by name."""
        if self.kind == "regression":
            functions = (root_mean_squared_error, mean_absolute_error, r2_score)
            values = (f(self.actual, self.predicted, self.weights) for f in functions)
            return dict(zip(("RMSE", "MAE", "R²"), values, strict=True))
        confusion = self._confusion(self.weights)
        found = {
            "accuracy": accuracy_score(confusion),
            "balanced accuracy": balanced_accuracy_score(confusion),
        }
        if self.kind == "binary":
            found["AUC"] = roc_auc_score(self.actual == 1, self.ranking, self.weights)
        elif self.shares is not None:
            found["AUC"] = roc_auc_of_classes(self.actual, self.shares, self.weights)
        if self.shares is not None:
            found["log loss"] = log_loss(self.actual, self.shares, self.weights)
        return found

    @property
    def confusion(self) -> Integers:
        """How often each class (row) was taken for each (column): rows, whatever they count."""
        return np.asarray(self._confusion(None), np.int64)

    def _confusion(self, weights: Floats | None) -> NDArray[Any]:
        return confusion_matrix(self.actual, self.predicted, len(self.classes), weights)

    @property
    def ranking(self) -> Floats:
        """What ranks the rows of a binary target: the probability of its second class."""
        ranking = self.scores if self.shares is None else self.shares[:, 1]
        return np.asarray(self.predicted if ranking is None else ranking, np.float64)

    @property
    def by_class(self) -> dict[str, dict[str, float]]:
        """Precision, recall and rows of each class."""
        shares = precision_recall(self._confusion(self.weights))
        columns = (*shares, self.confusion.sum(axis=1))
        rows = zip(self.classes, *(column.tolist() for column in columns), strict=True)
        return {
            name: {"precision": precision, "recall": recall, "rows": count}
            for name, precision, recall, count in rows
        }


def together(judgments: Sequence[Judgment]) -> Judgment:
    """Return the judgment of all rows of several ones of one target."""
    first = judgments[0]

    def joined(name: str) -> Any:
        parts = [getattr(judgment, name) for judgment in judgments]
        return None if parts[0] is None else np.concatenate(parts)

    names = ("actual", "predicted", "shares", "scores", "weights")
    return Judgment(first.kind, first.classes, *map(joined, names))
