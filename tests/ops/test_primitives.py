"""What must hold for every primitive: its value, its spec, its trace, its derivatives."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.extend.random
import numpy as np
import pytest
import scipy.special

import thalweg as tw
from tests.matrices import MATRIX_ORACLES
from tests.positions import POSITION_ORACLES
from tests.samples import ROWS, Sample, call, samples
from thalweg.core.primitive import PRIMITIVES, is_floating
from thalweg.core.program import evaluate, finish, trace
from thalweg.core.tensor import as_tensor, make
from thalweg.testing import check_gradients

Array = np.ndarray[Any, Any]
each_primitive = pytest.mark.parametrize("name", sorted(ROWS))


def test_every_primitive_has_a_row_of_samples() -> None:
    assert set(ROWS) == set(PRIMITIVES)


# ---- values: the same thing computed by NumPy, SciPy, JAX, or a loop


def scatter_add(x: Array, indices: Array, updates: Array, axis: int) -> Array:
    result = np.moveaxis(x.copy(), axis, 0)
    for place, position in np.ndenumerate(indices):
        chosen = (*(slice(None),) * axis, *place)
        result[position] += updates[chosen]
    return np.moveaxis(result, 0, axis)


def scatter_add_along_axis(x: Array, indices: Array, updates: Array, axis: int) -> Array:
    result = x.copy()
    for place, position in np.ndenumerate(indices):
        result[(*place[:axis], position, *place[axis + 1 :])] += updates[place]
    return result


def pad_with_zeros(x: Array, low: Any, high: Any, interior: Any) -> Array:
    config = list(zip(low, high, interior, strict=True))
    return np.asarray(jax.lax.pad(x, np.zeros((), x.dtype), config))


def windows(x: Array, axes: Any, size: Any, stride: Any, dilation: Any) -> Array:
    for i, (axis, k, step, gap) in enumerate(zip(axes, size, stride, dilation, strict=True)):
        at = axis + i
        count = (x.shape[at] - (k - 1) * gap - 1) // step + 1
        places = np.arange(count)[:, None] * step + np.arange(k) * gap
        x = np.take(x, places, axis=at)
    return x


def overlap_add(g: Array, axes: Any, extents: Any, stride: Any, dilation: Any) -> Array:
    for i in reversed(range(len(axes))):
        at, step, gap = axes[i] + i, stride[i], dilation[i]
        shape = (*g.shape[:at], extents[i], *g.shape[at + 2 :])
        total = np.moveaxis(np.zeros(shape, g.dtype), at, 0)
        parts = np.moveaxis(g, (at, at + 1), (0, 1))
        for place in np.ndindex(*parts.shape[:2]):
            total[place[0] * step + place[1] * gap] += parts[place]
        g = np.moveaxis(total, 0, at)
    return g


def words(key: Array, counter: list[int]) -> Array:
    """Return the random words of JAX for high words, then low words, of counters."""
    pair = np.asarray(key).view(np.uint32)
    return np.asarray(jax.extend.random.threefry_2x32(pair, np.array(counter, np.uint32)))


def fold_in(key: Array, data: Array) -> Array:
    result = np.empty_like(key)
    for place in np.ndindex(data.shape):
        number = int(data[place])
        low, high = number % 2**32, number // 2**32 % 2**32 if data.dtype.itemsize > 4 else 0
        result[place] = words(key[place], [high, low]).view(np.int32)
    return result


def random_bits(key: Array, shape: Any, dtype: Any) -> Array:
    result = np.empty((*key.shape[:-1], *shape), dtype)
    size = int(np.prod(shape))
    for place in np.ndindex(key.shape[:-1]):
        high, low = np.split(words(key[place], [0] * size + list(range(size))), 2)
        bits = high ^ low if dtype.itemsize == 4 else high.astype(np.uint64) << np.uint64(32) | low
        if dtype.kind == "i":
            drawn = bits.view(dtype)
        else:
            places = np.finfo(dtype).nmant
            drawn = np.ldexp((bits >> bits.dtype.type(8 * dtype.itemsize - places)), -places)
        result[place] = drawn.reshape(shape)
    return result


def put(x: Array, indices: Array, values: Array) -> Array:
    result = x.copy()
    np.put(result, indices, values)
    return result


def floor_divide(x: Array, y: Array) -> Array:
    # NumPy's but for infinite numbers, where it is the standard's.
    infinite = np.isinf(x) | np.isinf(y)
    return np.where(infinite, np.floor(np.divide(x, y)), np.floor_divide(x, y))


ORACLES: dict[str, Callable[..., Any]] = {
    **MATRIX_ORACLES,
    **POSITION_ORACLES,
    "floor_divide": floor_divide,
    "astype": lambda x, dtype: x.astype(dtype),
    "sigmoid": scipy.special.expit,
    "erf": scipy.special.erf,
    "reduce_sum": lambda x, axis: np.sum(x, axis, x.dtype),
    "reduce_max": np.max,
    "reduce_min": np.min,
    "reduce_prod": lambda x, axis: np.prod(x, axis, x.dtype),
    "index_of_max": np.argmax,
    "index_of_min": np.argmin,
    "cumulative_sum": lambda x, axis: np.cumsum(x, axis, x.dtype),
    "concatenate": lambda *arrays, axis: np.concatenate(arrays, axis),
    "slice_": lambda x, bounds: x[tuple(slice(*bound) for bound in bounds)],
    "pad_with_zeros": pad_with_zeros,
    "stop_gradient": lambda x: x,
    "scatter_add": scatter_add,
    "scatter_add_along_axis": scatter_add_along_axis,
    "matrix_product": np.matmul,
    "windows": windows,
    "fold_in": fold_in,
    "random_bits": random_bits,
    "overlap_add": overlap_add,
    "contract": lambda x, y, labels: np.einsum(labels, x, y),
    "duplicate": np.copy,
    "put_at": put,
    "iota": lambda shape, dtype, axis: np.asarray(jax.lax.broadcasted_iota(dtype, shape, axis)),
}


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

        for place, slope in zip(floats, tw.grad(total, floats)(*sample.operands), strict=True):
            assert slope.dtype == np.float32, str(sample)
            assert slope.shape == sample.operands[place].shape, str(sample)
