"""Reductions and running sums of every dtype: values and dtypes of NumPy, eager and compiled."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw

DTYPES = [*"?bhiqBHIQefdFD"]
NAMES = [
    *("sum", "prod", "mean", "std", "var", "any", "all", "max", "min", "ptp", "count_nonzero"),
    *("argmax", "argmin", "cumsum", "cumprod", "nansum", "nanmean"),
]
CALLS: dict[str, Callable[[Any], Any]] = {
    **{name: lambda x, n=name: getattr(np, n)(x) for name in NAMES},
    **{f"{name} over an axis": lambda x, n=name: getattr(np, n)(x, axis=1) for name in NAMES},
    "cumulative_sum": lambda x: np.cumulative_sum(x, axis=1, include_initial=True),
    "cumulative_prod": lambda x: np.cumulative_prod(x, axis=0),
    "trace": np.trace,
    "diff": np.diff,
    "unbiased var": lambda x: np.var(x, axis=0, ddof=1, keepdims=True),
    "dot": lambda x: np.dot(x, x.T),
    "vdot": lambda x: np.vdot(x, x),
    "einsum": lambda x: np.einsum("ij->j", x),
    "norm": np.linalg.norm,
    "norm of order 3": lambda x: np.linalg.norm(x, 3, axis=1),
    "vector_norm": np.linalg.vector_norm,
    "cov": np.cov,
    "corrcoef": np.corrcoef,
    "trapezoid": np.trapezoid,
}
# Integers and Booleans are computed with in float64, where NumPy takes float16 or float32 for
# those of one or two bytes.
WIDER = {("?", "e"), ("b", "e"), ("B", "e"), ("h", "f"), ("H", "f")}


def operand(code: str) -> Any:
    random = np.random.default_rng(5)
    values = np.round(random.uniform(1, 4, (3, 5)))
    values[0, 0] = 0
    if code in "efdFD":
        values = values + 0.25
    if code in "FD":
        return (values + 1j * random.normal(size=(3, 5))).astype(code)
    return (values * 30).astype(code) if code in "bhiqBHIQ" else values.astype(code)


@pytest.mark.sampled(2)
@pytest.mark.filterwarnings("ignore:The native engine cannot run")
@pytest.mark.parametrize("code", DTYPES)
def test_a_reduction_has_the_value_and_the_dtype_of_numpy(code: str) -> None:
    x = operand(code)
    for name, function in CALLS.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected = np.asarray(function(x))
        except TypeError:
            continue
        for found in (function(tw.tensor(x)), tw.jit(function)(x)):
            got = np.asarray(found)
            agree = got.dtype == expected.dtype or (
                (code, expected.dtype.char) in WIDER and got.dtype == np.float64
            )
            assert agree, f"{name}: {got.dtype}, not {expected.dtype}"
            close = {"e": 2e-2, "f": 1e-4, "F": 1e-4}.get(code, 1e-10)
            np.testing.assert_allclose(got, expected, rtol=close, atol=close, err_msg=name)


@pytest.mark.parametrize("code", [*"bhiBHI"])
def test_running_sums_and_products_of_small_integers_do_not_wrap(code: str) -> None:
    x = np.full((2, 9), 100).astype(code)
    for name in ("cumsum", "cumprod", "sum", "prod"):
        for axis in (None, 1):
            expected = getattr(np, name)(x, axis=axis)
            found = getattr(np, name)(tw.tensor(x), axis=axis)
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found.numpy(), expected)


def test_the_variance_of_complex_numbers_is_real_and_has_a_derivative() -> None:
    z = np.array([1 + 2j, -0.5j, 3.0 - 1j, 0.25])
    for function in (np.var, np.std):
        assert function(tw.tensor(z)).dtype == np.float64
        np.testing.assert_allclose(function(tw.tensor(z)).numpy(), function(z))

    def spread(x: Any) -> Any:
        return np.var(x * z) + np.std(x * z * 1j)

    x, step = np.array([1.0, 2.0, -1.0, 0.5]), 1e-6
    differences = [(spread(x + step * e) - spread(x - step * e)) / (2 * step) for e in np.eye(4)]
    np.testing.assert_allclose(np.asarray(tw.grad(spread)(x)), differences, rtol=1e-7)
