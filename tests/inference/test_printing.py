"""Tables: 80 columns whatever the names and numbers, every digit there, and JSON without NaN."""

from __future__ import annotations

import json

import numpy as np
import pytest

from thalweg.errors import ArgumentError
from thalweg.inference import regression
from thalweg.inference.printing import number

RNG = np.random.default_rng(0)
N = 40
LONG = "the logarithm of the area of the house in square feet, as the owner measured it, in 1998"
X = {
    "a": RNG.normal(size=N) * 1e-7,
    LONG: RNG.normal(size=N) * 1e9,
    "shift\x1b[31m": np.ones(N),
    "c" * 90: RNG.normal(size=N),
}
Y = -1.23456789e7 * RNG.normal(size=N)


@pytest.mark.parametrize("given", [False, True])
def test_a_table_fits_80_columns_with_every_digit(given: bool) -> None:
    found = regression(X, Y)
    if given:
        off = np.nan_to_num(found.estimates) * 1.1
        found = regression(X, Y, params=off)
    text = repr(found)
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert "\x1b" not in text
    kept = [0, 1, 2, 4]
    for values in (found.estimates, found.std_errors, *found.intervals().T):
        for value in values[kept]:
            assert number(value) in text
    # Long names and reasons go on in lines of their own.
    whole = "".join(text.split())
    assert "".join(LONG.split()) in whole
    assert "c" * 80 in text
    assert "leftout:constant(1ineveryrow)" in whole
    assert ("opt. error" in text) == given


def test_the_convention_is_in_every_table() -> None:
    for kind in ("classical", "HC0", "HC1", "HC2", "HC3"):
        text = " ".join(repr(regression(X, Y, covariance=kind)).split())
        assert f"{kind}: " in text
        assert "t with 36 degrees of freedom" in text
        assert "(statsmodels: " in text
    robust = repr(regression(X, Y > 0, "logistic", covariance="HC3"))
    assert "statsmodels" not in robust  # which gives HC0 under that name


def test_plain_values_are_json_without_nan() -> None:
    for found in (regression(X, Y), regression({"a": [1.0, 2.0]}, [1.0, 2.0])):
        text = json.dumps(found.to_dict(), allow_nan=False)
        again = json.loads(text)
        assert again["rows"] == found.rows
        assert list(again["parameters"]) == list(found.names)
    assert again["why"].startswith("There are as many coefficients as rows")
    assert again["covariance"] is None
    first = regression(X, Y).to_dict()["parameters"]
    assert first["shift\\x1b[31m"]["left_out"] == "constant (1 in every row)"
    assert first["shift\\x1b[31m"]["std_error"] is None


def test_a_notebook_shows_the_same() -> None:
    found = regression(X, Y)
    html = found._repr_html_()
    assert html.count("<tr>") == 6
    assert "left out: constant" in html
    assert "t with 36 degrees of freedom" in html
    assert f">{number(found.std_errors[0])}<" in html
    harmful = regression({"<script>": np.arange(4.0)}, [1.0, 0.0, 2.0, 2.0])
    assert "<script>" not in harmful._repr_html_()


def test_levels_of_intervals() -> None:
    found = regression(X, Y, level=0.9)
    assert "5 %" in repr(found)
    assert np.array_equal(found.intervals(), found.intervals(0.9), equal_nan=True)
    with pytest.raises(ArgumentError, match=r"such as 0\.95"):
        found.intervals(90)
