"""What controls, differentiates and batches functions of JAX's arrays, by thalweg's names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

Function = Callable[..., Any]


def _cond(pred: Any, true_fun: Function, false_fun: Function, *operands: Any) -> Any:
    return lax.cond(jnp.asarray(pred) != 0, true_fun, false_fun, *operands)


def _switch(index: Any, branches: Sequence[Function], *operands: Any) -> Any:
    return lax.switch(jnp.asarray(index).astype(jnp.int32), branches, *operands)


def _vmap(
    function: Function, in_axes: Any, out_axes: Any, randomness: str, chunk_size: int | None
) -> Function:
    batched: Function = jax.vmap(function, in_axes, out_axes)
    return batched


def _jacobian(function: Function, argnums: Any, has_aux: bool) -> Any:
    return jax.jacrev(function, argnums, has_aux=has_aux)


def _jacfwd(function: Function, argnums: Any, has_aux: bool) -> Any:
    return jax.jacfwd(function, argnums, has_aux=has_aux)


def _custom_vjp(function: Function, fixed: Any, fwd: Function, bwd: Function) -> Any:
    made = jax.custom_vjp(function, nondiff_argnums=fixed)
    made.defvjp(fwd, bwd)
    return made


def _custom_jvp(function: Function, fixed: Any, rule: Function) -> Any:
    made = jax.custom_jvp(function, nondiff_argnums=fixed)
    made.defjvp(rule)
    return made


def _zeros_like_result(function: Function) -> Function:
    def zeros(*args: Any) -> Any:
        return jax.tree.map(jnp.zeros_like, jax.eval_shape(function, *args))

    return zeros


FUNCTIONS: dict[str, Function] = {
    "associative_scan": lax.associative_scan,
    "checkpoint": jax.checkpoint,
    "cond": _cond,
    "custom_jvp": _custom_jvp,
    "custom_vjp": _custom_vjp,
    "fori_loop": lax.fori_loop,
    "jacfwd": _jacfwd,
    "jacobian": _jacobian,
    "jit": lambda function: function,
    "jvp": jax.jvp,
    "linearize": jax.linearize,
    "map": lax.map,
    "scan": lax.scan,
    "switch": _switch,
    "value_and_grad": jax.value_and_grad,
    "vjp": jax.vjp,
    "vmap": _vmap,
    "while_loop": lax.while_loop,
    "zeros_like_result": _zeros_like_result,
}
