"""Regressions by formulas equal statsmodels' of the same formulas."""

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from numpy.testing import assert_allclose

import thalweg as tw
from thalweg.errors import ArgumentError, DataError, SpecError
from thalweg.inference import regression

STATES = sm.datasets.statecrime.load_pandas().data.assign(
    region=lambda d: np.where(d.white > 85, "north", "south"), high=lambda d: (d.murder > 4.5) * 1.0
)
FAIR = sm.datasets.fair.load_pandas().data
RIGHT = "urban + poverty * region"


@pytest.mark.parametrize(
    ("data", "formula", "weights"),
    [
        (STATES, f"np.log(murder) ~ {RIGHT}", None),
        (STATES, f"murder ~ {RIGHT}", "single"),
        (FAIR, "affairs ~ rate_marriage * children + np.log(age)", None),
    ],
)
def test_least_squares(data: Any, formula: str, weights: str | None) -> None:
    w = None if weights is None else data[weights]
    found = regression(formula, data, weights=w)
    wls = smf.wls(formula, data, weights=1.0 if w is None else w).fit()
    names = [name.replace("Intercept", "intercept") for name in wls.params.index]
    order = [found.names.index(name) for name in names]
    assert_allclose(found.estimates[order], wls.params, rtol=1e-8)
    assert_allclose(found.std_errors[order], wls.bse, rtol=1e-8)
    new = data.iloc[[2, 9]]
    predicted, frame = found.predict(new), wls.get_prediction(new).summary_frame()
    assert_allclose(predicted.new_interval, frame[["obs_ci_lower", "obs_ci_upper"]], rtol=1e-8)


def test_classes_and_tests_of_nested_formulas() -> None:
    larger = regression("high ~ urban + poverty", STATES, "logistic")
    smaller = regression("high ~ urban", STATES, "logistic")
    logit = smf.logit("high ~ urban + poverty", STATES).fit(disp=0)
    assert_allclose(larger.std_errors, logit.bse, rtol=1e-6)
    statistic = 2 * (logit.llf - smf.logit("high ~ urban", STATES).fit(disp=0).llf)
    found = tw.inference.likelihood_ratio(smaller, larger)
    assert found.statistic == pytest.approx(statistic, rel=1e-8)


def test_what_no_formula_takes_is_refused() -> None:
    with pytest.raises(ArgumentError, match="a formula says that itself"):
        regression("murder ~ urban", STATES, intercept=False)
    with pytest.raises(DataError, match="column 'urban' is missing in row 2"):
        regression("murder ~ urban", {"murder": [1.0, 2, 3], "urban": [1.0, None, 2]})
    with pytest.raises(DataError, match="texts"):
        regression("region ~ urban", STATES, "logistic")
    with pytest.raises(SpecError, match="cannot be read"):
        regression("murder ~ urban +", STATES)
    found = regression("murder ~ region", STATES)
    with pytest.raises(DataError, match="not among the categories fitted"):
        found.predict({"region": ["west"]})
