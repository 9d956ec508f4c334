"""JAX with Optax: one jitted call a step, as most people run it, and the whole run as one scan."""

import functools
import math
import os
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.timing import SAMPLE_SECONDS, Contestant, seconds
from benchmarks.workloads import CLIP, DECAY, DECAY_STEPS, MOMENTUM, WEIGHT_DECAY, Workload

jax.config.update("jax_enable_x64", True)

Step = Callable[..., Any]


def network(params, X, activation):
    for W, b in zip(params[:-2:2], params[1:-2:2], strict=True):
        X = activation(X @ W + b)
    return X @ params[-2] + params[-1]


def cross_entropy(z, y):
    chosen = jnp.take_along_axis(z, y[:, None], axis=1)[:, 0]
    return jnp.mean(jax.nn.logsumexp(z, axis=1) - chosen)


def linear(params, X, y):
    return jnp.sum((y - X @ params[0]) ** 2)


def logistic(params, X, y):
    z = X @ params[0]
    return jnp.mean(jnp.logaddexp(0.0, z) - y * z)


def tanh(params, X, y):
    return cross_entropy(network(params, X, jnp.tanh), y)


def relu(params, X, y):
    return cross_entropy(network(params, X, jax.nn.relu), y)


def curve(params, x, y):
    return jnp.mean((network(params, x, jnp.tanh) - y) ** 2)


def factors(params, i, j, y):
    return jnp.mean((y - (params[0][i] * params[1][j]).sum(1)) ** 2)


def rosenbrock(params):
    (x,) = params
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


LOSSES = {f.__name__: f for f in (linear, logistic, tanh, relu, curve, factors, rosenbrock)}
LOSSES["softmax"] = tanh


def optimizer(w: Workload) -> optax.GradientTransformation:
    """The workload's optimizer."""
    match w.optimizer:
        case "adam":
            return optax.adam(w.rate)
        case "decayed":
            return optax.adam(optax.exponential_decay(w.rate, DECAY_STEPS, DECAY))
        case "adamw":
            adamw = optax.adamw(w.rate, weight_decay=WEIGHT_DECAY)
            return optax.chain(optax.clip_by_global_norm(CLIP), adamw)
        case "nesterov" | "momentum":
            return optax.sgd(w.rate, momentum=MOMENTUM, nesterov=w.optimizer == "nesterov")
    return optax.sgd(w.rate)


def step_of(w: Workload) -> Step:
    """One step: parameters, state, all data and the batch's rows to parameters and state."""
    update, loss = optimizer(w).update, LOSSES[w.model]

    def step(params, state, data, rows):
        batch = data if rows is None else [a[rows] for a in data]
        gradients = jax.grad(loss)(params, *batch)
        updates, state = update(gradients, state, params)
        return optax.apply_updates(params, updates), state

    return step


def sparse_step_of(w: Workload) -> Step:
    """The factorization's step by hand, which touches the batch's rows alone."""

    def step(params, state, data, rows):
        (U, V), (i, j, y) = params, (a[rows] for a in data)
        u, v = U[i], V[j]
        g = ((2 * w.rate / w.batch) * ((u * v).sum(1) - y))[:, None].astype(jnp.float32)
        return [U.at[i].add(-g * v), V.at[j].add(-g * u)], state

    return step


def inputs(w: Workload) -> tuple[Any, Any, Any]:
    """First parameters, first state and data on JAX's device."""
    params = [jnp.asarray(p) for p in w.start()]
    return params, optimizer(w).init(params), tuple(map(jnp.asarray, w.data()))


def by_scan(w: Workload, step: Step, unroll: int) -> Contestant:
    """The whole run as one `lax.scan`; the timed one is so long that its call does not count."""
    params, state, data = inputs(w)

    @functools.partial(jax.jit, static_argnames="steps")
    def run(params, state, data, order, steps):
        def body(carry, rows):
            return step(*carry, data, rows), None

        return jax.lax.scan(body, (params, state), order, steps, unroll=unroll)[0][0]

    def trained(order, steps):
        return jax.block_until_ready(run(params, state, data, order, steps))

    order = w.order()
    first = None if order is None else jnp.asarray(order)
    trained(first, w.steps)
    repeats = math.ceil(SAMPLE_SECONDS / seconds(lambda: trained(first, w.steps)))
    longer = None if order is None else jnp.asarray(np.tile(order, (repeats, 1)))
    return Contestant(
        lambda: trained(first, w.steps),
        lambda: trained(longer, repeats * w.steps),
        repeats * w.steps,
    )


def by_step(w: Workload, step: Step) -> Contestant:
    """A Python loop around a jitted step."""
    params, state, data = inputs(w)
    order = w.order()
    batches = [None] * w.steps if order is None else list(order)
    run = jax.jit(step)

    def trained():
        p, s = params, state
        for rows in batches:
            p, s = run(p, s, data, rows)
        return jax.block_until_ready(p)

    return Contestant(trained, trained, w.steps)


def ways(w: Workload) -> dict[str, Callable[[], Contestant]]:
    """The ways to train a workload, each made when called."""
    step = step_of(w)
    found = {f"scan unroll={u}": functools.partial(by_scan, w, step, u) for u in (1, 4)}
    if w.model == "factors":
        found["scan by hand"] = lambda: by_scan(w, sparse_step_of(w), 1)
    # The flags are for compiled loops; a call a step is timed where there are none.
    if "--xla" not in os.environ.get("XLA_FLAGS", ""):
        found["step"] = lambda: by_step(w, step)
    return found
