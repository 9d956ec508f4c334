"""What vmap promises beside agreeing with a loop."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.core.operation import OPERATIONS
from thalweg.core.primitive import PRIMITIVES, elementwise, general
from thalweg.errors import ArgumentError, IndexOutOfRange, ShapeError, UnsupportedOperation

A = np.arange(6.0).reshape(3, 2)


def test_arguments_without_an_axis_are_passed_as_they_are() -> None:
    seen = []

    def f(x: Any, mode: str, scale: float) -> Any:
        seen.append((mode, scale))
        return x * scale

    assert tw.vmap(f, in_axes=(0, None, None))(A, "double", 2.0).tolist() == (2 * A).tolist()
    assert seen == [("double", 2.0)]


def test_axes_may_be_given_for_parts_of_a_tree() -> None:
    batch = {"x": A, "shared": {"w": np.array([1.0, 2.0]), "none": None}}
    found = tw.vmap(
        lambda b: {"dot": b["x"] @ b["shared"]["w"], "w": b["shared"]["w"]},
        in_axes=({"x": 0, "shared": None},),
        out_axes={"dot": 0, "w": None},
    )(batch)
    assert found["dot"].tolist() == (A @ [1.0, 2.0]).tolist()
    assert found["w"].shape == (2,)


def test_keyword_arguments_are_batched_along_their_first_axis() -> None:
    assert tw.vmap(lambda x, y: x @ y)(A, y=A).tolist() == np.sum(A * A, axis=1).tolist()


def test_results_that_do_not_depend_on_the_example_are_repeated() -> None:
    constant = tw.vmap(lambda x: np.ones(2))(A)
    assert constant.shape == (3, 2)
    assert tw.vmap(lambda x: (x, 1.0))(A)[1].tolist() == [1.0] * 3
    assert tw.vmap(lambda x: {})(A) == {}


def test_an_empty_batch_gives_an_empty_result() -> None:
    assert tw.vmap(lambda x: np.sum(x) * A)(np.zeros((0, 4))).shape == (0, 3, 2)


def test_the_function_runs_once_for_all_examples() -> None:
    runs = []
    tw.vmap(lambda x: runs.append(x.shape) or x)(A)
    assert runs == [(2,)]


def test_a_scalar_of_an_outer_scope_keeps_its_derivative() -> None:
    gradient = tw.grad(lambda w: np.sum(tw.vmap(lambda x: np.sum(x) * w)(A)))(2.0)
    assert gradient == A.sum()


def test_a_value_and_its_detached_twin_stay_apart() -> None:
    def loss(w: Any) -> Any:
        return np.sum(tw.vmap(lambda x: np.sum(x * w * w.detach()))(A))

    assert tw.grad(loss)(np.array([2.0, 3.0])).tolist() == (A.sum(0) * [2.0, 3.0]).tolist()


def test_a_leaf_receives_its_gradient_through_a_batch() -> None:
    w = tw.Tensor([1.0, 1.0], requires_grad=True)
    tw.vmap(lambda x: (x @ w) ** 2)(A).sum().backward()
    np.testing.assert_allclose(w.grad.numpy(), 2 * A.T @ A.sum(1))


def test_indices_are_checked_within_their_own_example() -> None:
    rows = np.array([[0], [1], [2]])
    with pytest.raises(
        IndexOutOfRange, match="index 2 is out of bounds for dimension 0 with size 2"
    ):
        tw.vmap(lambda x, i: x[i])(A, rows)
    assert tw.vmap(lambda x, i: x[i])(A, rows - 2).tolist() == [[0.0], [3.0], [4.0]]


def test_a_batch_of_jitted_calls_is_traced_through() -> None:
    inner = tw.jit(lambda x: np.sum(x**2), engine="numpy")
    assert tw.vmap(inner)(A).tolist() == np.sum(A**2, axis=1).tolist()


# ---- errors


def test_batches_of_different_sizes_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"vmap got arguments with 3, 2 examples.*None in in_axes"):
        tw.vmap(lambda x, y: x * y)(A, np.ones(2))


def test_a_batch_needs_an_axis() -> None:
    with pytest.raises(ArgumentError, match="nothing to batch"):
        tw.vmap(lambda x: x, in_axes=None)(A)
    with pytest.raises(ShapeError, match=r"axis 0 of an argument of shape \(\)"):
        tw.vmap(lambda x, y: x)(A, 1.0)
    with pytest.raises(ShapeError, match="axis 2 of an argument"):
        tw.vmap(lambda x: x, in_axes=2)(A)
    with pytest.raises(ArgumentError, match=r"in_axes=\(0, 0\) for a call with 1 positional"):
        tw.vmap(lambda x: x, in_axes=(0, 0))(A)
    with pytest.raises(ShapeError, match="one value for the whole tree"):
        tw.vmap(lambda x: x, in_axes=({"b": 0},))({"a": A})


def test_results_need_an_axis_if_they_differ() -> None:
    with pytest.raises(ArgumentError, match="out_axes=None for a result that differs"):
        tw.vmap(lambda x: x, out_axes=None)(A)
    with pytest.raises(ArgumentError, match=r"out_axes=2 for a result of shape \(2,\)"):
        tw.vmap(lambda x: x, out_axes=2)(A)


def test_a_primitive_without_a_rule_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for register in (PRIMITIVES, OPERATIONS):
        monkeypatch.setitem(register, "unruly", None)  # undone after the test

    @general(lambda x: x)
    def unruly(x: np.ndarray) -> np.ndarray:
        """Do nothing."""
        return x

    with pytest.raises(UnsupportedOperation, match=r"unruly, which has no batching rule.*Declare"):
        tw.vmap(unruly)(A)


def test_an_elementwise_primitive_of_a_user_needs_no_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    for register in (PRIMITIVES, OPERATIONS):
        monkeypatch.setitem(register, "cube", None)  # undone after the test

    @elementwise(lambda g, out, x: g * (3.0 * x * x))
    def cube(x: np.ndarray) -> np.ndarray:
        """Third power."""
        return x**3

    assert tw.vmap(tw.grad(lambda x: np.sum(cube(x))))(A).tolist() == (3 * A * A).tolist()
    assert tw.jvp(cube, (2.0,), (1.0,))[1] == 12.0


def test_gradients_of_shared_arguments_end_inside_the_batch() -> None:
    shared = np.array([1.0, -2.0])
    gradient = tw.grad(lambda b, x: np.tanh(b) @ x * np.sum(b**2))
    found = tw.vmap(gradient, in_axes=(None, 0))(shared, A)
    assert type(found) is np.ndarray
    assert np.allclose(found, [gradient(shared, row) for row in A], rtol=1e-14)


def test_what_shared_arguments_depend_on_outside_the_batch_keeps_its_gradient() -> None:
    def outer(b: Any) -> Any:
        inner = tw.grad(lambda c, x: np.sum(c**3) * np.sum(b * x))
        return np.sum(tw.vmap(inner, in_axes=(None, 0))(np.array([1.0, 2.0]), A))

    b = np.array([1.0, -2.0])
    assert tw.grad(outer)(b).tolist() == (15 * A.sum(axis=0)).tolist()
