"""Which kernels known functions and training steps are cut into."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.plans import INT32, kinds, plan_of
from tests.compiler.programs import STEPS, spec
from thalweg.compiler.kernels.kernels import KernelPlan


def softmax(x: Any) -> Any:
    e = np.exp(x - np.max(x, 1, keepdims=True))
    return e / np.sum(e, 1, keepdims=True)


def standardized(x: Any) -> Any:
    return (x - np.mean(x, 1, keepdims=True)) / np.sqrt(np.var(x, 1, keepdims=True) + 1e-5)


def adam(X: Any, y: Any, rows: Any, w: Any, m: Any, v: Any, count: Any, rate: Any) -> Any:
    X, y = X[rows], y[rows]
    loss, g = tw.value_and_grad(lambda w: np.mean((X @ w - y) ** 2))(w)
    count = count + 1
    steps = tw.astype(count, float)
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    step = (m / (1.0 - 0.9**steps)) / (np.sqrt(v / (1.0 - 0.999**steps)) + 1e-8)
    return w - rate * step, m, v, count, loss


FUNCTIONS: dict[str, tuple[Any, list[Any], list[str]]] = {
    "maps of one domain are one kernel": (
        lambda x, y: (x + y, x * y, np.exp(x)),
        [(8, 3), (8, 3)],
        ["map 3"],
    ),
    "axes of extent 1 make no other domain": (
        lambda x, y: (x + 1.0, y[:, None] * 2.0),
        [(8,), (8,)],
        ["map 2"],
    ),
    "maps of other domains are apart": (
        lambda x, y: (x + 1.0, y + 1.0),
        [(8,), (9,)],
        ["map 1", "map 1"],
    ),
    "what is read elsewhere than it is written is apart": (
        lambda x: ((y := np.exp(x)), y + y[::-1]),
        [(8,)],
        ["map 1", "map 1"],
    ),
    "softmax is one pass over the rows": (softmax, [(8, 5)], ["row 4"]),
    "so is a standardized row": (standardized, [(8, 5)], ["row 4"]),
    "columns, and maps on their sums": (
        lambda x: ((m := np.mean(x, 0)), np.max(x, 0), np.sqrt(m)),
        [(8, 5)],
        ["column 4"],
    ),
    "rows are not columns": (
        lambda x: (np.sum(x, 0), np.sum(x, 1)),
        [(8, 5)],
        ["column 1", "row 1"],
    ),
    "a cheap map joins its product": (
        lambda X, W, b: np.maximum(X @ W + b, 0.0),
        [(8, 5), (5, 6), (6,)],
        ["product 2"],
    ),
    "a dear one does not": (
        lambda X, W, b: np.tanh(X @ W + b),
        [(8, 5), (5, 6), (6,)],
        ["product 1", "map 1"],
    ),
    "small strangers run together": (lambda x, y: (np.exp(x), np.exp(y)), [(8,), (8,)], ["map 2"]),
    "large ones are apart": (
        lambda x, y: (np.exp(x), np.exp(y)),
        [(80, 9), (80, 9)],
        ["map 1", "map 1"],
    ),
    "but not from what reads the same": (
        lambda x, y: (np.exp(x), np.exp(y), np.sin(x), np.sin(y)),
        [(80, 9), (80, 9)],
        ["map 2", "map 2"],
    ),
    "a number of one array does not bring others together": (
        lambda x, y, z: ((s := np.sum(x * x)), x - s, y - s, z - s),
        [(80, 9)] * 3,
        ["row 2", "map 1", "map 1"],
    ),
    "a scan is alone": (lambda x: np.cumsum(x) * 2.0, [(8,)], ["scan 1", "map 1"]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name: str) -> None:
    function, shapes, expected = FUNCTIONS[name]
    assert kinds(plan_of(function, *shapes)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("linear", ["stream 8"]),
        ("logistic", ["stream 5", "row 2"]),
        ("softmax", ["product 1", "row 8", "row 2", "column 2", "product 2"]),
        ("embedding", ["stream 6", "map 1", "scatter 1"]),
        ("rosenbrock", ["row 1", "map 1"]),
    ],
)
def test_training_steps(name: str, expected: list[str]) -> None:
    step = STEPS[name]
    assert kinds(plan_of(step.function, *step.specs)) == expected


def test_a_networks_updates_join_the_products_of_their_gradients() -> None:
    step = STEPS["relu"]
    plan = plan_of(step.function, *step.specs)
    updated = set(plan.graph.program.outputs[:4])
    found = {kernel.kind.value for kernel in plan.kernels if updated & set(kernel.roots)}
    assert found == {"product", "column"}
    assert all(len(kernel.roots) == 2 for kernel in plan.kernels if updated & set(kernel.roots))


def test_adam_is_its_counters_and_one_stream() -> None:
    shapes = [(30, 4), (30,), spec(8, dtype=INT32), (4,), (4,), (4,), spec(dtype=np.int64), ()]
    plan = plan_of(adam, *shapes)
    assert kinds(plan) == ["map 5", "stream 8"]
    assert plan.kernels[0].domain == (), "powers of the count are computed once, ahead of all"


def _positions(plan: KernelPlan) -> dict[Any, tuple[int, int]]:
    return {
        root: (i, j) for i, kernel in enumerate(plan.kernels) for j, root in enumerate(kernel.roots)
    }


@pytest.mark.parametrize("name", STEPS)
def test_every_kept_value_is_computed_once_and_before_it_is_read(name: str) -> None:
    step = STEPS[name]
    plan = plan_of(step.function, *step.specs)
    positions = _positions(plan)
    assert set(positions) == plan.kept
    assert sum(len(kernel.roots) for kernel in plan.kernels) == len(plan.kept)
    for root, (kernel, place) in positions.items():
        for access in plan.accesses.of(root):
            if access.symbol not in plan.kept:
                continue
            at, before = positions[access.symbol]
            in_stream = plan.kernels[kernel].kind.value == "stream"
            assert at < kernel or (at == kernel and (before < place or in_stream))
