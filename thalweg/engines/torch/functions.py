"""What controls, differentiates and batches functions of PyTorch's tensors, by thalweg's names.

Loops and branches are Python's, as PyTorch's users write them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint

from thalweg import tree

Function = Callable[..., Any]


def _value_and_grad(function: Function, argnums: Any, has_aux: bool) -> Function:
    both = torch.func.grad_and_value(function, argnums, has_aux)

    def differentiated(*args: Any, **kwargs: Any) -> Any:
        gradient, value = both(*args, **kwargs)
        return value, gradient

    return differentiated


def _vjp(function: Function, *primals: Any, has_aux: bool = False) -> Any:
    value, pull_back, *extra = torch.func.vjp(function, *primals, has_aux=has_aux)

    def pullback(cotangent: Any) -> Any:
        found = pull_back(cotangent)
        return found if len(primals) > 1 else (found[0] if isinstance(found, tuple) else found,)

    return (value, pullback, *extra)


def _vmap(
    function: Function, in_axes: Any, out_axes: Any, randomness: str, chunk_size: int | None
) -> Function:
    vmap: Any = torch.func.vmap
    batched: Function = vmap(function, in_axes, out_axes, randomness, chunk_size=chunk_size)
    return batched


def _cond(pred: Any, true_fun: Function, false_fun: Function, *operands: Any) -> Any:
    return (true_fun if bool(pred) else false_fun)(*operands)


def _switch(index: Any, branches: Sequence[Function], *operands: Any) -> Any:
    return branches[min(max(int(index), 0), len(branches) - 1)](*operands)


def _while_loop(cond_fun: Function, body_fun: Function, init_val: Any) -> Any:
    value = init_val
    while bool(cond_fun(value)):
        value = body_fun(value)
    return value


def _fori_loop(lower: Any, upper: Any, body_fun: Function, init_val: Any) -> Any:
    value = init_val
    for number in range(int(lower), int(upper)):
        value = body_fun(number, value)
    return value


def _stacked(rows: Sequence[Any]) -> Any:
    return tree.map(lambda *parts: torch.stack(list(map(torch.as_tensor, parts))), *rows)


def _scan(
    f: Function,
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int = 1,
) -> Any:
    arrays = tree.leaves(xs)
    turns = len(arrays[0]) if arrays else length or 0
    carry, found = init, []
    for i in reversed(range(turns)) if reverse else range(turns):
        carry, y = f(carry, tree.map(lambda x, i=i: x[i], xs))
        found.append(y)
    return carry, _stacked(found[::-1] if reverse else found) if found else None


def _map(f: Function, xs: Any, *, batch_size: int | None = None) -> Any:
    return _scan(lambda _, x: (None, f(x)), None, xs)[1]


def _associative_scan(fn: Function, elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    count = tree.leaves(elems)[0].shape[axis]

    def row(i: int) -> Any:
        return tree.map(lambda x: x.narrow(axis, i, 1), elems)

    order = range(count)[::-1] if reverse else range(count)
    found: list[Any] = []
    for i in order:
        found.append(fn(found[-1], row(i)) if found else row(i))
    if not found:
        return elems
    return tree.map(lambda *rows: torch.cat(rows, axis), *(found[::-1] if reverse else found))


def _checkpoint(function: Function) -> Function:
    return lambda *args: checkpoint(function, *args, use_reentrant=False)


def _jacobian(function: Function, argnums: Any, has_aux: bool) -> Any:
    return torch.func.jacrev(function, argnums, has_aux=has_aux)


def _jacfwd(function: Function, argnums: Any, has_aux: bool) -> Any:
    return torch.func.jacfwd(function, argnums, has_aux=has_aux)


FUNCTIONS: dict[str, Function] = {
    "associative_scan": _associative_scan,
    "checkpoint": _checkpoint,
    "cond": _cond,
    "fori_loop": _fori_loop,
    "jacfwd": _jacfwd,
    "jacobian": _jacobian,
    "jit": lambda function: function,
    "jvp": torch.func.jvp,
    "linearize": torch.func.linearize,
    "map": _map,
    "scan": _scan,
    "switch": _switch,
    "value_and_grad": _value_and_grad,
    "vjp": _vjp,
    "vmap": _vmap,
    "while_loop": _while_loop,
}
