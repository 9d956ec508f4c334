"""What a step hands on: swapped, handed down, constant and unchanged states; any loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import body, program_of, run, spec
from tests.engines.loops import check_loop
from thalweg.compiler.states import own_outputs

A, B, C = np.random.default_rng(0).normal(size=(3, 9))

STEPS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "swapped": (lambda a, b: (b, a, np.sum(a)), [A, B], []),
    "turned in a circle": (lambda a, b, c: (b, c, a, np.sum(a)), [A, B, C], []),
    "swapped without an equation": (lambda a, b: (b, a, a), [1.5, 2.5], []),
    "handed down by a state that changes in place": (
        lambda a, b: (0.5 * a + 1.0, a, np.sum(b)),
        [A, B],
        [],
    ),
    "handed down ahead of it": (lambda b, a: (a, 0.5 * a + 1.0, np.sum(b)), [A, B], []),
    "handed down behind stop_gradient": (
        lambda a, b: (tw.stop_gradient(b), 2.0 * tw.stop_gradient(a), np.sum(a)),
        [A, B],
        [],
    ),
    "a number": (lambda a, b: (0.0, a * b, a), [1.5, 0.5], []),
    "a filled array": (lambda a, b: (np.zeros_like(a), a + b, np.sum(a)), [A, B], []),
    "data": (lambda a, b, d: (d, a + b, np.sum(b)), [A, B], [C]),
    "one value twice": (lambda a, b: ((n := a + b), n, np.sum(b)), [A, B], []),
    "unchanged": (lambda a, b: (a, b + a, np.sum(b)), [A, B], []),
    "empty": (lambda e, a: (2.0 * e, a + np.sum(e), np.sum(a)), [np.zeros((0, 3)), A], []),
    "scalars alone": (lambda x: (x - 0.2 * x, x * x), [3.0], []),
    "nothing computed": (lambda x: (x, x), [3.0], []),
}
LOSSES: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "a state that changes in place": (lambda a: (2.0 * a, a), [1.5], []),
    "a state": (lambda a, b: (a + 1.0, b, b), [A, 1.5], []),
    "data": (lambda a, d: (a + d, d), [A], [np.float64(3.0)]),
    "float32": (lambda a: (a * np.float32(0.5), a[0]), [A.astype(np.float32)], []),
    "int64": (lambda a: (a + 1, np.sum(a)), [np.arange(5)], []),
    "int32": (lambda a: (a + np.int32(1), a[0]), [np.arange(5, dtype=np.int32)], []),
    "bool": (lambda a: (a + 1, a[0] > 2), [np.arange(5)], []),
    "a number": (lambda a: (a + 1.0, 2.5), [A], []),
    "an integer": (lambda a: (a + 1.0, 2), [A], []),
}


@pytest.mark.parametrize("name", STEPS)
def test_states_are_what_the_reference_makes_of_them(name: str) -> None:
    check_loop(*STEPS[name])


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_what_the_reference_makes_of_it(name: str) -> None:
    check_loop(*LOSSES[name])


def test_a_hyperparameter_may_become_a_state_or_the_loss() -> None:
    check_loop(lambda a, rate: (rate, a), [1.5], scalars=[0.25])
    check_loop(lambda a, rate: (a + rate, rate), [1.5], scalars=[0.25])


def test_only_what_is_passed_on_is_copied() -> None:
    program = program_of(
        lambda a, b, c: (b, a, c, np.sum(a * b)), spec(3), spec(3), spec(3, dtype=np.int64)
    )
    own = own_outputs(program, 3)
    own.check()
    assert body(own) == [
        "d = astype(b, dtype=float64)",
        "e = astype(a, dtype=float64)",
        "f = multiply(a, b)",
        "g = reduce_sum(f, axis=(0,))",
        "return d, e, c, g",
    ]
    arguments = (A[:3], B[:3], np.arange(3))
    for found, wanted in zip(run(own, *arguments), run(program, *arguments), strict=True):
        np.testing.assert_array_equal(found, wanted)
