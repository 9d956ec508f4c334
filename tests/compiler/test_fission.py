"""What is dear in recursions is computed of all turns, ahead of the loop and behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import program_of, run, spec
from thalweg.compiler.pipeline import optimize
from thalweg.core.program import Program
from thalweg.errors import TrainingDiverged

Y = np.random.default_rng(0).normal(size=20)
P = np.array([0.1, 0.5, 0.2])


def volatility(p: Any, y: Any, reverse: bool = False) -> Any:
    """A recursion, of which a sum and what is stacked take logarithms."""

    def turn(carry: Any, row: Any) -> Any:
        variance, total, less = carry
        term = np.log(variance) + row**2 / variance
        after = p[0] + p[1] * row**2 + p[2] * variance
        return (after, total + term, less - np.exp(-variance)), (np.sqrt(after) ** 3.0, row)

    return tw.scan(turn, (1.0, p[0], 2.0), y, reverse=reverse)


def driven(p: Any, y: Any) -> Any:
    """A recursion driven by exponentials of rows, which are read twice."""

    def turn(carry: Any, row: Any) -> Any:
        force = np.exp(row * p[0])
        return np.tanh(carry * p[1] + force), carry * np.sin(force + row)

    return tw.scan(turn, p[2], y)


def of_vectors(p: Any, y: Any) -> Any:
    X = np.stack([y, y * y, p[0] * y], axis=1)

    def turn(carry: Any, row: Any) -> Any:
        h, total = carry
        h = p * h + np.exp(row)
        return (h, total + np.log(h[::-1])), np.log(h)[None, :] * row[0]

    return tw.scan(turn, (p, 0.0 * p), X)


def flat(value: Any) -> tuple[Any, ...]:
    return tuple(tw.tree.leaves(value))


# With how many logarithms, exponentials and the like are left in loops.
FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    "behind": (volatility, 0),
    "behind, back": (lambda p, y: volatility(p, y, reverse=True), 0),
    "a sum alone": (lambda p, y: volatility(p, y)[0][1], 0),
    "what is stacked alone": (lambda p, y: volatility(p, y)[1], 0),
    "ahead": (driven, 1),
    "vectors": (of_vectors, 0),
    "derivatives": (tw.grad(lambda p, y: volatility(p, y)[0][1] + np.sum(driven(p, y)[1])), 1),
    "seconds": (
        tw.grad(lambda p, y: np.sum(tw.grad(lambda q: volatility(q, y)[0][1])(p) ** 2)), 0
    ),
    "few turns": (lambda p, y: volatility(p, y[:3]), 3),
    "one turn": (lambda p, y: volatility(p, y[:1]), 3),
    "what the next turn needs": (
        lambda p, y: tw.scan(lambda c, x: (np.sin(c) * x, c), p[0], y), 1
    ),
    "much more than was stacked": (
        lambda p, y: tw.scan(
            lambda c, x: (
                tuple(a * x + b for a, b in zip(c, (*c[1:], c[0]), strict=True)),
                np.exp(c[0]) + np.exp(c[1]) * np.exp(c[2]) + np.exp(c[3] * c[4]),
            ),
            (p[0], p[1], p[2], 0.1, 0.2),
            y,
        ),
        4,
    ),
    "long rows": (
        lambda p, y: tw.scan(
            lambda c, x: (c * p[0] + x[0], np.exp(c * y)), p[1], y[:, None]
        ),
        1,
    ),
}  # fmt: skip

DEAR = {"exp", "log", "sin", "cos", "tanh", "power"}


def dear_in_loops(program: Program) -> int:
    return sum(
        e.primitive.name in DEAR
        for loop in program.equations
        if loop.primitive.name == "counted_loop"
        for e in loop.params["body"].equations
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_dear_leaves_the_loop_and_the_values_are_the_same(name: str) -> None:
    function, left = FUNCTIONS[name]
    program = program_of(lambda p, y: flat(function(p, y)), spec(3), spec(20))
    better = optimize(program)
    better.check()
    assert dear_in_loops(better) == left
    assert dear_in_loops(program) >= left
    for a, b in zip(run(program, P, Y), run(better, P, Y), strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_allclose(b, a, rtol=1e-12, atol=1e-14)


def test_what_is_not_finite_stays_what_it_is() -> None:
    def function(p: Any, y: Any) -> Any:
        (variance, _, _), stacked = volatility(p, y)
        return flat((variance, stacked, driven(p, y)))

    program = program_of(function, spec(3), spec(20))
    odd = np.where(np.arange(20) == 16, np.nan, np.where(np.arange(20) % 5 == 2, -0.0, Y))
    for y in (odd, np.where(odd > 1, np.inf, odd)):
        for a, b in zip(run(program, P, y), run(optimize(program), P, y), strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-14)
            np.testing.assert_array_equal(np.signbit(b), np.signbit(a))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_native_engine_agrees(name: str) -> None:
    function, _ = FUNCTIONS[name]
    found = flat(tw.jit(function, engine="native")(P, Y))
    for a, b in zip(found, flat(function(P, Y)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)


def test_a_fit_names_the_line_of_what_is_computed_behind() -> None:
    def loss(p: Any, y: Any) -> Any:
        def turn(carry: Any, row: Any) -> Any:
            return carry * p[0] + row, np.log(carry - 5.0)

        return np.mean(tw.scan(turn, p[1], y)[1])

    with pytest.raises(TrainingDiverged, match=r"log at .*test_fission\.py:\d+ gave NaN"):
        tw.fit(loss, P, (Y,), optimizer=tw.optim.sgd(0.1), steps=3, progress=False)
