"""Contractions: where vectors run, tiles that do not divide, dtypes, maps on the result."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import program_of
from tests.engines.llvm.kernels import runnable
from tests.engines.loops import spec_of
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.ops.linalg.contraction import contract, parts
from thalweg.testing import check_engines_agree
from thalweg.torch.functions.windows import conv2d

RANDOM = np.random.default_rng(0)
# Vectors along the result's last axis, along a summed one, along one that both operands have.
LABELS = [
    "oc,chn->hon",
    "hon,chn->oc",
    "hon,chwn->ocw",
    "on,hon->hn",
    "ohn,on->ohn",
    "oc,cn->no",
    "c,chn->hn",
    "ab,bc->ca",
    "hcn,hc->n",
    "oc,nc->on",
    "abc,ba->ca",
    "ab,->ba",
    "a,a->",
]
EXTENTS = [
    {"n": 1, "h": 3, "c": 1, "o": 2},
    {"n": 5, "h": 1, "c": 4, "o": 7},
    {"n": 17, "h": 7, "c": 9, "o": 13},
    {"n": 40, "h": 4, "c": 3, "o": 26},
]


def operands(labels: str, extents: dict[str, int], dtype: Any = np.float64) -> list[Any]:
    shapes = [tuple(extents.get(label, 6) for label in own) for own in parts(labels)[:2]]
    return [RANDOM.integers(-4, 5, shape).astype(dtype) for shape in shapes]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("target", ["avx512", "avx2", "sse"])
@pytest.mark.parametrize("labels", LABELS)
def test_every_order_of_labels_on_every_processor(labels: str, target: str) -> None:
    engine = NativeEngine(runnable(target))
    for extents, dtype in itertools.product(EXTENTS, (np.float64, np.float32)):
        x, y = operands(labels, extents, dtype)
        program = program_of(lambda x, y: contract(x, y, labels), spec_of(x), spec_of(y))
        # Whole numbers: sums in any order are exact.
        (found,) = engine.compile(program)(x, y)
        np.testing.assert_array_equal(found, np.einsum(labels, x, y), strict=True)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.bool_])
@pytest.mark.parametrize("labels", LABELS[:5])
def test_integers_and_booleans(labels: str, dtype: Any) -> None:
    x, y = operands(labels, EXTENTS[2], dtype)
    check_engines_agree(lambda x, y: contract(x, y, labels), x, y)


def test_maps_on_the_result_are_made_with_it() -> None:
    x, y = operands("oc,chn->hon", EXTENTS[2])

    def epilogue(x: Any, y: Any) -> Any:
        found = contract(x, y, "oc,chn->hon")
        return tw.maximum(found, 0.0) * 0.5, found

    check_engines_agree(epilogue, x, y)


def test_numbers_that_are_not_finite_stay_in_their_own_sums() -> None:
    x, y = operands("hon,chn->oc", EXTENTS[2])
    x[1, 2, 3], y[4, 5, 6] = np.inf, np.nan
    check_engines_agree(lambda x, y: contract(x, y, "hon,chn->oc"), x, y)


@pytest.mark.parametrize("examples", [1, 8, 19])
@pytest.mark.parametrize("extents", [(3, 3), (4, 9), (20, 5)])
def test_convolutions_of_small_and_long_images(examples: int, extents: tuple[int, int]) -> None:
    x = RANDOM.normal(size=(examples, 2, *extents))
    w = RANDOM.normal(size=(5, 2, 3, 2))

    def loss(x: Any, w: Any) -> Any:
        return tw.sum(tw.tanh(conv2d(x, w, padding=(0, 1), stride=(1, 2))))

    check_engines_agree(tw.grad(loss, argnums=(0, 1)), x, w)
