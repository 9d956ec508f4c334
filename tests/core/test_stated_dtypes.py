"""The dtype a primitive states in a trace is the one it computes, or both refuse."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.samples import ROWS, Sample, call, samples
from thalweg.core.primitive import PRIMITIVES, Primitive
from thalweg.core.program import trace
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.errors import DtypeError

DTYPES = [np.dtype(code) for code in "?bhiqBHIQefdFD"]
NUMBERS = (True, 2, 2.5, 1j)


def applied(primitive: Primitive, operands: tuple[Any, ...], params: dict[str, Any]) -> Tensor:
    """Apply a primitive as a user does, unless that call has other parameters."""
    if primitive.arguments is None or not params:
        return primitive(*operands, **params)
    return call(primitive, operands, params)


def variants(primitive: Primitive, sample: Sample, dtype: Any) -> Iterator[tuple[Any, ...]]:
    """Yield a sample's operands in a dtype, then with a Python number in place of each."""
    whole = tuple(
        np.abs(x).astype(dtype) if primitive.cast or x.dtype.kind in "fc" else x
        for x in sample.operands
    )
    yield whole
    if primitive.cast and len(whole) > 1:
        for place in range(len(whole)):
            for number in NUMBERS:
                yield (*whole[:place], number, *whole[place + 1 :])


def of_several_shapes(name: str) -> list[Sample]:
    """Return two samples of a primitive without empty operands, one a number of axes."""
    found: dict[Any, Sample] = {}
    for sample in samples(name):
        if all(x.size for x in sample.operands):
            found.setdefault(tuple(x.ndim for x in sample.operands), sample)
    return list(found.values())[:2]


def stated(primitive: Primitive, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
    def function(*tensors: Tensor) -> Tensor:
        return applied(primitive, tensors, params)

    specs = [as_tensor(x).spec for x in operands]
    result, _, _ = trace(function, specs, lambda symbol: make(symbol, None, symbol.spec.weak))
    return result.dtype, result.weak


@pytest.mark.parametrize("name", sorted(ROWS))
def test_the_stated_dtype_is_the_computed_one(name: str) -> None:
    primitive, refused = PRIMITIVES[name], 0
    for sample in of_several_shapes(name):
        for dtype in DTYPES:
            for operands in variants(primitive, sample, dtype):
                shown = [f"{as_tensor(x).spec}" for x in operands]
                try:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        eager = applied(primitive, operands, sample.params)
                except (DtypeError, TypeError):
                    with pytest.raises((DtypeError, TypeError)):
                        stated(primitive, operands, sample.params)
                    refused += 1
                    continue
                except ValueError:
                    # Of values, not of dtypes: a singular matrix, a negative power of an integer.
                    continue
                found = stated(primitive, operands, sample.params)
                assert found == (eager.dtype, eager.weak), shown
    assert refused < 14 * 2 * 17


@pytest.mark.parametrize("name", ["floor", "erf", "hypot", "digamma", "i0", "remainder"])
def test_what_has_no_meaning_for_complex_numbers_is_refused_in_words(name: str) -> None:
    primitive, z = PRIMITIVES[name], np.array([1 + 2j])
    operands = (z,) * len(primitive.rules)
    for run in (primitive, lambda *xs: stated(primitive, xs, {})):
        with pytest.raises(DtypeError, match=rf"{name} got complex128; it wants real numbers"):
            run(*operands)
