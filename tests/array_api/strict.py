"""Arrays to draw, and calls of thalweg and array-api-strict to compare."""

from __future__ import annotations

from typing import Any

import array_api_strict as xp
import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import thalweg as tw

xp.set_array_api_strict_flags(api_version="2024.12")
quickly = settings(
    max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)

BOOLS = ("bool",)
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
REALS = ("float32", "float64")
COMPLEX = ("complex64", "complex128")
FLOATS = REALS + COMPLEX
NUMBERS = INTEGERS + FLOATS
ALL = BOOLS + NUMBERS
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


def values(dtype: str) -> st.SearchStrategy[Any]:
    if dtype in FLOATS:
        real = st.integers(-40, 40).map(lambda n: n / 8)
        return st.builds(complex, real, real) if dtype in COMPLEX else real
    return hnp.from_dtype(np.dtype(dtype))


@st.composite
def arrays(draw: Any, dtypes: tuple[str, ...], shape: Any = SHAPES) -> np.ndarray:
    dtype = draw(st.sampled_from(dtypes))
    return draw(hnp.arrays(dtype, shape, elements=values(dtype)))


@st.composite
def pairs(draw: Any, dtypes: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    dtype = draw(st.sampled_from(dtypes))
    shapes = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3))
    return tuple(
        draw(hnp.arrays(dtype, shape, elements=values(dtype))) for shape in shapes.input_shapes
    )


def plain(found: Any) -> Any:
    """Return the NumPy arrays in a result, however they are packed."""
    if isinstance(found, (tuple, list)):
        return [plain(part) for part in found]
    return found.detach().numpy() if isinstance(found, tw.Tensor) else np.asarray(found)


def require_equal(found: Any, expected: Any) -> None:
    found, expected = plain(found), plain(expected)
    if isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            require_equal(one, other)
        return
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    close = {"float32": 1e-4, "complex64": 1e-4}.get(expected.dtype.name, 1e-10)
    np.testing.assert_allclose(found, expected, close, close)


def agree(name: str, *operands: Any, **named: Any) -> None:
    """Compute by both libraries, and compare shapes, dtypes and values."""

    def of(namespace: Any) -> Any:
        function = namespace
        for part in name.split("."):
            function = getattr(function, part)
        convert = namespace.asarray
        given = [
            convert(np.asarray(x)) if isinstance(x, (np.ndarray, np.generic)) else x
            for x in operands
        ]
        return function(*given, **named)

    with np.errstate(all="ignore"):
        require_equal(of(tw), of(xp))
