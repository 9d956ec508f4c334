"""What must hold for every primitive: its value, its spec, its trace, its derivatives."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.samples import OF_PROGRAMS, ORACLES, ROWS, Sample, call, samples
from thalweg.core.primitive import PRIMITIVES, is_floating
from thalweg.core.program import evaluate, finish, trace
from thalweg.core.tensor import as_tensor, make
from thalweg.errors import GradientError
from thalweg.testing import check_gradients

Array = np.ndarray[Any, Any]
each_primitive = pytest.mark.parametrize("name", sorted(ROWS))


def test_every_primitive_has_a_row_of_samples() -> None:
    assert set(ROWS) == set(PRIMITIVES) - set(OF_PROGRAMS)
    assert not set(ROWS) & set(OF_PROGRAMS)


# ---- values: the same thing computed by NumPy, SciPy, JAX, or a loop


@each_primitive
def test_the_value_is_that_of_numpy(name: str) -> None:
    oracle = ORACLES.get(name) or getattr(np, name)
    for sample in samples(name):
        found = call(PRIMITIVES[name], sample.operands, sample.params).numpy()
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            expected = np.asarray(oracle(*sample.operands, **sample.params))
        close = 1e-5 if found.dtype == np.float32 else 1e-14
        np.testing.assert_allclose(found, expected, close, close, err_msg=str(sample))


@each_primitive
def test_the_stated_spec_is_that_of_the_result(name: str) -> None:
    primitive = PRIMITIVES[name]
    for sample in samples(name):
        stated = primitive.spec(*(as_tensor(x).spec for x in sample.operands), **sample.params)
        found = call(primitive, sample.operands, sample.params)
        assert (stated.shape, stated.dtype) == (found.shape, found.dtype), str(sample)


# ---- traces


def run_traced(name: str, sample: Sample) -> Array:
    """Trace a primitive, check the program and evaluate it by the primitives' meanings."""
    primitive = PRIMITIVES[name]
    specs = [as_tensor(operand).spec for operand in sample.operands]

    def function(*operands: Any) -> Any:
        return call(primitive, operands, sample.params)

    result, current, inputs = trace(function, specs, make)
    program = finish(current, inputs, [result.array])
    program.check()
    (value,) = evaluate(
        program,
        [
            *(np.asarray(operand) for operand in sample.operands),
            *(tensor.array for tensor, _ in current.captured.values()),
        ],
        lambda equation, operands: np.asarray(
            equation.primitive.meaning(*operands, **equation.params)
        ),
        lambda symbol: symbol.value,
    )
    return np.asarray(value)


@each_primitive
def test_the_traced_program_computes_what_eager_does(name: str) -> None:
    for sample in samples(name):
        if not sample.operands:
            continue
        eager = call(PRIMITIVES[name], sample.operands, sample.params).numpy()
        with np.errstate(all="ignore"):
            traced = run_traced(name, sample)
        assert traced.dtype == eager.dtype
        if PRIMITIVES[name].expansion is None:
            np.testing.assert_array_equal(traced, eager, err_msg=str(sample))
        else:
            close = 1e-5 if eager.dtype == np.float32 else 1e-14
            np.testing.assert_allclose(traced, eager, close, close, err_msg=str(sample))


# ---- derivatives


def differentiable(name: str, sample: Sample) -> bool:
    primitive = PRIMITIVES[name]
    if not sample.smooth or name in ("stop_gradient", "remainder"):
        return False
    floats = [i for i, x in enumerate(sample.operands) if is_floating(x.dtype)]
    result = call(primitive, sample.operands, sample.params)
    return is_floating(result.dtype) and any(primitive.rule(i) for i in floats)


@pytest.mark.sampled(6)
@each_primitive
def test_first_and_second_derivatives_are_those_of_differences(name: str) -> None:
    primitive = PRIMITIVES[name]
    for sample in samples(name):
        if differentiable(name, sample):
            check_gradients(
                lambda *operands, params=sample.params: call(primitive, operands, params),
                *sample.operands,
            )


def test_the_derivative_of_a_remainder_is_that_of_differences() -> None:
    x, y = np.array([5.3, -5.3, 5.3, -0.2]), np.array([2.1, 2.1, -2.1, 0.7])
    check_gradients(np.remainder, x, y)


@each_primitive
def test_derivatives_keep_the_dtype_of_float32(name: str) -> None:
    primitive = PRIMITIVES[name]
    for sample in samples(name):
        floats = tuple(i for i, x in enumerate(sample.operands) if x.dtype == np.float32)
        result = call(primitive, sample.operands, sample.params)
        if not floats or result.dtype != np.float32:
            continue

        def total(*operands: Any, params: Any = sample.params) -> Any:
            return tw.sum(call(primitive, operands, params))

        try:
            slopes = tw.grad(total, floats)(*sample.operands)
        except GradientError as error:
            # Second derivatives by parameters of distributions are refused in words.
            if "not known" in str(error):
                continue
            raise
        for place, slope in zip(floats, slopes, strict=True):
            assert slope.dtype == np.float32, str(sample)
            assert slope.shape == sample.operands[place].shape, str(sample)
