"""What a linear score says of the target: the families of regressions, as losses in plain NumPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.autodiff.functional import grad, jvp
from thalweg.errors import ArgumentError, DataError, did_you_mean, shown
from thalweg.ops.elementwise.exponential import sigmoid
from thalweg.ops.special.gamma import lgamma
from thalweg.ops.stats.counts import nbinom, poisson

Floats = NDArray[np.float64]

LOG_TWO_PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True)
class RegressionFamily:
    """A loss of a linear score, and what it means.

    Args:
        name: How it is asked for.
        title: How tables call the regression.
        losses: Maps scores, targets and one array a further parameter to one loss a row.
        likelihood: Whether that is minus the logarithm of a density, up to a constant.
        student: Whether estimates are compared with Student's distribution: the variance around
            the mean is a further number that the rows tell.
        further: The names of further parameters, all of them positive.
        constants: Maps targets to what the losses lack of minus the logarithm.
        mean: Maps scores to the mean of the target.
        counts: Whether targets are whole numbers from 0 on.
        classes: Whether targets are 0 or 1.
        draw: Draws targets of given means and further parameters, for the parametric bootstrap.
        below: The probability of a new target up to counts, of given means and further parameters.
    """

    name: str
    title: str
    losses: Callable[..., Any]
    likelihood: bool = False
    student: bool = False
    further: tuple[str, ...] = ()
    constants: Callable[[Floats], Any] | None = None
    mean: Callable[[Any], Any] | None = None
    counts: bool = False
    classes: bool = False
    draw: Callable[..., Any] | None = None
    below: Callable[..., Any] | None = None

    def check(self, y: Floats) -> None:
        """Refuse targets that the family is not of.

        Raises:
            DataError: If there are any.
        """
        if self.classes and not np.isin(y, (0.0, 1.0)).all():
            other = y[~np.isin(y, (0.0, 1.0))][0]
            raise DataError(
                f"y has {other:g}, and {self.name} regression wants 0 and 1. Give (y == positive) "
                "as numbers."
            )
        if self.counts and (y < 0).any():
            raise DataError(
                f"y has {y.min():g}, and {self.name} regression is of counts. Choose another "
                "family, such as linear."
            )

    def derivatives(self, scores: Floats, y: Floats, further: Floats) -> tuple[Floats, Floats]:
        """Return each row's first and second derivatives in its score and the further parameters.

        Returns:
            Shapes (1 + further, rows) and (1 + further, 1 + further, rows).

        Example:
            >>> first, second = FAMILIES["linear"].derivatives(np.ones(1), np.zeros(1), np.ones(0))
            >>> first.tolist(), second.tolist()
            ([[1.0]], [[[1.0]]])
        """
        at = (scores, *(np.full(len(y), each) for each in further))

        def slopes(*given: Any) -> Any:
            total = lambda *every: np.sum(self.losses(every[0], y, *every[1:]))
            return grad(total, argnums=tuple(range(len(at))))(*given)

        # Rows do not mix: moving all at once in one argument tells that of every row.
        first: tuple[Any, ...] = ()
        second = []
        for i in range(len(at)):
            moving = tuple(np.ones(len(y)) if i == j else np.zeros(len(y)) for j in range(len(at)))
            first, turned = jvp(slopes, at, moving)
            second.append([np.asarray(x) for x in turned])
        return np.array([np.asarray(x) for x in first]), np.array(second)

    def log_likelihood(self, losses: Floats, y: Floats, weights: Floats) -> float | None:
        """Return the logarithm of the likelihood; the linear one's at its best variance."""
        if not self.likelihood:
            return None
        if self.student:
            rows, squares = len(y), 2.0 * float(weights @ losses)
            if squares == 0.0:
                return None
            best = -0.5 * rows * (np.log(squares / rows) + 1.0 + LOG_TWO_PI)
            return float(best + 0.5 * np.sum(np.log(weights)))
        more = self.constants(y) if self.constants else 0.0
        return float(-np.sum(weights * (losses + more)))


def _half_squares(scores: Any, y: Any) -> Any:
    return 0.5 * (y - scores) ** 2


def _logistic(scores: Any, y: Any) -> Any:
    return np.logaddexp(0.0, scores) - y * scores


def _poisson(scores: Any, y: Any) -> Any:
    return np.exp(scores) - y * scores


def _negative_binomial(scores: Any, y: Any, alpha: Any) -> Any:
    size = 1.0 / alpha
    ways = lgamma(y + size) - lgamma(size)
    total = (y + size) * np.log1p(alpha * np.exp(scores))
    return total - ways - y * (scores + np.log(alpha))


def _log_factorials(y: Floats) -> Floats:
    return np.asarray(lgamma(y + 1.0))


def _draw_negative_binomial(rng: np.random.Generator, means: Floats, alpha: float) -> Any:
    return rng.poisson(means * rng.gamma(1.0 / alpha, alpha, np.shape(means)))


def _below_negative_binomial(counts: Floats, means: Floats, alpha: float) -> Floats:
    return np.asarray(nbinom.cdf(counts, 1.0 / alpha, 1.0 / (1.0 + alpha * means)))


FAMILIES = {
    "linear": RegressionFamily(
        "linear",
        "Linear regression",
        _half_squares,
        likelihood=True,
        student=True,
        mean=lambda scores: scores,
    ),
    "logistic": RegressionFamily(
        "logistic",
        "Logistic regression",
        _logistic,
        likelihood=True,
        mean=sigmoid,
        classes=True,
        draw=lambda rng, means: rng.binomial(1, means),
    ),
    "poisson": RegressionFamily(
        "poisson",
        "Poisson regression",
        _poisson,
        likelihood=True,
        constants=_log_factorials,
        mean=np.exp,
        counts=True,
        draw=lambda rng, means: rng.poisson(means),
        below=lambda counts, means: np.asarray(poisson.cdf(counts, means)),
    ),
    "negative binomial": RegressionFamily(
        "negative binomial",
        "Negative binomial regression",
        _negative_binomial,
        likelihood=True,
        further=("alpha",),
        constants=_log_factorials,
        mean=np.exp,
        counts=True,
        draw=_draw_negative_binomial,
        below=_below_negative_binomial,
    ),
}


def family_of(family: str | RegressionFamily) -> RegressionFamily:
    """Return a family by its name, or as it is.

    Raises:
        ArgumentError: If there is none of that name.

    Example:
        >>> family_of("poisson").title
        'Poisson regression'
    """
    if isinstance(family, RegressionFamily):
        return family
    if family not in FAMILIES:
        raise ArgumentError(
            f"There is no family {shown(family)}.{did_you_mean(str(family), FAMILIES)} Choose one "
            f"of {', '.join(FAMILIES)}, or use quantile_regression or m_estimation."
        )
    return FAMILIES[family]
