"""What functions that draw random numbers are given: shapes, bounds, generators, memory."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.core.program import Symbol
from thalweg.core.spec import Shape
from thalweg.core.tensor import Tensor, as_tensor, fresh
from thalweg.errors import ArgumentError, CallError, DtypeError, TracingError
from thalweg.random.drawing import Fill, Keyed, drawing_batch, drawn, has_key
from thalweg.random.generator import Generator, default_generator
from thalweg.random.memory_order import in_memory_order, laid_out_like

Array = NDArray[Any]


def stream(generator: Generator | None, device: Any = None) -> Generator:
    """Return the generator to draw from."""
    if device is not None and str(device) != "cpu":
        raise ArgumentError(
            f"A random tensor was wanted on the device {device!r}; they are made on the CPU. "
            "Leave the argument out."
        )
    if generator is None:
        return default_generator
    if not isinstance(generator, Generator):
        raise CallError(
            f"The generator given is a {type(generator).__name__}; a tw.Generator is wanted. Make "
            "one with tw.Generator().manual_seed(0)."
        )
    return generator


def values_of(name: str, tensor: Tensor) -> Array:
    """Return a tensor's values.

    Raises:
        TracingError: If the tensor is being traced.
    """
    array = tensor.array
    if isinstance(array, Symbol):
        raise TracingError(
            f"{name} got a tensor that is being traced: its numbers would be drawn once, and be "
            "the same at every step. Draw them before and pass them in as data, or use keyed "
            "draws, as the layers of torch.nn do."
        )
    return np.asarray(array)


def laid_out(name: str, x: Any, dtype: Any) -> Array:
    """Return an array to be filled, in the shape, memory order and, by default, dtype of x."""
    tensor = as_tensor(x)
    if drawing_batch() is not None or (tensor.is_symbolic and has_key()):
        # The axis of the examples comes before those of one, whatever their order in memory.
        return np.empty(tensor.shape, tensor.dtype if dtype is None else dtype)
    values = values_of(name, tensor)
    return laid_out_like(values, values.dtype if dtype is None else dtype)


def require_probability(p: Any) -> None:
    """Refuse what is not within [0, 1]."""
    if not np.all((np.asarray(p) >= 0) & (np.asarray(p) <= 1)):
        raise ArgumentError(
            f"bernoulli got the probability p={p}; a probability is from 0 to 1. Change it."
        )


def require_deviation(name: str, std: Any) -> None:
    """Refuse negative standard deviations."""
    if not np.all(np.asarray(std) >= 0):
        raise ArgumentError(
            f"{name} expects std >= 0.0, but found std {std}. Give standard deviations that are "
            "not negative."
        )


def leaf(tensor: Tensor, requires_grad: bool) -> Tensor:
    """Return a new tensor, as a leaf that requires gradients if so asked."""
    return tensor.requires_grad_() if requires_grad else tensor


def shape_of(name: str, size: tuple[Any, ...], keywords: dict[str, Any]) -> Shape:
    """Return the shape given by integers, by one sequence or by the keyword `size`."""
    given = keywords.pop("size", None)
    if keywords or (given is None) is not bool(size):
        extra = "".join(f" the argument {key} and" for key in keywords)
        raise CallError(
            f"{name} got{extra} the sizes {size or given}; it wants a shape, as in {name}(2, 3)."
        )
    extents: Any = size if given is None else given
    if len(size) == 1 and not isinstance(size[0], (int, float, str, np.number)):
        extents = size[0]
    return extents_of(name, extents)


def extents_of(name: str, size: Any) -> Shape:
    """Return a shape given as a sequence of integers."""
    if isinstance(size, Tensor) and not size.ndim:
        size = (size,)
    try:
        shape = tuple(operator.index(extent) for extent in size)
    except TypeError:
        raise CallError(
            f"{name} got the size {size!r}; a shape is a sequence of integers. Give one of those."
        ) from None
    if any(extent < 0 for extent in shape):
        raise ArgumentError(
            f"{name} got the size {shape}: Trying to create tensor with negative dimension. Give "
            "extents from 0."
        )
    return shape


def bounds_of(
    name: str, given: tuple[Any, ...], low: int | None, high: int | None
) -> tuple[int, int, tuple[Any, ...]]:
    """Sort out `[low,] high`, given by position or name, and what follows them."""
    numbers = [x for x in given[:2] if isinstance(x, (int, np.integer))]
    rest = given[len(numbers) :]
    if low is not None:
        numbers.insert(0, low)
    if high is not None:
        numbers.append(high)
    if not 1 <= len(numbers) <= 2:
        raise CallError(f"{name} got the bounds {given}; it wants [low,] high, as integers.")
    first, last = (0, *numbers)[-2:]
    if not first < last:
        raise ArgumentError(
            f"{name} expects 'from' to be less than 'to', but got from={first} >= to={last}. "
            "The upper bound is not drawn; raise it."
        )
    return int(first), int(last), rest


def integers(
    low: int, high: int, shape: Shape, dtype: Any, generator: Generator | None, device: Any
) -> Array:
    """Return integers from low to high - 1 in a dtype that holds them."""
    require_held("randint", low, high, np.dtype(dtype))
    return stream(generator, device).randint(low, high, shape, dtype)


def require_held(name: str, low: int, high: int, dtype: np.dtype[Any]) -> None:
    """Refuse integers from low to high - 1 in a dtype that does not hold them."""
    if dtype.kind == "b":
        lowest, highest = 0, 1
    elif dtype.kind == "f":
        highest = int(np.finfo(dtype).max)
        lowest = -highest
    elif dtype.kind in "iu":
        lowest, highest = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    else:
        raise DtypeError(f"{name} got the dtype {dtype}; integers are drawn in real dtypes.")
    if high > low and not lowest <= low <= high - 1 <= highest:
        raise ArgumentError(
            f"{name} got bounds {low} and {high}, which are out of bounds for {dtype}. Give a "
            "wider dtype."
        )


def filled_like(like: Array, draw: Fill, keyed: Keyed | None = None) -> Tensor:
    """Return numbers drawn in the order of an array's memory; as `drawn` in a batch or by key."""
    if drawing_batch() is not None or (keyed is not None and has_key()):
        return drawn(draw, like.shape, keyed)
    return fresh(in_memory_order(like, draw))


def normal_in(like: Array, mean: float, std: float, source: Generator) -> Tensor:
    """Return normal numbers as PyTorch fills such memory with them."""
    scattered = not like.flags.c_contiguous
    return filled_like(
        like, lambda shape: source.normal(mean, std, shape, like.dtype, one_by_one=scattered)
    )


def bernoulli_in(like: Array, p: Any, source: Generator) -> Tensor:
    """Return zeros and ones in an array's dtype, drawn in the order of its memory."""
    if drawing_batch() is not None:
        return drawn(lambda shape: _bernoulli(np.empty(shape, like.dtype), p, source), like.shape)
    return fresh(_bernoulli(like, p, source))


def _bernoulli(like: Array, p: Any, source: Generator) -> Array:
    require_probability(p)
    if isinstance(p, np.ndarray):
        if p.dtype not in (np.float32, np.float64):
            raise DtypeError(
                f"bernoulli got probabilities of dtype {p.dtype}; it wants float32 or float64. "
                "Convert them with astype(float)."
            )
        chances = np.broadcast_to(p, like.shape)
        drawn = in_memory_order(like, lambda shape, part: source.bernoulli(part), chances)
    else:
        drawn = in_memory_order(like, lambda shape: source.bernoulli(p, shape))
    return drawn.astype(like.dtype)
