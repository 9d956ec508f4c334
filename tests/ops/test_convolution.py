"""Convolutions are PyTorch's: values, derivatives, refusals."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.ops.torch_agreement import agree
from thalweg.errors import ArgumentError, ShapeError
from thalweg.torch.functions.windows import (
    conv1d,
    conv2d,
    conv_transpose1d,
    conv_transpose2d,
    fold,
    unfold,
)

functional: Any = pytest.importorskip("torch.nn.functional")
RANDOM = np.random.default_rng(0)


def drawn(*shape: int) -> Any:
    return RANDOM.normal(size=shape)


STEPS = list(itertools.product((1, 2, (2, 1)), (0, 1, (2, 1)), (1, 2), (1, 2, 4)))


@pytest.mark.parametrize(("stride", "padding", "dilation", "groups"), STEPS)
def test_images_are_correlated_as_by_pytorch(
    stride: Any, padding: Any, dilation: int, groups: int
) -> None:
    operands = drawn(3, 4, 9, 8), drawn(8, 4 // groups, 3, 2), drawn(8)
    given = stride, padding, dilation, groups
    agree(
        lambda x, w, b: conv2d(x, w, b, *given),
        lambda x, w, b: functional.conv2d(x, w, b, *given),
        *operands,
    )


@pytest.mark.parametrize(("stride", "dilation", "groups"), [(1, 1, 1), (2, 1, 2), (1, 3, 2)])
def test_sequences_are_correlated_as_by_pytorch(stride: int, dilation: int, groups: int) -> None:
    agree(
        lambda x, w: conv1d(x, w, None, stride, 2, dilation, groups),
        lambda x, w: functional.conv1d(x, w, None, stride, 2, dilation, groups),
        drawn(2, 4, 11), drawn(6, 4 // groups, 3),
    )  # fmt: skip


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("size", [(3, 2), (1, 4)])
def test_padding_by_name(padding: Any, size: tuple[int, int]) -> None:
    agree(
        lambda x, w: conv2d(x, w, None, 1, padding, (1, 2)),
        lambda x, w: functional.conv2d(x, w, None, 1, padding, (1, 2)),
        drawn(2, 3, 9, 8), drawn(4, 3, *size),
    )  # fmt: skip


TRANSPOSED = [
    (stride, padding, more, dilation, groups)
    for stride, padding, more, dilation, groups in itertools.product(
        (1, 2, 3), (0, 1), (0, 1), (1, 2), (1, 2)
    )
    if more < max(stride, dilation)
]


@pytest.mark.parametrize(("stride", "padding", "more", "dilation", "groups"), TRANSPOSED)
def test_the_transpose_is_that_of_pytorch(
    stride: int, padding: int, more: int, dilation: int, groups: int
) -> None:
    given = stride, padding, more, groups, dilation
    agree(
        lambda x, w, b: conv_transpose2d(x, w, b, *given),
        lambda x, w, b: functional.conv_transpose2d(x, w, b, *given),
        drawn(3, 4, 5, 4), drawn(4, 3, 3, 2), drawn(3 * groups),
    )  # fmt: skip


def test_the_transpose_of_sequences() -> None:
    agree(
        lambda x, w: conv_transpose1d(x, w, None, 2, 1, 1),
        lambda x, w: functional.conv_transpose1d(x, w, None, 2, 1, 1),
        drawn(3, 4, 5), drawn(4, 2, 3),
    )  # fmt: skip


def test_one_image_needs_no_batch() -> None:
    agree(
        lambda x, w, b: conv2d(x, w, b, padding=1),
        lambda x, w, b: functional.conv2d(x, w, b, padding=1),
        drawn(2, 5, 4), drawn(3, 2, 3, 3), drawn(3),
    )  # fmt: skip


@pytest.mark.parametrize("shape", [(2, 3, 9, 8), (3, 9, 8)])
def test_windows_as_columns_and_back(shape: tuple[int, ...]) -> None:
    given = (3, 2), 2, 1, 2
    x = drawn(*shape)
    agree(lambda x: unfold(x, *given), lambda x: functional.unfold(x, *given), x)
    columns = drawn(*unfold(tw.tensor(x), *given).shape)
    agree(lambda x: fold(x, (9, 8), *given), lambda x: functional.fold(x, (9, 8), *given), columns)


def test_convolutions_differentiate_twice() -> None:
    x, w = drawn(2, 2, 5, 5), drawn(3, 2, 3, 3)
    inner = tw.grad(lambda w: tw.sum(conv2d(x, w, stride=2) ** 3))
    found = tw.grad(lambda w: tw.sum(inner(w) ** 2))(tw.tensor(w))
    step = 1e-6 * drawn(*w.shape)
    after, before = (tw.sum(inner(tw.tensor(w + s)) ** 2) for s in (step, -step))
    np.testing.assert_allclose(tw.sum(found * step), (after - before) / 2, rtol=1e-6)


REFUSED: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: conv2d(tw.ones((1, 3, 4, 4)), tw.ones((2, 2, 3, 3))),
        ShapeError,
        "to have 2 channels",
    ),
    (lambda: conv2d(tw.ones((4, 4)), tw.ones((2, 1, 3, 3))), ShapeError, r"\(batch, channels, h"),
    (lambda: conv2d(tw.ones((1, 1, 2, 4)), tw.ones((2, 1, 3, 3))), ShapeError, "Pad more"),
    (lambda: conv2d(tw.ones((1, 1, 4, 4)), tw.ones((1, 1, 3))), ShapeError, "as many axes"),
    (
        lambda: conv2d(tw.ones((1, 1, 4, 4)), tw.ones((1, 1, 3, 3)), stride=2, padding="same"),
        ArgumentError,
        "only with stride 1",
    ),
    (
        lambda: conv2d(tw.ones((1, 1, 4, 4)), tw.ones((1, 1, 3, 3)), stride=0),
        ArgumentError,
        "stride=0",
    ),
    (lambda: fold(tw.ones((1, 6, 5)), (4, 4), 2), ShapeError, "Change output_size"),
]


@pytest.mark.parametrize(("call", "error", "said"), REFUSED)
def test_what_does_not_fit_is_refused(
    call: Callable[[], Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        call()
