"""Calls that PyTorch and NumPy spell their own way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import UnsupportedOperation

torch = pytest.importorskip("torch")
X = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize("sizes", [2, [1, 3]])
def test_split_along_a_dim_is_given_sizes(sizes: Any) -> None:
    for options in ({"dim": 2}, {"split_size_or_sections": sizes, "dim": -1}):
        given = () if "split_size_or_sections" in options else (sizes,)
        ours, theirs = (lib.split(lib.tensor(X), *given, **options) for lib in (wing, torch))
        assert [part.tolist() for part in ours] == [part.tolist() for part in theirs]


def test_split_along_an_axis_is_numpy_s() -> None:
    ours, theirs = tw.split(tw.asarray(X), [1, 3], axis=2), np.split(X, [1, 3], axis=2)
    assert [part.tolist() for part in ours] == [part.tolist() for part in theirs]


def test_where_of_a_condition_alone_is_where_it_holds() -> None:
    ours, theirs = wing.where(wing.tensor(X) > 20), np.where(X > 20)
    assert [part.tolist() for part in ours] == [part.tolist() for part in theirs]
    assert [part.tolist() for part in np.where(wing.tensor(X) > 20)] == [t.tolist() for t in theirs]
    with pytest.raises(UnsupportedOperation, match="where got 2"):
        wing.where(wing.tensor(X) > 20, 1.0)


def test_allclose_is_true_or_false_and_a_tensor_while_traced() -> None:
    x = wing.ones(3)
    assert wing.allclose(x, x + 1e-9) is True
    assert np.allclose(x, x + 1) is False
    assert tw.jit(lambda x: wing.where(wing.allclose(x, x), x, 0.0))(x).tolist() == [1.0] * 3


@pytest.mark.parametrize(
    "call",
    [
        lambda lib, x: lib.norm(x, p=2),
        lambda lib, x: lib.norm(x, p="fro"),
        lambda lib, x: lib.norm(x, p=1, dim=1),
        lambda lib, x: lib.norm(x, p=float("inf"), dim=(0, 2), keepdim=True),
        lambda lib, x: lib.relu_(x - 10),
        lambda lib, x: (x - 10).relu_(),
    ],
)
def test_pytorch_s_spellings_mean_what_they_mean_there(call: Any) -> None:
    ours, theirs = (call(lib, lib.tensor(X)) for lib in (wing, torch))
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-14)


def test_numbers_are_stacked_not_concatenated() -> None:
    for lib in (wing, torch):
        with pytest.raises(RuntimeError, match="zero-dimensional"):
            lib.cat([lib.tensor(1.0), lib.tensor(2.0)])


@pytest.mark.parametrize("dim", [None, 1])
def test_the_deviation_of_equal_numbers_has_the_derivative_zero(dim: int | None) -> None:
    for lib in (wing, torch):
        x = lib.full((2, 3), 2.5, dtype=lib.float64, requires_grad=True)
        x.std(dim=dim, correction=1).sum().backward()
        assert x.grad.tolist() == [[0.0] * 3] * 2


def test_what_scripts_ask_of_devices_and_types_is_answered() -> None:
    x = wing.ones(2)
    assert x.type(wing.float32).dtype == np.float32
    assert x.type() == "torch.DoubleTensor"
    assert not x.is_cuda
    assert not wing.cuda.is_available()
    assert wing.cuda.device_count() == 0
    wing.cuda.manual_seed_all(0)


def test_no_tensor_equals_none() -> None:
    for lib in (wing, torch):
        x = lib.ones(3)
        assert (x == None) is False  # noqa: E711
        assert (x != None) is True  # noqa: E711


def test_sizes_given_for_data_are_refused() -> None:
    with pytest.raises(TypeError, match=r"Tensor\(2, 3\) wants data; see tw.empty"):
        tw.Tensor(2, 3)
