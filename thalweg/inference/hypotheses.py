"""Tests: of linear combinations by their covariance, and of nested fits by their likelihoods."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from thalweg.errors import ArgumentError, ShapeError, did_you_mean, shown
from thalweg.inference.distributions import chi_squared_above

if TYPE_CHECKING:
    from thalweg.inference.result import Inference

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TestResult:
    """A test.

    Attributes:
        name: What was tested.
        letter: The statistic: F or χ².
        statistic: Its value.
        df: Its degrees of freedom.
        p_value: The probability of one at least as large, were the hypothesis true.

    Example:
        >>> TestResult("x = 0", "χ²", 3.841459, (1,), 0.05)
        x = 0: χ² with 1 degree of freedom 3.84146, P 0.0500
    """

    __test__ = False  # not one of pytest's

    name: str
    letter: str
    statistic: float
    df: tuple[float, ...]
    p_value: float

    def to_dict(self) -> dict[str, Any]:
        """Return it as texts and numbers."""
        return {
            "test": self.name, "statistic": self.letter, "value": self.statistic,
            "df": list(self.df), "p_value": self.p_value,
        }  # fmt: skip

    def __repr__(self) -> str:
        many = " and ".join(f"{df:,.10g}" for df in self.df)
        p = f"{self.p_value:.4f}" if self.p_value >= 1e-4 else f"{self.p_value:.3g}"
        degrees = f"{many} degree{'s' * (self.df != (1,))} of freedom"
        return f"{self.name}: {self.letter} with {degrees} {self.statistic:.6g}, P {p}"


def combinations(inference: Inference, factors: Any) -> tuple[Floats, list[str]]:
    """Return linear combinations as rows of a matrix, and how they are written.

    Raises:
        ArgumentError: If a parameter is unknown, or takes part without a standard error.
        ShapeError: If a matrix has not one column a parameter.
    """
    names = inference.names
    if factors is None:
        factors = [name for name in names if name != "intercept" and name not in inference.left_out]
    if isinstance(factors, (str, dict)):
        factors = [factors]
    if isinstance(factors, (list, tuple)) and all(isinstance(f, (str, dict)) for f in factors):
        written = [{f: 1.0} if isinstance(f, str) else f for f in factors]
        R = np.zeros((len(written), len(names)))
        for row, parts in zip(R, written, strict=True):
            for name, factor in parts.items():
                if name not in names:
                    raise ArgumentError(
                        f"There is no parameter {shown(name)}.{did_you_mean(str(name), names)}"
                    )
                row[names.index(name)] = factor
    else:
        R = np.atleast_2d(np.asarray(factors, np.float64))
        if R.ndim != 2 or R.shape[1] != len(names):
            raise ShapeError(
                f"The contrasts have shape {R.shape}; they want a column for each of "
                f"{len(names)} parameters."
            )
    unknown = (R != 0).any(axis=0) & np.isnan(np.diag(inference.covariance))
    if inference.why or unknown.any():
        name = names[int(np.argmax(unknown))]
        reason = inference.why or f"{name} has no standard error: {inference.left_out.get(name)}."
        raise ArgumentError(f"There is no such test. {reason}")
    return R, [_written(row, names) for row in R]


def _written(row: Floats, names: tuple[str, ...]) -> str:
    text = ""
    for factor, name in zip(row.tolist(), names, strict=True):
        if factor:
            sign = " - " if factor < 0 else " + " if text else ""
            size = "" if abs(factor) == 1.0 else f"{abs(factor):g} "
            text += (sign if text else sign.strip()) + size + name
    return text or "0"


def moments(inference: Inference, R: Floats) -> tuple[Floats, Floats]:
    """Return values and covariance of linear combinations."""
    known = ~np.isnan(np.diag(inference.covariance))
    part = R[:, known]
    V = part @ inference.covariance[np.ix_(known, known)] @ part.T
    return part @ inference.estimates[known], V


def wald(inference: Inference, factors: Any, value: Any) -> TestResult:
    """Test R β = r; as `Inference.wald` says."""
    R, written = combinations(inference, factors)
    values, V = moments(inference, R)
    wanted = np.asarray(value, np.float64)
    if wanted.ndim and wanted.shape != (len(R),):
        raise ShapeError(f"The values have shape {wanted.shape}, for {len(R)} restrictions.")
    missed = values - wanted
    unit = np.sqrt(np.diag(V))
    if not len(R) or np.linalg.matrix_rank(V / np.outer(unit, unit), hermitian=True) < len(R):
        raise ArgumentError(
            f"The {len(R)} restrictions cannot be tested together: the covariance of what they "
            "restrict is singular. Leave out those that follow from others; with clusters, there "
            "must be more of them than restrictions."
        )
    squared = float(missed @ np.linalg.solve(V, missed))
    assert inference.convention is not None
    reference = inference.convention.reference
    letter, statistic, p = reference.joint(squared, len(R))
    goals = np.broadcast_to(wanted, (len(R),)).tolist()
    name = ", ".join(f"{w} = {g:g}" for w, g in zip(written, goals, strict=True))
    df = (len(R),) if reference.df is None else (len(R), reference.df)
    return TestResult(name, letter, statistic, df, p)


def contrasts(inference: Inference, factors: Any, names: Any) -> Inference:
    """Return linear combinations with their covariance; as `Inference.contrasts` says."""
    R, written = combinations(inference, factors)
    values, V = moments(inference, R)
    if names is not None and len(names) != len(R):
        raise ShapeError(f"{len(names)} names were given for {len(R)} combinations.")
    given = None if inference.given is None else R @ np.nan_to_num(inference.given)
    chosen = tuple(written) if names is None else tuple(map(str, names))
    return replace(
        inference, names=chosen, estimates=values, covariance=V, given=given, left_out={}, facts={},
        model=None,
    )  # fmt: skip


def likelihood_ratio(smaller: Inference, larger: Inference) -> TestResult:
    """Test that the parameters that a larger fit has beyond a smaller one are zero.

        2 (log L₁ − log L₀)  has a χ² distribution, with one degree a further parameter

    Args:
        smaller: A fit whose parameters the larger one has too.
        larger: The larger one, of the same rows.

    Raises:
        ArgumentError: If a fit has no likelihood, or they are not nested.

    Source:
        Wilks, "The large-sample distribution of the likelihood ratio", 1938.

    Example:
        >>> import thalweg as tw
        >>> x, y = np.arange(12.0), np.array([0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1])
        >>> whole = tw.inference.regression({"x": x}, y, "logistic")
        >>> none = tw.inference.regression(np.empty((12, 0)), y, "logistic")
        >>> likelihood_ratio(none, whole)
        2 log(L₁/L₀): χ² with 1 degree of freedom 3.02617, P 0.0819
    """
    for one in (smaller, larger):
        if "log-likelihood" not in one.facts or one.why:
            raise ArgumentError(
                f"{one.title} has no likelihood at an optimum to compare. {one.why}".strip()
            )
    more = _further_parameters(smaller, larger)
    statistic = 2.0 * (larger.facts["log-likelihood"] - smaller.facts["log-likelihood"])
    if statistic < -1e-6:
        raise ArgumentError(
            f"The larger fit has the smaller likelihood, by {-statistic / 2:.3g}: it does not "
            "hold the smaller one. Give fits of the same rows, the smaller one first."
        )
    statistic = max(statistic, 0.0)
    p = chi_squared_above(statistic, more)
    return TestResult("2 log(L₁/L₀)", "χ²", statistic, (more,), p)


def _further_parameters(smaller: Inference, larger: Inference) -> int:
    counts = [one.facts["AIC"] + 2.0 * one.facts["log-likelihood"] for one in (smaller, larger)]
    more = round((counts[1] - counts[0]) / 2.0)
    problem = ""
    if smaller.rows != larger.rows:
        problem = f"they are of {smaller.rows:,} and {larger.rows:,} rows"
    elif smaller.title != larger.title:
        problem = f"one is a {smaller.title.lower()}, the other a {larger.title.lower()}"
    elif more <= 0:
        problem = "the second has no further parameters"
    elif hasattr(smaller.model, "holds") and hasattr(larger.model, "holds"):
        problem = larger.model.holds(smaller.model)
    if problem:
        raise ArgumentError(
            f"The fits are not nested: {problem}. Fit both to the same rows, the larger one with "
            "all the columns of the smaller one, and compare others by AIC or BIC."
        )
    return more
