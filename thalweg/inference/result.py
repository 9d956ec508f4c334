"""What rows tell of parameters: estimates with their uncertainty, tests, predictions, a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.errors import ArgumentError
from thalweg.inference import hypotheses, printing
from thalweg.inference.covariance import Convention
from thalweg.inference.hypotheses import TestResult

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Inference:
    """Estimates at the optimum of a loss, with all that their covariance tells.

    Arrays are in the order of `names`, and NaN where there is no estimate or no standard error;
    `left_out` and `why` then say the reason and what to do.

    Attributes:
        title: What was fitted.
        names: The parameters.
        estimates: Their values at the optimum, shape (parameters,).
        covariance: The covariance of those, shape (parameters, parameters).
        convention: How it was made; None if there is none.
        rows: The number of rows.
        left_out: Why parameters have no standard error, by name.
        why: Why none has one, and what to do; empty if some have.
        facts: What is told of the whole fit: log-likelihood, AIC, BIC, R².
        level: Of intervals, unless another is asked for.
        given: What a fit had found, from which the optimum was reached; None if nobody had.
        notes: What else a reader must know.
        model: What was fitted, for what follows from it.

    Example:
        >>> import thalweg as tw
        >>> x = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        >>> tw.inference.regression({"x": x, "ones": np.ones(6)}, [2.1, 3.9, 6.2, 7.8, 10.1, 11.9])
        Linear regression, 6 rows
        classical: σ̂² (X'WX)⁻¹; t with 4 degrees of freedom (statsmodels: nonrobust)
        <BLANKLINE>
                   estimate  std. error      t   P>|t|      2.5 %    97.5 %
        intercept      0.08    0.154981   0.52   0.633  -0.350296  0.510296
        x           1.97714   0.0397954  49.68  <0.001    1.86665   2.08763
        ones              –    left out: constant (1 in every row)
        <BLANKLINE>
        R² 0.998382, adjusted R² 0.997978, log-likelihood 3.46019, AIC -2.92037,
        BIC -3.33685
    """

    title: str
    names: tuple[str, ...]
    estimates: Floats
    covariance: Floats
    convention: Convention | None
    rows: int
    left_out: dict[str, str] = field(default_factory=dict)
    why: str = ""
    facts: dict[str, float] = field(default_factory=dict)
    level: float = 0.95
    given: Floats | None = None
    notes: tuple[str, ...] = ()
    model: Any = None

    def __post_init__(self) -> None:
        if not 0.0 < self.level < 1.0:
            raise ArgumentError(f"level={self.level!r} was given; it wants one such as 0.95.")

    @property
    def std_errors(self) -> Floats:
        """The standard errors, NaN where there is none."""
        with np.errstate(invalid="ignore"):
            return np.sqrt(np.diag(self.covariance))

    @property
    def statistics(self) -> Floats:
        """The estimates in standard errors: t or z."""
        with np.errstate(all="ignore"):
            return np.asarray(self.estimates / self.std_errors)

    @property
    def p_values(self) -> Floats:
        """The probability of a statistic at least as far from 0, were the parameter 0."""
        if self.convention is None:
            return np.full(len(self.names), np.nan)
        return self.convention.reference.two_sided(self.statistics)

    def intervals(self, level: float | None = None) -> Floats:
        """Return the ends of confidence intervals, shape (parameters, 2).

        Args:
            level: How often such intervals cover; by default that of the inference.

        Raises:
            ArgumentError: If it is not between 0 and 1.
        """
        chosen = self.level if level is None else level
        if not 0.0 < chosen < 1.0:
            raise ArgumentError(f"level={level!r} was given; it wants one such as 0.95.")
        if self.convention is None:
            return np.full((len(self.names), 2), np.nan)
        reach = self.convention.reference.quantile(chosen) * self.std_errors
        return np.column_stack([self.estimates - reach, self.estimates + reach])

    @property
    def optimization_error(self) -> Floats | None:
        """How far the fit's parameters were from the optimum; None if no fit gave any.

        In standard errors, one a parameter: below 0.1 the intervals around the optimum hold for
        the fit's own parameters nearly as well; above 1 the fit says less than the rows do.
        """
        if self.given is None:
            return None
        with np.errstate(all="ignore"):
            return np.asarray(np.abs(self.given - self.estimates) / self.std_errors)

    # ---- tests

    def wald(self, contrasts: Any = None, value: Any = 0.0) -> TestResult:
        """Test that linear combinations of the parameters have given values: R β = r.

        Args:
            contrasts: R, shape (restrictions, parameters) or (parameters,); or the name of a
                parameter, a list of such, or factors by name, {"x1": 1, "x2": -1}, or a list of
                those. By default every parameter but the intercept.
            value: r, shape (restrictions,), or one number.

        Raises:
            ArgumentError: If a parameter is unknown or has no standard error, or the restrictions
                repeat one another.
            ShapeError: If shapes do not fit.

        Example:
            >>> import thalweg as tw
            >>> x = np.arange(8.0)
            >>> found = tw.inference.regression({"x": x, "z": x % 3}, x + np.cos(3 * x))
            >>> round(found.wald({"x": 1, "z": -1}).p_value, 4)
            0.1082
        """
        return hypotheses.wald(self, contrasts, value)

    def contrasts(self, factors: Any, names: Any = None) -> Inference:
        """Return the same of linear combinations of the parameters, as a table of its own.

        Args:
            factors: As for `wald`.
            names: Of the combinations; by default as they are written.
        """
        return hypotheses.contrasts(self, factors, names)

    # ---- what follows from the model

    def predict(self, X: Any, *, offset: Any = None, weights: Any = None, level: Any = None) -> Any:
        """Return means of new rows with their intervals, and intervals for new observations.

        Args:
            X: Columns as the regression was given, without an intercept that it added; a table, if
                that was a formula.
            offset: What is added to each score.
            weights: Of the new rows, in a weighted linear regression.
            level: Of the intervals; by default that of the inference.

        Returns:
            `Predictions`: mean, std_errors, interval, and new_interval for one new target.

        Raises:
            ArgumentError: If this is no regression, or there are no standard errors.

        Example:
            >>> import thalweg as tw
            >>> x = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
            >>> found = tw.inference.regression({"x": x}, [2.1, 3.9, 6.2, 7.8, 10.1, 11.9])
            >>> found.predict({"x": [7.0]}).new_interval.round(2)
            array([[13.29, 14.55]])
        """
        if not hasattr(self.model, "predictions"):
            raise ArgumentError(
                f"{self.title} predicts nothing from columns. Use a regression, or contrasts."
            )
        chosen = self.level if level is None else level
        return self.model.predictions(self, X, offset=offset, weights=weights, level=chosen)

    def bootstrap(
        self, replicates: int = 999, *, kind: str = "pairs", clusters: Any = None, seed: int = 0
    ) -> Any:
        """Fit again to rows drawn anew, from the optimum by Newton's steps, in native batches.

        Args:
            replicates: How often.
            kind: "pairs" draws rows with replacement; "residual" draws the residuals of a linear
                regression, divided by √(1 − h); "parametric" draws targets of the family that was
                fitted.
            clusters: A label a row: whole clusters are drawn, in "pairs".
            seed: What is drawn follows from it.

        Returns:
            A `Bootstrap`: `replicates`, `std_errors`, `intervals()`; it prints as a table.

        Raises:
            ArgumentError: If there is no optimum to begin from, or a kind is not for such a fit.

        Source:
            Efron, "Bootstrap methods: another look at the jackknife", 1979.

        Example:
            >>> import thalweg as tw
            >>> x = np.linspace(0.0, 1.0, 50)
            >>> found = tw.inference.regression({"x": x}, x + 0.1 * np.cos(40 * x))
            >>> again = found.bootstrap(200, seed=1)
            >>> again.replicates.shape, again.failed
            ((200, 2), 0)
        """
        optimal = hasattr(self.model, "refits") and not np.isnan(self.estimates).all()
        if not optimal or (self.why and self.facts):
            raise ArgumentError(f"There is no fit to repeat. {self.why}".strip())
        return self.model.bootstrap(self, replicates, kind, clusters, seed)

    # ---- how it is shown

    def to_dict(self) -> dict[str, Any]:
        """Return everything as numbers, texts, lists and dictionaries; None where there is none."""
        return printing.plain(self)

    def __repr__(self) -> str:
        return printing.text(self)

    def _repr_html_(self) -> str:
        return printing.html(self)
