"""What each workload should come to: float64 NumPy with gradients by hand, for the losses alone."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.workloads import (
    CLIP,
    DECAY,
    DECAY_STEPS,
    MOMENTUM,
    WEIGHT_DECAY,
    Array,
    Workload,
    outputs,
)

Arrays = list[Array]


def final_loss(w: Workload) -> float:
    """The loss after the workload's steps."""
    params = [p.astype(np.float64) for p in w.start()]
    update = OPTIMIZERS[w.optimizer](w, params)
    order, data = w.order(), w.data()
    for step in range(w.steps):
        rows = slice(None) if order is None else order[step]
        batch = [a[rows] for a in data]
        params = update(step, params, gradient(w.model, params, batch))
    return w.loss(params)


# ---- gradients


def gradient(model: str, params: Arrays, batch: Sequence[Array]) -> Arrays:
    """The gradient of a batch's loss."""
    if model == "rosenbrock":
        return [_rosenbrock(params[0])]
    if model == "factors":
        return _factors(params, *batch)
    X, y = batch
    layers = outputs(model, params, X.astype(np.float64))
    z = layers[-1]
    if model == "linear":
        return [2 * (z - y) @ X]
    if model == "logistic":
        return [(1 / (1 + np.exp(-z)) - y) @ X / len(y)]
    if model == "curve":
        return _backward(model, params, layers, 2 * (z - y) / len(y))
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return _backward(model, params, layers, p / len(y))


def _backward(model: str, params: Arrays, layers: Arrays, error: Array) -> Arrays:
    gradients: Arrays = []
    for k in range(len(params) - 2, -1, -2):
        h = layers[k // 2]
        gradients = [h.T @ error, error.sum(0), *gradients]
        if k:
            error = error @ params[k].T * ((h > 0) if model == "relu" else 1 - h**2)
    return gradients


def _factors(params: Arrays, i: Array, j: Array, y: Array) -> Arrays:
    U, V = params
    error = 2 * ((U[i] * V[j]).sum(1) - y)[:, None] / len(y)
    gradients = np.zeros_like(U), np.zeros_like(V)
    np.add.at(gradients[0], i, error * V[j])
    np.add.at(gradients[1], j, error * U[i])
    return list(gradients)


def _rosenbrock(x: Array) -> Array:
    g, d = np.zeros_like(x), x[1:] - x[:-1] ** 2
    g[:-1] = -400 * x[:-1] * d - 2 * (1 - x[:-1])
    g[1:] += 200 * d
    return g


# ---- optimizers

Update = Callable[[int, Arrays, Arrays], Arrays]


def _adam(w: Workload, params: Arrays) -> Update:
    m, v = ([np.zeros_like(p) for p in params] for _ in range(2))
    weight_decay = WEIGHT_DECAY if w.optimizer == "adamw" else 0.0

    def update(step: int, params: Arrays, gradients: Arrays) -> Arrays:
        rate = w.rate * (DECAY ** (step / DECAY_STEPS) if w.optimizer == "decayed" else 1)
        if w.optimizer == "adamw":
            norm = math.sqrt(sum(float(np.sum(g * g)) for g in gradients))
            gradients = [g * min(1.0, CLIP / norm) for g in gradients]
        for k, g in enumerate(gradients):
            m[k] = 0.9 * m[k] + 0.1 * g
            v[k] = 0.999 * v[k] + 0.001 * g * g
        c1, c2 = 1 - 0.9 ** (step + 1), 1 - 0.999 ** (step + 1)
        directions = [(a / c1) / (np.sqrt(b / c2) + 1e-8) for a, b in zip(m, v, strict=True)]
        return [p - rate * (d + weight_decay * p) for p, d in zip(params, directions, strict=True)]

    return update


def _momentum(w: Workload, params: Arrays) -> Update:
    trace = [np.zeros_like(p) for p in params]
    decay = 0.0 if w.optimizer == "descent" else MOMENTUM

    def update(step: int, params: Arrays, gradients: Arrays) -> Arrays:
        for k, g in enumerate(gradients):
            trace[k] = decay * trace[k] + g
        directions = trace
        if w.optimizer == "nesterov":
            directions = [g + decay * t for g, t in zip(gradients, trace, strict=True)]
        return [p - w.rate * d for p, d in zip(params, directions, strict=True)]

    return update


OPTIMIZERS: dict[str, Callable[[Workload, Arrays], Update]] = {
    "adam": _adam,
    "decayed": _adam,
    "adamw": _adam,
    "nesterov": _momentum,
    "momentum": _momentum,
    "descent": _momentum,
}
