"""Loops whose turns need little of each other are computed of all rows at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import primitives, program_of, run, spec
from thalweg.compiler.pipeline import optimize
from thalweg.control import rolling  # noqa: F401, which rolls loops up where it is imported
from thalweg.core.program import Program

Y = np.random.default_rng(0).normal(size=20)
P = np.array([0.1, 0.5, 0.2])


def summed(p: Any, y: Any, reverse: bool = False) -> Any:
    """Carry over the two rows before, and two sums, of which one is subtracted from."""

    def turn(carry: Any, row: Any) -> Any:
        before, older, total, rest = carry
        e = row - p[0] * before - np.sin(p[1] * older)
        return (row, before, total + e * e + e, rest - 2.0 * e), (e, older, p[2])

    return tw.scan(turn, (y[1], 3.0, p[2], 0.0), y[2:], reverse=reverse)


def in_rows(p: Any, y: Any) -> Any:
    X = np.stack([y, y * y, p[0] * y], axis=1)

    def turn(carry: Any, row: Any) -> Any:
        before, total = carry
        return (row * p, total + np.tanh(before)), row[:, None] * before

    return tw.scan(turn, (p, np.zeros(3)), X)


def leaves(carry: Any, stacked: Any) -> tuple[Any, ...]:
    return (*carry, *(stacked if isinstance(stacked, tuple) else (stacked,)))


def series_alone(p: Any, y: Any) -> Any:
    X = np.stack([y, p[0] * y], axis=1)
    turn = lambda carry, row: ((row, carry[0]), row * carry[1] + p[2])
    return leaves(*tw.scan(turn, (p[:2], p[1:]), X))


AT_ONCE: dict[str, Callable[..., Any]] = {
    "forth": lambda p, y: leaves(*summed(p, y)),
    "back": lambda p, y: leaves(*summed(p, y, reverse=True)),
    "two turns": lambda p, y: leaves(*summed(p, y[:4])),
    "a sum alone": lambda p, y: summed(p, y)[0][2],
    "rows of numbers": series_alone,
    "derivatives": tw.grad(lambda p, y: summed(p, y)[0][2] + np.sum(summed(p, y)[1][0] ** 2)),
    "seconds": tw.grad(
        lambda p, y: np.sum(tw.grad(lambda p: summed(p, y)[0][2])(p) ** 2)
    ),
    "what is computed of rows": lambda p, y: leaves(*tw.scan(
        lambda c, x: ((np.sin(c[1]), x * p[0], c[2] + c[0]), c[1] - c[0]), (p[0], p[1], p[2]), y
    )),
    "a map": lambda p, y: tw.map(lambda x: np.exp(x) * p[0], y),
    "equal rows": lambda p, y: tw.scan(
        lambda c, x: (c + np.sin(x[0]) * x[1][0], x[1]), p[0], (y, np.broadcast_to(p, (20, 3)))
    ),
}  # fmt: skip


def flat(value: Any) -> tuple[Any, ...]:
    return tuple(tw.tree.leaves(value))


def loops(program: Program) -> int:
    return primitives(program).count("counted_loop")


@pytest.mark.parametrize("name", AT_ONCE)
def test_no_loop_is_left_and_the_values_are_the_same(name: str) -> None:
    program = program_of(lambda p, y: flat(AT_ONCE[name](p, y)), spec(3), spec(20))
    better = optimize(program)
    better.check()
    assert loops(program) > 0 == loops(better)
    for a, b in zip(run(program, P, Y), run(better, P, Y), strict=True):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        np.testing.assert_allclose(b, a, rtol=1e-13, atol=1e-14)


def test_what_is_no_sum_is_the_same_to_the_bit() -> None:
    program = program_of(lambda p, y: flat(summed(p, y)[1]), spec(3), spec(20))
    odd = np.where(np.arange(20) % 7 == 3, np.nan, np.where(np.arange(20) % 5 == 2, -0.0, Y))
    for a, b in zip(run(program, P, odd), run(optimize(program), P, odd), strict=True):
        assert a.tobytes() == b.tobytes()


LOOPS: dict[str, Callable[..., Any]] = {
    "a recursion": lambda p, y: tw.scan(lambda c, x: (c * p[0] + x, None), p[1], y)[0],
    "carries that change places": lambda p, y: tw.scan(
        lambda c, x: ((c[1], c[0]), c[0] * x), (p[0], p[1]), y
    ),
    "a sum that is read": lambda p, y: tw.scan(lambda c, x: (c + x, c), p[0], y),
    "a sum that is read in the sum": lambda p, y: tw.scan(
        lambda c, x: (c + x * c, None), p[0], y
    )[0],
    "what is behind a sum": lambda p, y: tw.scan(
        lambda c, x: ((c[0] + x, c[0]), None), (p[0], p[1]), y
    )[0],
    "a recursion of two": lambda p, y: tw.scan(
        lambda c, x: ((c[1] * x, np.sin(c[0])), None), (p[0], p[1]), y
    )[0],
    "the sum on the wrong side": lambda p, y: tw.scan(lambda c, x: (x - c, None), p[0], y)[0],
    "a sum of another shape": lambda p, y: tw.scan(
        lambda c, x: (np.maximum(c, x), None), p[0], y
    )[0],
    "more memory than the rows take": lambda p, y: tw.scan(
        lambda c, x: (c + np.broadcast_to(np.sin(p[:, None] * x), (3, 20))[0, 0], None), p[0], y
    )[0],
    "products": lambda p, y: tw.scan(
        lambda c, x: (c, np.stack([x, x, x]) @ p), p[0], y
    )[1],
}  # fmt: skip


@pytest.mark.parametrize("name", LOOPS)
def test_turns_that_need_each_other_stay_a_loop(name: str) -> None:
    program = program_of(lambda p, y: flat(LOOPS[name](p, y)), spec(3), spec(20))
    better = optimize(program)
    assert loops(better) == 1
    for a, b in zip(run(program, P, Y), run(better, P, Y), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("length", [0, 1, 2])
def test_few_turns(length: int) -> None:
    rows = 2 + length
    program = program_of(lambda p, y: flat(summed(p, y)), spec(3), spec(rows))
    for a, b in zip(run(program, P, Y[:rows]), run(optimize(program), P, Y[:rows]), strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(b, a, rtol=1e-13, atol=1e-14)


def test_sums_of_whole_numbers_and_of_float32_keep_their_dtypes() -> None:
    def function(y: Any) -> Any:
        (count, total), _ = tw.scan(
            lambda c, x: ((c[0] + 1, c[1] + x), None), (0, np.float32(0.5)), y
        )
        return count, total

    program = program_of(function, spec(20, dtype=np.float32))
    y = Y.astype(np.float32)
    found = run(optimize(program), y)
    assert [x.dtype for x in found] == [x.dtype for x in run(program, y)]
    assert found[0] == 20
    np.testing.assert_allclose(found[1], 0.5 + y.sum(), rtol=1e-5)


def test_rows_that_are_all_alike_are_taken_whole() -> None:
    def function(p: Any, y: Any) -> Any:
        alike = np.broadcast_to(p, (20, 3))
        turn = lambda c, x: (c * x[0] + np.sum(x[1]), None)
        return tw.scan(turn, 0.0, (y, alike))[0]

    better = optimize(program_of(function, spec(3), spec(20)))
    (loop,) = [e for e in better.equations if e.primitive.name == "counted_loop"]
    assert loop.params["stacked"] == 1
    program = program_of(function, spec(3), spec(20))
    np.testing.assert_array_equal(run(better, P, Y)[0], run(program, P, Y)[0])


@pytest.mark.parametrize("name", AT_ONCE)
def test_the_native_engine_agrees(name: str) -> None:
    function = AT_ONCE[name]
    for a, b in zip(
        flat(tw.jit(function, engine="native")(P, Y)), flat(function(P, Y)), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


def test_a_python_loop_over_rows_is_computed_in_vectors() -> None:
    def loss(p: Any, y: Any) -> Any:
        total = 0.0
        for t in range(2, len(y)):
            total = total + (y[t] - p[0] * y[t - 1] - p[1] * y[t - 2]) ** 2
        return total

    y = np.random.default_rng(1).normal(size=200)
    program = program_of(tw.grad(loss), spec(3), spec(200))
    better = optimize(program)
    assert loops(program) == 2
    assert loops(better) == 0
    e = y[2:] - P[0] * y[1:-1] - P[1] * y[:-2]
    expected = [-2 * e @ y[1:-1], -2 * e @ y[:-2], 0.0]
    np.testing.assert_allclose(run(better, P, y)[0], expected, rtol=1e-12)


def test_neighbouring_parts_of_an_array_are_one_part() -> None:
    function = lambda y: np.concatenate([y[2:5], y[5:9], y[10:12], y[12:12], y[12:20:2]])
    program = optimize(program_of(function, spec(20)))
    cuts = [e.params["bounds"] for e in program.equations if e.primitive.name == "slice_"]
    assert sorted(cuts) == [((2, 9, 1),), ((10, 12, 1),), ((12, 19, 2),)] or len(cuts) == 3
    np.testing.assert_array_equal(run(program, Y)[0], function(Y))
