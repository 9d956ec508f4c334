"""Which states change in place, and which values share memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.plans import plan_of, step_plan
from tests.compiler.programs import spec
from tests.engines.loops import check_loop
from thalweg.compiler.kernels.memory import aligned_size, assign
from thalweg.ops.index.take import scatter_add

RANDOM = np.random.default_rng(0)
A, B, C = RANDOM.normal(size=(3, 9))
M = RANDOM.normal(size=(6, 5))
X, Y = RANDOM.normal(size=(40, 4)), RANDOM.normal(size=40)
ROWS, OTHERS = np.array([1, 0, 2]), np.array([0, 1, 1])


def descended(w: Any, X: Any, y: Any) -> Any:
    value, gradient = tw.value_and_grad(lambda w: np.mean((X @ w - y) ** 2))(w)
    return w - 0.1 * gradient, value


def remembered(w: Any, v: Any, last: Any, X: Any, y: Any) -> Any:
    """Two gradients of one stream; the second reads a state that the first replaces."""
    z = X @ w
    g, h = X.T @ (z - y), X.T @ (z * y)
    return w - 0.01 * g, v - 0.01 * h + 0.1 * last, 0.5 * g, np.mean((z - y) ** 2)


def loss_first(function: Any) -> Any:
    """Return a step from a function of (loss, *states): what it reads, it reads early."""

    def step(*arguments: Any) -> Any:
        loss, *states = function(*arguments)
        return (*states, loss)

    return step


# A step, its states and data, and which states change in place.
CASES: dict[str, tuple[Any, list[Any], list[Any], set[int]]] = {
    "each element from itself": (
        loss_first(lambda a: (np.sum(a[:3]), 0.5 * a + 1.0)),
        [A],
        [],
        {0},
    ),
    "two states from each other, element by element": (
        loss_first(lambda a, b: (np.sum(a[:3]), a + 0.1 * b, b - 0.1 * a)),
        [A, B],
        [],
        {0, 1},
    ),
    "other elements of itself": (loss_first(lambda a: (np.sum(a), 0.5 * a[::-1])), [A], [], set()),
    "a neighbour": (
        loss_first(lambda a: (np.sum(a), 0.5 * a + 0.1 * np.concatenate((a[1:], a[:1])))),
        [A],
        [],
        set(),
    ),
    "its own sum": (loss_first(lambda a: ((s := np.sum(a)), a - 0.1 * s)), [A], [], set()),
    "its own product": (loss_first(lambda a, m: (a[0], 0.1 * (m @ a))), [A[:5]], [M[:5]], set()),
    "a number spread over a state within the step": (
        loss_first(lambda a, s: (np.sum(a[:3]), a * s, 0.5 * s)),
        [A, 1.5],
        [],
        {0},
    ),
    "read after it would be written": (
        lambda a, b: ((n := 0.9 * a), b + np.flip(n + a), np.sum(a)),
        [A, B],
        [],
        {1},
    ),
    "a stream's own vector": (descended, [A[:4]], [X, Y], {0}),
    "a stream's state read by its other product": (
        remembered,
        [A[:4], B[:4], C[:4]],
        [X, Y],
        {0, 1, 2},
    ),
    "scattered into": (
        lambda E, i, u: (scatter_add(E, i, u, axis=0), np.sum(u)),
        [M],
        [ROWS, M[:3]],
        {0},
    ),
    "scattered into from itself": (
        lambda E, i, j: (scatter_add(E, i, E[j], axis=0), np.sum(i)),
        [M],
        [ROWS, OTHERS],
        set(),
    ),
    "positions that are scattered into": (
        lambda i, u: (scatter_add(i, i[:3], u, axis=0), np.sum(u)),
        [np.array([2, 0, 1, 0, 3])],
        [np.array([1, 0, 0])],
        set(),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_state_changes_in_place_where_all_reads_come_first(name: str) -> None:
    step, states, data, expected = CASES[name]
    shapes = [spec(*np.shape(a), dtype=np.asarray(a).dtype) for a in (*states, *data)]
    assert step_plan(step, len(states), *shapes)[2] == expected
    check_loop(step, states, data, steps=3)


def test_a_value_read_only_within_its_kernel_has_no_memory() -> None:
    plan = plan_of(lambda x: x / np.sum(np.exp(x), axis=1, keepdims=True), (8, 5))
    storage = assign(plan, [], {}, 0)
    assert storage.stored == set(plan.graph.program.outputs)


def test_memory_is_used_again_when_nobody_reads_it_any_more() -> None:
    def chain(x: Any) -> Any:
        for _ in range(20):
            x = np.cumsum(x)
        return x

    plan = plan_of(chain, (100,))
    assert len(plan.kernels) == 20
    assert assign(plan, [], {}, 0).end == 2 * aligned_size(800)


def test_values_in_use_at_once_do_not_overlap() -> None:
    def fork(x: Any) -> Any:
        first = np.cumsum(x)
        second, third = np.cumsum(np.flip(first)), np.cumsum(first * first)
        return np.cumsum(second[:50]), np.cumsum(np.flip(third)), second

    plan = plan_of(fork, (100,))
    storage = assign(plan, [], {}, 64)
    places = sorted((at, at + aligned_size(s.spec.nbytes)) for s, at in storage.offsets.items())
    assert places[0][0] == 64
    assert all(at % 64 == 0 for at, _ in places)
    home, last = plan.home, len(plan.kernels)
    outputs = set(plan.graph.program.outputs)
    lives = {s: (home[s], last if s in outputs else _last_reader(plan, s)) for s in storage.offsets}
    for a, (a_from, a_to) in lives.items():
        for b, (b_from, b_to) in lives.items():
            if a is not b and a_from <= b_to and b_from <= a_to:
                x, y = storage.offsets[a], storage.offsets[b]
                assert x + a.spec.nbytes <= y or y + b.spec.nbytes <= x


def _last_reader(plan: Any, symbol: Any) -> int:
    return max(
        i
        for i, kernel in enumerate(plan.kernels)
        for root in kernel.roots
        for access in plan.accesses.of(root)
        if access.symbol is symbol
    )
