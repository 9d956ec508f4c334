"""Time series: AR(2), ARMA(1, 1), GARCH(1, 1), a Kalman filter."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from benchmarks.losses.model import Model, Optimum

# ---- autoregression


def ar(phi, y):
    """The mean squared one-step error of an AR(2), in a loop over time."""
    total = 0.0
    for t in range(2, len(y)):
        total = total + (y[t] - phi[0] * y[t - 1] - phi[1] * y[t - 2]) ** 2
    return total / (len(y) - 2)


def ar_scanned(phi, y):
    """The same by `tw.scan`."""

    def turn(before, now):
        last, earlier = before
        return (now, last), (now - phi[0] * last - phi[1] * earlier) ** 2

    return np.mean(tw.scan(turn, (y[1], y[0]), y[2:])[1])


def _series(n: int) -> Any:
    rng = np.random.default_rng(10)
    y, e = np.zeros(n + 50), rng.normal(size=n + 50)
    for t in range(2, len(y)):
        y[t] = 0.5 * y[t - 1] - 0.3 * y[t - 2] + e[t] + 0.4 * e[t - 1]
    return np.zeros(2), (y[50:],)


def _ar_optimum(y: Any) -> Optimum:
    phi, squares, *_ = np.linalg.lstsq(np.column_stack([y[1:-1], y[:-2]]), y[2:])
    return Optimum(squares[0] / (len(y) - 2), phi, "least squares")


# ---- with moving-average errors


def arma(params, y):
    """The mean squared one-step error of an ARMA(1, 1), given no error before the start."""
    phi, theta = params
    error, total = 0.0, 0.0
    for t in range(1, len(y)):
        error = y[t] - phi * y[t - 1] - theta * error
        total = total + error**2
    return total / (len(y) - 1)


def arma_scanned(params, y):
    """The same by `tw.scan`."""
    phi, theta = params

    def turn(error, pair):
        now, last = pair
        error = now - phi * last - theta * error
        return error, error**2

    return np.mean(tw.scan(turn, 0.0, (y[1:], y[:-1]))[1])


def _arma_optimum(y: Any) -> Optimum:
    from scipy.optimize import least_squares
    from scipy.signal import lfilter

    def errors(params: Any) -> Any:
        return lfilter([1.0], [1.0, params[1]], y[1:] - params[0] * y[:-1])

    tight = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15}
    found = least_squares(errors, np.zeros(2), jac="3-point", **tight)
    return Optimum(2 * found.cost / (len(y) - 1), found.x, "SciPy")


# ---- volatility


def garch(params, returns):
    """The mean negative log-likelihood of a GARCH(1, 1), constants left out."""
    omega, alpha, beta = np.exp(params)
    variance, total = np.mean(returns**2), 0.0
    for t in range(len(returns)):
        total = total + np.log(variance) + returns[t] ** 2 / variance
        variance = omega + alpha * returns[t] ** 2 + beta * variance
    return 0.5 * total / len(returns)


def garch_scanned(params, returns):
    """The same by `tw.scan`."""
    omega, alpha, beta = np.exp(params)

    def turn(variance, r):
        term = np.log(variance) + r**2 / variance
        return omega + alpha * r**2 + beta * variance, term

    return 0.5 * np.mean(tw.scan(turn, np.mean(returns**2), returns)[1])


def _returns(n: int) -> Any:
    rng = np.random.default_rng(14)
    r, variance = np.zeros(n), 1.0
    for t in range(n):
        r[t] = np.sqrt(variance) * rng.normal()
        variance = 0.1 + 0.2 * r[t] ** 2 + 0.7 * variance
    return np.log(np.array([0.2, 0.15, 0.6])), (r,)


def _garch_optimum(returns: Any) -> Optimum:
    from scipy.optimize import minimize
    from scipy.signal import lfilter

    squares = returns**2

    def negative(params: Any) -> float:
        omega, alpha, beta = np.exp(params)
        driven = np.concatenate([[np.mean(squares)], omega + alpha * squares[:-1]])
        variance = lfilter([1.0], [1.0, -beta], driven)
        return 0.5 * float(np.mean(np.log(variance) + squares / variance))

    start = np.log([0.1, 0.2, 0.7])
    found = minimize(negative, start, method="BFGS", jac="3-point", options={"gtol": 1e-9})
    return Optimum(found.fun, found.x, "SciPy")


# ---- a state space: positions and velocities in the plane, positions seen

_F = np.kron(np.eye(2), np.array([[1.0, 1.0], [0.0, 1.0]]))
_H = np.kron(np.eye(2), np.array([[1.0, 0.0]]))
_P = 10.0 * np.eye(4)
_KICKS = np.kron(np.eye(2), np.array([[1 / 3, 1 / 2], [1 / 2, 1.0]]))


def _advance(x, P, seen, Q, R):
    """A filter's step: predict, compare with what is seen, correct."""
    x, P = _F @ x, _F @ P @ _F.T + Q
    error, S = seen - _H @ x, _H @ P @ _H.T + R
    gain = np.linalg.solve(S, _H @ P).T
    term = np.linalg.slogdet(S)[1] + error @ np.linalg.solve(S, error)
    return x + gain @ error, P - gain @ _H @ P, term


def kalman(params, seen):
    """The mean negative log-likelihood of positions by the Kalman filter, constants left out."""
    Q, R = np.exp(params[0]) * _KICKS, np.diag(np.exp(params[1:]))
    x, P, total = np.zeros(4), _P, 0.0
    for t in range(len(seen)):
        x, P, term = _advance(x, P, seen[t], Q, R)
        total = total + term
    return 0.5 * total / len(seen)


def kalman_scanned(params, seen):
    """The same by `tw.scan`."""
    Q, R = np.exp(params[0]) * _KICKS, np.diag(np.exp(params[1:]))

    def turn(carry, now):
        x, P, term = _advance(*carry, now, Q, R)
        return (x, P), term

    return 0.5 * np.mean(tw.scan(turn, (np.zeros(4), _P), seen)[1])


def _positions(n: int) -> Any:
    rng = np.random.default_rng(12)
    kick = np.linalg.cholesky(_KICKS)
    x, seen = rng.normal(size=4), []
    for _ in range(n):
        x = _F @ x + np.sqrt(0.1) * kick @ rng.normal(size=4)
        seen.append(_H @ x + np.array([1.0, 0.5]) * rng.normal(size=2))
    return np.zeros(3), (np.array(seen),)


def _kalman_value(params: Any, seen: Any) -> float:
    """The same by the one covariance of all that is seen."""
    n = len(seen)
    Q, R = np.exp(params[0]) * _KICKS, np.diag(np.exp(params[1:]))
    power, P, reach, spread = np.eye(4), _P, [], []
    for _ in range(n):
        reach.append(_H @ power)
        P = _F @ P @ _F.T + Q
        spread.append(P @ _H.T)
        power = _F @ power
    late, early = np.tril_indices(n)
    blocks = np.zeros((n, n, 2, 2))
    blocks[late, early] = np.array(reach)[late - early] @ np.array(spread)[early]
    blocks[early, late] = np.swapaxes(blocks[late, early], 1, 2)
    V = np.swapaxes(blocks, 1, 2).reshape(2 * n, 2 * n) + np.kron(np.eye(n), R)
    z = seen.reshape(-1)
    return float(0.5 * (np.linalg.slogdet(V)[1] + z @ np.linalg.solve(V, z)) / n)


def _kalman_optimum(seen: Any) -> Optimum:
    from scipy.optimize import minimize

    options = {"gtol": 1e-8}
    found = minimize(
        _kalman_value, np.zeros(3), (seen,), method="BFGS", jac="3-point", options=options
    )
    return Optimum(found.fun, found.x, "SciPy")


MODELS = (
    Model(
        "ar",
        "AR(2), T = 1,000",
        ar,
        _series,
        size=1000,
        quick=12,
        scanned=ar_scanned,
        optimum=_ar_optimum,
    ),
    Model(
        "arma",
        "ARMA(1, 1), T = 1,000",
        arma,
        _series,
        size=1000,
        quick=12,
        scanned=arma_scanned,
        optimum=_arma_optimum,
    ),
    Model(
        "garch",
        "GARCH(1, 1), T = 1,000",
        garch,
        _returns,
        size=1000,
        quick=12,
        scanned=garch_scanned,
        optimum=_garch_optimum,
    ),
    Model(
        "kalman",
        "Kalman filter, state 4, T = 500",
        kalman,
        _positions,
        size=500,
        quick=8,
        checked=40,
        scanned=kalman_scanned,
        value=_kalman_value,
        optimum=_kalman_optimum,
    ),
)
