"""Reductions of the elements that a mask chooses, that begin somewhere, or leave out NaN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from tests.ops.numpy_beside import require_numpys
from thalweg.ops.order.quantiles import _METHODS

jax.config.update("jax_enable_x64", True)
RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(3, 4)) + 0.03
MASK = X > -0.5
HOLES = X.copy()
HOLES[1, 2] = HOLES[0, 0] = np.nan
NOTHING = HOLES.copy()
NOTHING[:, 3] = np.nan

BEGUN = ["sum", "prod", "max", "min", "amax", "amin"]
MASKED = ["mean", "std", "var", "any", "all"]
AXES: list[Any] = [None, 0, (0, 1), -1]


@pytest.mark.parametrize("name", BEGUN)
@pytest.mark.parametrize("axis", AXES)
def test_reductions_begin_with_initial(name: str, axis: Any) -> None:
    reduce = getattr(np, name)
    require_numpys(
        lambda x: [
            reduce(x, axis=axis, initial=1.5),
            reduce(x, axis=axis, initial=0.2, where=MASK, keepdims=True),
            reduce(x, axis=axis, initial=-2, where=MASK[0]),
        ],
        X,
    )


@pytest.mark.parametrize("name", MASKED)
@pytest.mark.parametrize("axis", AXES)
def test_reductions_take_what_a_mask_chooses(name: str, axis: Any) -> None:
    reduce = getattr(np, name)
    require_numpys(lambda x: reduce(x, axis=axis, where=MASK, keepdims=axis == 0), X)
    # The mask may be traced too.
    require_numpys(lambda x: reduce(x, axis=axis, where=x > -0.5), X)


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "max", "any"])
def test_reductions_of_integers_keep_their_dtypes(name: str) -> None:
    words = {"initial": 1} if name in BEGUN else {}
    for dtype in (np.int64, np.int32, np.uint8, np.bool_):
        operand = np.arange(6).reshape(2, 3).astype(dtype)
        if name == "max" and dtype is np.bool_:
            continue
        require_numpys(
            lambda x: getattr(np, name)(x, axis=1, where=[True, False, True], **words),
            operand,
            compiled=False,
        )


def test_methods_take_the_same_keywords() -> None:
    require_numpys(lambda x: [x.sum(0, where=MASK), x.max(initial=3.0), x.mean(where=MASK)], X)


@pytest.mark.parametrize("name", ["sum", "prod", "max", "mean", "var", "std", "nanvar", "nanmax"])
def test_derivatives_of_chosen_elements_are_those_of_jax(name: str) -> None:
    words = {"initial": 0.2} if name in (*BEGUN, "nanmax") else {}
    holes = HOLES if name.startswith("nan") else X

    def loss(numpy: Any, x: Any) -> Any:
        return numpy.sum(numpy.sin(getattr(numpy, name)(x, axis=1, where=MASK, **words)))

    found = tw.grad(lambda x: loss(np, x))(holes)
    expected = jax.grad(lambda x: loss(jnp, x))(holes)
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-11, atol=1e-13)


# ---- what is not a number left out

NAN = [
    "nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin", "nanmedian",
    "nancumsum", "nancumprod",
]  # fmt: skip


@pytest.mark.parametrize("name", NAN)
def test_nan_is_left_out_as_numpy_does(name: str) -> None:
    reduce = getattr(np, name)
    for operand in (HOLES, NOTHING, X, np.arange(6).reshape(2, 3)):
        require_numpys(lambda x: [reduce(x), reduce(x, axis=0), reduce(x, axis=1)], operand)


def test_positions_of_extremes_leave_out_nan() -> None:
    require_numpys(lambda x: [np.nanargmax(x, axis=1), np.nanargmin(x)], HOLES, compiled=False)
    with pytest.raises(tw.errors.ArgumentError, match="All-NaN slice encountered: no element is"):
        np.nanargmax(tw.Tensor(NOTHING), axis=0)


def test_slices_of_nan_alone_are_warned_of() -> None:
    with pytest.warns(RuntimeWarning, match="All-NaN slice encountered"):
        np.nanmax(tw.Tensor(NOTHING), axis=0)


# ---- quantiles


@pytest.mark.parametrize("method", _METHODS)
def test_quantiles_are_those_of_numpy(method: str) -> None:
    rows = RANDOM.normal(size=(4, 7))
    ties = np.round(rows)
    for operand in (rows, ties, rows.astype(np.float32), np.arange(28).reshape(4, 7) % 9):
        require_numpys(
            lambda x: [
                np.quantile(x, 0.3, axis=1, method=method),
                np.percentile(x, np.array([0, 25, 50, 100.0]), axis=(0, 1), method=method),
            ],
            operand,
            close=2e-6 if operand.dtype == np.float32 else 1e-12,
        )
    require_numpys(
        lambda x: [f(x, 0.6, axis=1, method=method) for f in (np.nanquantile, np.quantile)], HOLES
    )


def test_quantiles_of_weighted_elements_are_those_of_numpy() -> None:
    weigh: Callable[..., Any] = np.quantile
    for _ in range(20):
        x, w = RANDOM.normal(size=(3, 6)), RANDOM.integers(0, 4, 6).astype(float)
        w[RANDOM.integers(6)] += 1
        require_numpys(
            lambda x, w: weigh(x, [0, 0.3, 0.5, 1], axis=1, weights=w, method="inverted_cdf"), x, w
        )
