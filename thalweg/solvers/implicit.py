"""Implicit differentiation: a solution as a function of what its equation depends on.

Where F(x, a) = 0 says which x(a) solves a problem, its derivatives follow from that equation alone,
however the solution was found:

    dx = -(∂F/∂x)⁻¹ ∂F/∂a da

so a solver's loops are never differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from thalweg import tree
from thalweg.autodiff.functional import jvp, vjp
from thalweg.autodiff.jacobians import jacfwd
from thalweg.autodiff.transformed import Transformed
from thalweg.control.body import Body, tensors_of, trace_body
from thalweg.control.conditional import while_loop
from thalweg.control.custom import Rule, ruled
from thalweg.core.apply import run
from thalweg.core.primitive import is_floating
from thalweg.core.program import Program
from thalweg.core.spec import Spec
from thalweg.core.tape import is_recorded
from thalweg.core.tensor import Tensor, make
from thalweg.engines.fingerprint import Fingerprint
from thalweg.ops.creation.creation import asarray, zeros_like
from thalweg.ops.creation.dtypes import finfo
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.linalg.matrices import matrix_transpose, solve
from thalweg.ops.linalg.products import dot
from thalweg.solvers.arguments import Dynamic, split_arguments, whole_arguments
from thalweg.solvers.function import Vector

Function = Callable[..., Any]

# With more variables than this, no matrix of derivatives is made.
_DENSE = 1000

# Maps a solution, as a vector, and what it depends on to a vector that is zero.
Equation = Callable[[Vector, Dynamic], Vector]


def bare(values: Any) -> Any:
    """Return a tree without the histories of its tensors."""

    def still(leaf: Any) -> Any:
        if isinstance(leaf, Tensor) and leaf.node is not None:
            return make(leaf.array, None, leaf.weak, leaf.results)
        return leaf

    return tree.map(still, values)


def solution(x: Vector, equation: Equation, dynamic: Dynamic, symmetric: bool = False) -> Vector:
    """Return a solution with its derivatives with respect to what its equation depends on.

    With many variables the matrix ∂F/∂x is not made: the linear equations are solved by conjugate
    gradients. Then there are first derivatives in both modes, and forward ones of these; where
    conjugate gradients do not converge, derivatives are NaN.

    Args:
        x: The solution.
        equation: What is zero there; its matrix of derivatives with respect to x is regular.
        dynamic: What the equation depends on beside it.
        symmetric: Whether that matrix is symmetric and positive definite.
    """
    leaves, definition = tree.flatten(dynamic)
    given = tensors_of(leaves)
    if not any(map(is_recorded, given)):
        return x
    moved = [i for i, leaf in enumerate(given) if is_floating(leaf.dtype)]

    def at(x: Vector, arguments: Sequence[Tensor]) -> Callable[..., Vector]:
        """Return the equation as a function of the arguments that can move."""

        def of_moving(*moving: Tensor) -> Vector:
            whole = list(arguments)
            for i, leaf in zip(moved, moving, strict=True):
                whole[i] = leaf
            return equation(x, tree.unflatten(definition, whole))

        return of_moving

    def of_x(arguments: Sequence[Tensor]) -> Callable[[Vector], Vector]:
        known = tree.unflatten(definition, list(arguments))
        return lambda x: equation(x, known)

    def pull_back(
        arguments: list[Tensor], results: list[Tensor], _: list[Tensor], g: list[Tensor]
    ) -> list[Tensor | None]:
        (x,), (cotangent,) = results, g
        turned = _solved(of_x(arguments), x, cotangent, True, symmetric)
        back = vjp(at(x, arguments), *(arguments[i] for i in moved))[1]
        found = dict(zip(moved, back(-turned), strict=True))
        return [found.get(i) for i in range(len(arguments))]

    def push_forward(
        arguments: list[Tensor], results: list[Tensor], directions: list[Tensor]
    ) -> list[Tensor]:
        (x,) = results
        primals, tangents = ([of[i] for i in moved] for of in (arguments, directions))
        along = jvp(at(x, arguments), primals, tangents)[1]
        return [_solved(of_x(arguments), x, -along, False, symmetric)]

    found: Vector = ruled([x], given, [], Rule(1, len(given), pull_back, push_forward))[0]
    return found


def _solved(
    function: Callable[[Vector], Vector], x: Vector, b: Vector, transposed: bool, symmetric: bool
) -> Vector:
    """Return the t with J t = b, or Jᵀ t = b, of a function's matrix of derivatives J."""
    if x.shape[0] <= _DENSE:
        matrix = jacfwd(function)(x)
        return solve(matrix_transpose(matrix) if transposed else matrix, b)

    def forward(v: Vector) -> Vector:
        found: Vector = jvp(function, (x,), (v,))[1]
        return found

    def backward(v: Vector) -> Vector:
        found: Vector = vjp(function, x)[1](v)[0]
        return found

    if symmetric:
        return _by_conjugate_gradients(forward, b)
    first, then = (backward, forward) if transposed else (forward, backward)
    return _by_conjugate_gradients(lambda v: then(first(v)), then(b))


class _Gradients(NamedTuple):
    found: Vector
    left: Vector
    direction: Vector
    square: Tensor
    turns: Tensor


def _by_conjugate_gradients(product: Callable[[Vector], Vector], b: Vector) -> Vector:
    """Return the t with A t = b of a positive definite A, or NaN where that is not found."""
    whole = dot(b, b)

    def turn(old: _Gradients) -> _Gradients:
        along = product(old.direction)
        length = old.square / dot(old.direction, along)
        left = old.left - length * along
        square = dot(left, left)
        direction = left + square / old.square * old.direction
        found = old.found + length * old.direction
        return _Gradients(found, left, direction, square, old.turns + 1)

    least = finfo(b.dtype).eps ** 1.5
    last: _Gradients = while_loop(
        lambda g: (g.square > least * whole) & (g.turns < 10 * b.shape[0]),
        turn,
        _Gradients(zeros_like(b), b, b, whole, asarray(0)),
    )
    near = last.square <= finfo(b.dtype).eps ** 0.75 * whole
    return where(near, last.found, float("nan"))


# ---- what functions refer to


def close(
    functions: Sequence[Any], fronts: Sequence[tuple[Any, ...]], args: tuple[Any, ...]
) -> tuple[list[Any], tuple[Any, ...]]:
    """Return functions that refer to no moving tensor, and the arguments they take instead.

    Args:
        functions: The user's, each called with trees of arrays and the arguments behind them; what
            is no function is returned as it is.
        fronts: For each such trees.
        args: The arguments.

    Returns:
        The same functions and arguments, if nothing that they refer to can move; else functions
        of more arguments, and these: the tensors of outer scopes that the functions use.
    """
    if Fingerprint(tuple(functions)).key is not None:
        return list(functions), args
    bodies = [
        _body(function, front, args) if callable(function) else None
        for function, front in zip(functions, fronts, strict=True)
    ]
    if not any(is_recorded(x) for body in bodies if body is not None for x in body.captured):
        return list(functions), args
    captured: list[Tensor] = []
    closed = []
    for function, front, body in zip(functions, fronts, bodies, strict=True):
        if body is None:
            closed.append(function)
            continue
        part = slice(len(captured), len(captured) + len(body.captured))
        captured += body.captured
        closed.append(_running(body, len(front), len(args), part))
    return closed, (*args, *captured)


def _body(function: Function, front: tuple[Any, ...], args: tuple[Any, ...]) -> Body:
    dynamic, statics = split_arguments(args)
    given = [bare(front), bare(dynamic)]
    # Variables are parts of a vector, which is never weak.
    specs = [Spec(tuple(x.shape), x.dtype) for x in tensors_of(front)]
    specs += [Spec(tuple(x.shape), x.dtype, x.weak) for x in tensors_of(dynamic)]
    return trace_body(
        lambda front, dynamic: function(*front, *whole_arguments(dynamic, statics)), given, specs
    )


def _running(body: Body, fronts: int, count: int, part: slice) -> Transformed:
    """Return a function that runs a program, with a part of its last arguments as those captured.

    Its program's text is what it is known by.
    """
    program, structure = body.program, tree.structure(body.result)

    def function(*given: Any) -> Any:
        front, args, captured = (
            given[:fronts],
            given[fronts : fronts + count],
            given[fronts + count :],
        )
        inputs = tensors_of((front, split_arguments(args)[0], captured[part]))
        return tree.unflatten(structure, run(program, inputs))

    text = text_of(program)
    known = object() if text is None else (text, str(structure), part.start, part.stop)
    return Transformed(function, close, known)


def text_of(program: Program) -> str | None:
    """Return a program as text, if another one of that text computes the same, derivatives too."""
    return str(program) if _is_told(program) else None


def _is_told(value: Any) -> bool:
    if isinstance(value, Program):
        return all(_is_told(x) for e in value.equations for x in e.params.values())
    if isinstance(value, (tuple, list)):
        return all(map(_is_told, value))
    plain = (bool, int, float, complex, str, slice, np.dtype, np.generic, Spec, type(None))
    return isinstance(value, plain)
