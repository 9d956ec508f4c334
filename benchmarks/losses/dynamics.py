"""What goes on in time by its own rule: a differential equation, a recurrent network."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from benchmarks.losses.model import Model, Optimum

# ---- predators and prey

_STEP = 0.05


def _slope(state, rates):
    x, y = state
    a, b, c, d = rates
    return np.stack([a * x - b * x * y, c * x * y - d * y])


def _runge_kutta(state, rates):
    k1 = _slope(state, rates)
    k2 = _slope(state + 0.5 * _STEP * k1, rates)
    k3 = _slope(state + 0.5 * _STEP * k2, rates)
    k4 = _slope(state + _STEP * k3, rates)
    return state + _STEP / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def lotka_volterra(params, seen):
    """The mean squared distance of a path, by Runge and Kutta's fourth-order rule, from data."""
    rates, state = np.exp(params["rates"]), np.exp(params["start"])
    total = np.sum((state - seen[0]) ** 2)
    for t in range(1, len(seen)):
        state = _runge_kutta(state, rates)
        total = total + np.sum((state - seen[t]) ** 2)
    return total / len(seen)


def lotka_volterra_scanned(params, seen):
    """The same by `tw.scan`."""
    rates, start = np.exp(params["rates"]), np.exp(params["start"])

    def turn(state, now):
        return _runge_kutta(state, rates), np.sum((state - now) ** 2)

    return np.mean(tw.scan(turn, start, seen)[1])


def _populations(n: int) -> Any:
    rng = np.random.default_rng(16)
    state, rates, path = np.array([1.0, 0.7]), np.array([1.1, 0.9, 0.8, 1.0]), []
    for _ in range(n):
        path.append(state)
        state = _runge_kutta(state, rates)
    seen = np.array(path) + 0.05 * rng.normal(size=(n, 2))
    return {"rates": np.zeros(4), "start": np.log(seen[0])}, (seen,)


def _path_optimum(seen: Any) -> Optimum:
    """By SciPy's least squares over its own solver of differential equations."""
    from scipy.integrate import solve_ivp
    from scipy.optimize import least_squares

    times = _STEP * np.arange(len(seen))

    def off(flat: Any) -> Any:
        rates = np.exp(flat[:4])
        path = solve_ivp(
            lambda t, s: np.array(_slope(s, rates)), (0, times[-1]), np.exp(flat[4:]),
            t_eval=times, method="DOP853", rtol=1e-12, atol=1e-13,
        )  # fmt: skip
        return (path.y.T - seen).ravel()

    start = np.concatenate([np.zeros(4), np.log(seen[0])])
    tight = {"xtol": 1e-13, "ftol": 1e-13, "gtol": 1e-13}
    found = least_squares(off, start, jac="3-point", **tight)
    params = {"rates": found.x[:4], "start": found.x[4:]}
    return Optimum(2 * found.cost / len(seen), params, "SciPy")


# ---- a gated recurrent unit


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _gates(h, x, params):
    W, U, b, c = params["W"], params["U"], params["b"], params["c"]
    units = U.shape[0]
    given, before = x @ W + b, h @ U + c
    r = _sigmoid(given[:, :units] + before[:, :units])
    z = _sigmoid(given[:, units : 2 * units] + before[:, units : 2 * units])
    n = np.tanh(given[:, 2 * units :] + r * before[:, 2 * units :])
    return (1 - z) * n + z * h


def gru(params, X, y):
    """The mean squared error of a gated recurrent unit's last output."""
    h = np.zeros((len(X), params["U"].shape[0]))
    for t in range(X.shape[1]):
        h = _gates(h, X[:, t], params)
    return np.mean((h @ params["v"] - y) ** 2)


def gru_scanned(params, X, y):
    """The same by `tw.scan`."""
    h = np.zeros((len(X), params["U"].shape[0]))
    h, _ = tw.scan(lambda h, x: (_gates(h, x, params), None), h, np.swapaxes(X, 0, 1))
    return np.mean((h @ params["v"] - y) ** 2)


def _sequences(n: int) -> Any:
    rng = np.random.default_rng(17)
    X = rng.normal(size=(16, n, 3))
    shapes = {"W": (3, 48), "U": (16, 48), "b": (48,), "c": (48,), "v": (16,)}
    params = {name: rng.normal(size=shape) / 4 for name, shape in shapes.items()}
    return params, (X, np.tanh(X[:, -5:, 0].sum(1)))


def _gru_value(params: Any, X: Any, y: Any) -> float:
    """The same by PyTorch's module."""
    import torch

    cell = torch.nn.GRU(3, 16, batch_first=True, dtype=torch.float64)
    names = {"weight_ih_l0": "W", "weight_hh_l0": "U", "bias_ih_l0": "b", "bias_hh_l0": "c"}
    cell.load_state_dict({k: torch.tensor(np.array(params[v]).T) for k, v in names.items()})
    with torch.no_grad():
        h = cell(torch.tensor(X))[0][:, -1].numpy()
    return float(np.mean((h @ params["v"] - y) ** 2))


MODELS = (
    Model(
        "lotka-volterra",
        "Lotka–Volterra, Runge–Kutta, 200 steps",
        lotka_volterra,
        _populations,
        size=200,
        quick=8,
        scanned=lotka_volterra_scanned,
        optimum=_path_optimum,
        rate=0.02,
        steps=20_000,
    ),
    Model(
        "gru",
        "Gated recurrent unit, T = 50, 16 units, 16 sequences",
        gru,
        _sequences,
        size=50,
        quick=6,
        scanned=gru_scanned,
        value=_gru_value,
    ),
)
