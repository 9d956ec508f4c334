"""Loops by hand, gradient and optimizer included, compiled by numba with fast mathematics."""

from collections.abc import Callable

import numba
import numpy as np

from benchmarks.timing import Contestant
from benchmarks.workloads import DECAY, DECAY_STEPS, MOMENTUM, Workload

compiled = numba.njit(fastmath=True, cache=False)


@compiled
def adam(p, m, v, g, scale, correction, one, two, three, four, epsilon):
    """Adam on flat arrays; the constants come in the parameters' dtype."""
    for q in range(p.size):
        m[q] = one * m[q] + two * g[q]
        v[q] = three * v[q] + four * g[q] * g[q]
        p[q] -= scale * m[q] / (np.sqrt(v[q] * correction) + epsilon)


@compiled
def linear(X, y, order, b, rate):
    k = b.size
    m, v, g = np.zeros(k), np.zeros(k), np.zeros(k)
    power1, power2 = 1.0, 1.0
    for s in range(order.shape[0]):
        for q in range(k):
            g[q] = 0.0
        for j in range(order.shape[1]):
            r = order[s, j]
            error = -y[r]
            for q in range(k):
                error += X[r, q] * b[q]
            error *= 2
            for q in range(k):
                g[q] += error * X[r, q]
        power1 *= 0.9
        power2 *= 0.999
        scale, correction = rate / (1 - power1), 1 / (1 - power2)
        adam(b, m, v, g, scale, correction, 0.9, 0.1, 0.999, 0.001, 1e-8)


@compiled
def logistic(X, y, order, b, rate, momentum):
    k, batch = b.size, order.shape[1]
    trace, g = np.zeros(k), np.zeros(k)
    for s in range(order.shape[0]):
        for q in range(k):
            g[q] = 0.0
        for j in range(batch):
            r = order[s, j]
            z = 0.0
            for q in range(k):
                z += X[r, q] * b[q]
            error = 1 / (1 + np.exp(-z)) - y[r]
            for q in range(k):
                g[q] += error * X[r, q]
        for q in range(k):
            mean = g[q] / batch
            trace[q] = momentum * trace[q] + mean
            b[q] -= rate * (mean + momentum * trace[q])


@compiled
def softmax_gradient(X, y, rows, W, b, gW, gb, z):
    """The gradient of a batch's mean cross entropy, in gW and gb; z is room for logits."""
    gW[:] = 0
    gb[:] = 0
    batch = np.float32(rows.size)
    for j in range(rows.size):
        r = rows[j]
        z[:] = b
        for q in range(W.shape[0]):
            for o in range(z.size):
                z[o] += X[r, q] * W[q, o]
        most, total = z.max(), np.float32(0)
        for o in range(z.size):
            z[o] = np.exp(z[o] - most)
            total += z[o]
        for o in range(z.size):
            z[o] /= total * batch
        z[y[r]] -= np.float32(1) / batch
        for o in range(z.size):
            gb[o] += z[o]
        for q in range(W.shape[0]):
            for o in range(z.size):
                gW[q, o] += X[r, q] * z[o]


@compiled
def as_float32(a, b, c, d):
    return np.float32(a), np.float32(b), np.float32(c), np.float32(d)


@compiled
def softmax(X, y, order, W, b, rate, decay, decay_steps):
    mW, vW, gW = np.zeros_like(W), np.zeros_like(W), np.zeros_like(W)
    mb, vb, gb, z = np.zeros_like(b), np.zeros_like(b), np.zeros_like(b), np.zeros_like(b)
    one, two, three, four = as_float32(0.9, 0.1, 0.999, 0.001)
    epsilon, factor = np.float32(1e-8), decay ** (1 / decay_steps)
    power1, power2 = 1.0, 1.0
    for s in range(order.shape[0]):
        softmax_gradient(X, y, order[s], W, b, gW, gb, z)
        power1 *= 0.9
        power2 *= 0.999
        scale, correction = np.float32(rate / (1 - power1)), np.float32(1 / (1 - power2))
        rate *= factor
        adam(
            W.reshape(-1), mW.reshape(-1), vW.reshape(-1), gW.reshape(-1),
            scale, correction, one, two, three, four, epsilon,
        )  # fmt: skip
        adam(b, mb, vb, gb, scale, correction, one, two, three, four, epsilon)


@compiled
def factors(users, items, y, order, U, V, rate):
    batch, k = order.shape[1], U.shape[1]
    scale = np.float32(2 * rate / batch)
    errors = np.empty(batch, np.float32)
    us, vs = np.empty((batch, k), np.float32), np.empty((batch, k), np.float32)
    for s in range(order.shape[0]):
        for a in range(batch):
            r = order[s, a]
            i, j = users[r], items[r]
            error = -y[r]
            for q in range(k):
                error += U[i, q] * V[j, q]
                us[a, q] = U[i, q]
                vs[a, q] = V[j, q]
            errors[a] = error * scale
        for a in range(batch):
            r = order[s, a]
            i, j = users[r], items[r]
            for q in range(k):
                U[i, q] -= errors[a] * vs[a, q]
            for q in range(k):
                V[j, q] -= errors[a] * us[a, q]


@compiled
def rosenbrock(x, rate, steps):
    n = x.size
    m, v, g = np.zeros(n), np.zeros(n), np.zeros(n)
    power1, power2 = 1.0, 1.0
    for _ in range(steps):
        for i in range(n - 1):
            g[i] = -400 * x[i] * (x[i + 1] - x[i] * x[i]) - 2 * (1 - x[i])
        g[n - 1] = 0.0
        for i in range(n - 1):
            g[i + 1] += 200 * (x[i + 1] - x[i] * x[i])
        power1 *= 0.9
        power2 *= 0.999
        scale, correction = rate / (1 - power1), 1 / (1 - power2)
        adam(x, m, v, g, scale, correction, 0.9, 0.1, 0.999, 0.001, 1e-8)


LOOPS = {f.__name__: f for f in (linear, logistic, softmax, factors, rosenbrock)}


def loop(w: Workload) -> Contestant:
    """The workload's loop, from its first parameters."""
    order, params = w.order(), w.start()
    inputs = [*w.data(), *([] if order is None else [order])]
    constants: list[float] = [w.rate]
    if w.model == "logistic":
        constants.append(MOMENTUM)
    elif w.model == "softmax":
        constants += [DECAY, float(DECAY_STEPS)]
    elif w.model == "rosenbrock":
        constants.append(w.steps)

    def train():
        copies = [p.copy() for p in params]
        LOOPS[w.model](*inputs, *copies, *constants)
        return copies

    return Contestant(train, train, w.steps)


def ways(w: Workload) -> dict[str, Callable[[], Contestant]]:
    """The loop, where there is one: a network by hand is slower in numba than in any other tool."""
    return {"loop": lambda: loop(w)} if w.model in LOOPS else {}
