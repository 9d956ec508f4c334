"""What nobody reads of a loop goes; what is left computes the same bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import primitives, program_of, run, spec
from thalweg.compiler.rewrites.loops import remove_idle_values
from thalweg.core.program import Equation, Program

Y = np.random.default_rng(0).normal(size=20)
P = np.array([0.1, 0.5, 0.2])


def loops(program: Program) -> list[Equation]:
    return [e for e in program.equations if e.primitive.name == "counted_loop"]


def carried(program: Program) -> list[tuple[int, int, int]]:
    """Return how many values loops carry over, take row by row, and return."""
    return [
        (e.params["carries"], e.params["stacked"], len(e.params["body"].outputs))
        for e in loops(program)
    ]


def lagged(p: Any, y: Any) -> Any:
    """Carry over a sum, the two rows before, a number that nobody reads, and one that stays."""

    def turn(carry: Any, row: Any) -> Any:
        total, before, older, idle, fixed = carry
        e = row - p[0] * fixed - p[1] * before - p[2] * older
        return (total + e * e, row, before, idle + e, fixed), np.sin(e)

    return tw.scan(turn, (0.0, y[1], y[0], 1.0, p[0]), y[2:])


def nested(p: Any, y: Any) -> Any:
    def outer(carry: Any, row: Any) -> Any:
        (total, idle), _ = tw.scan(
            lambda c, x: ((c[0] + x * p[0], c[1] * x + c[0]), None), (row, carry[1]), y[:3]
        )
        return (carry[0] + total, idle), None

    return tw.scan(outer, (0.0, 1.0), y)[0][0]


FUNCTIONS: dict[str, tuple[Callable[..., Any], list[tuple[int, int, int]]]] = {
    "sum": (lambda p, y: lagged(p, y)[0][0], [(3, 1, 3)]),
    "last row": (lambda p, y: lagged(p, y)[0][1], [(1, 1, 1)]),
    "what is stacked": (lambda p, y: lagged(p, y)[1], [(2, 1, 3)]),
    "a number that stays": (lambda p, y: lagged(p, y)[0][4], []),
    "one that stays beside the sum": (
        lambda p, y: lagged(p, y)[0][4] + lagged(p, y)[0][0], [(3, 1, 3)]
    ),
    "derivatives": (tw.grad(lambda p, y: lagged(p, y)[0][0]), [(2, 1, 6), (4, 5, 4)]),
    "a loop in a loop": (nested, [(1, 1, 1)]),
    "no turn": (lambda p, y: lagged(p, y[:2])[0][0], [(3, 1, 3)]),
    "no turn, and what stays": (lambda p, y: lagged(p, y[:2])[0][4], []),
    "everything": (lambda p, y: (*lagged(p, y)[0][:4], lagged(p, y)[1]), None),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_left_is_what_is_read_and_computes_the_same(name: str) -> None:
    function, wanted = FUNCTIONS[name]
    program = program_of(function, spec(3), spec(20))
    found = remove_idle_values(program)
    found.check()
    if wanted is not None:
        assert carried(found) == wanted
    for got, exact in zip(run(found, P, Y), run(program, P, Y), strict=True):
        np.testing.assert_array_equal(got, exact)
    native = tw.jit(function, engine="native", fallback="refuse")(P, Y)
    np.testing.assert_allclose(
        np.hstack([np.ravel(x) for x in (native if isinstance(native, tuple) else (native,))]),
        np.hstack([np.ravel(x) for x in run(program, P, Y)]), rtol=1e-13,
    )  # fmt: skip


def test_an_inner_loop_is_told_what_is_read_of_it() -> None:
    found = remove_idle_values(program_of(nested, spec(3), spec(20)))
    (outer,) = loops(found)
    assert carried(outer.params["body"]) == [(1, 1, 1)]


def test_a_loop_of_which_all_is_read_is_itself() -> None:
    program = program_of(
        lambda y: tw.scan(lambda c, x: (c + x, c * x), 0.0, y), spec(20)
    )  # fmt: skip
    assert remove_idle_values(program) is program


def test_a_loop_that_nobody_reads_is_no_matter_of_this_pass() -> None:
    def function(p: Any, y: Any) -> Any:
        lagged(p, y)
        return np.sum(y)

    program = program_of(function, spec(3), spec(20))
    assert primitives(remove_idle_values(program)) == primitives(program)
