"""Inference: what rows tell of parameters, with every number's convention stated.

    found = tw.inference.regression(X, y, "logistic", covariance="HC1")
    found                                  # a table of 80 columns; or the reason why there is none
    found.std_errors, found.intervals(), found.wald(["x1", "x2"]), found.predict(new)

Its conventions are in docs/decisions, and those that statsmodels names too are equal to its own.
"""

from thalweg.inference.averaging import Iterates, batch_means
from thalweg.inference.estimation import m_estimation
from thalweg.inference.hypotheses import TestResult, likelihood_ratio
from thalweg.inference.regressions.families import RegressionFamily
from thalweg.inference.regressions.prediction import Predictions
from thalweg.inference.regressions.quantiles import quantile_regression
from thalweg.inference.regressions.regression import regression
from thalweg.inference.resampling import Bootstrap
from thalweg.inference.result import Inference

__all__ = [
    "Bootstrap", "Inference", "Iterates", "Predictions", "RegressionFamily", "TestResult",
    "batch_means", "likelihood_ratio", "m_estimation", "quantile_regression", "regression",
]  # fmt: skip
