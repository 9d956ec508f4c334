"""Which products with one matrix become a stream over its rows, and what stays outside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.compiler.plans import kinds, plan_of
from tests.compiler.programs import spec

# w, X, y, and as many positions as rows.
SHAPES: list[Any] = [(4,), (40, 4), (40,), spec(40, dtype=np.int64)]


def plan(function: Any, *shapes: Any) -> Any:
    return plan_of(function, *(shapes or SHAPES))


STREAMED: dict[str, Any] = {
    "a prediction and its gradient": lambda w, X, y, i: X.T @ (X @ w - y),
    "weights on the left": lambda w, X, y, i: (X @ w - y) @ X,
    "a sum beside": lambda w, X, y, i: (X.T @ (r := X @ w - y), np.sum(r * r)),
    "an update": lambda w, X, y, i: w - 0.1 * (X.T @ (X @ w - y)),
    "dear maps between": lambda w, X, y, i: X.T @ (np.tanh(X @ w) * np.exp(y)),
    "rows of the matrix chosen": lambda w, X, y, i: (Z := X[i]).T @ (Z @ w - y[i]),
}
ASIDE: dict[str, Any] = {
    "no gradient": lambda w, X, y, i: X @ w - y,
    "weights chosen by position": lambda w, X, y, i: X.T @ (X @ w - y)[i],
    "weights in reverse": lambda w, X, y, i: X.T @ (X @ w - y)[::-1],
    "a mean taken off": lambda w, X, y, i: X.T @ ((r := X @ w - y) - np.mean(r)),
    "running sums between": lambda w, X, y, i: X.T @ np.cumsum(X @ w),
    "another matrix": lambda w, X, y, i: (X + 1.0).T @ (X @ w - y),
}


@pytest.mark.parametrize("name", STREAMED)
def test_what_a_row_needs_of_itself_is_one_stream(name: str) -> None:
    assert [kind.split()[0] for kind in kinds(plan(STREAMED[name]))] == ["stream"]


@pytest.mark.parametrize("name", ASIDE)
def test_what_needs_other_rows_is_no_stream(name: str) -> None:
    assert not any(kind.startswith("stream") for kind in kinds(plan(ASIDE[name])))


def test_values_chosen_by_position_stay_outside_the_stream() -> None:
    found = plan(lambda w, X, y, i: (X.T @ ((z := X @ w) - y), z[i], np.sum(z[i] * y)))
    assert [kind.split()[0] for kind in kinds(found)] == ["stream", "map", "row"]


def test_two_gradients_of_one_matrix_share_its_stream() -> None:
    found = plan(lambda w, X, y, i: (X.T @ ((z := X @ w) - y), X.T @ (z * y)))
    (kernel,) = found.kernels
    assert len(kernel.parts) == 2


def test_a_gradient_of_the_gradient_is_another_stream() -> None:
    found = plan(lambda w, X, y, i: X.T @ (X @ (X.T @ (X @ w - y))))
    assert [kind.split()[0] for kind in kinds(found)] == ["stream", "stream"]


def test_what_the_rows_need_is_computed_ahead_of_the_stream() -> None:
    def step(w: Any, X: Any, y: Any, i: Any) -> Any:
        scale = np.cumsum(y) / np.max(y)
        return X.T @ ((X @ w - y) * scale)

    found = kinds(plan(step))
    assert found[-1].startswith("stream")
    assert not any(kind.startswith("product") for kind in found)


def test_rows_too_long_for_the_registers_are_no_stream() -> None:
    def gradient(w: Any, X: Any, y: Any) -> Any:
        return X.T @ (X @ w - y)

    assert kinds(plan(gradient, (64,), (40, 64), (40,)))[0].startswith("stream")
    assert not kinds(plan(gradient, (65,), (40, 65), (40,)))[0].startswith("stream")
    assert not kinds(plan(gradient, (4,), (1, 4), (1,)))[0].startswith("stream")
