"""A call of NumPy's functions on arrays, on tensors, and compiled: one answer."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import thalweg as tw

Array = np.ndarray[Any, Any]


def arrays(results: Any) -> list[Any]:
    return list(results) if isinstance(results, (list, tuple)) else [results]


def require_numpys(
    function: Callable[..., Any], *operands: Array, compiled: bool = True, close: float = 1e-12
) -> None:
    """Check values, shapes and dtypes on tensors, and of the compiled function."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = [np.asarray(one) for one in arrays(function(*operands))]
        found = arrays(function(*map(tw.Tensor, operands)))
        assert all(isinstance(one, tw.Tensor) for one in found)
        results = [found]
        if compiled:
            results.append(arrays(tw.jit(function)(*operands)))
    for result in results:
        for one, other in zip(result, expected, strict=True):
            assert tuple(one.shape) == other.shape
            assert one.dtype == other.dtype
            np.testing.assert_allclose(np.asarray(one), other, rtol=close, atol=close)
