"""Evenly spaced numbers are PyTorch's to the last bit, and NumPy's where PyTorch has none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from thalweg.errors import ArgumentError, CallError

DTYPES = {"float32": torch.float32, "float64": torch.float64}
# Where PyTorch's loop over eight or sixteen numbers at once begins and ends, and long ones.
COUNTS = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 21, 33, 50, 100, 1001, 40_000]


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_are_those_of_pytorch(dtype: str) -> None:
    random = np.random.default_rng(1)
    for n in COUNTS * 5:
        start, stop = (random.standard_normal(2) * 10.0 ** random.integers(-3, 4)).tolist()
        expected = torch.linspace(start, stop, n, dtype=DTYPES[dtype]).numpy()
        found = tw.linspace(start, stop, n, dtype=dtype).numpy()
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_powers_are_those_of_pytorch(dtype: str) -> None:
    random = np.random.default_rng(2)
    for n in (0, 1, 2, 5, 8, 17, 64, 301) * 8:
        start, stop = (random.standard_normal(2) * 4).tolist()
        base = float(random.choice([10, 2, np.e, 0.5, 3.7]))
        expected = torch.logspace(start, stop, n, base, dtype=DTYPES[dtype]).numpy()
        for found in (
            tw.logspace(start, stop, n, base, dtype=dtype),
            tw.logspace(start, end=stop, steps=n, base=base, dtype=dtype),
        ):
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found.numpy(), expected)


def test_the_call_of_the_lecture_is_understood() -> None:
    x = tw.linspace(0, end=2, steps=21, requires_grad=True, dtype=tw.float32)
    expected = torch.linspace(0, 2, steps=21, requires_grad=True)
    assert x.requires_grad
    assert x.is_leaf
    np.testing.assert_array_equal(x.detach().numpy(), expected.detach().numpy())


# What PyTorch has not, or means otherwise, is NumPy's.
NUMPYS: list[Callable[[Any], Any]] = [
    lambda np: np.linspace(0, 1, 4, endpoint=False),
    lambda np: np.linspace(0, 10, 5, dtype=np.int64),
    lambda np: np.linspace(0, 1j, 5),
    lambda np: np.linspace([0, 1], [2, 5], 4),
    lambda np: np.linspace(0, 1),
    lambda np: np.linspace(-5, 5, 11),
    lambda np: np.logspace(0, 1, 4, endpoint=False),
    lambda np: np.logspace(0, 3, 4, dtype=np.int64),
    lambda np: np.logspace([0, 1], [2, 3], 3),
]


@pytest.mark.parametrize("position", range(len(NUMPYS)))
def test_the_rest_is_what_numpy_has(position: int) -> None:
    found, expected = NUMPYS[position](tw).numpy(), NUMPYS[position](np)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=1e-16)


def test_the_dtype_is_the_default_one_or_that_of_the_ends() -> None:
    single = np.float32(1)
    assert tw.linspace(0, single, 3).dtype == np.float32
    assert tw.linspace(tw.tensor(0.0), tw.tensor(1.0), 3).dtype == np.float64
    assert tw.logspace(single, 2, 3).dtype == np.float32
    tw.set_default_dtype(tw.float32)
    try:
        assert tw.linspace(0, 1, 3).dtype == tw.logspace(0, 1, 3).dtype == np.float32
    finally:
        tw.set_default_dtype(tw.float64)


def test_the_ends_are_reached_and_differentiable() -> None:
    x = tw.linspace(0.1, 0.7, 1000)
    assert (x[0].item(), x[-1].item()) == (0.1, 0.7)
    np.testing.assert_allclose(tw.grad(lambda b: tw.sum(tw.linspace(0.0, b, 5)))(2.0), 2.5)
    slope = tw.grad(lambda b: tw.sum(tw.logspace(0.0, b, 2, base=2.0)))(3.0)
    np.testing.assert_allclose(slope, 8 * np.log(2))


def test_powers_out_of_range_are_infinite_or_zero() -> None:
    assert tw.logspace(0, 400, 2).tolist() == [1.0, np.inf]
    assert tw.logspace(0, -400, 2).tolist() == [1.0, 0.0]
    assert np.isnan(tw.logspace(0, 0.5, 2, base=-2.0).tolist()[1])


def test_what_is_no_number_of_numbers_is_refused() -> None:
    for function in (tw.linspace, tw.logspace):
        with pytest.raises(ArgumentError, match="non-negative"):
            function(0, 1, -1)
        with pytest.raises(CallError, match=r"num=2\.5"):
            function(0, 1, 2.5)
        with pytest.raises(CallError, match="no end"):
            function(0, steps=3)
        with pytest.raises(CallError, match="two ends"):
            function(0, 1, 3, end=2)
