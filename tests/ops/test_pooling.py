"""Poolings are PyTorch's: values, which of equal maxima is meant, divisors, refusals."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.ops.torch_agreement import agree
from thalweg.errors import ArgumentError
from thalweg.torch.functions.pooling import avg_pool1d, avg_pool2d, max_pool1d, max_pool2d

torch: Any = pytest.importorskip("torch")
functional: Any = pytest.importorskip("torch.nn.functional")
RANDOM = np.random.default_rng(0)

MAXIMA = list(
    itertools.product((2, 3, (3, 2)), (None, 1, 2), (0, 1), (1, 2), (False, True))
)  # fmt: skip


@pytest.mark.parametrize(("size", "stride", "padding", "dilation", "ceil_mode"), MAXIMA[::2])
def test_maxima_and_their_places_are_those_of_pytorch(
    size: Any, stride: Any, padding: int, dilation: int, ceil_mode: bool
) -> None:
    # Of few different numbers, so that many are equal.
    x = RANDOM.integers(0, 4, (2, 3, 9, 8)).astype(float)
    given = size, stride, padding, dilation, ceil_mode
    agree(lambda x: max_pool2d(x, *given), lambda x: functional.max_pool2d(x, *given), x)
    _, places = max_pool2d(tw.tensor(x), *given, return_indices=True)
    _, wanted = functional.max_pool2d(torch.tensor(x), *given, return_indices=True)
    np.testing.assert_array_equal(np.asarray(places), wanted.numpy())


MEANS = list(itertools.product((2, 3, (3, 2)), (None, 1, 2), (0, 1), (False, True), (False, True)))


@pytest.mark.parametrize(("size", "stride", "padding", "ceil_mode", "counted"), MEANS[::2])
def test_means_are_those_of_pytorch(
    size: Any, stride: Any, padding: int, ceil_mode: bool, counted: bool
) -> None:
    given = size, stride, padding, ceil_mode, counted
    x = RANDOM.normal(size=(2, 3, 9, 8))
    agree(lambda x: avg_pool2d(x, *given), lambda x: functional.avg_pool2d(x, *given), x)


def test_means_of_another_divisor() -> None:
    x = RANDOM.normal(size=(1, 2, 5, 5))
    agree(
        lambda x: avg_pool2d(x, 2, divisor_override=3),
        lambda x: functional.avg_pool2d(x, 2, divisor_override=3),
        x,
    )


def test_sequences_and_single_examples() -> None:
    x = RANDOM.normal(size=(2, 3, 9))
    agree(lambda x: max_pool1d(x, 3, 2, 1), lambda x: functional.max_pool1d(x, 3, 2, 1), x)
    agree(lambda x: avg_pool1d(x, 3, 2, 1), lambda x: functional.avg_pool1d(x, 3, 2, 1), x)
    agree(lambda x: max_pool2d(x, 2), lambda x: functional.max_pool2d(x, 2), x)
    agree(lambda x: avg_pool2d(x, 2), lambda x: functional.avg_pool2d(x, 2), x)


def test_nan_is_the_maximum_of_its_window_and_has_the_derivative() -> None:
    x = np.array([[[[1.0, np.nan, 2.0, 5.0], [np.nan, 3.0, 5.0, 5.0]]]])
    agree(lambda x: max_pool2d(x, 2), lambda x: functional.max_pool2d(x, 2), x)


def test_padding_is_never_the_maximum() -> None:
    x = -RANDOM.uniform(1.0, 2.0, (1, 1, 4, 4))
    agree(
        lambda x: max_pool2d(x, 3, 2, 1, 1, True),
        lambda x: functional.max_pool2d(x, 3, 2, 1, 1, True),
        x,
    )


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: max_pool2d(tw.ones((1, 1, 4, 4)), 2, padding=2), "at most half the window"),
    (lambda: avg_pool2d(tw.ones((1, 1, 2, 4)), 3), "Pad it, or take smaller windows"),
    (lambda: avg_pool2d(tw.ones((1, 1, 4, 4)), 2, divisor_override=0), "divisor_override=0"),
    (lambda: max_pool2d(tw.ones((1, 1, 4, 4)), (2, 2, 2)), "kernel_size"),
]


@pytest.mark.parametrize(("call", "said"), REFUSED)
def test_what_does_not_fit_is_refused(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        call()
