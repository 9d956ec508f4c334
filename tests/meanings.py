"""What primitives compute that NumPy has no function for: by JAX, or by loops."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


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
    import jax

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
    import jax.extend.random

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


def put_slices(x: Array, indices: Array, updates: Array, axis: int) -> Array:
    result = np.moveaxis(x.copy(), axis, 0)
    for place, position in np.ndenumerate(indices):
        result[position] = updates[(*(slice(None),) * axis, *place)]
    return np.moveaxis(result, 0, axis)


def floor_divide(x: Array, y: Array) -> Array:
    # NumPy's but for infinite numbers, where it is the standard's.
    infinite = np.isinf(x) | np.isinf(y)
    return np.where(infinite, np.floor(np.divide(x, y)), np.floor_divide(x, y))


def iota(shape: Any, dtype: Any, axis: int) -> Array:
    import jax

    return np.asarray(jax.lax.broadcasted_iota(dtype, shape, axis))
