"""Long sums: their errors are NumPy's pairwise ones, and no element is left out or read twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import optim

Array = np.ndarray[Any, Any]
LONG = 1_500_003
TENTH = np.float32(0.1)

# Sums of many equal float32, of which the last additions round the same way each time.
SUMS: dict[str, tuple[Callable[..., Any], tuple[tuple[int, ...], ...]]] = {
    "sum": (lambda x: tw.sum(x), ((LONG,),)),
    "mean": (lambda x: tw.mean(x), ((LONG,),)),
    "sum of squares": (lambda x: tw.sum(x * x), ((LONG,),)),
    "sum down the columns": (lambda x: tw.sum(x, axis=0), ((LONG, 2),)),
    "sum along the rows": (lambda x: tw.sum(x, axis=1), ((2, LONG),)),
    "sum over two axes": (lambda x: tw.sum(x, axis=(0, 2)), ((LONG // 3, 2, 3),)),
    "sum of a transposed array": (lambda x: tw.sum(x.T, axis=1), ((LONG, 2),)),
    "dot": (lambda x, y: x @ y, ((LONG,), (LONG,))),
    "product of a short row": (lambda x, y: x @ y, ((2, LONG), (LONG,))),
    "product of a turned matrix": (lambda x, y: x.T @ y, ((LONG, 3), (LONG,))),
    "product of matrices": (lambda x, y: x.T @ y, ((LONG // 3, 3), (LONG // 3, 5))),
    "contraction": (lambda x, y: np.einsum("ijk,ijl->kl", x, y), ((LONG // 4, 4, 2),) * 2),
    "loss of a linear model": (lambda x, p: tw.mean((x @ p - 1.0) ** 2), ((LONG, 2), (2,))),
    "its gradient": (
        lambda x, p: tw.grad(lambda q: tw.mean((x @ q - 1.0) ** 2))(p),
        ((LONG, 2), (2,)),
    ),
}


@pytest.mark.parametrize("name", SUMS)
def test_long_sums_of_float32_are_exact_to_rounding(name: str) -> None:
    function, shapes = SUMS[name]
    operands = [np.full(shape, TENTH) for shape in shapes]
    found = tw.jit(function)(*operands)
    wanted = function(*[tw.tensor(operand.astype(np.float64)) for operand in operands])
    np.testing.assert_allclose(found, np.asarray(wanted), rtol=3e-6)


def test_the_variance_of_many_float32_is_that_of_numpy() -> None:
    x = np.random.default_rng(0).normal(3.0, 2.0, LONG).astype(np.float32)
    exact = x.astype(np.float64)
    np.testing.assert_allclose(tw.jit(tw.var)(x), exact.var(), rtol=1e-6)
    np.testing.assert_allclose(tw.jit(tw.std)(x), exact.std(), rtol=1e-6)


@pytest.mark.parametrize("rounds", [1, 63, 64, 65, 127, 128, 129, 4096, 4097])
@pytest.mark.parametrize("rest", [0, 1, 29])
def test_every_element_is_added_once(rounds: int, rest: int) -> None:
    n = 16 * rounds + rest
    x = np.random.default_rng(n).integers(-9, 9, n)
    table, pairs = x[:, None] + np.arange(3), x.astype(float)

    def sums(v: Any, t: Any, f: Any) -> tuple[Any, ...]:
        return (
            tw.sum(v), tw.max(v), tw.min(v), tw.sum(t, axis=0), tw.sum(t), tw.max(t, axis=0),
            f @ f, t.T @ v, tw.sum(t * t, axis=1), tw.sum(tw.reshape(t, (-1, 1, 3)), axis=(0, 2)),
        )  # fmt: skip

    found = tw.jit(sums)(x, table, pairs)
    wanted = sums(x, table, pairs)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


def test_the_loss_of_a_full_batch_is_exact_to_rounding() -> None:
    x = np.full((LONG, 2), TENTH)
    y = np.full(LONG, np.float32(0.3))

    def loss(w: Any, x: Any, y: Any) -> Any:
        return np.mean((x @ w - y) ** 2)

    result = tw.fit(
        loss, np.zeros(2, np.float32), (x, y), optimizer=optim.sgd(0.5), batch_size=None, epochs=3
    )
    w, losses = np.zeros(2), []
    for _ in range(3):
        error = 0.2 * float(TENTH / 0.2) * (w[0] + w[1]) - float(np.float32(0.3))
        losses.append(error**2)
        w = w - 0.5 * 2 * error * float(TENTH)
    np.testing.assert_allclose(result.params, w, rtol=3e-6)
    np.testing.assert_allclose(result.history.loss, losses, rtol=3e-6)
