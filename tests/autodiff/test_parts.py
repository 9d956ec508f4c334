"""Derivatives of many parts of a tensor: right, and no more work than there are parts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing
from thalweg.core.program import finish, trace
from thalweg.core.spec import FLOAT64, Spec
from thalweg.core.tensor import make

PARTS: dict[str, Callable[[Any, int], Any]] = {
    "stack": lambda x, n: tw.stack([x[i] ** 2 for i in range(n)]).sum(),
    "concatenate": lambda x, n: np.concatenate([x[i : i + 1] ** 2 for i in range(n)]).sum(),
    "hstack": lambda x, n: np.hstack([x[i : i + 1] ** 2 for i in range(n)]).sum(),
    "split": lambda x, n: sum((part**2).sum() for part in np.split(x, n)),
    "unbind": lambda x, n: sum(part**2 for part in wing.unbind(x)),
    "indices": lambda x, n: sum(x[i] ** 2 for i in range(n)),
    "indices from the end": lambda x, n: sum(x[-i - 1] ** 2 for i in range(n)),
    "iteration": lambda x, n: sum(value**2 for value in x),
    "array": lambda x, n: tw.array([x[i] ** 2 for i in range(n)]).sum(),
    "every other": lambda x, n: sum(x[i] ** 2 for i in range(0, n, 2)),
}


def work(function: Callable[[Any, int], Any], n: int) -> int:
    """Return how many elements the equations of a gradient compute."""
    gradient = tw.grad(lambda x: function(x, n))
    result, current, symbols = trace(gradient, [Spec((n,), FLOAT64)], make)
    program = finish(current, symbols, [result.array])
    return sum(equation.output.spec.size + len(equation.inputs) for equation in program.equations)


@pytest.mark.parametrize("name", PARTS)
def test_the_work_of_a_gradient_grows_as_the_parts_do(name: str) -> None:
    assert work(PARTS[name], 160) <= 4.5 * work(PARTS[name], 40)


@pytest.mark.parametrize("name", PARTS)
def test_the_gradient_of_many_parts_is_right(name: str) -> None:
    x, function = np.arange(1.0, 13.0), PARTS[name]
    gradient = tw.grad(lambda x: function(x, 12))
    expected = np.where(np.arange(12) % 2 == 0, 2 * x, 0) if name == "every other" else 2 * x
    np.testing.assert_array_equal(np.asarray(gradient(x)), expected)
    np.testing.assert_array_equal(np.asarray(tw.jit(gradient)(x)), expected)
    second = tw.grad(lambda x: (gradient(x) * x).sum())(x)
    np.testing.assert_array_equal(np.asarray(second), 2 * expected)
    tangent = tw.jvp(lambda x: function(x, 12), (x,), (np.ones(12),))[1]
    assert float(tangent) == expected.sum()


SLICES = [
    (slice(0, 3), slice(2, 5)), (slice(4, 6), slice(0, 2)), (slice(0, 6, 2), slice(1, 6, 2)),
    (slice(3, 3), slice(0, 6)), (slice(5, 2, -1), slice(0, 1)), (slice(1, 4), slice(1, 4)),
    (slice(2, 4), 0, -1), (slice(0, 2), (slice(2, 6), slice(0, 1)), (slice(2, 6), slice(1, 3))),
]  # fmt: skip


@pytest.mark.parametrize("slices", SLICES, ids=str)
def test_slices_that_overlap_leave_gaps_or_turn_add_their_cotangents(slices: Any) -> None:
    x, random = np.arange(18.0).reshape(6, 3), np.random.default_rng(0)
    weights = [random.normal(size=x[key].shape) for key in slices]

    def total(x: Any) -> Any:
        return sum((x[key] ** 2 * w).sum() for key, w in zip(slices, weights, strict=True))

    expected = np.zeros_like(x)
    for key, w in zip(slices, weights, strict=True):
        expected[key] += 2 * x[key] * w
    gradient = tw.grad(total)
    np.testing.assert_allclose(np.asarray(gradient(x)), expected, 1e-12, 1e-12)
    np.testing.assert_allclose(np.asarray(tw.jit(gradient)(x)), expected, 1e-12, 1e-12)
    leaf = tw.tensor(x, requires_grad=True)
    total(leaf).backward()
    assert leaf.grad is not None
    np.testing.assert_allclose(leaf.grad.numpy(), expected, 1e-12, 1e-12)
