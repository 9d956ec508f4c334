"""Branches: one of several functions is run, which a value chooses."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from thalweg import tree
from thalweg.autodiff.batching import evaluate_batch
from thalweg.control.body import (
    Body,
    body_of,
    floating,
    may_refuse,
    of_one_that_is_run,
    pull_back,
    push_forward,
    tensors_of,
    together,
    trace_body,
)
from thalweg.core.apply import Flags, Operands, Params, apply
from thalweg.core.primitive import general
from thalweg.core.program import Program, evaluate, meant
from thalweg.core.spec import Array, Bundle, Spec, pack
from thalweg.core.tape import PartDerivatives
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.control.bundle import packed, parts
from thalweg.ops.creation.creation import zeros, zeros_like
from thalweg.ops.elementwise.comparison import maximum, minimum, where
from thalweg.ops.numpy.kinds import same_kind
from thalweg.ops.numpy.libraries import in_its_library, in_library
from thalweg.ops.reduce.extremes import reduce_max
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.reshape import reshape

__all__ = ["checkpoint", "cond", "switch"]


@general(
    lambda index, *specs, branches: Bundle.of(
        Spec(symbol.shape, symbol.dtype) for symbol in branches[0].outputs
    ),
    variadic=lambda g, out, index, *inputs, branches: _pulled_back(g, index, inputs, branches),
    forward=lambda moving, out, *inputs, branches: _pushed_forward(moving, inputs, branches),
    strong=True,
    role="whole",
    work=lambda *specs, **params: 1,
    batch=lambda primitive, size, *given: _batched(size, *given),
)
def chosen_branch(index: Array, *operands: Array, branches: tuple[Program, ...]) -> Array:
    """Run the program of a number, which is taken to be of the nearest one there is."""
    number = min(max(int(index), 0), len(branches) - 1)
    return pack(np.array(value) for value in evaluate(branches[number], list(operands), meant))


@in_its_library
@same_kind
def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """Run one of several functions.

    Args:
        index: An integer scalar, the function's number; the nearest one there is is taken.
        branches: Functions of the operands, whose results have one structure, shapes and dtypes.
            All of them are traced, one is run.
        operands: Trees of arrays.

    Raises:
        ArgumentError: If there are no functions, or the index is no integer scalar.
        ShapeError: If their results differ in structure, shape or dtype.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.switch(1, [np.sin, np.square, np.exp], 3.0)
        np.float64(9.0)
    """
    number = as_tensor(index)
    if number.shape != () or number.dtype.kind not in "iub":
        raise ArgumentError(
            f"switch got an index of dtype {number.dtype} and shape {tuple(number.shape)}; it "
            "wants an integer scalar."
        )
    if number.dtype == np.uint64:
        number = minimum(number, max(len(branches) - 1, 0))
    if number.dtype not in (np.int32, np.int64):
        number = astype(number, np.int64)
    return _choose("switch", number, tuple(branches), operands)


@in_its_library
@same_kind
def cond(
    pred: Any, true_fun: Callable[..., Any], false_fun: Callable[..., Any], *operands: Any
) -> Any:
    """Run one of two functions.

    Args:
        pred: A scalar: whether to run the first.
        true_fun: A function of the operands.
        false_fun: Another one, whose result has the same structure, shapes and dtypes. Both are
            traced, one is run.
        operands: Trees of arrays.

    Raises:
        ArgumentError: If `pred` is no scalar.
        ShapeError: If the results differ in structure, shape or dtype.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.cond(np.bool_(True), lambda x: 2 * x, lambda x: x - 1, 3.0)
        np.float64(6.0)
    """
    holds = as_tensor(pred)
    if holds.shape != ():
        raise ArgumentError(
            f"cond got a condition of shape {tuple(holds.shape)}; it wants a scalar. Reduce it "
            "with np.any or np.all, or choose element by element with np.where."
        )
    number = astype(holds if holds.dtype.kind == "b" else holds != 0, np.int32)
    return _choose("cond", number, (false_fun, true_fun), operands)


def checkpoint(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same function, of which a derivative keeps nothing but the arguments.

    What its derivative needs is computed again when it is wanted: less memory, more time. Inside
    of a `scan` it says what is not to be kept of each turn.

    Args:
        function: Maps trees of arrays to a tree of arrays.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.grad(tw.checkpoint(lambda x: np.sum(np.sin(np.sin(x)))))(np.zeros(2))
        array([1., 1.])
    """

    @functools.wraps(function)
    def recomputed(*operands: Any) -> Any:
        return _choose("checkpoint", as_tensor(np.int32(0)), (function,), operands)

    return in_library("checkpoint", same_kind(recomputed), function)


def _choose(
    name: str, number: Tensor, branches: tuple[Callable[..., Any], ...], operands: tuple[Any, ...]
) -> Any:
    if not branches:
        raise ArgumentError(f"{name} got no functions to choose from; give at least one.")
    given = tensors_of(operands)
    specs = [Spec(tuple(x.shape), x.dtype) for x in given]
    # What only one branch computes is computed in it alone.
    bodies = [trace_body(branch, operands, specs, claims=True) for branch in branches]
    wanted = bodies[0]
    for i, body in enumerate(bodies[1:], start=1):
        _require_like(name, i, body, wanted)
    found = _apply(number, given, bodies)
    return tree.unflatten(tree.structure(wanted.result), found)


def _require_like(name: str, number: int, body: Body, wanted: Body) -> None:
    mine, first = tree.structure(body.result), tree.structure(wanted.result)
    if mine != first:
        raise ShapeError(
            f"{name}'s function {number} returned {mine}, and the first one {first}; give results "
            "the same nesting and keys."
        )
    for got, like in zip(body.program.outputs, wanted.program.outputs, strict=True):
        if (got.shape, got.dtype) != (like.shape, like.dtype):
            raise ShapeError(
                f"{name}'s function {number} returned {got.spec}, where the first one returned "
                f"{like.spec}; give results the same shapes and dtypes, with reshape and astype."
            )


def _apply(number: Tensor, operands: Sequence[Tensor], bodies: Sequence[Body]) -> list[Tensor]:
    branches, captured = together(bodies, len(operands))
    found = apply(chosen_branch, (number, *operands, *captured), {"branches": branches})
    return parts(found, range(len(branches[0].outputs)))


def _pulled_back(
    g: PartDerivatives, index: Tensor, inputs: Operands, branches: tuple[Program, ...]
) -> Iterator[Tensor | None]:
    given, floats = sorted(g), floating(inputs)
    bodies = _backward(branches, tuple(given), tuple(floats))
    found = _apply(index, [*inputs, *(g[number] for number in given)], bodies)
    pulled = dict(zip(floats, found, strict=True))
    yield None
    yield from (pulled.get(i) for i in range(len(inputs)))


@functools.lru_cache(maxsize=256)
def _backward(
    branches: tuple[Program, ...], given: tuple[int, ...], floats: tuple[int, ...]
) -> list[Body]:
    """Return the derivatives of branches: they map (operands, cotangents) to cotangents."""
    inputs = [symbol.spec for symbol in branches[0].inputs]
    specs = [*inputs, *(branches[0].outputs[number].spec for number in given)]

    def derivative(branch: Program, *tensors: Tensor) -> list[Tensor]:
        operands, moving = tensors[: len(inputs)], tensors[len(inputs) :]
        pulled = pull_back(branch, operands, dict(zip(given, moving, strict=True)))[1]
        return [pulled[i] if i in pulled else zeros_like(operands[i]) for i in floats]

    return [body_of(functools.partial(derivative, branch), specs) for branch in branches]


def _pushed_forward(
    moving: Sequence[Tensor | None], inputs: Operands, branches: tuple[Program, ...]
) -> PartDerivatives:
    given = [i for i, tangent in enumerate(moving[1:]) if tangent is not None]
    operands = [*inputs[1:], *(t for t in moving[1:] if t is not None)]
    count, ends = len(inputs) - 1, floating(branches[0].outputs)

    def turn(branch: Program, *tensors: Tensor) -> list[Tensor]:
        directions = dict(zip(given, tensors[count:], strict=True))
        turned = push_forward(branch, tensors[:count], directions)[1]
        return [turned[i] for i in ends]

    specs = [Spec(tuple(x.shape), x.dtype) for x in operands]
    bodies = [body_of(functools.partial(turn, branch), specs) for branch in branches]
    found = _apply(inputs[0], operands, bodies)
    return PartDerivatives(zip(ends, found, strict=True))


def _batched(size: int, operands: Operands, flags: Flags, params: Params) -> Tensor:
    """Run the branches on all examples; where these choose differently, run all branches."""
    (index, *inputs), (apart, *moved), branches = operands, flags, params["branches"]

    def all_examples(branch: Program, *tensors: Tensor) -> list[Tensor]:
        found = evaluate_batch(branch, list(zip(tensors, moved, strict=True)), size)
        return [x if flag else broadcast_to(x, (size, *x.shape)) for x, flag in found]

    if not apart:
        specs = [Spec(tuple(x.shape), x.dtype) for x in inputs]
        bodies = [body_of(functools.partial(all_examples, b), specs) for b in branches]
        return apply(packed, tuple(_apply(index, inputs, bodies)), {})
    number = minimum(maximum(index, 0), len(branches) - 1)

    def found(i: int, branch: Program) -> list[Tensor]:
        if not size or not any(map(may_refuse, branch.equations)):
            return all_examples(branch, *inputs)
        chosen = number == i

        def of_those(*tensors: Tensor) -> list[Tensor]:
            given = of_one_that_is_run(tensors[1:], moved, tensors[0], size)
            return all_examples(branch, *given)

        specs = [Spec(tuple(x.shape), x.dtype) for x in (chosen, *inputs)]
        ends = [Spec((size, *symbol.shape), symbol.dtype) for symbol in branch.outputs]
        bodies = [
            body_of(lambda *_: [zeros(end.shape, dtype=end.dtype) for end in ends], specs),
            body_of(of_those, specs),
        ]
        is_any = astype(reduce_max(chosen, (0,)), np.int32)
        return _apply(is_any, [chosen, *inputs], bodies)

    results = found(0, branches[0])
    for i, branch in enumerate(branches[1:], start=1):
        results = [
            where(reshape(number, (size, *(1,) * (x.ndim - 1))) == i, other, x)
            for x, other in zip(results, found(i, branch), strict=True)
        ]
    return apply(packed, tuple(results), {})
