"""Losses that are loops in Python: a program of as many equations as their steps ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import thalweg as tw

Made = tuple[Any, Any]


@dataclass(frozen=True)
class Recursion:
    """A loss over a loop of a number of steps, with where its parameters start and its data."""

    name: str
    loss: Callable[..., Any]
    make: Callable[[int], Made]
    steps: tuple[int, ...]

    def fit(self, steps: int, iterations: int) -> tw.Fit:
        """Train it for some iterations of Adam."""
        params, data = self.make(steps)
        return tw.fit(
            self.loss, params, data, optimizer=tw.optim.adam(1e-4), steps=iterations, progress=False
        )


# ---- state spaces: a local linear trend, in matrices and in numbers

_F = np.array([[1.0, 1.0], [0.0, 1.0]])
_H = np.array([1.0, 0.0])


def kalman(params, y):
    """The log-likelihood of a local linear trend by the Kalman filter."""
    Q, r = np.diag(np.exp(params[:2])), np.exp(params[2])
    x, P = np.zeros(2), 10.0 * np.eye(2)
    total = 0.0
    for t in range(len(y)):
        x, P = _F @ x, _F @ P @ _F.T + Q
        error, variance = y[t] - _H @ x, _H @ P @ _H + r
        gain = P @ _H / variance
        x, P = x + gain * error, P - np.outer(gain, _H @ P)
        total = total + np.log(variance) + error**2 / variance
    return 0.5 * total


def kalman_numbers(params, y):
    """The same, each element of the matrices a number."""
    q1, q2, r = np.exp(params[0]), np.exp(params[1]), np.exp(params[2])
    level, slope, p11, p12, p22 = 0.0, 0.0, 10.0, 0.0, 10.0
    total = 0.0
    for t in range(len(y)):
        level = level + slope
        p11, p12, p22 = p11 + 2 * p12 + p22 + q1, p12 + p22, p22 + q2
        error, variance = y[t] - level, p11 + r
        k1, k2 = p11 / variance, p12 / variance
        level, slope = level + k1 * error, slope + k2 * error
        p11, p12, p22 = p11 - k1 * p11, p12 - k1 * p12, p22 - k2 * p12
        total = total + np.log(variance) + error**2 / variance
    return 0.5 * total


def _series(steps: int) -> Made:
    rng = np.random.default_rng(0)
    return np.zeros(3), np.cumsum(rng.normal(size=steps)) + rng.normal(size=steps)


# ---- time series


def garch(params, returns):
    """The likelihood of GARCH(1, 1)."""
    omega, alpha, beta = np.exp(params[0]), tw.sigmoid(params[1]), tw.sigmoid(params[2])
    variance, total = np.mean(returns**2), 0.0
    for t in range(len(returns)):
        total = total + np.log(variance) + returns[t] ** 2 / variance
        variance = omega + 0.3 * alpha * returns[t] ** 2 + 0.7 * beta * variance
    return 0.5 * total / len(returns)


def _returns(steps: int) -> Made:
    return np.array([-2.0, 0.0, 1.0]), np.random.default_rng(1).normal(size=steps)


def autoregression(params, y):
    """One-step errors of an AR(2) with moving-average errors, which need the loop."""
    before, total = 0.0, 0.0
    for t in range(2, len(y)):
        error = y[t] - params[0] * y[t - 1] - params[1] * y[t - 2] - params[2] * before
        total, before = total + error**2, error
    return total / len(y)


def smoothing(params, y):
    """One-step errors of Holt's exponential smoothing with a trend."""
    alpha, beta = tw.sigmoid(params[0]), tw.sigmoid(params[1])
    level, trend, total = y[0], params[2], 0.0
    for t in range(1, len(y)):
        forecast = level + trend
        total = total + (y[t] - forecast) ** 2
        after = alpha * y[t] + (1 - alpha) * forecast
        level, trend = after, beta * (after - level) + (1 - beta) * trend
    return total / len(y)


# ---- recurrent networks


def lstm(params, X, y):
    """The squared error of an LSTM's last output, for some sequences at once."""
    W, U, b, v = params
    units = U.shape[0]
    h = c = np.zeros((X.shape[0], units))
    for t in range(X.shape[1]):
        gates = X[:, t] @ W + h @ U + b
        i, f = tw.sigmoid(gates[:, :units]), tw.sigmoid(gates[:, units : 2 * units])
        o, g = tw.sigmoid(gates[:, 2 * units : 3 * units]), np.tanh(gates[:, 3 * units :])
        c = f * c + i * g
        h = o * np.tanh(c)
    return np.mean((h @ v - y) ** 2)


def _sequences(steps: int, units: int = 16, examples: int = 8, features: int = 3) -> Made:
    rng = np.random.default_rng(2)
    shapes = (features, 4 * units), (units, 4 * units), (4 * units,), (units,)
    params = [rng.normal(size=shape) / 4 for shape in shapes]
    return params, (rng.normal(size=(examples, steps, features)), rng.normal(size=examples))


def lstm_alone(params, x, y):
    """The squared error of an LSTM's outputs along one sequence."""
    W, U, b, v = params
    units = U.shape[0]
    h, c, total = np.zeros(units), np.zeros(units), 0.0
    for t in range(len(x)):
        gates = x[t] @ W + h @ U + b
        i, f, o = (tw.sigmoid(gates[k * units : (k + 1) * units]) for k in range(3))
        c = f * c + i * np.tanh(gates[3 * units :])
        h = o * np.tanh(c)
        total = total + (h @ v - y[t]) ** 2
    return total / len(x)


def _sequence(steps: int) -> Made:
    params, (X, _) = _sequences(steps, examples=1)
    return params, (X[0], np.random.default_rng(3).normal(size=steps))


# ---- differential equations and iterations


def predators(params, prey, hunters):
    """How far a Lotka–Volterra system's path, by Runge and Kutta's fourth-order rule, is off."""
    a, b, c, d = np.exp(params[0]), np.exp(params[1]), np.exp(params[2]), np.exp(params[3])

    def slope(x, y):
        return a * x - b * x * y, c * x * y - d * y

    x, y, total, step = prey[0], hunters[0], 0.0, 0.05
    for t in range(1, len(prey)):
        k1, l1 = slope(x, y)
        k2, l2 = slope(x + 0.5 * step * k1, y + 0.5 * step * l1)
        k3, l3 = slope(x + 0.5 * step * k2, y + 0.5 * step * l2)
        k4, l4 = slope(x + step * k3, y + step * l3)
        x = x + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        y = y + step / 6 * (l1 + 2 * l2 + 2 * l3 + l4)
        total = total + (x - prey[t]) ** 2 + (y - hunters[t]) ** 2
    return total / len(prey)


def _populations(steps: int) -> Made:
    t = np.arange(steps) * 0.05
    return np.full(4, -0.5), (1 + 0.3 * np.sin(t), 1 + 0.3 * np.cos(t))


def transport(params, a, b):
    """The cost of a transport between two distributions by Sinkhorn's iteration, unrolled."""
    cost, steps = params, a.shape[1]
    kernel = np.exp(-cost / 0.5)
    a, b = a[:, 0], b[:, 0]
    u = np.ones(len(a))
    for _ in range(steps):
        v = b / (u @ kernel)
        u = a / (kernel @ v)
    return np.sum(u[:, None] * kernel * v * cost)


def _masses(steps: int) -> Made:
    rng = np.random.default_rng(4)
    a, b = (np.tile(m / m.sum(), (steps, 1)).T for m in rng.uniform(1, 2, size=(2, 10)))
    return rng.uniform(0.5, 1.5, size=(10, 10)), (a, b)


def hidden_states(params, seen):
    """The likelihood of a hidden Markov model of four states by the forward algorithm, in logs."""
    initial, moves, means = params
    moves = moves - tw.logsumexp(moves, axis=1)[:, None]
    alpha = initial - tw.logsumexp(initial) - 0.5 * (seen[0] - means) ** 2
    for t in range(1, len(seen)):
        alpha = tw.logsumexp(alpha[:, None] + moves, axis=0) - 0.5 * (seen[t] - means) ** 2
    return -tw.logsumexp(alpha) / len(seen)


def _emissions(steps: int) -> Made:
    rng = np.random.default_rng(5)
    params = [np.zeros(4), rng.normal(size=(4, 4)), np.linspace(-1, 1, 4)]
    return params, rng.normal(size=steps)


# ---- as many layers as steps


def deep(layers, X, y):
    """The squared error of a deep network of layers of 32 units."""
    h = X
    for W, b in layers:
        h = np.tanh(h @ W + b)
    return np.mean((h - y) ** 2)


def _layers(steps: int) -> Made:
    rng = np.random.default_rng(6)
    layers = [(rng.normal(size=(32, 32)) / 6, np.zeros(32)) for _ in range(steps)]
    return layers, tuple(rng.normal(size=(2, 32, 32)))


RECURSIONS = {
    recursion.name: recursion
    for recursion in (
        Recursion("kalman", kalman, _series, (25, 100, 400)),
        Recursion("kalman numbers", kalman_numbers, _series, (25, 100, 400)),
        Recursion("garch", garch, _returns, (125, 500, 2000)),
        Recursion("arma", autoregression, _series, (125, 500, 2000)),
        Recursion("smoothing", smoothing, _series, (125, 500, 2000)),
        Recursion("lstm", lstm, _sequences, (50, 200, 800)),
        Recursion("lstm alone", lstm_alone, _sequence, (50, 200, 800)),
        Recursion("predators", predators, _populations, (50, 200, 800)),
        Recursion("transport", transport, _masses, (25, 100, 400)),
        Recursion("hidden states", hidden_states, _emissions, (25, 100, 400)),
        Recursion("deep", deep, _layers, (8, 32, 128)),
    )
}
