"""astype copies as NumPy's does, `to` does not as PyTorch's, and neither adds to what is traced."""

from __future__ import annotations

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing
from thalweg.core.program import trace
from thalweg.core.tensor import make


def test_astype_copies_even_where_nothing_changes() -> None:
    x = wing.ones(3)
    for converted in (x.astype(tw.float64), tw.astype(x, tw.float64), np.astype(x, np.float64)):
        assert converted is not x
        converted.mul_(2.0)
    assert x.tolist() == [1.0, 1.0, 1.0]


def test_astype_without_a_copy_is_the_tensor_where_nothing_changes() -> None:
    x = tw.ones(3)
    assert x.astype(tw.float64, copy=False) is x
    assert tw.astype(x, tw.float32, copy=False).dtype == tw.float32


def test_conversions_by_pytorchs_names_are_the_tensor_where_nothing_changes() -> None:
    x = wing.ones(3)
    assert x.to(tw.float64) is x
    assert x.double() is x
    assert x.type_as(wing.zeros(1)) is x


def test_the_derivative_passes_through_a_copy() -> None:
    x = tw.ones(3, requires_grad=True)
    (x.astype(tw.float64) * tw.arange(3.0)).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0.0, 1.0, 2.0]


def test_nothing_is_written_into_a_program_where_nothing_changes() -> None:
    x = tw.ones(3)
    result, current, _ = trace(lambda x: tw.astype(x, tw.float64), [x.spec], make)
    assert not current.equations
    assert result.dtype == tw.float64


def test_a_module_converted_to_its_own_dtype_keeps_its_memory() -> None:
    layer = wing.nn.Linear(2, 1)
    place = layer.weight.data_ptr()
    assert layer.to(layer.weight.dtype).weight.data_ptr() == place


def test_another_device_is_refused() -> None:
    with pytest.raises(tw.errors.ArgumentError, match="device"):
        tw.ones(2).astype(tw.float32, device="cuda")
