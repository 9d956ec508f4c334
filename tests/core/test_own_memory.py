"""What a function may not write while it is traced, and whose values have derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing

P = np.arange(6.0).reshape(2, 3) / 4 + 0.5

OUTSIDE = tw.zeros(3)


def written_outside(p: Any) -> Any:
    OUTSIDE[0] = p[0]
    return np.sum(p)


def written_outside_once(p: Any) -> Any:
    OUTSIDE[0] = 1.0
    return np.sum(p)


def written_from_inside_of_a_batch(p: Any) -> Any:
    y = p * 1
    tw.vmap(lambda q: y.__setitem__(0, q))(p)
    return np.sum(y)


@pytest.mark.parametrize(
    "function", [written_outside, written_outside_once, written_from_inside_of_a_batch]
)
def test_what_is_not_the_functions_own_is_not_written(function: Any) -> None:
    for run in (tw.jit(function), tw.jit(tw.grad(function)), lambda p: tw.vmap(function)(p[None])):
        with pytest.raises(tw.errors.TracingError, match=r"from outside .*test_own_memory.py:\d+"):
            run(np.ones(3))
    assert OUTSIDE.tolist() == [0.0, 0.0, 0.0]


def test_a_view_whose_layout_is_unknown_is_not_written() -> None:
    def function(p: Any) -> Any:
        y = np.einsum("ij,jk->ik", p, p.T)
        y.reshape(-1)[0] = 3.0
        return y

    with pytest.raises(tw.errors.TracingError, match=r"test_own_memory.py:\d+ the memory"):
        tw.jit(function)(P)


@pytest.mark.parametrize("run", [tw.jit, tw.grad, lambda f: lambda p: tw.vmap(f)(p[None])])
def test_numpys_buffers_are_refused_with_what_to_use(run: Any) -> None:
    def element(p: Any) -> Any:
        r = np.zeros(3)
        r[0] = p[0] ** 2
        return np.sum(r)

    def row(p: Any) -> Any:
        r = np.zeros((2, 3))
        r[0] = p
        return np.sum(r)

    def added(p: Any) -> Any:
        r = np.zeros(3)
        r += p
        return np.sum(r)

    for function in (element, row, added):
        with pytest.raises((tw.errors.TracingError, tw.errors.GradientError), match=r"tw\.zeros"):
            run(function)(np.ones(3))


def test_an_array_that_changes_while_it_is_used_is_refused() -> None:
    def toggled(p: Any, namespace: Any) -> Any:
        mask, total = namespace.zeros(3), 0.0
        for i in range(3):
            mask[:] = 0.0
            mask[i] = 1.0
            total = total + i * np.sum(p * mask)
        return total

    with pytest.raises(tw.errors.TracingError, match="changed afterwards"):
        tw.jit(lambda p: toggled(p, np))(np.ones(3))
    np.testing.assert_allclose(np.asarray(tw.jit(lambda p: toggled(p, tw))(np.arange(3.0))), 5.0)


def test_of_equal_places_only_the_last_value_has_a_derivative() -> None:
    x, places = tw.zeros(3), np.array([0, 0, 2, -1])

    def scattered(v: Any) -> Any:
        return wing.scatter(x, 0, places % 3, v)

    def put(v: Any) -> Any:
        return wing.put(x, places, v)

    def put_of_numpy(v: Any) -> Any:
        y = tw.zeros(3)
        np.put(y, places, v)
        return y

    def assigned(v: Any) -> Any:
        y = tw.zeros(3)
        y[places] = v
        return y

    def index_put(v: Any) -> Any:
        return wing.index_put(x, (places,), v)

    def index_copied(v: Any) -> Any:
        return wing.index_copy(x, 0, places % 3, v)

    def traced_places(v: Any) -> Any:
        return tw.jit(lambda i, v: wing.put(x, i, v), engine="numpy")(places, v)

    values = np.array([2.0, 3.0, 4.0, 5.0])
    for function in (
        scattered, put, put_of_numpy, assigned, index_put, index_copied, traced_places
    ):  # fmt: skip
        for run in (tw.grad, lambda f: tw.jit(tw.grad(f), engine="numpy")):
            slopes = run(lambda v, f=function: np.sum(f(v) * np.array([1.0, 10.0, 100.0])))(values)
            np.testing.assert_array_equal(np.asarray(slopes), [0.0, 1.0, 0.0, 100.0])
