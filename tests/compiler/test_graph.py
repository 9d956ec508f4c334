"""Programs as graphs: uses, and where each equation reads its operands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.compiler.plans import traced
from tests.compiler.programs import program_of, spec
from tests.samples import samples
from thalweg.compiler.kernels import graph as graphs
from thalweg.compiler.kernels.affine import ZERO, Affine, Index, axis_variables
from thalweg.compiler.kernels.graph import Graph, reads
from thalweg.core.primitive import PRIMITIVES
from thalweg.core.program import Equation, Symbol
from thalweg.core.tensor import as_tensor
from thalweg.engines.llvm.kernels.guards import offsets, padding


def equation_of(name: str, row: Any) -> Equation:
    primitive = PRIMITIVES[name]
    inputs = tuple(Symbol(as_tensor(operand).spec) for operand in row.operands)
    output = Symbol(primitive.spec(*(s.spec for s in inputs), **row.params))
    return Equation(primitive, inputs, row.params, output)


def evaluate(index: Index, place: tuple[int, ...]) -> tuple[int, ...]:
    """Return an index, made of the axes' variables, at one place."""
    return tuple(at.constant + sum(c * place[var.number] for var, c in at.terms) for at in index)


def operand_indices(equation: Equation, index: Index, held: Affine = ZERO) -> list[Index]:
    """Return where operands are read, known places all, where an index array holds a position."""
    found = reads(equation, index, lambda *_: held)
    return [at for at in found if at is not None]


MOVING = ("transpose", "slice_", "flip", "broadcast_to")
POINTWISE = ("astype", "stop_gradient", "add", "where", "negative")


@pytest.mark.parametrize("name", [*MOVING, *POINTWISE])
def test_an_element_is_computed_from_the_elements_named(name: str) -> None:
    for row in samples(name):
        if not row.smooth:
            continue
        equation = equation_of(name, row)
        operands = [np.asarray(operand) for operand in row.operands]
        wanted = np.asarray(equation.primitive.meaning(*operands, **row.params))
        index = axis_variables(equation.output.shape)
        places = operand_indices(equation, index)
        for place in np.ndindex(wanted.shape):
            values = [x[evaluate(at, place)] for x, at in zip(operands, places, strict=True)]
            if name in POINTWISE:
                values = [equation.primitive.meaning(*values, **row.params)]
            assert values == [wanted[place]]


@pytest.mark.parametrize("name", ["take", "take_along_axis"])
def test_a_gather_reads_where_its_indices_say(name: str) -> None:
    for row in samples(name):
        equation = equation_of(name, row)
        x, indices = (np.asarray(operand) for operand in row.operands)
        wanted = equation.primitive.meaning(x, indices, **row.params)
        index = axis_variables(equation.output.shape)
        for place in np.ndindex(wanted.shape):
            _, asked = operand_indices(equation, index)
            held = int(indices[evaluate(asked, place)])
            at, _ = operand_indices(equation, index, Affine(held))
            assert x[evaluate(at, place)] == wanted[place]


def test_a_reshape_that_only_moves_axes_of_extent_1_is_a_view() -> None:
    def views(x: Any) -> Any:
        return np.reshape(x, (1, 3, 4)), np.reshape(x, (3, 1, 4, 1)), np.reshape(x, (4, 3))

    program = program_of(views, spec(3, 4))
    assert [graphs.is_flat(e) for e in program.equations] == [False, False, True]
    x = np.arange(12.0).reshape(3, 4)
    for equation, shape in zip(program.equations[:2], ((1, 3, 4), (3, 1, 4, 1)), strict=True):
        (index,) = operand_indices(equation, axis_variables(shape))
        for place in np.ndindex(shape):
            assert x[evaluate(index, place)] == x.reshape(shape)[place]


def test_padding_and_joining_are_placed_by_their_shifts() -> None:
    (equation,) = program_of(lambda x: np.pad(x, ((1, 2), (0, 3))), spec(4, 5)).equations
    (row, n, _), (column, m, gap) = padding(equation, axis_variables((7, 8)))
    assert (row.constant, n, column.constant, m, gap) == (-1, 4, 0, 5, 1)
    (joined,) = program_of(lambda x, y: np.concatenate((x, y, x)), spec(4), spec(2)).equations
    assert offsets(joined) == [0, 4, 6]


def test_products_and_reductions_read_along_their_inner_axes() -> None:
    (product,) = program_of(lambda a, b: a @ b, spec(2, 3, 4), spec(2, 4, 5)).equations
    index = axis_variables((2, 3, 5))
    left, right = operand_indices(product, (*index, Affine(7)))
    assert left == (index[0], index[1], Affine(7))
    assert right == (index[0], Affine(7), index[2])
    (total,) = program_of(lambda a: np.sum(a, (0, 2)), spec(2, 3, 4)).equations
    assert graphs.reduced_axes(total) == (0, 2)
    at = graphs.reduced_index(total, axis_variables((3,)), {0: Affine(8), 2: Affine(9)})
    assert at == (Affine(8), axis_variables((3,))[0], Affine(9))
    (extreme,) = program_of(lambda a: np.argmax(a, 1), spec(2, 3)).equations
    assert graphs.reduced_axes(extreme) == (1,)


def test_users_and_producers_are_known() -> None:
    program = traced(lambda x, y: (np.sin(x) * y, np.sin(x) + np.sin(x) * 2.0), (3,), (3,))
    graph = Graph(program)
    x, y = program.inputs
    sine = program.equations[0].output
    assert graph.is_leaf(x)
    assert not graph.is_leaf(sine)
    assert graph.producer[sine].primitive.name == "sin"
    assert [e.primitive.name for e in graph.users[x]] == ["sin"]
    assert len(graph.users[sine]) >= 2
    assert [e.output for e in graph.users[y]] == [program.outputs[0]]
