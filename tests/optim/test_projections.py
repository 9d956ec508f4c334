"""Projections are Optax's, with its derivatives, and compile natively."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import ArgumentError, ShapeError
from thalweg.optim import projections

jax = pytest.importorskip("jax")
oracle = pytest.importorskip("optax").projections

RANDOM = np.random.default_rng(3)
TREE = {"a": RANDOM.normal(size=(2, 3)), "b": [RANDOM.normal(size=4), np.float64(0.3)]}
NORMAL = {"a": RANDOM.normal(size=(2, 3)), "b": [RANDOM.normal(size=4), np.float64(-0.7)]}
VECTOR = RANDOM.normal(size=9)
TIED = np.array([0.5, 0.5, -1.0, 0.5, 2.0, 2.0])
LOWER = {"a": np.full((2, 3), -0.5), "b": [np.full(4, 0.1), np.float64(0.0)]}
UPPER = {"a": np.full((2, 3), 0.5), "b": [np.full(4, 0.2), np.float64(1.0)]}

Projection = Callable[[Any, Any], Any]  # of the namespace and a tree

ROWS: dict[str, list[tuple[Projection, Any]]] = {
    "projection_non_negative": [(lambda o, x: o.projection_non_negative(x), TREE)],
    "projection_box": [
        (lambda o, x: o.projection_box(x, LOWER, UPPER), TREE),
        (lambda o, x: o.projection_box(x, -0.5, 0.5), VECTOR),
        (lambda o, x: o.projection_box(x, 0.5, 2.0), TIED),
    ],
    "projection_hypercube": [
        (lambda o, x: o.projection_hypercube(x), VECTOR),
        (lambda o, x: o.projection_hypercube(x, 0.8), VECTOR),
    ],
    "projection_linf_ball": [(lambda o, x: o.projection_linf_ball(x, 0.5), TREE)],
    "projection_simplex": [
        (lambda o, x: o.projection_simplex(x), TREE),
        (lambda o, x: o.projection_simplex(x, 3.7), TREE),
        (lambda o, x: o.projection_simplex(x), TIED),
        (lambda o, x: o.projection_simplex(x, 1e-3), 10 * VECTOR),
        (lambda o, x: o.projection_simplex(VECTOR, x), np.float64(2.0)),
        (lambda o, x: o.projection_simplex(x), np.array([-3.0])),
    ],
    "projection_l1_sphere": [
        (lambda o, x: o.projection_l1_sphere(x), TREE),
        (lambda o, x: o.projection_l1_sphere(x, 30.0), TREE),
    ],
    "projection_l1_ball": [
        (lambda o, x: o.projection_l1_ball(x, 0.7), TREE),
        (lambda o, x: o.projection_l1_ball(x, 70.0), TREE),
        (lambda o, x: o.projection_l1_ball(x), np.float64(0.0)),
    ],
    "projection_l2_sphere": [(lambda o, x: o.projection_l2_sphere(x, 0.7), TREE)],
    "projection_l2_ball": [
        (lambda o, x: o.projection_l2_ball(x, 0.7), TREE),
        (lambda o, x: o.projection_l2_ball(x, 70.0), TREE),
        (lambda o, x: o.projection_l2_ball(x), np.float64(0.0)),
    ],
    "projection_vector": [
        (lambda o, x: o.projection_vector(x, NORMAL), TREE),
        (lambda o, a: o.projection_vector(TREE, a), NORMAL),
    ],
    "projection_hyperplane": [
        (lambda o, x: o.projection_hyperplane(x, NORMAL, 0.4), TREE),
        (lambda o, b: o.projection_hyperplane(TREE, NORMAL, b), np.float64(0.4)),
    ],
    "projection_halfspace": [
        (lambda o, x: o.projection_halfspace(x, NORMAL, -3.0), TREE),
        (lambda o, x: o.projection_halfspace(x, NORMAL, 30.0), TREE),
    ],
}

each_row = pytest.mark.parametrize(
    ("projection", "start"),
    [
        pytest.param(*row, id=f"{name}-{i}")
        for name, rows in ROWS.items()
        for i, row in enumerate(rows)
    ],
)


def weighted(projection: Projection, space: Any, library: Any) -> Callable[[Any], Any]:
    """Return the sum of what a projection gives, each number with a weight of its own."""

    def function(x: Any) -> Any:
        total = 0.0
        for i, leaf in enumerate(tw.tree.leaves(projection(space, x))):
            weights = np.cos(i + np.arange(float(np.size(leaf)))).reshape(np.shape(leaf))
            total = total + library.sum(leaf * weights)
        return total

    return function


def assert_near(found: Any, expected: Any, tolerance: float = 1e-12) -> None:
    ours, theirs = tw.tree.leaves(found), jax.tree.leaves(expected)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(np.asarray(a), b, rtol=tolerance, atol=tolerance / 100)


def test_every_projection_of_optax_is_there() -> None:
    assert set(projections.__all__) == set(ROWS) == {n for n in dir(oracle) if n[:5] == "proje"}
    for name in ROWS:
        ours, theirs = (inspect.signature(getattr(o, name)) for o in (projections, oracle))
        defaults = [(p.name, p.kind, p.default) for p in theirs.parameters.values()]
        assert [(p.name, p.kind, p.default) for p in ours.parameters.values()] == defaults


@each_row
def test_values_and_derivatives_are_those_of_optax(projection: Projection, start: Any) -> None:
    with jax.enable_x64(True):
        expected = jax.jit(lambda x: projection(oracle, x))(start)
        slope = jax.jit(jax.grad(weighted(projection, oracle, jax.numpy)))(start)
    found = projection(projections, start)
    assert not any(isinstance(leaf, tw.Tensor) for leaf in tw.tree.leaves(found))
    assert_near(found, expected)
    assert_near(tw.grad(weighted(projection, projections, tw))(start), slope)


@each_row
def test_derivatives_compile_natively(projection: Projection, start: Any) -> None:
    function = tw.value_and_grad(weighted(projection, projections, tw))
    compiled = tw.jit(function, engine="native", fallback="refuse")
    assert_near(compiled(start), function(start), 1e-11)


def test_the_simplex_is_projected_onto_along_a_batch() -> None:
    rows, sums = RANDOM.normal(size=(5, 6)), np.array([0.0, 0.1, 1.0, 2.0, 30.0])
    found = tw.vmap(projections.projection_simplex)(rows, sums)
    np.testing.assert_allclose(np.sum(found, 1), sums, rtol=1e-13, atol=1e-15)
    assert np.min(found) >= 0
    for row, total, ours in zip(rows, sums, found, strict=True):
        np.testing.assert_allclose(ours, projections.projection_simplex(row, total), atol=1e-14)


def test_small_sums_of_large_numbers_keep_their_digits() -> None:
    found = projections.projection_simplex(1e6 * VECTOR, 1e-3)
    assert np.sum(found) == 1e-3
    assert np.argmax(found) == np.argmax(VECTOR)


def test_what_is_no_number_stays_so() -> None:
    assert np.isnan(projections.projection_simplex(np.array([1.0, np.nan, 2.0]))).all()


def test_numbers_outside_their_range_and_other_trees_are_refused() -> None:
    with pytest.raises(ArgumentError, match="scale=-1"):
        projections.projection_simplex(VECTOR, -1)
    with pytest.raises(ShapeError):
        projections.projection_vector(TREE, VECTOR)


def test_dtypes_are_kept() -> None:
    mixed = {"a": np.ones(2, np.float32), "b": np.ones(3)}
    found = projections.projection_l1_ball(mixed)
    assert [found["a"].dtype, found["b"].dtype] == [np.float32, np.float64]
    assert projections.projection_simplex({}) == {}
