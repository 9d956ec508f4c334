"""The same losses in JAX: the same lines, where `np` is `jax.numpy` and `tw` is JAX's namesakes."""

from __future__ import annotations

from types import FunctionType, SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import optax

from benchmarks.losses.model import Loss

jax.config.update("jax_enable_x64", True)

# JAX's own functions under the names that thalweg has them by.
_NAMESAKES = SimpleNamespace(
    scan=jax.lax.scan,
    special=jax.scipy.special,
    linalg=SimpleNamespace(
        solve_triangular=lambda a, b, upper=False: jax.scipy.linalg.solve_triangular(
            a, b, lower=not upper
        )
    ),
)


def translated(loss: Loss) -> Loss:
    """Return a loss whose NumPy is JAX's, and so that of what it calls in its file."""
    assert isinstance(loss, FunctionType)
    names: dict[str, Any] = {**loss.__globals__, "np": jnp, "tw": _NAMESAKES}
    for name, value in loss.__globals__.items():
        if isinstance(value, FunctionType) and value.__module__ == loss.__module__:
            names[name] = FunctionType(
                value.__code__, names, name, value.__defaults__, value.__closure__
            )
    found: Loss = names[loss.__name__]
    return found


def arrays(tree: Any) -> Any:
    """Return a tree's numbers as JAX's arrays."""
    return jax.tree.map(jnp.asarray, tree)


def run_of(loss: Loss, optimizer: optax.GradientTransformation) -> Any:
    """Return a jitted run: (parameters, data, number of steps) to parameters and the last loss."""
    both = jax.value_and_grad(translated(loss))

    def run(params: Any, data: Any, steps: Any) -> Any:
        def step(_: Any, carry: Any) -> Any:
            params, state, _ = carry
            value, gradients = both(params, *data)
            updates, state = optimizer.update(gradients, state, params)
            return optax.apply_updates(params, updates), state, value

        begin = (params, optimizer.init(params), jnp.zeros(()))
        found, _, value = jax.lax.fori_loop(0, steps, step, begin)
        return found, value

    return jax.jit(run)
