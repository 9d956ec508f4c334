from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import body, primitives, program_of, run, spec
from thalweg.compiler.pipeline import optimize
from thalweg.errors import IndexOutOfRange
from thalweg.ops.index.take import scatter_add, scatter_add_along_axis

INDICES = np.array([2, 0, -1, 2])
TABLE, UPDATES = spec(5, 3), spec(4, 3)
POSITIONS = spec(4, dtype=np.int64)


def scattered(updates: Any, indices: Any) -> Any:
    return scatter_add(
        tw.Tensor.astype(np.zeros_like(_table(updates)), updates.dtype), indices, updates, axis=0
    )


def _table(updates: Any) -> Any:
    return np.broadcast_to(updates[:1], (5, 3))


CASES: dict[str, tuple[Any, list[str]]] = {
    "a factor": (
        lambda p, i, u, c: c * scattered(u, i),
        [
            "e = broadcast_to(0.0, shape=(5, 3))",
            "f = multiply(c, d)",
            "g = scatter_add(e, b, f, axis=0)",
            "return g",
        ],
    ),
    "a divisor": (
        lambda p, i, u, c: scattered(u, i) / c,
        [
            "e = broadcast_to(0.0, shape=(5, 3))",
            "f = divide(1.0, d)",
            "g = multiply(c, f)",
            "h = scatter_add(e, b, g, axis=0)",
            "return h",
        ],
    ),
    "a sign": (
        lambda p, i, u, c: -scattered(u, i),
        [
            "e = broadcast_to(0.0, shape=(5, 3))",
            "f = negative(c)",
            "g = scatter_add(e, b, f, axis=0)",
            "return g",
        ],
    ),
    "no conversion to a narrower dtype": (
        lambda p, i, u, c: tw.Tensor.astype(scattered(u, i), np.float32),
        [
            "e = broadcast_to(0.0, shape=(5, 3))",
            "f = scatter_add(e, b, c, axis=0)",
            "g = astype(f, dtype=float32)",
            "return g",
        ],
    ),
    "a sum": (
        lambda p, i, u, c: p + scattered(u, i),
        ["e = scatter_add(a, b, c, axis=0)", "return e"],
    ),
    "a difference": (
        lambda p, i, u, c: p - scattered(u, i),
        ["e = negative(c)", "f = scatter_add(a, b, e, axis=0)", "return f"],
    ),
    "a broadcast sum": (
        lambda p, i, u, c: c + scattered(u, i),
        ["e = broadcast_to(d, shape=(5, 3))", "f = scatter_add(e, b, c, axis=0)", "return f"],
    ),
    "a sum of two": (
        lambda p, i, u, c: p + 2.0 * (scattered(u, i) + scattered(u * u, i)),
        [
            "e = square(c)",
            "f = multiply(c, 2.0)",
            "g = multiply(e, 2.0)",
            "h = scatter_add(a, b, f, axis=0)",
            "i = scatter_add(h, b, g, axis=0)",
            "return i",
        ],
    ),
    "a step of gradient descent": (
        lambda p, i, u, c: p + -c * scattered(u, i),
        ["e = negative(d)", "f = multiply(c, e)", "g = scatter_add(a, b, f, axis=0)", "return g"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_sparse_gradients_stay_sparse(case: str) -> None:
    function, wanted = CASES[case]
    program = program_of(function, TABLE, POSITIONS, UPDATES, spec())
    optimized = optimize(program)
    optimized.check()
    assert body(optimized) == wanted
    draw = np.random.default_rng(0)
    given = [draw.normal(size=(5, 3)), INDICES, draw.normal(size=(4, 3)), np.array(0.3)]
    np.testing.assert_allclose(
        run(optimized, *given)[0], run(program, *given)[0], rtol=1e-6, atol=1e-15
    )


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda p, i, u: p * scattered(u, i), id="a factor an element"),
        pytest.param(lambda p, i, u: (p + scattered(u, i), scattered(u, i)), id="two uses"),
        pytest.param(lambda p, i, u: np.square(scattered(u, i)), id="a square"),
    ],
)
def test_gradients_used_densely_stay_dense(function: Any) -> None:
    optimized = optimize(program_of(function, TABLE, POSITIONS, UPDATES))
    scatter = next(e for e in optimized.equations if e.primitive.name == "scatter_add")
    assert optimized.name(scatter.inputs[2]) == "c"
    assert optimized.name(scatter.inputs[0]) != "a"


def test_a_use_by_dead_code_is_none() -> None:
    def function(p: Any, i: Any, u: Any) -> Any:
        gradient = scattered(u, i)
        np.sum(gradient)
        return p + gradient

    optimized = optimize(program_of(function, TABLE, POSITIONS, UPDATES))
    assert primitives(optimized) == ["scatter_add"]


def test_a_use_that_simplification_removes_is_none() -> None:
    def function(p: Any, i: Any, u: Any) -> Any:
        gradient = scattered(u, i)
        unused = np.where(np.zeros_like(p) > 1.0, np.exp(gradient), p)
        return (p + gradient) + 0.0 * unused

    optimized = optimize(program_of(function, TABLE, POSITIONS, UPDATES))
    assert primitives(optimized) == ["scatter_add", "multiply", "add"]


# ---- labels

LOGITS, LABELS = spec(4, 3), spec(4, 1, dtype=np.int64)


def picked(x: Any, labels: Any) -> Any:
    value, gradient = tw.value_and_grad(
        lambda x: np.sum(np.tanh(np.take_along_axis(x, labels, 1)))
    )(x)
    return value, gradient


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.int8, np.uint8])
def test_the_gradient_of_picking_a_label_compares_instead_of_scattering(dtype: Any) -> None:
    program = program_of(picked, LOGITS, spec(4, 1, dtype=dtype))
    optimized = optimize(program)
    optimized.check()
    assert "iota" in primitives(optimized)
    assert "scatter_add_along_axis" not in primitives(optimized)
    labels = np.array([[0], [2], [1], [2]])
    if np.dtype(dtype).kind == "i":
        labels[3] = -1
    given = [np.random.default_rng(0).normal(size=(4, 3)), labels.astype(dtype)]
    for before, after in zip(run(program, *given), run(optimized, *given), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-15)


def test_more_classes_than_the_labels_dtype_counts_are_counted_wider() -> None:
    optimized = optimize(program_of(picked, spec(4, 200), spec(4, 1, dtype=np.int8)))
    optimized.check()
    counted = next(e for e in optimized.equations if e.primitive.name == "iota")
    assert counted.output.dtype == np.int64


def test_labels_out_of_range_are_refused_as_before() -> None:
    optimized = optimize(program_of(picked, LOGITS, LABELS))
    with pytest.raises(IndexOutOfRange, match="index 3 is out of bounds"):
        run(optimized, np.ones((4, 3)), np.array([[0], [1], [2], [3]]))


def test_a_scatter_that_checks_its_own_indices_stays() -> None:
    program = program_of(lambda x, i: picked(x, i)[1], LOGITS, LABELS)
    live = optimize(program)
    assert "scatter_add_along_axis" not in primitives(live)  # tanh's gradient reads the labels

    def constant(x: Any, labels: Any) -> Any:
        return tw.grad(lambda x: np.sum(np.take_along_axis(x, labels, 1)))(x)

    assert "scatter_add_along_axis" in primitives(optimize(program_of(constant, LOGITS, LABELS)))


def test_several_positions_a_row_are_scattered() -> None:
    optimized = optimize(program_of(picked, LOGITS, spec(4, 2, dtype=np.int64)))
    assert "scatter_add_along_axis" in primitives(optimized)


def test_scatters_along_an_axis_are_moved_like_others() -> None:
    def function(x: Any, labels: Any, updates: Any) -> Any:
        return x - 2.0 * scatter_add_along_axis(np.zeros_like(x), labels, updates, axis=1)

    optimized = optimize(program_of(function, LOGITS, spec(4, 2, dtype=np.int64), spec(4, 2)))
    assert primitives(optimized) == ["multiply", "scatter_add_along_axis"]
