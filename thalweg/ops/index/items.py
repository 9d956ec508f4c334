"""What stands in brackets, `x[...]` and `x[...] = value`; and copy_, fill_, zero_, `put_at`.

Slices, integers, `...`, None and integer arrays mean what NumPy reads in them.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.apply import apply, apply_apart, as_view, is_plain, standing_for, trace_alone
from thalweg.core.memory import Element, View
from thalweg.core.operation import attach, op, operation
from thalweg.core.primitive import Resolved, linear
from thalweg.core.program import Symbol, tracing
from thalweg.core.spec import Array, Spec
from thalweg.core.tape import is_recording, recording
from thalweg.core.tensor import Tensor, as_tensor, is_known, make
from thalweg.core.writing import READ_ONLY, operand, overwrite, require_changeable
from thalweg.errors import DtypeError, IndexOutOfRange, ShapeError, UnsupportedOperation
from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.elementwise.complex import imaginary_part, real_part
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.index.take import (
    as_indices,
    at_own_places,
    counted_from_front,
    from_front,
    own_element,
    take,
)
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.cut import slice_
from thalweg.ops.shape.flip import flip
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.transpose import transpose

Key = slice | int | Tensor | None

# Of an array of so many times as many elements, those that are written are few.
_MANY = 8


def getitem(x: Any, key: Any) -> Tensor:
    """Index with slices, integers, `...`, None, integer arrays and masks that are not traced.

    Raises:
        IndexOutOfRange: If an index points outside its axis, or there are more than axes.
        ShapeError: If index arrays do not broadcast together.
        UnsupportedOperation: If a mask is traced: its result would have no static shape.
    """
    tensor = as_tensor(x)
    if tensor.array.__class__ is Symbol:
        shown = None if tensor.selects else _traced_element(tensor, key)
    else:
        shown = _shown_at_once(tensor, key)
        if shown is None:
            shown = _shown_by_steps(tensor, key)
    return _read_by(tensor, key) if shown is None else shown


def _read_by(tensor: Tensor, key: Any) -> Tensor:
    if _is_scalar_mask(key):
        return take(reshape(tensor, (1, *tensor.shape)), np.arange(int(bool(key))), axis=0)
    _require_fitting_masks(key if isinstance(key, tuple) else (key,), tensor)
    items = _read(key)
    if not tensor.selects and any(isinstance(item, Tensor) for item in items):
        # Beside index arrays, NumPy reads integers as index arrays too.
        items = [as_indices(item) if isinstance(item, int) else item for item in items]
    keys = _expand(items, tensor)
    result = _cut(tensor, keys)
    single = len(items) == tensor.ndim and all(isinstance(item, int) for item in items)
    if single and not tensor.selects:
        # One element is a number of its own in NumPy; in PyTorch it is shown as any part is.
        return _element(result, tensor, tuple(items))
    arrays = [item for item in keys if isinstance(item, Tensor)]
    if not arrays:
        return result
    places = _places_of_arrays(keys)
    # In NumPy an ellipsis stands between two arrays even if it stands for no axis.
    given = places if tensor.selects else _places_of_arrays(items)
    together = given == list(range(given[0], given[0] + len(given)))
    return _gather(result, places, arrays, together)


attach("__getitem__", getitem)


def _shown_at_once(x: Tensor, key: Any) -> Tensor | None:
    """Return what integers and slices show of memory that nobody records; None of all else.

    It is what `getitem` comes to step by step, in a fifth of the time.
    """
    if not is_plain(x):
        return None
    items = key if key.__class__ is tuple else (key,)
    plain = tuple([_plain(item) for item in items])
    kind: Any = x.results
    steps = None if _OTHER in plain else _steps_of(plain, x.array.shape, kind)
    if steps is None:
        return None
    found = x.array[key]
    if found.__class__ is not np.ndarray:
        found = x.array[(*items, ...)]  # a number, as an array that shows it
    return as_view(x, found, steps)


def _shown_by_steps(x: Tensor, key: Any) -> Tensor | None:
    """Return what integers and slices show of what somebody follows: their steps are applied."""
    if x.array.__class__ is not np.ndarray or tracing.traces:
        return None
    plain = tuple([_plain(item) for item in (key if key.__class__ is tuple else (key,))])
    kind: Any = x.results
    steps = None if _OTHER in plain else _steps_of(plain, x.array.shape, kind)
    return None if steps is None else _shown(x, steps)


_OTHER = object()

_ENDS = (int, type(None))


def _plain(item: Any) -> Any:
    """Return an item of a key as what can be looked up; slices with their ends alone."""
    kind = item.__class__
    if kind is int or item is None or item is Ellipsis:
        return item
    if kind is not slice:
        return _OTHER
    start, stop, step = item.start, item.stop, item.step
    known = start.__class__ in _ENDS and stop.__class__ in _ENDS
    return (start, stop, step) if known and (step is None or step.__class__ is int) else _OTHER


@functools.lru_cache(maxsize=4096)
def _steps_of(plain: tuple[Any, ...], shape: tuple[int, ...], kind: Any) -> Any:
    """Return the steps by which a key shows part of a shape; None if it copies, or shows all."""
    key = tuple(slice(*item) if isinstance(item, tuple) else item for item in plain)
    whole = make(np.empty(shape, np.int8), kind=kind)
    # What is a view already is cut step by step.
    whole.origin = View(make(whole.array), (), 0)
    shown = _read_by(whole, key)
    view = shown.origin
    return None if shown is whole or view is None or not view.steps else view.steps


def _places_of_arrays(items: Sequence[Any]) -> list[int]:
    """Return where index arrays stand, when integers have selected."""
    left = [item for item in items if not isinstance(item, int)]
    return [place for place, item in enumerate(left) if isinstance(item, Tensor)]


def _traced_element(x: Tensor, key: Any) -> Tensor | None:
    """Return one element of a traced tensor, as `_element`; None if the key is no place in it."""
    places = key if key.__class__ is tuple else (key,)
    for place in places:
        if place.__class__ is not int:
            return None
    cut = _cut_to_element(x, places)
    if cut is None:
        return None
    element = apply_apart(reshape, cut, _NO_AXES)
    element.memory = Element(x, places)
    return element


_NO_AXES = {"shape": ()}


def _cut_to_element(x: Tensor, places: tuple[int, ...]) -> Tensor | None:
    """Return an element of a traced tensor, with an axis for each; None if it has none there."""
    symbol, trace = x.array, trace_alone(x)
    # Loops read the same parameters at every turn.
    named = symbol, x.node if recording.enabled else None, x.results, places
    known = None if trace is None else trace.elements.get(named)
    if known is not None:
        return known
    shape = symbol.shape
    if not shape or len(places) != len(shape):
        return None
    bounds, whole = [], True
    for place, extent in zip(places, shape, strict=True):
        if not -extent <= place < extent:
            return None
        start = place if place >= 0 else place + extent
        bounds.append((start, start + 1, 1))
        whole = whole and extent == 1
    if whole:
        return x
    params = {"bounds": tuple(bounds)}
    if trace is None:
        return apply_apart(slice_, x, params)
    # All elements of one tensor have one spec.
    first = trace.elements.get(symbol)
    cut = apply_apart(slice_, x, params, None if first is None else first.array.spec)
    if first is None:
        trace.elements[symbol] = cut
    trace.elements[named] = cut
    return cut


def _element(shown: Tensor, x: Tensor, key: tuple[int, ...]) -> Tensor:
    """Return one element, which stays what it is when the tensor is written."""
    if shown.is_symbolic:
        shown = standing_for(shown)
    else:
        shown = make(shown.array.copy(), shown.node, shown.weak, shown.results)
    shown.memory = Element(x, key)
    return shown


def _is_scalar_mask(key: Any) -> bool:
    if isinstance(key, (Tensor, np.ndarray)):
        symbolic = isinstance(key, Tensor) and key.is_symbolic
        return not key.ndim and key.dtype.kind == "b" and not symbolic
    return isinstance(key, (bool, np.bool_))


def _axes_used(item: Any) -> int:
    if item is None or item is Ellipsis:
        return 0
    return len(item.shape) if _is_mask(item) else 1


def _is_mask(item: Any) -> bool:
    return isinstance(item, (Tensor, np.ndarray)) and item.dtype.kind == "b"


def _require_fitting_masks(items: tuple[Any, ...], tensor: Tensor) -> None:
    """Refuse a mask whose extents are neither those of the axes it indexes nor 0."""
    if not any(map(_is_mask, items)):
        return
    place = 0
    for position, item in enumerate(items):
        if item is Ellipsis:
            place = tensor.ndim - sum(map(_axes_used, items[position + 1 :]))
        elif _is_mask(item):
            extents = tensor.shape[place : place + len(item.shape)]
            fits = len(item.shape) == len(extents) and all(
                own in (extent, 0) for own, extent in zip(item.shape, extents, strict=True)
            )
            if not fits:
                raise IndexOutOfRange(
                    f"A mask of shape {tuple(item.shape)} was used as an index of axes of extents "
                    f"{tuple(extents)}; they must be equal. Broadcast the mask first."
                )
        place += _axes_used(item)


def _read(key: Any) -> list[Any]:
    """Return the items of a key: None, Ellipsis, slices, integers and integer tensors."""
    items: list[Any] = []
    for item in key if isinstance(key, tuple) else (key,):
        if item is None or item is Ellipsis or isinstance(item, slice):
            items.append(item)
        elif isinstance(item, (int, np.integer)) and not isinstance(item, bool):
            items.append(int(item))
        elif isinstance(item, str):
            raise UnsupportedOperation(
                f"x[{item!r}] was asked of a tensor, whose columns have no names; data frames are "
                "given to a loss as matrices. Index them by position, as in x[:, 0], or fit "
                "dict(frame), whose columns are the loss's arguments by name."
            )
        else:
            empty = isinstance(item, list) and not item
            indices = as_tensor(np.zeros(0, np.int64) if empty else item)
            items += _positions(indices) if indices.dtype.kind == "b" else [_as_key(indices)]
    return items


def _as_key(indices: Tensor) -> Any:
    indices = as_indices(indices)
    return int(indices.item()) if not indices.ndim and is_known(indices) else indices


def _positions(mask: Tensor) -> list[Tensor]:
    """Return the positions where a mask holds, one array an axis of the mask."""
    if mask.is_symbolic or not mask.ndim:
        raise UnsupportedOperation(
            f"A {'traced' if mask.ndim else '0-d'} Boolean mask was used as an index; the shape "
            "of its result depends on the data. Use where(mask, x, 0), or integer positions."
        )
    return [as_tensor(positions) for positions in np.nonzero(mask.numpy())]


def _expand(keys: list[Any], tensor: Tensor) -> list[Key]:
    """Replace `...` and missing trailing keys by full slices."""
    used = sum(1 for item in keys if item is not None and item is not Ellipsis)
    if used > tensor.ndim or sum(1 for item in keys if item is Ellipsis) > 1:
        raise IndexOutOfRange(
            f"{used} indices were given for a tensor of shape {tensor.shape}; at most "
            f"{tensor.ndim} and one ... fit. Remove the others."
        )
    full: list[Key] = [slice(None)] * (tensor.ndim - used)
    expanded: list[Key] = []
    for item in keys:
        if item is Ellipsis:
            expanded += full
            full = []
        else:
            expanded.append(item)
    return expanded + full


def _cut(x: Tensor, keys: list[Key]) -> Tensor:
    """Apply slices, integers and new axes; axes with index arrays stay whole."""
    bounds: list[tuple[int, int, int]] = []
    turned, shape = [], []
    extents = iter(x.shape)
    for item in keys:
        if item is None:
            shape.append(1)
            continue
        extent = next(extents)
        if isinstance(item, int):
            position = item if 0 <= item < extent else _from_front(item, extent, len(bounds))
            bounds.append((position, position + 1, 1))
        elif isinstance(item, slice):
            start, stop, step = item.indices(extent)
            count = len(range(start, stop, step))
            if step < 0:
                turned.append(len(bounds))
                start, step = start + (count - 1) * step, -step
            bounds.append((start, start + (count - 1) * step + 1, step) if count else (0, 0, 1))
            shape.append(count)
        else:
            bounds.append((0, extent, 1))
            shape.append(extent)
    whole = all(bound == (0, n, 1) for bound, n in zip(bounds, x.shape, strict=True))
    result = x if whole else apply(slice_, (x,), {"bounds": tuple(bounds)})
    if turned:
        result = flip(result, tuple(turned))
    return reshape(result, tuple(shape))


def _from_front(item: int, extent: int, axis: int) -> int:
    return int(counted_from_front(np.asarray(item), extent, axis))


def _gather(x: Tensor, places: list[int], arrays: list[Tensor], together: bool) -> Tensor:
    """Merge the indexed axes into one and take from it once.

    The axes of the indices replace the indexed axes if those stand together, else come first.
    """
    try:
        shape = np.broadcast_shapes(*(indices.shape for indices in arrays))
    except ValueError:
        shapes = " and ".join(f"{indices.shape}" for indices in arrays)
        raise ShapeError(
            f"Index arrays of shapes {shapes} were given, which do not broadcast together. "
            "Give them equal shapes, or index one axis at a time."
        ) from None
    start = places[0]
    if not together:
        rest = [axis for axis in range(x.ndim) if axis not in places]
        x, start = transpose(x, (*places, *rest)), 0
    end = start + len(places)
    extents = x.shape[start:end]
    merged = reshape(x, (*x.shape[:start], math.prod(extents), *x.shape[end:]))
    if len(arrays) == 1:
        return take(merged, arrays[0], axis=start)
    position: Any = 0
    for indices, extent in zip(arrays, extents, strict=True):
        position = position * extent + from_front(indices, extent)
    return take(merged, broadcast_to(position, shape), axis=start)


def _put_arguments(x: Any, indices: Any, values: Any) -> Resolved:
    tensor, places, new = as_tensor(x), as_tensor(indices), as_tensor(values)
    if places.dtype.kind not in "iu":
        raise DtypeError(
            f"put got indices of dtype {places.dtype}; it wants integers, which count elements."
        )
    new = astype(broadcast_to(new, places.shape), tensor.dtype)
    return (tensor, places, new), {}


def _read_where_last(g: Tensor, x: Tensor, indices: Tensor) -> Tensor:
    """Return the cotangents of what was written; that of an element overwritten later is 0."""
    read = take(reshape(g, (-1,)), indices)
    if indices.size < 2:
        return read
    order = np.arange(indices.size).reshape(indices.array.shape)
    last = take(put_at(np.zeros(x.size, np.int64), indices, order), indices)
    if is_known(last) and bool((last.array == order).all()):
        return read
    return where(last == order, read, 0.0)


@linear(
    lambda x, indices, values: Spec(x.shape, x.dtype),
    lambda g, out, x, indices, values: op.put_at(g, indices, 0.0),
    None,
    lambda g, out, x, indices, values: _read_where_last(g, x, indices),
    arguments=_put_arguments,
    additive=True,
    order="C",
    role="scatter",
    reads=own_element,
    batch=at_own_places,
)
def put_at(x: Array, indices: Array, values: Array) -> Array:
    """Replace elements, counted in row-major order; of equal indices the last one wins."""
    flat = x.ravel().copy()
    flat[counted_from_front(indices.ravel(), x.size)] = values.ravel()
    return flat.reshape(x.shape)


def embed(base: Tensor, part: Tensor, steps: Any) -> Tensor:
    """Replace what some steps, each a primitive and its parameters, show of a tensor."""
    for position, (primitive, _) in enumerate(steps):
        if primitive in (real_part, imaginary_part):
            return _embed_part(base, part, steps[:position], steps[position:])
    if base.is_symbolic or part.is_symbolic:
        moved = all(primitive in _MOVING for primitive, _ in steps)
        return (_embed_moved if moved else _embed_placed)(base, part, steps)
    return put_at(base, _shown(make(_counted(base)), steps), part)


attach("_embed", embed)


def _embed_part(base: Tensor, part: Tensor, before: Any, after: Any) -> Tensor:
    """Replace what steps show of the real or imaginary parts of what other steps show."""
    numbers = _shown(base, before)
    real, imaginary = op.real(numbers), op.imag(numbers)
    if after[0][0] is real_part:
        real = embed(real, part, after[1:])
    else:
        imaginary = embed(imaginary, part, after[1:])
    return embed(base, op.complex_of(real, imaginary), before)


# Views whose elements are those of their base in other places, so that their transposes put
# the elements back.
_MOVING = {slice_, reshape, transpose, flip}


def _shown(x: Tensor, steps: Any) -> Tensor:
    for primitive, params in steps:
        x = apply(primitive, (x,), params)
    return x


def _embed_moved(base: Tensor, part: Tensor, steps: Any) -> Tensor:
    """Replace what steps show by a choice between the base and the part, moved to its place."""
    # Positions stay what they are where a step copies, as the base may lie in another order.
    shown = [make(_counted(base))]
    for primitive, params in steps:
        shown.append(apply(primitive, (shown[-1],), params))
    for (primitive, params), before in zip(reversed(steps), reversed(shown[:-1]), strict=True):
        part = primitive.rules[0](part, part, before, **params)
    chosen = np.zeros(base.array.shape, np.bool_)
    chosen.reshape(-1)[shown[-1].array.reshape(-1)] = True
    return part if chosen.all() else where(chosen, part, base)


def _embed_placed(base: Tensor, part: Tensor, steps: Any) -> Tensor:
    """Replace what steps show, known by its positions."""
    places = _shown(make(_counted(base)), steps)
    if not places.array.flags.writeable:
        raise ShapeError(READ_ONLY)
    return written_at(base, places, part)


def _counted(x: Tensor) -> Array:
    """Return the position of each element in row-major order."""
    return np.arange(x.size).reshape(x.array.shape)


def setitem(x: Tensor, key: Any, value: Any) -> None:
    """Write into part of a tensor: `x[key] = value`; the value broadcasts, arrays index as NumPy's.

    Raises:
        ShapeError: If the value does not broadcast to the part.
        UnsupportedOperation: If a mask is traced, and the value has an element for each place
            where it holds: write x = where(mask, value, x).
    """
    (mask,) = key if isinstance(key, tuple) and len(key) == 1 else (key,)
    if isinstance(mask, Tensor) and mask.is_symbolic and mask.ndim and _is_mask(mask):
        _require_fitting_masks((mask,), x)
        _set_where(x, mask, as_tensor(value))
        return
    new = asarray(value) if isinstance(value, (list, tuple)) else as_tensor(value)
    part = _shown_at_once(x, _whole(key, x.ndim))
    if part is not None:
        _write_shown(part, new, value)
        return
    counted = make(_counted(x), kind=x.results)
    places = getitem(counted, _whole(key, x.ndim))
    # What shows the tensor's own memory, and not that of a copy made on the way, is written there.
    if places.origin is not None and places.origin.base is counted:
        _write_shown(_shown(x, places.origin.steps), new, value)
        return
    write_at(x, places, _fit(new, places.array.shape))


attach("__setitem__", setitem)


def _write_shown(shown: Tensor, new: Tensor, value: Any) -> None:
    """Write a value, as a tensor, into what shows part of another one's memory."""
    if _is_same_view(new, shown):
        # Whose elements are there already, as after x[key] += 1.
        return
    if new.dtype != shown.dtype:
        new = astype(new, shown.dtype)
    overwrite(shown, _own(_fit(new, shown.array.shape), value))


def _set_where(x: Tensor, mask: Tensor, value: Tensor) -> None:
    """Write where a traced mask holds what is the same at all those places."""
    rest = x.ndim - mask.ndim
    if value.ndim > rest and value.shape[0] != 1:
        _positions(mask)
    value = _fit(value, x.array.shape[mask.ndim :])
    held = reshape(mask, (*mask.array.shape, *(1,) * rest))
    overwrite(x, where(held, astype(value, x.dtype), operand(x, (value,))))


def _whole(key: Any, ndim: int) -> Any:
    """Return a key that shows an element where one of integers alone would copy it."""
    items = key if isinstance(key, tuple) else (key,)
    if len(items) == ndim and not any(isinstance(item, (Tensor, bool)) for item in items):
        return key if any(item is Ellipsis for item in items) else (*items, ...)
    return key


def write_at(x: Tensor, places: Tensor, values: Tensor) -> None:
    """Write into elements of a tensor, counted in row-major order."""
    overwrite(x, written_at(operand(x, (values,)), places, values))


def written_at(x: Tensor, places: Tensor, values: Tensor) -> Tensor:
    """Return a tensor with values in elements of it, counted in row-major order.

    Many elements, known while tracing, are chosen one by one, which is done together with what is
    computed of them; a few are put there, as are all whose places are found out later.
    """
    known = not places.is_symbolic and (x.is_symbolic or values.is_symbolic)
    many = known and _MANY * places.size > x.size
    return (chosen_at if many else put_at)(x, places, values)


def _is_same_view(x: Tensor, y: Tensor) -> bool:
    mine, other = x.origin, y.origin
    if mine is None or other is None or mine.detached or mine.base is not other.base:
        return False
    return mine.steps == other.steps


def chosen_at(x: Tensor, places: Tensor, values: Tensor) -> Tensor:
    """Do what `put_at` does at places that are known while tracing, so that it compiles."""
    at = places.array.ravel()
    chosen, source = np.zeros(x.size, np.bool_), np.zeros(x.size, np.int64)
    chosen[at], source[at] = True, np.arange(at.size)
    if not at.size:
        return x
    new = reshape(take(reshape(values, (-1,)), source), x.array.shape)
    return where(chosen.reshape(x.array.shape), new, x)


def _fit(value: Tensor, shape: tuple[int, ...]) -> Tensor:
    # As NumPy and PyTorch: leading axes of extent 1 do not count.
    while value.ndim > len(shape) and value.shape[0] == 1:
        value = reshape(value, value.array.shape[1:])
    try:
        return broadcast_to(value, shape)
    except ShapeError:
        raise ShapeError(
            f"shape mismatch: value tensor of shape {list(value.shape)} cannot be broadcast to "
            f"indexing result of shape {list(shape)}. Give a value of that shape."
        ) from None


def _own(new: Tensor, given: Any) -> Tensor:
    """Return a value with a step of the tape of its own, which another tensor may then take."""
    return op.clone(new) if new is given and new.node is not None else new


@operation
def copy_(x: Tensor, source: Any, non_blocking: bool = False) -> Tensor:
    """Write another tensor's values into this one, broadcast and converted to its dtype."""
    itself = source is x
    if itself:
        require_changeable(x)
        return x
    new = astype(broadcast_to(as_tensor(source), x.array.shape), x.dtype)
    before = operand(x, (new,))
    # The history goes on, with a derivative of zero.
    kept = before.node is not None and is_recording()
    return overwrite(x, where(False, before, new) if kept else _own(new, source))


def _are_arrays(*tensors: Tensor) -> bool:
    return all(isinstance(tensor.array, np.ndarray) for tensor in tensors)


@operation
def fill_(x: Tensor, value: Any) -> Tensor:
    """Set all elements to one number."""
    number = as_tensor(value)
    if number.ndim:
        raise ShapeError(
            f"fill_ only supports 0-dimension value tensor but got tensor with {number.ndim} "
            "dimensions. Give a number, or use copy_."
        )
    if (
        number.node is None
        and _are_arrays(x, number)
        and np.can_cast(number.dtype, x.dtype, "same_kind")
    ):
        # As below, in half the time: gradients are zeroed at every step.
        filled = make(np.broadcast_to(number.array.astype(x.dtype), x.array.shape))
    else:
        filled = astype(broadcast_to(number, x.array.shape), x.dtype)
    source = operand(x, (number,))
    # The history goes on, with a derivative of zero.
    return overwrite(x, filled if source.node is None else where(False, source, filled))


@operation
def fill(x: Any, value: Any) -> Tensor:
    """Return a tensor's copy with all elements set to one number; derivatives go to the number."""
    return fill_(op.clone(x), value)


@operation
def zero_(x: Tensor) -> Tensor:
    """Set all elements to zero, as in `w.grad.zero_()`, and return the tensor."""
    return fill_(x, 0)
