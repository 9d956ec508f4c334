"""Views that nobody records are shown at once: as views step by step, whatever happens later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import IndexOutOfRange, ShapeError

VIEWS: dict[str, Callable[[Any], Any]] = {
    "a row": lambda x: x[1],
    "rows": lambda x: x[1:3],
    "a column": lambda x: x[:, -1],
    "every second": lambda x: x[::2, 1:],
    "a new axis": lambda x: x[:, None, 2],
    "the rest": lambda x: x[..., 0],
    "an element": lambda x: x[1, 2],
    "all": lambda x: x[:],
    "the transpose": lambda x: x.T,
    "swapped axes": lambda x: x.transpose(0, 1),
    "another shape": lambda x: x.reshape(2, -1),
    "a view": lambda x: x.view(12),
    "of the transpose": lambda x: x.T.reshape(2, 6),
    "a part of a part": lambda x: x[1:][0, 1:],
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_follows_what_is_written_and_is_written_through(name: str) -> None:
    seen: list[list[Any]] = []
    for lib in (wing, torch):
        x = lib.arange(12.0, dtype=lib.float64).reshape(4, 3)
        shown = VIEWS[name](x)
        x += 1.0
        first = shown.clone()
        shown *= 2.0
        seen.append([first.tolist(), shown.tolist(), x.tolist(), list(shown.shape)])
    assert seen[0] == seen[1]


# What copies has no part in what is written later.
SHOWN = [name for name in VIEWS if name != "of the transpose"]


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_recorded_later_is_recorded_of_views_too(name: str) -> None:
    gradients = []
    for lib in (wing, torch):
        w = lib.arange(12.0, dtype=lib.float64).reshape(4, 3).clone().requires_grad_()
        x = lib.zeros(4, 3, dtype=lib.float64)
        shown = VIEWS[name](x)
        x.copy_(w * w)  # after the view was taken
        (shown.sin() * lib.arange(float(shown.numel())).reshape(shown.shape)).sum().backward()
        gradients.append(w.grad.numpy())
    np.testing.assert_allclose(*gradients, rtol=1e-12)


@pytest.mark.parametrize("name", SHOWN)
def test_writing_into_a_view_changes_what_its_base_came_from(name: str) -> None:
    gradients = []
    for lib in (wing, torch):
        w = lib.arange(12.0, dtype=lib.float64).reshape(4, 3).clone().requires_grad_()
        x = lib.ones(4, 3, dtype=lib.float64)
        shown = VIEWS[name](x)
        part = VIEWS[name](w).cos()
        shown.mul_(part)
        (x * lib.arange(12.0, dtype=lib.float64).reshape(4, 3)).sum().backward()
        gradients.append(w.grad.numpy())
    np.testing.assert_allclose(*gradients, rtol=1e-12)


def test_parts_are_assigned_without_a_look_at_the_rest() -> None:
    for lib in (wing, torch):
        x = lib.zeros(3, 4)
        x[1] = lib.arange(4.0)
        x[:, 0] = 5
        x[0, 1:3] += 2.0
        x[2, 3] = 7.0
        x[-1, ::2] = lib.tensor([8.0, 9.0])
        assert x.tolist() == [[5, 2, 2, 0], [5, 1, 2, 3], [8, 0, 9, 7]]
    integers = wing.zeros(3, dtype=wing.int64)
    integers[1] = 2.7
    assert integers.tolist() == [0, 2, 0]


def test_refusals_are_those_of_the_long_road() -> None:
    x = wing.zeros(3, 4)
    with pytest.raises(IndexOutOfRange, match="3"):
        x[3]
    with pytest.raises(IndexOutOfRange):
        x[0, 0, 0]
    with pytest.raises(ShapeError, match="invalid for input of size 12"):
        x.reshape(5, 2)
    with pytest.raises(ShapeError):
        x[0] = wing.ones(3)
    assert tw.tensor([1.0, 2.0])[1] == 2.0


def test_rectified_numbers_are_the_same_recorded_and_not() -> None:
    values = np.array([-1.0, -0.0, 0.0, 2.0, np.nan, np.inf, -np.inf])
    for kind in (wing.float32, wing.float64):
        x = wing.tensor(values, dtype=kind)
        plain, recorded = wing.relu(x), wing.relu(x.clone().requires_grad_())
        assert plain.dtype is kind
        np.testing.assert_array_equal(plain.numpy(), recorded.detach().numpy())
        assert not np.signbit(plain.numpy()[:3]).any()
