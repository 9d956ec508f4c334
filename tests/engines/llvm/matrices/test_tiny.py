"""Matrices of a few rows, computed in registers within loops: the bits of the functions of memory.

The same is asked of a stack of matrices at once, and of one after another by a loop.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import program_of
from tests.engines.llvm.matrices.systems import Array, definite, native, normal
from thalweg.core.operation import op
from thalweg.core.program import nested
from thalweg.core.spec import Spec
from thalweg.engines.llvm.kernels.whole import registers

KINDS = [(np.float64, "avx2"), (np.float32, "sse")]

of_each_kind = pytest.mark.parametrize(("dtype", "target"), KINDS)

of_each_size = pytest.mark.parametrize("n", [1, 2, 3, 4])


def awkward(dtype: Any, n: int) -> Array:
    """Return matrices that are well, singular, with equal pivots, ±0, NaN and infinity."""
    few = np.random.default_rng(n).choice([-2.0, -1.0, -0.0, 0.0, 1.0, 2.0], (200, n, n))
    well, wrong = normal(np.float64, 40, n, n), normal(np.float64, 40, n, n)
    for i, (x, number) in enumerate(
        zip(wrong, itertools.cycle([np.nan, np.inf, -np.inf, -0.0, 1e-320]), strict=False)
    ):
        x.flat[i % x.size] = number
    lower = np.tril(well) + np.eye(n)
    return np.concatenate([few, well, wrong, definite(np.float64, 40, n, n), lower]).astype(dtype)


def in_turn(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function be called of one after another, by a loop."""

    def loop(*stacks: Any) -> Any:
        return tw.scan(lambda c, rows: (c + 1, function(*rows)), 0, stacks)[1]

    return loop


def same_bits(function: Callable[..., Any], *stacks: Array, target: str) -> None:
    """Fail unless a loop in registers finds what functions over memory find."""
    looped = in_turn(function)
    assert is_in_registers(looped, *stacks)
    found, expected = (
        native(looped, *stacks, target=target),
        native(function, *stacks, target=target),
    )
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
        told = ~np.isnan(other)
        np.testing.assert_array_equal(np.signbit(one)[told], np.signbit(other)[told])


def is_in_registers(function: Callable[..., Any], *arrays: Array) -> bool:
    program = program_of(function, *(Spec(x.shape, x.dtype) for x in arrays))
    loops = [e for e in program.equations if any(nested(e))]
    assert loops
    return all(map(registers.is_small, loops))


@of_each_kind
@of_each_size
def test_factors_have_the_bits_of_those_in_memory(n: int, dtype: Any, target: str) -> None:
    same_bits(lambda x: op.lu_parts(x), awkward(dtype, n), target=target)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("columns", [1, 3])
@of_each_kind
@of_each_size
def test_systems_have_the_bits_of_those_in_memory(
    n: int, dtype: Any, target: str, columns: int, transposed: bool
) -> None:
    x = awkward(dtype, n)
    b = normal(np.float64, len(x), n, columns).astype(dtype)
    b[::3, 0] = -0.0

    def solved(x: Any, b: Any) -> Any:
        return op.lu_solved(x, op.lu_parts(x), b, transposed=transposed)

    same_bits(solved, x, b, target=target)


@pytest.mark.parametrize("columns", [1, 2])
@of_each_kind
@of_each_size
def test_triangles_have_the_bits_of_those_in_memory(
    n: int, dtype: Any, target: str, columns: int
) -> None:
    x = awkward(dtype, n)
    b = normal(np.float64, len(x), n, columns).astype(dtype)
    for lower, transposed, unit in itertools.product([False, True], repeat=3):

        def solved(a: Any, b: Any, kind: tuple[bool, ...] = (lower, transposed, unit)) -> Any:
            return op.triangular_solve(a, b, lower=kind[0], transposed=kind[1], unit=kind[2])

        same_bits(solved, x, b, target=target)


@of_each_kind
@of_each_size
def test_cholesky_factors_have_the_bits_of_those_in_memory(n: int, dtype: Any, target: str) -> None:
    same_bits(lambda x: op.cholesky_factor(x), awkward(dtype, n), target=target)


def test_factors_of_another_turn_are_used_again() -> None:
    x = awkward(np.float64, 3)
    b = normal(np.float64, len(x), 3, 2)
    (factors,) = native(lambda x: op.lu_parts(x), x)
    for transposed in (False, True):

        def solved(x: Any, factors: Any, b: Any, turned: bool = transposed) -> Any:
            return op.lu_solved(x, factors, b, transposed=turned)

        same_bits(solved, x, factors, b, target="avx2")


@of_each_kind
def test_stacks_within_a_turn_have_the_bits_of_those_in_memory(dtype: Any, target: str) -> None:
    x = awkward(dtype, 2)
    x = x[: len(x) // 4 * 4].reshape(-1, 2, 2, 2, 2)
    b = normal(np.float64, len(x), 2, 2, 2, 1).astype(dtype)

    def several(x: Any, b: Any) -> Any:
        factors = op.lu_parts(x)
        return factors, op.lu_solved(x, factors, b, transposed=False), op.cholesky_factor(x)

    same_bits(several, x, b, target=target)


# ---- whole models


def _filter(log_scale: Any, seen: Any) -> Any:
    """The mean of what a recursion of covariances finds: systems, determinants, factors."""
    n = seen.shape[-1]
    noise = np.exp(log_scale) * np.eye(n)

    def turn(carry: Any, now: Any) -> Any:
        x, P = carry
        S = P + noise
        gain = np.linalg.solve(S, P).T
        error = now - x
        root = np.linalg.cholesky(S)
        term = np.linalg.slogdet(S)[1] + error @ np.linalg.solve(S, error) + np.trace(root)
        return (x + gain @ error, P - gain @ P + 0.1 * noise), term

    return np.mean(tw.scan(turn, (np.zeros(n), np.eye(n)), seen)[1])


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_values_and_gradients_in_registers_are_those_of_numpys_functions(
    n: int, dtype: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    arguments = np.asarray(0.3, dtype), normal(dtype, 9, n)
    function = tw.value_and_grad(_filter, (0, 1))
    assert is_in_registers(lambda *x: tuple(tw.tree.leaves(function(*x))), *arguments)
    expected = tw.tree.leaves(tw.jit(function, engine="numpy")(*arguments))
    found = tw.tree.leaves(tw.jit(function, engine="native")(*arguments))
    # What is kept on disk is found by the program, which is the same.
    monkeypatch.setenv("THALWEG_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(registers, "_MOST_ROWS", -1)
    assert not is_in_registers(lambda *x: tuple(tw.tree.leaves(function(*x))), *arguments)
    again = tw.jit(lambda *x: function(*x), engine="native")
    in_memory = tw.tree.leaves(again(*arguments))
    limit = 1e-10 if dtype is np.float64 else 2e-3
    for one, two, other in zip(found, in_memory, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, limit, limit)
        np.testing.assert_allclose(one, two, limit, limit)


def test_what_is_singular_in_a_turn_is_nan_there_alone() -> None:
    x = normal(np.float64, 5, 2, 2)
    x[3] = 0.0
    solve = tw.jit(in_turn(np.linalg.inv), engine="native")
    found = np.asarray(solve(x))
    assert np.isnan(found[3]).all()
    np.testing.assert_allclose(np.delete(found, 3, 0), np.linalg.inv(np.delete(x, 3, 0)))


def test_larger_matrices_are_left_to_memory() -> None:
    x = normal(np.float64, 3, 5, 5)
    looped = in_turn(lambda x: op.lu_parts(x))
    assert not is_in_registers(looped, x)
    (found,), (expected,) = native(looped, x), native(lambda x: op.lu_parts(x), x)
    np.testing.assert_array_equal(found, expected)
