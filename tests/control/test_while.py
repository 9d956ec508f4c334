"""while_loop: what it refuses, examples of a batch that end apart, and Ctrl-C."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.interruptions.sent import interrupt_after
from thalweg.errors import GradientError, ShapeError


def test_a_condition_that_is_no_boolean_scalar_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"condition returned float64\[\]; it wants one Boolean"):
        tw.while_loop(lambda x: x, lambda x: x - 1, np.float64(3))
    with pytest.raises(ShapeError, match=r"condition returned bool\[2\].*np\.any"):
        tw.while_loop(lambda x: x > 0, lambda x: x - 1, np.ones(2))
    with pytest.raises(ShapeError, match="condition returned nothing"):
        tw.while_loop(lambda x: None, lambda x: x - 1, np.ones(2))


def test_a_value_that_changes_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"got the carry as float64\[2\] and returned it as"):
        tw.while_loop(lambda x: x[0] > 0, lambda x: x[:1], np.ones(2))
    with pytest.raises(ShapeError, match="structure"):
        tw.while_loop(lambda x: x > 0, lambda x: (x, x), np.ones(()))


def test_the_reverse_derivative_is_refused_with_what_to_use() -> None:
    def function(x: Any) -> Any:
        return tw.while_loop(lambda c: c < 10, lambda c: c * 2, x)

    with pytest.raises(GradientError, match="Use scan, or fori_loop with Python integers"):
        tw.grad(function)(1.5)
    with pytest.raises(GradientError, match="Reverse derivatives of while_loop"):
        tw.jit(tw.grad(function))(1.5)
    with pytest.raises(GradientError, match="while_loop"):
        function(tw.tensor(1.5, requires_grad=True)).backward()
    assert tw.jvp(function, (1.5,), (1.0,)) == (12.0, 8.0)


def turns_of(start: Any) -> Any:
    """Return where a table that is walked through ends, and what was added on the way."""
    table = tw.asarray(np.array([3.0, 5.0, 7.0]))

    def turn(carry: Any) -> Any:
        return carry[0] + 1, carry[1] + table[carry[0]]

    return tw.while_loop(lambda c: c[0] < 3, turn, (start, 0.0))


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_an_example_that_ended_reads_nothing_more(engine: str) -> None:
    starts = np.array([2, 0, 3, 1])
    place, total = tw.jit(tw.vmap(turns_of), engine=engine)(starts)
    np.testing.assert_array_equal(place, [3, 3, 3, 3])
    np.testing.assert_array_equal(total, [7, 15, 0, 12])


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_ctrl_c_ends_an_endless_loop(engine: str, interrupts: None) -> None:
    def endless(x: Any) -> Any:
        return tw.while_loop(lambda c: c[0] >= 0, lambda c: (c[0] * 0.5, c[1] + 1), (x, 0))

    run = tw.jit(endless, engine=engine)
    run(-1.0)
    interrupt_after(0.3)
    began = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        run(1.0)
    assert time.perf_counter() - began < 20
    for thread in threading.enumerate():
        if thread.name == "thalweg":
            thread.join(20)
            assert not thread.is_alive()
    assert run(-1.0) == (-1.0, 0)


def test_ctrl_c_ends_an_endless_loop_inside_of_loops(interrupts: None) -> None:
    def inner(c: Any) -> Any:
        return tw.while_loop(lambda d: np.all(d >= 0), lambda d: d * 0.5, c)

    def outer(x: Any) -> Any:
        return tw.scan(lambda c, x: (inner(c + x), None), np.zeros(40), x)[0]

    run = tw.jit(outer, engine="native")
    run(-np.ones((2, 40)))
    interrupt_after(0.3)
    with pytest.raises(KeyboardInterrupt):
        run(np.ones((2, 40)))


def test_a_loop_around_a_while_loop_has_forward_derivatives_alone() -> None:
    def function(x: Any) -> Any:
        def turn(c: Any, _: Any) -> Any:
            return tw.while_loop(lambda d: d > 1.0, lambda d: d * 0.5, c * 3.0), None

        return tw.scan(turn, x, None, length=2)[0]

    assert tw.jvp(function, (1.5,), (1.0,)) == (0.84375, 0.5625)
    with pytest.raises(GradientError, match="while_loop"):
        tw.grad(function)(1.5)


def test_what_is_read_whole_lives_as_long_as_it_is_read():
    # The operand of the loop lies where the product does, and a reshape of it is an output too.
    def looped(a: Any, b: Any) -> Any:
        g = a @ b
        _, x = tw.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, c[1] * 0.5), (0, g))
        return g, x

    def factored(a: Any, b: Any) -> Any:
        g = (a @ b).reshape(3, 3) + 0.0
        h = (g + 1.0).reshape(9)
        return g.reshape(9), np.linalg.inv(g), h

    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(4, 2, 2)), rng.normal(size=2)
    g, x = tw.jit(looped, fallback="refuse")(a, b)
    np.testing.assert_array_equal(x, g * 0.125)
    a, b = rng.normal(size=(9, 4)), rng.normal(size=4)
    for found, wanted in zip(tw.jit(factored)(a, b), factored(a, b), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-9)


@pytest.mark.parametrize(
    "form", [tw.vmap, lambda f: tw.jit(tw.vmap(f)), lambda f: tw.vmap(tw.jit(f))]
)
def test_a_batch_without_examples(form: Any) -> None:
    def solved(v: Any) -> Any:
        return np.linalg.solve(np.eye(3) * (1 + v[1] ** 2), v)

    looped = lambda v: tw.while_loop(lambda c: c[0] < 3, lambda c: c + solved(c), v)
    chosen = lambda v: tw.cond(v[0] > 0, lambda v: solved(v)[0], lambda v: v[1], v)
    none = np.zeros((0, 3))
    assert form(looped)(none).shape == (0, 3)
    assert form(chosen)(none).shape == (0,)
    assert form(tw.grad(chosen))(none).shape == (0, 3)
