"""Methods and keywords of NumPy's ufuncs on tensors: values, dtypes, derivatives, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.ops.numpy_beside import require_numpys
from thalweg import torch as wing
from thalweg.errors import GradientError, TracingError, UnsupportedOperation
from thalweg.testing import check_gradients

RANDOM = np.random.default_rng(3)
# No ties, and no quotient of two is near a whole number.
X = (RANDOM.permutation(24).reshape(3, 4, 2) + 5.3) / 15
WHOLES = RANDOM.integers(1, 5, size=(3, 4))
MASK = X > 1
WEIGHTS = np.cos(np.arange(24.0)).reshape(X.shape)

SMOOTH = [
    "add", "multiply", "maximum", "minimum", "logaddexp", "subtract", "divide", "hypot", "power",
    "logaddexp2", "fmax", "arctan2",
]  # fmt: skip
OTHERS = ["logical_and", "logical_or", "logical_xor", "floor_divide", "remainder", "fmin"]
WHOLE = ["add", "multiply", "maximum", "bitwise_and", "bitwise_or", "bitwise_xor", "gcd", "lcm"]
BEGUN = ["add", "multiply", "maximum", "minimum", "logical_and", "logaddexp", "hypot"]


class Stepwise:
    """A ufunc that reduces arrays step by step: NumPy 2.4 does it wrongly with AVX-512."""

    def __init__(self, ufunc: Any) -> None:
        self.accumulate, self.outer, self.ufunc = ufunc.accumulate, ufunc.outer, ufunc

    def reduce(self, x: Any, axis: int = 0, keepdims: bool = False) -> Any:
        if not isinstance(x, np.ndarray):
            return self.ufunc.reduce(x, axis=axis, keepdims=keepdims)
        first, *rest = np.moveaxis(x, axis, 0)
        for part in rest:
            first = self.ufunc(first, part)
        return np.expand_dims(first, axis) if keepdims else first

    def reduceat(self, x: Any, indices: Any, axis: int) -> Any:
        if not isinstance(x, np.ndarray):
            return self.ufunc.reduceat(x, indices, axis=axis)
        stops = [max(i + 1, j) for i, j in zip(indices, [*indices[1:], x.shape[axis]], strict=True)]
        parts = [x.take(range(i, j), axis) for i, j in zip(indices, stops, strict=True)]
        return np.concatenate([self.reduce(part, axis, keepdims=True) for part in parts], axis)


def named(name: str) -> Any:
    ufunc = getattr(np, name)
    return Stepwise(ufunc) if name in ("arctan2", "power") else ufunc


def methods(ufunc: Any) -> list[Callable[[Any], Any]]:
    return [
        lambda x: ufunc.reduce(x),
        lambda x: ufunc.reduce(x, axis=-1, keepdims=True),
        lambda x: ufunc.accumulate(x, 1),
        lambda x: ufunc.outer(x, x[0]),
    ]


@pytest.mark.parametrize("name", [*SMOOTH, *OTHERS])
def test_methods_are_numpys(name: str) -> None:
    ufunc = named(name)
    for method in methods(ufunc):
        require_numpys(method, X, compiled=False)
    require_numpys(lambda x: [method(x) for method in methods(ufunc)], X)
    for indices in ([0, 2, 1], [0, 1, 3]):
        require_numpys(lambda x, i=indices: ufunc.reduceat(x, i, axis=1), X, compiled=False)


@pytest.mark.parametrize("name", WHOLE)
def test_methods_of_integers_are_numpys(name: str) -> None:
    ufunc = getattr(np, name)
    require_numpys(lambda x: [method(x) for method in methods(ufunc)], WHOLES)


@pytest.mark.parametrize("name", BEGUN)
def test_reductions_begin_with_initial_where_a_mask_holds(name: str) -> None:
    ufunc = getattr(np, name)
    require_numpys(
        lambda x: [
            ufunc.reduce(x, axis=(0, 2)),
            ufunc.reduce(x, axis=None),
            ufunc.reduce(x, axis=1, initial=1.5),
            ufunc.reduce(x, axis=1, where=MASK, initial=0.5),
            ufunc.reduce(x[:, :0], axis=1, initial=0.5),
        ],
        X,
    )


@pytest.mark.parametrize("name", SMOOTH)
def test_methods_have_derivatives(name: str) -> None:
    ufunc = named(name)
    check_gradients(lambda x: ufunc.reduce(x, axis=1), X)
    check_gradients(lambda x: ufunc.accumulate(x) * WEIGHTS, X, order=1)
    check_gradients(lambda x: ufunc.outer(x[0], x[1, :, 0]), X, order=1)
    check_gradients(lambda x: ufunc.reduceat(x, [0, 2, 1], axis=1), X, order=1)


# ---- at


def _copied(x: Any) -> Any:
    return x.copy()


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "maximum", "minimum"])
def test_what_meets_at_one_place_is_combined(name: str) -> None:
    def write(x: Any, values: Any) -> Any:
        y = _copied(x)
        getattr(np, name).at(y, ([0, 2, 0, 1], [1, 1, 1, 3]), values)
        return y

    values = RANDOM.normal(size=(4, 2))
    require_numpys(write, X, values, compiled=name in ("add", "subtract"))
    check_gradients(write, X, values, order=1)


def test_other_ufuncs_write_at_places_that_differ() -> None:
    def write(x: Any) -> Any:
        y = _copied(x)
        np.negative.at(y, [0, 2])
        np.power.at(y, [1], 2.0)
        return y

    require_numpys(write, X)
    with pytest.raises(UnsupportedOperation, match="got an index twice; of tensors only add"):
        np.negative.at(wing.tensor(X), [0, 0])


def test_tensors_are_not_written_into_arrays() -> None:
    def loss(x: Any) -> Any:
        total = np.zeros(2)
        np.add.at(total, [0, 1], x)
        return np.sum(total)

    for run, error in ((tw.grad(loss), GradientError), (tw.jit(loss), TracingError)):
        with pytest.raises(error, match=r"Make it a tensor: tw.zeros\(n\) instead of np.zeros"):
            run(np.ones(2))


def test_a_buffer_takes_part_in_a_derivative() -> None:
    def loss(x: Any) -> Any:
        total = wing.zeros(2)
        np.add.at(total, [0, 1, 1], x)
        return np.sum(total**2)

    np.testing.assert_allclose(np.asarray(tw.grad(loss)(np.array([1.0, 2.0, 3.0]))), [2, 10, 10])


# ---- keywords


def test_dtype_is_what_is_computed_in() -> None:
    require_numpys(
        lambda x: [
            np.add(x, 1, dtype=np.float32),
            np.multiply(x, x, dtype=np.complex128),
            np.equal(x, x, dtype=bool),
            np.true_divide(x, 2, dtype=np.float32, casting="same_kind"),
        ],
        X,
    )
    require_numpys(lambda x: np.add.reduce(x, dtype=np.float32), X, close=1e-5)


def test_where_a_mask_does_not_hold_out_keeps_its_values() -> None:
    def safe(x: Any) -> Any:
        return np.divide(x, x - 1.2, out=np.zeros_like(x), where=x > 1.5)

    require_numpys(safe, X)
    require_numpys(lambda x: np.log(x, out=np.full_like(x, 7.0), where=MASK), X)
    check_gradients(safe, X)


def test_what_is_masked_has_no_derivative_even_where_it_does_not_exist() -> None:
    def loss(x: Any) -> Any:
        return np.sum(np.log(x, out=np.zeros_like(x), where=x > 0))

    for gradient in (tw.grad(loss), tw.jit(tw.grad(loss))):
        found = np.asarray(gradient(np.array([-1.0, 0.0, 2.0])))
        assert found.tolist() == [0.0, 0.0, 0.5]


def test_chance_is_refused() -> None:
    with pytest.raises(
        UnsupportedOperation, match=r"leaves its other elements to chance. Write np"
    ):
        np.sqrt(wing.tensor(X), where=MASK)
    with pytest.raises(GradientError, match=r"give a tensor: out=np.zeros_like\(x\)"):
        tw.grad(lambda x: np.sum(np.exp(x, out=np.zeros(2), where=True)))(np.ones(2))


def test_adding_to_an_array_in_place_is_told_how_to_write() -> None:
    def loss(x: Any) -> Any:
        total = np.zeros(2)
        total += x
        return np.sum(total)

    with pytest.raises(GradientError, match=r"is such a call: write a = a \+ x"):
        tw.grad(loss)(np.ones(2))


def test_a_result_is_written_into_a_tensor_in_a_derivative() -> None:
    def loss(x: Any) -> Any:
        y = np.zeros_like(x)
        np.multiply(x, x, out=y)
        return np.sum(y)

    assert np.asarray(tw.grad(loss)(np.array([3.0]))).tolist() == [6.0]
