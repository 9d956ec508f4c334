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


class _Flat:
    """A function of trees as one of the tensors in them, which are all that PyTorch transforms.

    Its own trees know no None and no nodes that others registered.

    Args:
        function: The function.
        structure: That of its arguments, a tuple.
        has_aux: Whether it returns something else beside its result.
    """

    results: tree.TreeDef
    _aux: list[Any]
    _of_aux: tree.TreeDef

    def __init__(self, function: Function, structure: tree.TreeDef, has_aux: bool = False) -> None:
        self.function, self.structure, self.has_aux = function, structure, has_aux

    def __call__(self, *leaves: Any) -> Any:
        found = self.function(*tree.unflatten(self.structure, leaves))
        result, aux = found if self.has_aux else (found, None)
        outputs, self.results = tree.flatten(result)
        tensors = tuple(map(torch.as_tensor, outputs))
        if not self.has_aux:
            return tensors
        self._aux, self._of_aux = tree.flatten(aux)
        return tensors, tuple(filter(torch.is_tensor, self._aux))

    def value(self, outputs: Any) -> Any:
        """Return what the function returned, of its tensors."""
        return tree.unflatten(self.results, outputs)

    def aux(self, tensors: Any) -> Any:
        """Return what it returned beside it."""
        rest = iter(tensors)
        leaves = [next(rest) if torch.is_tensor(leaf) else leaf for leaf in self._aux]
        return tree.unflatten(self._of_aux, leaves)


def _of_chosen(
    function: Function, argnums: Any, args: Any, kwargs: Any
) -> tuple[Function, list[Any], tree.TreeDef]:
    """Return a function of some arguments alone, the tensors in these, and their structure."""
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    def of_them(*chosen: Any) -> Any:
        given = list(args)
        for number, value in zip(numbers, chosen, strict=True):
            given[number] = value
        return function(*given, **kwargs)

    return of_them, *_tensors(tuple(args[number] for number in numbers))


def _tensors(arguments: Any) -> tuple[list[Any], tree.TreeDef]:
    """Return the leaves of arguments as tensors, and their structure."""
    leaves, structure = tree.flatten(arguments)
    return list(map(torch.as_tensor, leaves)), structure


def _as_chosen(structure: tree.TreeDef, argnums: Any, leaves: Any) -> Any:
    found = tree.unflatten(structure, leaves)
    return found[0] if isinstance(argnums, int) else found


def _value_and_grad(function: Function, argnums: Any, has_aux: bool) -> Function:
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        of_them, leaves, structure = _of_chosen(function, argnums, args, kwargs)
        flat = _Flat(of_them, structure, has_aux)

        def scalar(*leaves: Any) -> Any:
            found = flat(*leaves)
            return (found[0][0], found[1]) if has_aux else found[0]

        both = torch.func.grad_and_value(scalar, tuple(range(len(leaves))), has_aux)
        gradients, value = both(*leaves)
        if has_aux:
            value = value[0], flat.aux(value[1])
        return value, _as_chosen(structure, argnums, gradients)

    return differentiated


def _vjp(function: Function, *primals: Any, has_aux: bool = False) -> Any:
    leaves, structure = _tensors(primals)
    flat = _Flat(function, structure, has_aux)
    found, pull_back, *extra = torch.func.vjp(flat, *leaves, has_aux=has_aux)

    def pullback(cotangent: Any) -> Any:
        return tree.unflatten(structure, pull_back(tuple(tree.leaves(cotangent))))

    return (flat.value(found), pullback, *map(flat.aux, extra))


def _jvp(function: Function, primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    leaves, structure = _tensors(tuple(primals))
    flat, moving = _Flat(function, structure, has_aux), tuple(_tensors(tuple(tangents))[0])
    value, tangent, *extra = torch.func.jvp(flat, tuple(leaves), moving, has_aux=has_aux)
    return (flat.value(value), flat.value(tangent), *map(flat.aux, extra))


def _linearize(function: Function, *primals: Any) -> Any:
    leaves, structure = _tensors(primals)
    flat = _Flat(function, structure)
    value, push = torch.func.linearize(flat, *leaves)
    return flat.value(value), lambda *tangents: flat.value(push(*tree.leaves(tangents)))


def _jacobian_by(maker: Function) -> Function:
    def jacobian(function: Function, argnums: Any, has_aux: bool) -> Function:
        def differentiated(*args: Any, **kwargs: Any) -> Any:
            of_them, leaves, structure = _of_chosen(function, argnums, args, kwargs)
            flat = _Flat(of_them, structure, has_aux)
            found = maker(flat, tuple(range(len(leaves))), has_aux=has_aux)(*leaves)
            rows = found[0] if has_aux else found
            value = flat.value([_as_chosen(structure, argnums, row) for row in rows])
            return (value, flat.aux(found[1])) if has_aux else value

        return differentiated

    return jacobian


def _vmap(
    function: Function, in_axes: Any, out_axes: Any, randomness: str, chunk_size: int | None
) -> Function:
    vmap: Any = torch.func.vmap
    by_place = tuple(in_axes) if isinstance(in_axes, list) else in_axes

    def batched(*args: Any, **kwargs: Any) -> Any:
        leaves, structure = tree.flatten((args, kwargs))
        axes = (*tree.prefix_leaves(by_place, args), *tree.prefix_leaves(0, kwargs))
        flat = _Flat(lambda args, kwargs: function(*args, **kwargs), structure)
        found = vmap(flat, axes, 0, randomness, chunk_size=chunk_size)(*leaves)
        where = tree.prefix_leaves(out_axes, flat.value(found))
        pairs = zip(found, where, strict=True)
        return flat.value([x[0] if axis is None else x.movedim(0, axis) for x, axis in pairs])

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


def _zeros_like_result(function: Function) -> Function:
    # PyTorch tells no shapes beforehand.
    return lambda *args: tree.map(torch.zeros_like, function(*args))


FUNCTIONS: dict[str, Function] = {
    "associative_scan": _associative_scan,
    "checkpoint": _checkpoint,
    "cond": _cond,
    "fori_loop": _fori_loop,
    "jacfwd": _jacobian_by(torch.func.jacfwd),
    "jacobian": _jacobian_by(torch.func.jacrev),
    "jit": lambda function: function,
    "jvp": _jvp,
    "linearize": _linearize,
    "map": _map,
    "scan": _scan,
    "switch": _switch,
    "value_and_grad": _value_and_grad,
    "vjp": _vjp,
    "vmap": _vmap,
    "while_loop": _while_loop,
    "zeros_like_result": _zeros_like_result,
}
