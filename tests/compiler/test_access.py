"""Where kept values read others: indices, strides, gathers told apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.compiler.plans import plan_of, traced
from tests.compiler.programs import spec
from thalweg.compiler.kernels.affine import Affine, Var, of
from thalweg.compiler.kernels.graph import Access, Accesses, Graph, domain_index, is_inner

INDICES = spec(8, dtype=np.int64)


def reads(function: Any, *shapes: Any) -> tuple[Any, list[Access]]:
    """Return a plan's inputs and what its first output reads."""
    plan = plan_of(function, *shapes)
    program = plan.graph.program
    return program.inputs, plan.accesses.of(program.outputs[0])


def test_axes_of_extent_1_have_no_loop() -> None:
    assert domain_index((3, 1, 4)) == (of(Var(0, 3)), Affine(0), of(Var(1, 4)))


def test_an_elementwise_value_reads_its_own_place() -> None:
    (x, y), found = reads(lambda x, y: x * y + x, (3, 4), (4,))
    own = domain_index((3, 4))
    assert found == [Access(x, own), Access(y, own[1:])]


def test_a_number_is_no_read() -> None:
    _, found = reads(lambda x: np.where(x > 0, x, 0.0) * 2.0, (3,))
    assert len(found) == 1


def test_slices_flips_and_transposes_move_the_place() -> None:
    (x,), found = reads(lambda x: np.exp(x[1::2, ::-1].T), (9, 4))
    row, column = domain_index((4, 4))
    assert found == [Access(x, (column * 2 + 1, row * -1 + 3))]


def test_a_sum_runs_along_inner_variables() -> None:
    (x,), ((symbol, index),) = (lambda found: (found[0], [(a.symbol, a.index) for a in found[1]]))(
        reads(lambda x: np.sum(x * 2.0, 1), (3, 4))
    )
    assert symbol is x
    assert index[0] == domain_index((3,))[0]
    ((variable, coefficient),) = index[1].terms
    assert is_inner(variable)
    assert (variable.extent, coefficient) == (4, 1)


def test_what_is_not_affine_is_said_to_be_unknown() -> None:
    for function in (
        lambda x: np.concatenate((x, x)) * 2.0,
        lambda x: np.reshape(x[:8], (2, 4)) * 2.0,
        lambda x: np.cumsum(x),
    ):
        _, found = reads(function, (9,))
        assert [access.index for access in found if access.index is not None] == []


def test_rows_chosen_by_one_index_are_the_same_and_by_two_are_not() -> None:
    def chosen(x: Any, i: Any, j: Any) -> Any:
        return x[i] * x[i] + x[j]

    (x, i, j), found = reads(chosen, (9, 4), INDICES, INDICES)
    rows = [access.index[0] for access in found if access.symbol is x]
    assert len(set(rows)) == 2
    assert {access.symbol for access in found} == {x, i, j}
    assert not any(is_inner(var) for row in rows for var, _ in row.terms)


def test_neighbours_are_told_by_every_array_behind() -> None:
    def unit(function: Any, axis: int, *shapes: Any) -> bool:
        graph = Graph(traced(function, *shapes))
        return Accesses(graph, set()).unit_stride(graph.program.outputs[0], axis)

    assert unit(lambda x: x * 2.0, 1, (3, 4))
    assert not unit(lambda x: x * 2.0, 0, (3, 4))
    assert unit(lambda x: x.T * 2.0, 0, (3, 4))
    assert not unit(lambda x: x[:, ::-1] * 2.0, 1, (3, 4))
    assert not unit(lambda x, y: x.T + y, 0, (3, 4), (4, 3))
    assert unit(lambda x, y: x + y[:, None], 1, (3, 4), (3,))
    assert unit(lambda x, i: x[i] * 2.0, 1, (9, 4), INDICES)
    assert not unit(lambda x, i: x[i] * 2.0, 0, (9, 4), INDICES)
    assert not unit(lambda x, i: x[i] * 2.0, 0, (9, 1), INDICES)
    assert not unit(lambda x: np.concatenate((x, x), 1) * 2.0, 1, (3, 4))
