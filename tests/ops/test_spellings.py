"""Calls that PyTorch and NumPy spell their own way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import UnsupportedOperation

torch = pytest.importorskip("torch")
X = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize("sizes", [2, [1, 3]])
def test_split_along_a_dim_is_given_sizes(sizes: Any) -> None:
    for options in ({"dim": 2}, {"split_size_or_sections": sizes, "dim": -1}):
        given = () if "split_size_or_sections" in options else (sizes,)
        ours, theirs = (lib.split(lib.tensor(X), *given, **options) for lib in (tw, torch))
        assert [part.tolist() for part in ours] == [part.tolist() for part in theirs]


def test_split_along_an_axis_is_numpy_s() -> None:
    ours, theirs = tw.split(tw.tensor(X), [1, 3], axis=2), np.split(X, [1, 3], axis=2)
    assert [part.tolist() for part in ours] == [part.tolist() for part in theirs]


def test_where_of_a_condition_alone_is_where_it_holds() -> None:
    ours, theirs = tw.where(tw.tensor(X) > 20), np.where(X > 20)
    assert [part.tolist() for part in ours] == [part.tolist() for part in theirs]
    assert [part.tolist() for part in np.where(tw.tensor(X) > 20)] == [t.tolist() for t in theirs]
    with pytest.raises(UnsupportedOperation, match="where got 2"):
        tw.where(tw.tensor(X) > 20, 1.0)


def test_allclose_is_true_or_false_and_a_tensor_while_traced() -> None:
    x = tw.ones(3)
    assert tw.allclose(x, x + 1e-9) is True
    assert np.allclose(x, x + 1) is False
    assert tw.jit(lambda x: tw.where(tw.allclose(x, x), x, 0.0))(x).tolist() == [1.0] * 3
