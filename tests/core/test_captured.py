import numpy as np
import pytest

import thalweg as tw
from thalweg.core.program import finish, trace
from thalweg.core.spec import Spec
from thalweg.core.tensor import make
from thalweg.errors import TracingError

A = np.arange(9.0).reshape(3, 3)
X = np.array([1.0, -2.0, 0.5])

USES = {
    "a product": lambda x: A @ (A @ x),
    "a product from the left": lambda x: (x @ A) @ A,
    "a transposed view": lambda x: A.T @ (A.T @ x),
    "a row": lambda x: A[1] * x + A[1] * x * x,
    "an outer product": lambda x: np.outer(A[0], x) * np.outer(A[0], x),
}


@pytest.mark.parametrize("name", USES)
def test_views_of_one_array_are_one_input(name):
    use = USES[name]
    _, current, symbols = trace(use, [Spec((3,), np.dtype("float64"))], make)
    assert len(finish(current, symbols, []).inputs) == 2
    np.testing.assert_array_equal(tw.jit(use)(X), use(X))


def test_other_views_of_its_memory_are_other_inputs():
    use = lambda x: A @ x + A.T @ x + A[0] * x
    _, current, symbols = trace(use, [Spec((3,), np.dtype("float64"))], make)
    assert len(finish(current, symbols, []).inputs) == 4
    np.testing.assert_allclose(tw.jit(use)(X), use(X), rtol=1e-15)


def test_an_array_is_read_anew_after_a_view_of_it_was_captured():
    held = A.copy()
    loss = lambda x: np.sum((held @ x) ** 2) + np.sum(held * x)
    compiled = tw.jit(loss)
    for factor in (1.0, 3.0):
        held[...] = factor * A
        assert compiled(X) == pytest.approx(loss(X), rel=1e-15)
        fit = tw.fit(loss, X, optimizer=tw.optim.sgd(0.1), steps=1, progress=False)
        assert fit.history.loss[0] == pytest.approx(loss(X), rel=1e-15)


def test_memory_that_is_written_between_two_views_is_refused():
    held = A.copy()

    def loss(x):
        first = held @ x
        held[0, 0] += 1.0
        return np.sum(first + held @ x)

    with pytest.raises(TracingError, match="was changed afterwards by the function itself"):
        tw.jit(loss)(X)


def test_memory_of_views_that_are_gone_is_another_array():
    def use(x):
        total = 0.0
        for i in range(20):
            # Each of these arrays may lie where the one before it did.
            total = total + np.full((3, 3), float(i)) @ x
        return total

    np.testing.assert_allclose(tw.jit(use)(X), use(X))


def test_constants_made_at_each_use_are_one_input():
    def use(x):
        total = x
        for _ in range(5):
            total = tw.linalg.inv(tw.eye(3) + tw.eye(3)) @ total + tw.full((3,), 2.0) * total
        return total

    _, current, symbols = trace(use, [Spec((3,), np.dtype("float64"))], make)
    assert len(finish(current, symbols, []).inputs) == 3
    np.testing.assert_allclose(tw.jit(use)(X), use(X))


@pytest.mark.parametrize("first", [True, False])
def test_equal_constants_of_which_one_is_written_are_apart_from_then_on(first):
    def use(x):
        a, b = tw.full((3,), 2.0), tw.full((3,), 2.0)
        before = x * a + x * b
        (a if first else b)[0] = 7.0
        return before + x**2 * a + x**3 * b

    np.testing.assert_allclose(tw.jit(use)(X), use(X), rtol=1e-15)


def test_equal_arrays_of_outside_are_read_each_for_itself():
    one, other = np.ones(3), np.ones(3)
    compiled = tw.jit(lambda x: x * one + x**2 * other)
    compiled(X)
    other[...] = 5.0
    np.testing.assert_allclose(compiled(X), X + 5 * X**2)


def test_the_places_of_diagonals_are_one_input():
    use = lambda x: np.diag(x) @ x + np.diag(2 * x) @ x + np.diagonal(np.outer(x, x))
    _, current, symbols = trace(use, [Spec((3,), np.dtype("float64"))], make)
    assert len(finish(current, symbols, []).inputs) == 2
    np.testing.assert_allclose(tw.jit(use)(X), use(X))


def test_a_number_that_is_written_between_two_uses_is_read_twice():
    def loss(x):
        held = np.array(2.0)
        first = x * held
        held[...] = 5.0
        return np.sum(first + x * held)

    assert tw.jit(loss)(X) == loss(X) == 7.0 * X.sum()
    assert tw.jit(tw.grad(loss))(X).tolist() == [7.0, 7.0, 7.0]
