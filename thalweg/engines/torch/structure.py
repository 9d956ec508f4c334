"""PyTorch's functions for primitives that move, choose and add up elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from thalweg.ops.index.strided import positions
from thalweg.random.keyed import fold_in, random_bits

DTYPES = {
    np.dtype(name): getattr(torch, name)
    for name in (
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
        "float16", "float32", "float64", "complex64", "complex128",
    )
}  # fmt: skip

NUMPYS = {ours: dtype for dtype, ours in DTYPES.items()}


def dtype_of_torch(dtype: Any) -> Any:
    """Return PyTorch's dtype for one of NumPy's, or of its name."""
    return DTYPES.get(dtype) or getattr(torch, dtype.name)


def _from_front(indices: Any, extent: int) -> Any:
    places = indices.to(torch.int64)
    return torch.where(places < 0, places + extent, places)


def _take(x: Any, indices: Any, *, axis: int) -> Any:
    places = _from_front(indices, x.shape[axis])
    found = torch.index_select(x, axis, places.reshape(-1))
    return found.reshape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


def _scatter_add(x: Any, indices: Any, updates: Any, *, axis: int) -> Any:
    places = _from_front(indices, x.shape[axis]).reshape(-1)
    flat = updates.reshape((*x.shape[:axis], places.numel(), *x.shape[axis + 1 :]))
    return torch.index_add(x, axis, places, flat)


def _take_along(x: Any, indices: Any, *, axis: int) -> Any:
    return torch.take_along_dim(x, _from_front(indices, x.shape[axis]), axis)


def _scatter_add_along(x: Any, indices: Any, updates: Any, *, axis: int) -> Any:
    return torch.scatter_add(x, axis, _from_front(indices, x.shape[axis]), updates)


def _combine_at(x: Any, places: Any, values: Any, *, how: str) -> Any:
    name = {"multiply": "prod", "maximum": "amax", "minimum": "amin"}[how]
    at = _from_front(places.reshape(-1), x.numel())
    return x.reshape(-1).scatter_reduce(0, at, values.reshape(-1), name).reshape(x.shape)


def _put_at(x: Any, indices: Any, values: Any) -> Any:
    places = _from_front(indices.reshape(-1), x.numel())
    if not places.numel():
        return x.clone()
    # Of equal places the last one wins: PyTorch leaves that open.
    order = torch.arange(places.numel(), device=x.device)
    last = torch.full((x.numel(),), -1, device=x.device).scatter_reduce(0, places, order, "amax")
    chosen = values.reshape(-1)[torch.clamp(last, min=0)].reshape(x.shape)
    return torch.where(last.reshape(x.shape) >= 0, chosen, x)


def _put_slices(x: Any, indices: Any, updates: Any, *, axis: int) -> Any:
    result = x.clone()
    result[(*(slice(None),) * axis, _from_front(indices, x.shape[axis]))] = updates
    return result


def _pad(x: Any, *, low: Any, high: Any, interior: Any) -> Any:
    for axis, (before, after, gap) in enumerate(zip(low, high, interior, strict=True)):
        if not (before or after or gap):
            continue
        n = x.shape[axis]
        extent = before + after + (n + (n - 1) * gap if n else 0)
        places = before + torch.arange(n, device=x.device) * (gap + 1)
        blank = torch.zeros(
            (*x.shape[:axis], extent, *x.shape[axis + 1 :]), dtype=x.dtype, device=x.device
        )
        x = torch.index_copy(blank, axis, places, x)
    return x.clone()


def _slice(x: Any, *, bounds: Any) -> Any:
    for axis, (start, stop, step) in enumerate(bounds):
        chosen = range(x.shape[axis])[slice(start, stop, step)]
        if chosen.step > 0:
            x = x[(*(slice(None),) * axis, slice(start, stop, step))]
        else:
            places = torch.tensor(list(chosen), dtype=torch.int64, device=x.device)
            x = torch.index_select(x, axis, places)
    return x


def _strided(x: Any, *, shape: Any, stride: Any, offset: int, layout: Any) -> Any:
    places = positions(tuple(x.shape), shape, stride, offset, layout)
    return x.reshape(-1)[torch.as_tensor(places, device=x.device)]


def _recurrence(a: Any, b: Any, *, axis: int) -> Any:
    rows = list(torch.unbind(b, axis))
    factors = torch.unbind(a, axis)
    for i in range(1, len(rows)):
        rows[i] = rows[i] + factors[i] * rows[i - 1]
    return torch.stack(rows, axis) if rows else b.clone()


def _running_extreme(x: Any, *, axis: int, largest: bool) -> Any:
    return (torch.cummax if largest else torch.cummin)(x, axis)[1]


def _first_extreme(x: Any, axis: int, largest: bool) -> Any:
    # PyTorch leaves open which of equal elements it tells.
    extreme = (torch.amax if largest else torch.amin)(x, axis, keepdim=True)
    attained = (x == extreme) | (x != x)
    return torch.argmax(attained.to(torch.int8), axis) if x.numel() else torch.argmax(x, axis)


def _windows_along(x: Any, *, axis: int, size: int, step: int) -> Any:
    return x.unfold(axis, size, step)


def _windows(x: Any, *, axes: Any, size: Any, stride: Any, dilation: Any) -> Any:
    # From the last axis on, so that those before keep their places.
    walk = sorted(zip(axes, size, stride, dilation, strict=True), reverse=True)
    for axis, count, step, gap in walk:
        number = max(0, (x.shape[axis] - (count - 1) * gap - 1) // step + 1)
        places = torch.arange(number)[:, None] * step + torch.arange(count)[None, :] * gap
        x = _take(x, places.to(x.device), axis=axis)
    return x


def _overlap_add(g: Any, *, axes: Any, extents: Any, stride: Any, dilation: Any) -> Any:
    for axis, extent, step, gap in sorted(zip(axes, extents, stride, dilation, strict=True)):
        count, size = g.shape[axis : axis + 2]
        places = torch.arange(count)[:, None] * step + torch.arange(size)[None, :] * gap
        shape = (*g.shape[:axis], extent, *g.shape[axis + 2 :])
        total = torch.zeros(shape, dtype=g.dtype, device=g.device)
        g = _scatter_add(total, places.to(g.device), g, axis=axis)
    return g


def _astype(x: Any, *, dtype: Any) -> Any:
    wanted = dtype_of_torch(dtype)
    if x.is_complex() and not wanted.is_complex and wanted != torch.bool:
        x = x.real
    return x.to(wanted)


def _fourier(x: Any, *, axis: int, inverse: bool) -> Any:
    if inverse:
        return torch.fft.ifft(x, dim=axis, norm="forward")
    return torch.fft.fft(x, dim=axis)


def _reduced(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a reduction over axes; PyTorch's over none would be one over all."""
    return lambda x, *, axis: function(x, axis) if axis else x.clone()


def _product(x: Any, axis: Any) -> Any:
    for one in sorted(axis, reverse=True):
        x = torch.prod(x, one, dtype=x.dtype)
    return x


def _callback(*arrays: Any, function: Any) -> Any:
    found = function(*(array.detach().cpu().numpy() for array in arrays))
    device = arrays[0].device if arrays else None
    return tuple(torch.tensor(x, dtype=dtype_of_torch(x.dtype), device=device) for x in found)


# ---- keyed draws, by NumPy: their bits are the same everywhere, and have no derivative


def _by_numpy(meaning: Callable[..., Any], *operands: Any, **params: Any) -> Any:
    arrays = (operand.cpu().numpy() for operand in operands)
    found = np.array(meaning(*arrays, **params), order="C")
    return torch.from_numpy(found).to(operands[0].device)


def _folded(key: torch.Tensor, data: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = _by_numpy(fold_in.meaning, key, data)
    return found


def _drawn(key: torch.Tensor, shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
    params = {"shape": tuple(shape), "dtype": NUMPYS[dtype]}
    found: torch.Tensor = _by_numpy(random_bits.meaning, key, **params)
    return found


_fold_in: Any = torch.library.custom_op("thalweg::fold_in", _folded, mutates_args=())
_random_bits: Any = torch.library.custom_op("thalweg::random_bits", _drawn, mutates_args=())

_fold_in.register_fake(lambda key, data: torch.empty_like(key))
_random_bits.register_fake(
    lambda key, shape, dtype: key.new_empty((*key.shape[:-1], *shape), dtype=dtype)
)


def _fold_in_batch(info: Any, in_dims: Any, key: Any, data: Any) -> Any:
    """Fold in for a batch: of keys, of numbers, or of both."""
    axes = zip((key, data), in_dims, strict=True)
    keys, numbers = (
        x.expand(info.batch_size, *x.shape) if axis is None else x.movedim(axis, 0)
        for x, axis in axes
    )
    return _fold_in(keys, numbers), 0


def _random_bits_of_batch(info: Any, in_dims: Any, key: Any, shape: Any, dtype: Any) -> Any:
    return _random_bits(key.movedim(in_dims[0], 0), shape, dtype), 0


_fold_in.register_vmap(_fold_in_batch)
_random_bits.register_vmap(_random_bits_of_batch)


ROWS: dict[str, Callable[..., Any]] = {
    "astype": _astype,
    "broadcast_to": lambda x, *, shape: torch.broadcast_to(x, shape),
    "callback": _callback,
    "combine_at": _combine_at,
    "complex_of": torch.complex,
    "concatenate": lambda *arrays, axis: torch.cat(arrays, axis),
    "contract": lambda x, y, *, labels: torch.einsum(labels, x, y),
    "cumulative_product": lambda x, *, axis: torch.cumprod(x, axis, dtype=x.dtype),
    "cumulative_sum": lambda x, *, axis: torch.cumsum(x, axis, dtype=x.dtype),
    "duplicate": lambda x: x.clone(),
    "flip": lambda x, *, axis: torch.flip(x, axis),
    "fold_in": _fold_in,
    "fourier": _fourier,
    "index_of_max": lambda x, *, axis: _first_extreme(x, axis, True),
    "index_of_min": lambda x, *, axis: _first_extreme(x, axis, False),
    "index_of_running_extreme": _running_extreme,
    "last_diagonal": lambda x, *, offset: torch.diagonal(x, offset, -2, -1),
    "matmul": torch.matmul,
    "matrix_product": torch.matmul,
    "order_along": lambda x, *, axis, descending: torch.argsort(
        x, dim=axis, descending=descending, stable=True
    ),
    "overlap_add": _overlap_add,
    "packed": lambda *values: values,
    "pad_with_zeros": _pad,
    "part": lambda bundle, *, number: bundle[number],
    "put_at": _put_at,
    "put_slices": _put_slices,
    "random_bits": lambda key, *, shape, dtype: _random_bits(key, shape, dtype_of_torch(dtype)),
    "recurrence": _recurrence,
    "reduce_max": _reduced(torch.amax),
    "reduce_min": _reduced(torch.amin),
    "reduce_prod": _reduced(_product),
    "reduce_sum": _reduced(lambda x, axis: torch.sum(x, axis, dtype=x.dtype)),
    "reshape": lambda x, *, shape: torch.reshape(x, shape),
    "scatter_add": _scatter_add,
    "scatter_add_along_axis": _scatter_add_along,
    "slice_": _slice,
    "strided": _strided,
    "take": _take,
    "take_along_axis": _take_along,
    "transpose": lambda x, *, axes: torch.permute(x, axes),
    "windows": _windows,
    "windows_along": _windows_along,
}
