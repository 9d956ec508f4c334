"""Slices are cut before what they are of is computed."""

from __future__ import annotations

from typing import Any

import pytest

import thalweg as tw
from tests.compiler.programs import program_of, spec
from tests.compiler.test_overlaps import agrees
from thalweg.compiler.pipeline import optimize
from thalweg.ops.linalg.contraction import contract
from thalweg.ops.shape.cut import pad_with_zeros, slice_
from thalweg.ops.windows.windows import windows
from thalweg.torch.functions.windows import conv2d


def test_a_slice_of_a_product_is_a_product_of_slices() -> None:
    left = agrees(
        lambda x, y: slice_(contract(x, y, "nij,kjn->nki"), ((0, 2, 1), (1, 5, 2), (0, 2, 1))),
        spec(2, 3, 4), spec(5, 4, 2),
    )  # fmt: skip
    assert left == ["slice_", "slice_", "contract"]


def test_a_product_that_is_read_twice_is_computed_whole() -> None:
    def both(x: Any, y: Any) -> Any:
        product = contract(x, y, "ij,jk->ik")
        return slice_(product, ((0, 1, 1), (0, 2, 1))), product

    left = agrees(both, spec(3, 4), spec(4, 5))
    assert left == ["contract", "slice_"]


# The bounds of windows and of their elements, and whether windows alone are left out.
WINDOWS = [
    (((1, 3, 1), (0, 3, 1), (0, 2, 1)), True),
    (((0, 4, 2), (0, 3, 1), (0, 2, 1)), True),
    (((0, 4, 3), (0, 3, 1), (1, 2, 1)), True),
    (((0, 4, 1), (1, 3, 1), (0, 2, 1)), False),
    (((0, 4, 1), (0, 3, 2), (0, 2, 1)), False),
    (((2, 2, 1), (0, 3, 1), (0, 2, 1)), False),
]


@pytest.mark.parametrize(("bounds", "apart"), WINDOWS)
def test_a_slice_of_windows_is_windows_of_a_slice(bounds: Any, apart: bool) -> None:
    left = agrees(
        lambda x: slice_(windows(x, 3, 2, 2, (0,)), bounds) * 2.0, spec(11, 2)
    )  # fmt: skip
    assert (left.index("windows") > left.index("slice_")) == apart


# Where a slice of a padded array begins and ends, and whether it only cuts zeros.
PADDED = [((1, 9, 1), True), ((2, 7, 1), True), ((3, 8, 1), False), ((0, 9, 2), False)]


@pytest.mark.parametrize(("bound", "zeros"), PADDED)
def test_a_slice_of_padding_pads_less(bound: Any, zeros: bool) -> None:
    left = agrees(lambda x: slice_(pad_with_zeros(x, (2,), (2,), (1,)), (bound,)), spec(3))
    assert ("slice_" not in left) == zeros


def test_the_derivative_of_a_padded_convolution_cuts_nothing() -> None:
    gradient = tw.grad(lambda x, w: tw.sum(conv2d(x, w, padding=1) ** 2))
    program = program_of(lambda x, w: gradient(x, w), spec(9, 2, 6, 5), spec(3, 2, 3, 3))
    assert "slice_" not in [e.primitive.name for e in optimize(program).equations]
    assert "slice_" not in agrees(lambda x, w: gradient(x, w), spec(2, 2, 6, 5), spec(3, 2, 3, 3))
