"""Training steps to loop over, and their data."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(103, 5)), RANDOM.normal(size=103)
LABELS = RANDOM.integers(0, 3, 103)


def linear(w: Any, X: Any, y: Any, rate: Any, rows: Any) -> Any:
    loss, gradient = tw.value_and_grad(lambda w: np.mean((y[rows] - X[rows] @ w) ** 2))(w)
    return w - rate * gradient, loss


def adam(w: Any, m: Any, v: Any, count: Any, X: Any, y: Any, rate: Any, rows: Any) -> Any:
    """Adam's step: powers of a counter, and several states at once."""
    loss, g = tw.value_and_grad(lambda w: np.mean((y[rows] - X[rows] @ w) ** 2))(w)
    count = count + 1
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    steps = tw.astype(count, float)
    step = (m / (1.0 - 0.9**steps)) / (np.sqrt(v / (1.0 - 0.999**steps)) + 1e-8)
    return w - rate * step, m, v, count, loss


def softmax(W: Any, X: Any, y: Any, rate: Any, rows: Any) -> Any:
    def loss(W: Any) -> Any:
        z = X[rows] @ W
        largest = np.max(z, axis=1, keepdims=True)
        total = np.log(np.sum(np.exp(z - largest), axis=1, keepdims=True)) + largest
        return np.mean(total - np.take_along_axis(z, y[rows][:, None], 1))

    value, gradient = tw.value_and_grad(loss)(W)
    return W - rate * gradient, value


STEPS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "linear": (linear, [np.zeros(5)], [X, Y]),
    "adam": (adam, [*np.zeros((3, 5)), 0], [X, Y]),
    "softmax": (softmax, [np.zeros((5, 3))], [X, LABELS]),
}
