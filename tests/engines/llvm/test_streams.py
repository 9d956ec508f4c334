"""Row streams: linear models of any size, what lies between their products, and exact fits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.engines.llvm.kernels import runnable
from tests.engines.loops import check_loop
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.testing import check_engines_agree

RANDOM = np.random.default_rng(0)


def squared(z: Any, y: Any) -> Any:
    return np.mean((z - y) ** 2)


def logistic(z: Any, y: Any) -> Any:
    return np.mean(np.logaddexp(0.0, z) - np.sign(np.abs(y)) * z)


def robust(z: Any, y: Any) -> Any:
    r = np.abs(z - y)
    return np.mean(np.where(r < 1.0, 0.5 * r * r, r - 0.5))


def largest(z: Any, y: Any) -> Any:
    return np.max((z - y) ** 2) + 0.1 * np.sum(z)


def descent(loss: Any) -> Any:
    def step(w: Any, b: Any, X: Any, y: Any, rate: Any, *rows: Any) -> Any:
        if rows:
            X, y = X[rows[0]], y[rows[0]]
        value, (g, h) = tw.value_and_grad(lambda p: loss(X @ p[0] + p[1], y))((w, b))
        return w - rate * g, b - rate * h, value

    return step


@pytest.mark.parametrize("loss", [squared, logistic, robust, largest])
@pytest.mark.parametrize("columns", [2, 3, 7, 8, 9, 16, 17, 40, 65])
def test_linear_models_of_any_width(columns: int, loss: Any) -> None:
    X, y = RANDOM.normal(size=(50, columns)), RANDOM.normal(size=50)
    check_loop(descent(loss), [np.zeros(columns), 0.0], [X, y], [0.01], rtol=1e-10)
    check_loop(
        descent(loss), [np.zeros(columns), 0.0], [X, y], [0.01], rows=50, batch=12, rtol=1e-10
    )


@pytest.mark.parametrize("target", ["avx512", "avx2", "sse"])
@pytest.mark.parametrize("rows", [2, 3, 7, 8, 9, 16, 23])
def test_any_number_of_rows_on_every_class_of_processor(rows: int, target: str) -> None:
    X, y = RANDOM.normal(size=(rows, 5)), RANDOM.normal(size=rows)
    engine = NativeEngine(runnable(target))
    check_loop(descent(squared), [np.zeros(5), 0.0], [X, y], [0.01], rtol=1e-10, engine=engine)
    X, y = X.astype(np.float32), y.astype(np.float32)

    def narrow(w: Any, X: Any, y: Any, rate: Any) -> Any:
        value, g = tw.value_and_grad(lambda w: squared(X @ w, y))(w)
        return w - tw.astype(rate, np.float32) * g, value

    check_loop(narrow, [np.zeros(5, np.float32)], [X, y], [0.01], rtol=1e-5, engine=engine)


def between(w: Any, X: Any, y: Any, chosen: Any) -> dict[str, Any]:
    """Everything that may lie between a product with a matrix and one with its transpose."""
    z = X @ w
    r = z - y
    return {
        "rows chosen by an index": X.T @ r[chosen],
        "a sum of chosen rows": (X.T @ r, np.sum(z[chosen] * y)),
        "chosen rows returned": (X.T @ r, z[chosen]),
        "rows from the end": X.T @ r[::-1],
        "running sums": X.T @ np.cumsum(r),
        "the mean taken off": X.T @ (r - np.mean(r)),
        "the largest divided by": (X.T @ r / np.max(np.abs(r)), r / np.max(np.abs(r))),
        "two gradients": (X.T @ r, X.T @ (r * z)),
        "the first gradient in the second": (X.T @ r, X.T @ (r * (X @ (X.T @ r)))),
        "predictions and residuals returned": (X.T @ r, z, r),
        "other matrices beside": (X.T @ r, (X + 1.0).T @ r, X[:, ::-1].T @ r),
        "a row vector on the left": r @ X,
        "a product of both": X.T @ (X @ w),
        "weights from elsewhere": (X.T @ y, z),
    }


@pytest.mark.parametrize(
    "name", between(*(np.ones(s) for s in ((2,), (2, 2), (2,))), np.array([0, 1]))
)
@pytest.mark.parametrize("shape", [(40, 4), (33, 9)])
def test_what_lies_between_two_products(name: str, shape: tuple[int, int]) -> None:
    X, w, y = (RANDOM.normal(size=s) for s in (shape, shape[1], shape[0]))
    chosen = RANDOM.permutation(shape[0])
    check_engines_agree(lambda *given: between(*given)[name], w, X, y, chosen)
