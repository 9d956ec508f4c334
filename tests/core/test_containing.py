"""`number in tensor`: whether any value equals it."""

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import DtypeError

torch = pytest.importorskip("torch")

X = np.array([[1.0, 2.0], [3.0, np.nan]])


@pytest.mark.parametrize("element", [3, 3.0, np.float32(2), True, 5, np.nan, np.array([1.0, 9.0])])
def test_a_tensor_contains_what_an_array_contains(element: object) -> None:
    assert (element in tw.tensor(X)) == (element in X)


def test_of_tensors_it_is_as_in_pytorch() -> None:
    for lib in (torch, wing):
        x = lib.tensor([1, 2, 3])
        assert 3 in x
        assert lib.tensor(4) not in x
        assert lib.tensor([9, 2, 9]) in x
        with pytest.raises(RuntimeError, match="only supports Tensor or scalar, but you passed"):
            assert "a" in x


def test_a_traced_tensor_does_not_tell() -> None:
    with pytest.raises(TypeError):
        tw.jit(lambda x: 1.0 if 3 in x else 2.0)(X)


def test_the_refusal_says_what_was_given() -> None:
    with pytest.raises(DtypeError, match="str"):
        assert "a" in tw.tensor(X)
