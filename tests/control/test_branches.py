"""cond, switch, checkpoint: what they refuse, and what is run of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import ArgumentError, IndexOutOfRange, ShapeError


def test_branches_that_return_unlike_results_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"cond's function 1 returned float64\[1\], where"):
        tw.cond(True, lambda x: x[:1], lambda x: x, np.ones(2))
    with pytest.raises(ShapeError, match="the same nesting and keys"):
        tw.switch(0, [lambda x: x, lambda x: (x, x)], np.ones(2))


def test_what_chooses_is_a_scalar() -> None:
    with pytest.raises(ArgumentError, match=r"shape \(2,\); it wants a scalar"):
        tw.cond(np.ones(2), lambda: 1, lambda: 2)
    with pytest.raises(ArgumentError, match="an index of dtype float64"):
        tw.switch(0.5, [lambda: 1, lambda: 2])
    with pytest.raises(ArgumentError, match="no functions to choose from"):
        tw.switch(0, [])


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int32", "uint32", "int64", "uint64"])
def test_an_index_is_taken_to_be_the_nearest_there_is(dtype: str) -> None:
    branches = [lambda x: x, lambda x: 2 * x, lambda x: 3 * x]
    run = tw.jit(lambda i, x: tw.switch(i, branches, x), engine="auto")
    limits = (0, 1) if dtype == "bool" else (np.iinfo(dtype).min, 0, 1, 2, np.iinfo(dtype).max)
    for index in limits:
        wanted = min(max(index, 0), 2) + 1
        for found in (run, lambda i, x: tw.switch(i, branches, x)):
            np.testing.assert_array_equal(
                found(np.dtype(dtype).type(index), np.ones(2)), [wanted] * 2
            )


def looked_up(i: Any, x: Any) -> Any:
    return tw.cond(i < 3, lambda i, x: x[i], lambda i, x: 0.0, i, x)


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_a_branch_that_is_not_taken_is_not_refused(engine: str) -> None:
    x = np.array([3.0, 5.0, 7.0])
    run = tw.jit(looked_up, engine=engine)
    assert (run(2, x), run(3, x), run(99, x)) == (7.0, 0.0, 0.0)
    with pytest.raises(IndexOutOfRange):
        run(-4, x)
    batched = tw.jit(tw.vmap(looked_up, (0, None)), engine=engine)
    np.testing.assert_array_equal(batched(np.array([2, 3, 0, 99]), x), [7.0, 0.0, 3.0, 0.0])
    np.testing.assert_array_equal(batched(np.array([4, 3]), x), [0.0, 0.0])
    with pytest.raises(IndexOutOfRange):
        batched(np.array([2, -4]), x)


def test_derivatives_of_a_batch_of_branches_go_where_they_belong() -> None:
    x, places = np.array([3.0, 5.0, 7.0]), np.array([2, 3, 0, 99])
    gradient = tw.grad(lambda x: np.sum(tw.vmap(looked_up, (0, None))(places, x)))
    np.testing.assert_array_equal(gradient(x), [1.0, 0.0, 1.0])
    np.testing.assert_array_equal(tw.jit(gradient, engine="native")(x), [1.0, 0.0, 1.0])
    each = tw.vmap(tw.grad(looked_up, 1), (0, None))(places, x)
    np.testing.assert_array_equal(each, [[0, 0, 1], [0, 0, 0], [1, 0, 0], [0, 0, 0]])


def test_each_branch_of_several_may_give_one_value_twice() -> None:
    def function(p: Any, x: Any) -> Any:
        return tw.cond(p, lambda x: (x, x, x + 1), lambda x: (2 * x, x, x), x)

    for p, n in ((True, 3), (False, 50)):
        found = tw.jit(function, engine="native")(p, np.arange(float(n)))
        for one, other in zip(found, function(p, np.arange(float(n))), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_checkpoint_has_the_functions_name_and_its_derivatives() -> None:
    def twice(x: Any, y: Any) -> Any:
        """Some function."""
        return {"a": np.sin(x) * y, "b": y}

    again = tw.checkpoint(twice)
    assert (again.__name__, again.__doc__) == ("twice", "Some function.")
    for order in (tw.grad, tw.jacfwd, tw.hessian):
        found = order(lambda x: np.sum(again(x, 2.0)["a"]))(np.ones(2))
        np.testing.assert_allclose(found, order(lambda x: np.sum(twice(x, 2.0)["a"]))(np.ones(2)))
