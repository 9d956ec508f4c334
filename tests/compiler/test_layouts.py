"""Images keep their examples last between convolutions; every rule keeps the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.plans import plan_of
from tests.compiler.programs import arguments_for, primitives, program_of, run, spec
from thalweg.compiler.kernels.kernels import Kind
from thalweg.compiler.pipeline import optimize
from thalweg.core.program import Program
from thalweg.ops.shape.cut import pad_with_zeros, slice_
from thalweg.ops.shape.flip import flip
from thalweg.ops.windows.windows import overlap_add, windows
from thalweg.torch.functions.pooling import avg_pool2d, max_pool2d
from thalweg.torch.functions.windows import conv2d

EXAMPLES = 9
IMAGE, WEIGHT, AGAIN = spec(EXAMPLES, 2, 6, 5), spec(3, 2, 3, 3), spec(4, 3, 2, 2)


def network(x: Any, w: Any, v: Any) -> Any:
    h = tw.tanh(conv2d(x, w, tw.ones(3), padding=1))
    h = tw.relu(conv2d(max_pool2d(h, 2), v))
    return avg_pool2d(h, (2, 1))


def loss(w: Any, v: Any, x: Any) -> Any:
    return tw.sum(network(x, w, v) ** 2)


def moved(program: Program) -> list[tuple[int, ...]]:
    """Return the axes of the transposes that a program has."""
    return [e.params["axes"] for e in program.equations if e.primitive.name == "transpose"]


def test_a_network_packs_its_images_once_and_restores_its_result_once() -> None:
    better = optimize(program_of(network, IMAGE, WEIGHT, AGAIN))
    assert moved(better) == [(1, 2, 3, 0), (3, 0, 1, 2)]


def test_its_gradient_packs_its_images_once() -> None:
    gradient = tw.grad(loss, argnums=(0, 1))
    better = optimize(program_of(lambda *a: gradient(*a), WEIGHT, AGAIN, IMAGE))
    assert moved(better) == [(1, 2, 3, 0)]


def test_few_examples_stay_where_they_are() -> None:
    few = spec(7, 2, 6, 5)
    assert "transpose" not in primitives(optimize(program_of(network, few, WEIGHT, AGAIN)))


def test_pooled_windows_are_reduced_down_columns_of_examples() -> None:
    plan = plan_of(network, IMAGE, WEIGHT, AGAIN)
    reductions = [k for k in plan.kernels if k.kind in (Kind.ROW, Kind.COLUMN)]
    assert reductions
    assert all(k.kind is Kind.COLUMN and k.domain[-1] == EXAMPLES for k in reductions)


def seen(x: Any, w: Any) -> Any:
    """Return an image whose order was restored."""
    return conv2d(x, w)


CASES: dict[str, Callable[[Any], Any]] = {
    "a number": lambda h: h * 2.0 - 1.0,
    "a bias": lambda h: h + tw.reshape(tw.arange(3.0), (3, 1, 1)),
    "an image that is elsewhere": lambda h: tw.where(h > 0, h, tw.ones(h.shape) * 3.0),
    "negation": lambda h: -(h + 1.0),
    "means of channels": lambda h: h - tw.mean(h, axis=(0, 2, 3), keepdims=True),
    "extremes of examples": lambda h: tw.max(h, axis=(1, 2, 3)),
    "sums without examples": lambda h: tw.sum(h, axis=0),
    "products of elements": lambda h: tw.prod(h, axis=2),
    "a slice of examples": lambda h: slice_(h, ((1, 8, 3), (0, 3, 1), (0, 4, 2), (1, 3, 1))),
    "padding": lambda h: pad_with_zeros(h, (1, 0, 2, 0), (0, 0, 1, 1), (0, 0, 1, 0)),
    "reversal": lambda h: flip(h, (0, 2)),
    "repetition": lambda h: tw.broadcast_to(tw.sum(h, axis=3, keepdims=True), (9, 3, 4, 6)),
    "another dtype": lambda h: h.astype(np.float32),
    "rows of features": lambda h: tw.reshape(h, (9, -1)) @ tw.ones((36, 2)),
    "one number an example": lambda h: tw.reshape(tw.sum(h, axis=(1, 2, 3)), (9, 1)),
    "all in one row": lambda h: tw.reshape(h, (-1,)),
    "images side by side": lambda h: tw.concatenate([h, 2.0 * h], axis=1),
    "images one after another": lambda h: tw.concatenate([h, 2.0 * h], axis=0),
    "windows": lambda h: windows(h, (2, 2), 1, 1, (2, 3)),
    "windows of examples": lambda h: windows(h, 2, 1, 1, (0,)),
    "overlaps": lambda h: overlap_add(windows(h, (2, 2), 1, 1, (2, 3)) * 2.0, (4, 3), axes=(2, 3)),
    "channels last": lambda h: tw.transpose(h, (0, 2, 3, 1)) + 1.0,
}


@pytest.mark.parametrize("case", CASES)
def test_what_follows_a_convolution_keeps_its_answer(case: str) -> None:
    program = program_of(lambda x, w: CASES[case](seen(x, w)), IMAGE, WEIGHT)
    better = optimize(program)
    better.check()
    arguments = arguments_for(tuple(s.spec for s in program.inputs))
    (found,), (wanted,) = run(better, *arguments), run(program, *arguments)
    assert found.dtype == wanted.dtype
    tight = 1e-5 if wanted.dtype == np.float32 else 1e-12
    np.testing.assert_allclose(found, wanted, rtol=tight, atol=tight)


def test_optimizing_a_gradient_keeps_its_answer() -> None:
    gradient = tw.grad(loss, argnums=(0, 1))
    program = program_of(lambda *a: gradient(*a), WEIGHT, AGAIN, IMAGE)
    arguments = arguments_for(tuple(s.spec for s in program.inputs))
    better = optimize(program)
    for found, wanted in zip(run(better, *arguments), run(program, *arguments), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(
    "turned",
    [lambda x: -tw.transpose(x), lambda x: tw.transpose(-x) * 2.0, lambda x: tw.exp(-x.T).T],
    ids=["before", "after", "between"],
)
def test_signs_and_transposes_of_matrices_do_not_chase_each_other(turned: Any) -> None:
    program = program_of(turned, spec(3, 4))
    x = np.arange(12.0).reshape(3, 4)
    (found,), (wanted,) = run(optimize(program), x), run(program, x)
    np.testing.assert_array_equal(found, wanted)
