"""Transposes of matrices are carried to where they vanish, and values stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.compiler.programs import program_of, spec
from thalweg.compiler.pipeline import simplify
from thalweg.engines.numpy import NumpyEngine

CASES: list[tuple[Callable[..., Any], int]] = [
    (lambda x, y: (np.tanh(x.T) * y.T + 1.0).T, 0),
    (lambda x, y: np.sum((x.T - 2.0 * y.T) ** 2), 0),
    (lambda x, y: np.max(x.T, axis=0) + np.sum(y.T, axis=0), 0),
    (lambda x, y: np.where(x.T > y.T, x.T, 0.0), 1),
    (lambda x, y: x.T + y.reshape(4, 3), 1),
]


@pytest.mark.parametrize("position", range(len(CASES)))
def test_transposes_are_carried_to_the_result(position: int) -> None:
    function, left = CASES[position]
    program = program_of(function, spec(3, 4), spec(3, 4))
    shorter = simplify(program)
    names = [equation.primitive.name for equation in shorter.equations]
    assert names.count("transpose") == left
    x, y = np.random.default_rng(0).normal(size=(2, 3, 4))
    (want,), (found,) = (NumpyEngine().compile(p)(x, y) for p in (program, shorter))
    np.testing.assert_allclose(found, want, rtol=1e-14)
