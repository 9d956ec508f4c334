"""JAX's functions for primitives that move, choose and add up elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.random import threefry_2x32

from thalweg.ops.index.strided import positions


def _from_front(indices: Any, extent: int) -> Any:
    return jnp.where(indices < 0, indices + extent, indices)


def _take(x: Any, indices: Any, *, axis: int) -> Any:
    # What is outside has no value that could be read: NaN, as there is nobody to tell.
    return jnp.take(x, _from_front(indices, x.shape[axis]), axis=axis, mode="fill")


def _scatter_add(x: Any, indices: Any, updates: Any, *, axis: int) -> Any:
    key = (*(slice(None),) * axis, _from_front(indices, x.shape[axis]))
    return jnp.asarray(x).at[key].add(updates)


def _along(x: Any, indices: Any, axis: int) -> tuple[Any, ...]:
    grid: list[Any] = list(np.ogrid[tuple(slice(n) for n in indices.shape)])
    grid[axis] = _from_front(indices, x.shape[axis])
    return tuple(grid)


def _scatter_add_along(x: Any, indices: Any, updates: Any, *, axis: int) -> Any:
    return jnp.asarray(x).at[_along(x, indices, axis)].add(updates)


def _combine_at(x: Any, places: Any, values: Any, *, how: str) -> Any:
    at = jnp.ravel(x).at[_from_front(places.ravel(), x.size)]
    flat = {"multiply": at.multiply, "maximum": at.max, "minimum": at.min}[how](values.ravel())
    return flat.reshape(x.shape)


def _put_at(x: Any, indices: Any, values: Any) -> Any:
    places = _from_front(indices.ravel(), x.size)
    # Of equal places the last one wins: JAX leaves that open.
    last = jnp.full(x.size, -1).at[places].max(jnp.arange(places.size))
    if not places.size:
        return x
    chosen = jnp.ravel(values)[jnp.maximum(last, 0)].reshape(x.shape)
    return jnp.where(last.reshape(x.shape) >= 0, chosen, x)


def _put_slices(x: Any, indices: Any, updates: Any, *, axis: int) -> Any:
    return x.at[(*(slice(None),) * axis, _from_front(indices, x.shape[axis]))].set(updates)


def _pad(x: Any, *, low: Any, high: Any, interior: Any) -> Any:
    return lax.pad(x, jnp.zeros((), x.dtype), list(zip(low, high, interior, strict=True)))


def _slice(x: Any, *, bounds: Any) -> Any:
    return x[tuple(slice(*b) for b in bounds)]


def _strided(x: Any, *, shape: Any, stride: Any, offset: int, layout: Any) -> Any:
    return jnp.ravel(x)[positions(x.shape, shape, stride, offset, layout)]


def _recurrence(a: Any, b: Any, *, axis: int) -> Any:
    def joined(left: Any, right: Any) -> Any:
        return left[0] * right[0], right[0] * left[1] + right[1]

    return lax.associative_scan(joined, (a, b), axis=axis)[1] if b.shape[axis] else b


def _running_extreme(x: Any, *, axis: int, largest: bool) -> Any:
    running = (lax.cummax if largest else lax.cummin)(x, axis=axis)
    attained = (x == running) | (x != x)
    shape = [1] * x.ndim
    shape[axis] = -1
    places = jnp.where(attained, jnp.arange(x.shape[axis]).reshape(shape), 0)
    return lax.cummax(places, axis=axis)


def _order(x: Any, *, axis: int, descending: bool) -> Any:
    if not descending:
        return jnp.argsort(x, axis=axis, stable=True)
    backwards = jnp.argsort(jnp.flip(x, axis), axis=axis, stable=True)
    return x.shape[axis] - 1 - jnp.flip(backwards, axis)


def _window_places(extent: int, size: int, stride: int, dilation: int) -> Any:
    count = max(0, (extent - (size - 1) * dilation - 1) // stride + 1)
    return np.arange(count)[:, None] * stride + np.arange(size)[None, :] * dilation


def _windows(x: Any, *, axes: Any, size: Any, stride: Any, dilation: Any) -> Any:
    # From the last axis on, so that those before keep their places.
    walk = sorted(zip(axes, size, stride, dilation, strict=True), reverse=True)
    for axis, count, step, gap in walk:
        x = jnp.take(x, _window_places(x.shape[axis], count, step, gap), axis=axis)
    return x


def _overlap_add(g: Any, *, axes: Any, extents: Any, stride: Any, dilation: Any) -> Any:
    for axis, extent, step, gap in sorted(zip(axes, extents, stride, dilation, strict=True)):
        count, size = g.shape[axis : axis + 2]
        places = np.arange(count)[:, None] * step + np.arange(size)[None, :] * gap
        flat = g.reshape(*g.shape[:axis], count * size, *g.shape[axis + 2 :])
        total = jnp.zeros((*g.shape[:axis], extent, *g.shape[axis + 2 :]), g.dtype)
        g = total.at[(*(slice(None),) * axis, places.reshape(-1))].add(flat)
    return g


def _windows_along(x: Any, *, axis: int, size: int, step: int) -> Any:
    places = np.arange(0, x.shape[axis] - size + 1, step)[:, None] + np.arange(size)[None, :]
    return jnp.moveaxis(jnp.take(x, places, axis=axis), axis + 1, -1)


def _contract(x: Any, y: Any, *, labels: str) -> Any:
    return jnp.einsum(labels, x, y)


def _astype(x: Any, *, dtype: Any) -> Any:
    wanted = jax.dtypes.canonicalize_dtype(getattr(dtype, "name", dtype))
    if x.dtype == wanted:
        return x
    if x.dtype.kind == "c" and wanted.kind not in "cb":
        x = x.real
    return lax.convert_element_type(x, wanted) if wanted.kind != "b" else x != 0


def _fourier(x: Any, *, axis: int, inverse: bool) -> Any:
    if inverse:
        return jnp.fft.ifft(x, axis=axis, norm="forward")
    return jnp.fft.fft(x, axis=axis)


def _callback(*arrays: Any, function: Any) -> Any:
    stated = [
        jax.ShapeDtypeStruct(spec.shape, jax.dtypes.canonicalize_dtype(spec.dtype))
        for spec in function.results
    ]

    def called(*given: Any) -> tuple[Any, ...]:
        found = zip(function(*map(np.asarray, given)), stated, strict=True)
        return tuple(np.asarray(x, spec.dtype) for x, spec in found)

    return jax.pure_callback(called, tuple(stated), *arrays, vmap_method=function.method)


# ---- keyed draws, whose keys are two words


def _key(words: Any) -> Any:
    return jax.random.wrap_key_data(
        lax.bitcast_convert_type(words, jnp.uint32), impl="threefry2x32"
    )


def _fold_in(key: Any, data: Any) -> Any:
    data = jnp.asarray(data)
    shape = jnp.broadcast_shapes(key.shape[:-1], data.shape)
    words = jnp.broadcast_to(lax.bitcast_convert_type(key, jnp.uint32), (*shape, 2))
    low = data.astype(jnp.uint32)
    high = (data >> 32).astype(jnp.uint32) if data.dtype.itemsize > 4 else jnp.zeros_like(low)
    counters = jnp.stack(jnp.broadcast_arrays(high, low), -1)
    pairs = jnp.broadcast_to(counters, (*shape, 2)).reshape(-1, 2)
    found = jax.vmap(threefry_2x32)(words.reshape(-1, 2), pairs)
    return lax.bitcast_convert_type(found, jnp.int32).reshape(*shape, 2)


def _random_bits(key: Any, *, shape: Any, dtype: Any) -> Any:
    def draw(one: Any) -> Any:
        if dtype.kind == "f":
            return jax.random.uniform(one, shape, jax.dtypes.canonicalize_dtype(dtype))
        bits = jax.random.bits(one, shape, f"uint{8 * dtype.itemsize}")
        return lax.bitcast_convert_type(bits, dtype)

    keys = _key(key)
    found = jax.vmap(draw)(keys.reshape(-1))
    return found.reshape(*keys.shape, *shape)


ROWS: dict[str, Callable[..., Any]] = {
    "astype": _astype,
    "broadcast_to": lambda x, *, shape: jnp.broadcast_to(x, shape),
    "callback": _callback,
    "combine_at": _combine_at,
    "complex_of": lax.complex,
    "concatenate": lambda *arrays, axis: jnp.concatenate(arrays, axis),
    "contract": _contract,
    "cumulative_product": lambda x, *, axis: jnp.cumprod(x, axis, dtype=x.dtype),
    "cumulative_sum": lambda x, *, axis: jnp.cumsum(x, axis, dtype=x.dtype),
    "duplicate": jnp.copy,
    "flip": lambda x, *, axis: jnp.flip(x, axis),
    "fold_in": _fold_in,
    "fourier": _fourier,
    "index_of_max": lambda x, *, axis: jnp.argmax(x, axis),
    "index_of_min": lambda x, *, axis: jnp.argmin(x, axis),
    "index_of_running_extreme": _running_extreme,
    "last_diagonal": lambda x, *, offset: jnp.diagonal(x, offset, -2, -1),
    "matmul": jnp.matmul,
    "matrix_product": jnp.matmul,
    "order_along": _order,
    "overlap_add": _overlap_add,
    "packed": lambda *values: values,
    "pad_with_zeros": _pad,
    "part": lambda bundle, *, number: bundle[number],
    "put_at": _put_at,
    "put_slices": _put_slices,
    "random_bits": _random_bits,
    "recurrence": _recurrence,
    "reduce_max": lambda x, *, axis: jnp.max(x, axis),
    "reduce_min": lambda x, *, axis: jnp.min(x, axis),
    "reduce_prod": lambda x, *, axis: jnp.prod(x, axis, dtype=x.dtype),
    "reduce_sum": lambda x, *, axis: jnp.sum(x, axis, dtype=x.dtype),
    "reshape": lambda x, *, shape: jnp.reshape(x, shape),
    "scatter_add": _scatter_add,
    "scatter_add_along_axis": _scatter_add_along,
    "slice_": _slice,
    "strided": _strided,
    "take": _take,
    "take_along_axis": lambda x, i, *, axis: jnp.asarray(x)[_along(x, i, axis)],
    "transpose": lambda x, *, axes: jnp.transpose(x, axes),
    "windows": _windows,
    "windows_along": _windows_along,
}
