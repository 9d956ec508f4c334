"""Overlaps become what vectors read: contractions, reshapes, shifted sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import arguments_for, primitives, program_of, run, spec
from thalweg.compiler.pipeline import optimize
from thalweg.ops.linalg.contraction import contract
from thalweg.ops.windows.windows import overlap_add
from thalweg.torch.functions.windows import conv2d, conv_transpose2d


def agrees(function: Any, *specs: Any) -> list[str]:
    """Return the primitives that are left of a function, whose answer must not change."""
    program = program_of(function, *specs)
    better = optimize(program)
    better.check()
    arguments = arguments_for(tuple(s.spec for s in program.inputs))
    for found, wanted in zip(run(better, *arguments), run(program, *arguments), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)
    return primitives(better)


# The overlap's operand, extents, strides, dilations.
APART = [
    ((2, 3, 2), (6,), 2, 1),
    ((2, 3, 2), (7,), 2, 1),
    ((2, 2, 2), (5,), 3, 1),
    ((2, 3, 1), (9,), 4, 5),
    ((2, 2, 4, 2), (6, 8), (3, 2), 1),
]


@pytest.mark.parametrize(("shape", "extents", "stride", "dilation"), APART)
def test_windows_apart_are_put_side_by_side(
    shape: Any, extents: Any, stride: Any, dilation: Any
) -> None:
    left = agrees(lambda g: overlap_add(g, extents, stride, dilation), spec(*shape))
    assert "add" not in left
    assert "overlap_add" not in left


TOGETHER = [
    ((2, 4, 3), (6,), 1, 1),
    ((2, 3, 3), (8,), 2, 1),
    ((2, 3, 2), (7,), 1, 4),
    ((4, 2, 3, 3), (5, 8), (1, 2), (1, 1)),
    ((2, 1, 3), (9,), 2, 4),
]


@pytest.mark.parametrize(("shape", "extents", "stride", "dilation"), TOGETHER)
def test_windows_that_overlap_are_added_an_axis_at_a_time(
    shape: Any, extents: Any, stride: Any, dilation: Any
) -> None:
    left = agrees(lambda g: overlap_add(g, extents, stride, dilation), spec(*shape))
    assert "add" in left
    assert "overlap_add" not in left


@pytest.mark.parametrize("stride", [1, 2, (2, 1)])
@pytest.mark.parametrize("groups", [1, 2])
def test_the_derivative_of_a_convolution_is_a_convolution(stride: Any, groups: int) -> None:
    def loss(x: Any, w: Any) -> Any:
        return tw.sum(conv2d(x, w, None, stride, 1, 1, groups) ** 2)

    gradient = tw.grad(loss)
    left = agrees(lambda x, w: gradient(x, w), spec(2, 4, 5, 6), spec(4, 4 // groups, 3, 3))
    assert left.count("contract") == 2
    assert "flip" in left
    assert "overlap_add" not in left


def test_so_is_a_transposed_convolution() -> None:
    left = agrees(
        lambda x, w: conv_transpose2d(x, w, None, 2, 1, 1), spec(2, 3, 4, 4), spec(3, 2, 3, 3)
    )
    assert "flip" in left


def test_a_product_that_is_read_twice_is_computed_once() -> None:
    def both(x: Any, y: Any) -> Any:
        product = contract(x, y, "nh,u->nhu")
        return overlap_add(product, (7,)), product

    left = agrees(both, spec(3, 5), spec(3))
    assert left.count("contract") == 1
