"""Functions that a loop or a branch runs, traced once into programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg import tree
from thalweg.autodiff.forward import tangents
from thalweg.autodiff.reverse import captured_by, cotangents
from thalweg.core.apply import run
from thalweg.core.primitive import is_floating
from thalweg.core.program import (
    Equation,
    Program,
    Symbol,
    depending,
    finish,
    made_of,
    remove_dead_code,
    trace,
)
from thalweg.core.spec import DType, Spec
from thalweg.core.tape import set_recording
from thalweg.core.tensor import Tensor, as_tensor, astype, make, variable
from thalweg.errors import ShapeError
from thalweg.ops.creation.creation import zeros_like
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.index.take import take
from thalweg.ops.reduce.extremes import index_of_max
from thalweg.ops.shape.reshape import reshape


@dataclass(frozen=True, eq=False)
class Body:
    """A function as a program of its arguments' leaves, and of what it used beside them.

    Attributes:
        program: Maps (leaves of the arguments, captured) to the leaves of the result.
        captured: The tensors of outer scopes that the function uses.
        result: What the function returned, of traced tensors.
    """

    program: Program
    captured: list[Tensor]
    result: Any


def tensors_of(values: Any) -> list[Tensor]:
    """Return the leaves of a tree as tensors."""
    return [as_tensor(leaf) for leaf in tree.leaves(values)]


def trace_body(
    function: Callable[..., Any],
    arguments: Sequence[Any],
    specs: Sequence[Spec],
    claims: bool = False,
) -> Body:
    """Trace a function of trees.

    Args:
        function: Takes as many trees as there are arguments.
        arguments: Trees, whose leaves give way to traced tensors.
        specs: The specs of these tensors.
        claims: Whether what it computes of outer values alone is the body's own; otherwise that
            is computed ahead, once.
    """
    leaves, definition = tree.flatten(tuple(arguments))
    kinds = [leaf.results if isinstance(leaf, Tensor) else Tensor for leaf in leaves]

    def on_symbols(*symbols: Tensor) -> Any:
        given = [
            make(x.array, None, spec.weak, kind)
            for x, spec, kind in zip(symbols, specs, kinds, strict=True)
        ]
        return function(*tree.unflatten(definition, given))

    result, current, symbols = trace(on_symbols, list(specs), make, claims)
    outputs = [current.lift(x) for x in tensors_of(result)]
    return Body(finish(current, symbols, outputs), captured_by(current), result)


def trace_turn(
    name: str,
    function: Callable[..., Any],
    arguments: Sequence[Any],
    carry: list[Tensor],
    others: Sequence[Spec] = (),
) -> tuple[Body, list[Tensor]]:
    """Trace a function whose leading results take the place of its leading arguments.

    Returns:
        The body, and the first carry: Python numbers take the dtype that the results have.

    Raises:
        ShapeError: If a result has another shape or dtype than what it takes the place of.
    """
    numbers = [x.weak for x in carry]
    while True:
        specs = [Spec(tuple(x.shape), x.dtype, x.weak) for x in carry]
        body = trace_body(function, arguments, [*specs, *others])
        found = [symbol.spec for symbol in body.program.outputs[: len(carry)]]
        fits = [
            astype(x, _wider(x, spec)) if is_number else x
            for x, spec, is_number in zip(carry, found, numbers, strict=True)
        ]
        if all(a.dtype == b.dtype and a.weak == b.weak for a, b in zip(carry, fits, strict=True)):
            break
        carry = fits
    for place, before, after in zip(tree.paths(arguments[0]), specs, found, strict=True):
        if (before.shape, before.dtype) != (after.shape, after.dtype):
            raise ShapeError(
                f"{name}'s function got the carry{place} as {before} and returned it as "
                f"{Spec(after.shape, after.dtype)}; a carry keeps its shape and dtype. Convert "
                "what the function returns, or the first carry, with astype or reshape."
            )
    return body, carry


def _wider(x: Tensor, wanted: Spec) -> DType:
    """Return the dtype of a first carry, a Python number, that is to be replaced by others."""
    if x.weak and not wanted.weak and np.can_cast(x.dtype, wanted.dtype, "same_kind"):
        return wanted.dtype
    return np.promote_types(x.dtype, wanted.dtype)


def require_structure(name: str, found: Any, wanted: Any) -> None:
    """Refuse a tree that is not nested as another.

    Raises:
        ShapeError: If it is not.
    """
    if tree.structure(found) != tree.structure(wanted):
        raise ShapeError(
            f"{name}'s function returned a carry of structure {tree.structure(found)}, but got one "
            f"of {tree.structure(wanted)}. Return what takes its place, with the same nesting and "
            "keys."
        )


def body_of(function: Callable[..., list[Tensor]], specs: Sequence[Spec]) -> Body:
    """Trace a function of tensors, without a history of what it computes."""
    with set_recording(False):
        return trace_body(function, [0.0] * len(specs), specs)


def together(bodies: Sequence[Body], count: int) -> tuple[tuple[Program, ...], list[Tensor]]:
    """Return programs that all take what each of them captured, and that.

    Args:
        bodies: Programs with other inputs behind `count` that they have in common.
        count: The number of these.
    """
    programs = []
    for body in bodies:
        captured = [
            symbol if other is body else Symbol(Spec(symbol.shape, symbol.dtype))
            for other in bodies
            for symbol in other.program.inputs[count:]
        ]
        inputs = (*body.program.inputs[:count], *captured)
        programs.append(Program(inputs, body.program.equations, body.program.outputs))
    return tuple(programs), [tensor for body in bodies for tensor in body.captured]


def floating(values: Sequence[Any]) -> list[int]:
    """Return the numbers of the values that have derivatives."""
    return [i for i, value in enumerate(values) if is_floating(value.dtype)]


def pull_back(
    program: Program, primals: Sequence[Tensor], moving: Mapping[int, Tensor]
) -> tuple[list[Tensor], dict[int, Tensor]]:
    """Return a program's results, and the cotangents of inputs from those of some results.

    Inputs that these results do not depend on have none.
    """
    given = list(primals)
    for i in floating(given):
        given[i] = variable(given[i])
    with set_recording(True):
        found = run(program, given)
    numbers = {node: i for i in floating(given) if (node := given[i].node) is not None}
    pulled = cotangents([(found[i], g) for i, g in moving.items()], list(numbers), False)
    return found, {numbers[node]: cotangent for node, cotangent in pulled.items()}


def push_forward(
    program: Program, primals: Sequence[Tensor], directions: Mapping[int, Tensor]
) -> tuple[list[Tensor], dict[int, Tensor]]:
    """Return a program's results, and the tangents of those that are floating."""
    given = list(primals)
    for i in directions:
        given[i] = variable(given[i])
    with set_recording(True):
        found = run(program, given)
    seeds = {given[i].node: tangent for i, tangent in directions.items()}
    ends = floating(found)
    turned = tangents([found[i] for i in ends], seeds, False)  # type: ignore[arg-type]
    whole = {
        i: zeros_like(found[i]) if tangent is None else tangent
        for i, tangent in zip(ends, turned, strict=True)
    }
    return [x._bare() for x in found], whole


def reached(program: Program, given: Sequence[bool]) -> list[bool]:
    """Tell which outputs depend on some of the inputs."""
    start = [symbol for symbol, told in zip(program.inputs, given, strict=True) if told]
    found = depending(program.equations, start)
    return [symbol in found for symbol in program.outputs]


# What moves elements or spreads them costs more where it is an array of its own.
_MOVING = ("view", "move", "position")


# What is refused for the values of its operands: positions outside, matrices without an inverse.
_REFUSING = ("gather", "scatter", "whole")


def may_refuse(equation: Equation) -> bool:
    """Tell whether an equation may be refused for the values of its operands."""
    return equation.primitive.role in _REFUSING


def of_one_that_is_run(
    tensors: Sequence[Tensor], moved: Sequence[bool], is_run: Tensor, size: int
) -> list[Tensor]:
    """Return operands of a batch, where examples that are not run have those of one that is.

    What is computed for nothing is then refused for no reason of its own.
    """
    if not size:
        return list(tensors)
    place = index_of_max(is_run, 0)
    return [
        where(reshape(is_run, (size, *(1,) * (x.ndim - 1))), x, take(x, place, 0)) if m else x
        for x, m in zip(tensors, moved, strict=True)
    ]


def hoist(body: Body, arguments: int, is_certain: bool) -> Body:
    """Compute ahead of a loop what is the same in every turn of its body.

    Args:
        body: The body.
        arguments: The number of its leading inputs, which change from turn to turn.
        is_certain: Whether there is a turn at all; otherwise what may be refused stays inside.
    """
    program = body.program
    given = program.inputs[arguments:]
    fixed = made_of(program, given, lambda e: not is_certain and may_refuse(e))
    computed = {s for s, equation in fixed.items() if equation.primitive.role not in _MOVING}
    if not computed:
        return body
    # A view of what is computed ahead stays in the body, where it costs nothing.
    inside = tuple(e for e in program.equations if e.output not in computed)
    inside = remove_dead_code(Program(program.inputs, inside, program.outputs)).equations
    read = dict.fromkeys([*(symbol for e in inside for symbol in e.inputs), *program.outputs])
    outer = tuple(symbol for symbol in read if symbol in computed or symbol in given)
    values = run(Program(given, tuple(fixed.values()), outer), body.captured)
    inputs = (*program.inputs[:arguments], *outer)
    return Body(Program(inputs, inside, program.outputs), values, body.result)
