"""Programs of matrices on the native engine, and matrices to try them on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.compiler.programs import program_of
from tests.engines.llvm.kernels import runnable
from tests.fuzz.guard import Guarded
from thalweg.core.spec import Spec
from thalweg.engines.llvm.engine import NativeEngine

Array = np.ndarray[Any, Any]

SIZES = (0, 1, 2, 3, 7, 16, 17, 33, 64, 65, 130)


def native(
    function: Callable[..., Any], *arrays: Array, target: str = "avx512"
) -> tuple[Array, ...]:
    """Return the results of a function compiled for arrays of these shapes.

    The arrays, and the memory that it works in, lie beside forbidden pages; the latter is garbage.
    """
    program = program_of(function, *(Spec(x.shape, x.dtype) for x in arrays))
    engine = NativeEngine(runnable(target))
    assert engine.unsupported(program) == []
    guarded = Guarded()
    with pytest.MonkeyPatch.context() as patch:
        guarded.engine(patch)
        return tuple(engine.compile(program)(*map(guarded.copy, arrays)))


def normal(dtype: Any, *shape: int) -> Array:
    """Draw numbers, the same for the same shape."""
    return np.random.default_rng(shape).normal(size=shape).astype(dtype)


def definite(dtype: Any, *shape: int) -> Array:
    """Draw positive definite matrices that are well conditioned."""
    x = normal(np.float64, *shape)
    return (x @ np.swapaxes(x, -1, -2) / max(shape[-1], 1) + np.eye(shape[-1])).astype(dtype)


def close(found: Array, expected: Array, n: int, factor: float = 20.0) -> None:
    """Fail unless arrays agree to rounding errors of sums of n terms."""
    limit = factor * float(np.finfo(found.dtype).eps) * max(n, 1)
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=limit * scale)
