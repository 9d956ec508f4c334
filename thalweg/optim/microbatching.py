"""Large batches computed a part at a time: less memory, the same result."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from thalweg import tree
from thalweg.autodiff.batching import vmap
from thalweg.autodiff.functional import value_and_grad
from thalweg.control.body import trace_body
from thalweg.control.scan import fori_loop
from thalweg.core.spec import Spec
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, DtypeError, ShapeError, UnsupportedOperation
from thalweg.ops.creation.creation import asarray, zeros, zeros_like
from thalweg.ops.creation.ranges import arange
from thalweg.ops.index.items import put_at
from thalweg.ops.index.take import take
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.reduce.sums import mean
from thalweg.ops.reduce.sums import sum as total
from thalweg.ops.shape.reshape import expand_dims, reshape
from thalweg.ops.shape.transpose import swapaxes
from thalweg.optim.transformation import each
from thalweg.tree import Tree

__all__ = [
    "AccumulationType", "Accumulator", "micro_grad", "micro_vmap", "microbatch",
    "reshape_batch_axis",
]  # fmt: skip

Function = Callable[..., Any]


# ---- how the results of parts become one


@dataclass(frozen=True)
class Accumulator:
    """How the results of microbatches become one.

    Attributes:
        init: Maps a tree like the result of a microbatch, of zeros, to the first carry.
        update: Maps (carry, the result of a microbatch, its number) to the next carry.
        finalize: Maps the last carry to the result.
        aggregate: Maps the results of all examples of a microbatch, along a first axis, to one.
    """

    init: Callable[[Tree], Tree]
    update: Callable[[Tree, Tree, Any], Tree]
    finalize: Callable[[Tree], Tree]
    aggregate: Callable[[Tree], Tree]


class AccumulationType(enum.Enum):
    """The known ways in which the results of microbatches become one."""

    MEAN = enum.auto()  # their mean over all microbatches
    SUM = enum.auto()  # their sum
    RUNNING_MEAN = enum.auto()  # their mean over the microbatches that were computed
    CONCAT = enum.auto()  # one behind another along axis 0


def _of_leaves(
    init: Callable[[Tensor], Any],
    update: Callable[[Tensor, Tensor, Any], Any],
    finalize: Callable[[Tensor], Any],
    aggregate: Callable[[Tensor], Any],
) -> Accumulator:
    """Return an accumulator of trees from one of leaves."""
    return Accumulator(
        lambda values: each(init, values),
        lambda carry, values, i: each(lambda c, v: update(c, v, i), carry, values),
        lambda carry: each(finalize, carry),
        lambda values: each(aggregate, values),
    )


def _floating_zeros(like: Tensor) -> Tensor:
    if like.dtype.kind not in "fc":
        raise DtypeError(
            "MEAN and RUNNING_MEAN Accumulators require floating-point values, but the function "
            f"returned {like.dtype}. Convert its result with astype(float), or use SUM."
        )
    return zeros_like(like)


def _written(carry: Tensor, value: Tensor, number: Any) -> Tensor:
    """Put a result into its row of all results."""
    places = number * value.size + reshape(arange(value.size), tuple(value.shape))
    return put_at(carry, places, value)


def _known(kind: AccumulationType, count: int) -> Accumulator:
    """Return the accumulator of a known kind, for so many microbatches."""
    if kind is AccumulationType.CONCAT:
        return _of_leaves(
            lambda x: zeros((count, *x.shape), x.dtype),
            _written,
            lambda x: reshape(swapaxes(x, 0, 1), (-1, *x.shape[2:])),
            lambda x: x,
        )
    if kind is AccumulationType.RUNNING_MEAN:
        return _of_leaves(
            _floating_zeros,
            lambda carry, x, i: carry * (i / (i + 1)) + x * (1 - i / (i + 1)),
            lambda x: x,
            lambda x: mean(x, axis=0),
        )
    if kind is AccumulationType.SUM:
        return _of_leaves(
            zeros_like, lambda carry, x, i: carry + x, lambda x: x, lambda x: total(x, axis=0)
        )
    return _of_leaves(
        _floating_zeros,
        lambda carry, x, i: carry + x,
        lambda x: x / count,
        lambda x: mean(x, axis=0),
    )


def _accumulator(given: Tree, count: int) -> Accumulator:
    """Return one accumulator for a prefix of the result's tree with one in each leaf."""

    def known(kind: Any) -> Accumulator:
        if isinstance(kind, Accumulator):
            return kind
        if isinstance(kind, AccumulationType):
            return _known(kind, count)
        raise ArgumentError(
            f"Unknown accumulator: {kind!r}. Give an AccumulationType, an Accumulator, or a tree "
            "of them."
        )

    parts = tree.map(known, given)
    return Accumulator(
        lambda values: tree.map(lambda a, v: a.init(v), parts, values),
        lambda carry, values, i: tree.map(lambda a, c, v: a.update(c, v, i), parts, carry, values),
        lambda carry: tree.map(lambda a, c: a.finalize(c), parts, carry),
        lambda values: tree.map(lambda a, v: a.aggregate(v), parts, values),
    )


# ---- parts of a batch


@on_tensors
def reshape_batch_axis(tree: Tree, microbatch_size: int, axis: int = 0) -> Tree:
    """Split the axis that counts examples into two: microbatches, and examples of one.

    Of n microbatches the i-th has the examples i, i + n, i + 2n, …

    Args:
        tree: A tree of arrays whose axis counts the same examples.
        microbatch_size: The examples of a microbatch, a divisor of their number.
        axis: That axis.

    Raises:
        ShapeError: If the number of examples is no multiple of the size.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.microbatching.reshape_batch_axis(np.arange(6), 2)
        array([[0, 3],
               [1, 4],
               [2, 5]])
    """

    def parted(x: Tensor) -> Tensor:
        shape = tuple(x.shape)
        _count(shape[axis], microbatch_size)
        before, behind = shape[:axis], shape[axis:][1:]
        return swapaxes(reshape(x, (*before, microbatch_size, -1, *behind)), axis, axis + 1)

    return each(parted, tree)


def _count(examples: int, size: int) -> int:
    """Return the number of microbatches of a size."""
    if size < 1 or examples % size:
        raise ShapeError(
            f"batch_size={examples} must be divisible by microbatch_size={size}. Give a divisor."
        )
    return examples // size


def microbatch(
    fun: Function,
    argnums: int | Sequence[int],
    microbatch_size: int | None,
    accumulator: Any = AccumulationType.SUM,
    *,
    argnames: str | Sequence[str] = (),
    in_axes: int | Sequence[int] = 0,
    num_real_microbatches: Any = None,
) -> Function:
    """Return a function that computes another one for a part of the batch at a time.

    Args:
        fun: A function of batches.
        argnums: The positions of the arguments that are batches.
        microbatch_size: The examples of a part, a divisor of their number; None computes all at
            once.
        accumulator: How the results of the parts become one: an `AccumulationType`, an
            `Accumulator`, or a tree of them that is a prefix of the result.
        argnames: The names of keyword arguments that are batches.
        in_axes: The axis of each batch that counts examples, positional arguments first; one for
            all, or one an argument.
        num_real_microbatches: How many parts are computed, from the first one on; None for all.

    Returns:
        A function of the same arguments.

    Raises:
        ShapeError: By that function, if batches differ in their number of examples, or it is no
            multiple of the size.
        DtypeError: Likewise, if means are wanted of results that are not floating.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> total = tw.optim.microbatch(lambda x: np.sum(x**2), argnums=0, microbatch_size=2)
        >>> total(np.array([1.0, 2.0, 3.0, 4.0]))
        np.float64(30.0)
    """
    if microbatch_size is None:
        return fun
    size = microbatch_size
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    keys: tuple[Any, ...] = (*numbers, *((argnames,) if isinstance(argnames, str) else argnames))
    axes = (in_axes,) * len(keys) if isinstance(in_axes, int) else tuple(in_axes)

    @on_tensors
    def microbatched(*args: Any, **kwargs: Any) -> Any:
        given: dict[Any, Any] = {**dict(enumerate(args)), **kwargs}
        batches = {key: given[key] for key in keys}
        count = _count(_examples(list(batches.values()), axes), size)
        parted = {
            key: reshape_batch_axis(batches[key], size, axis)
            for key, axis in zip(keys, axes, strict=True)
        }

        def of_part(number: Any) -> Any:
            chosen = {
                key: each(lambda x, a=axis: take(x, number, axis=a), parted[key])
                for key, axis in zip(keys, axes, strict=True)
            }
            now = {**given, **chosen}
            positional = [now[i] for i in range(len(args))]
            return fun(*positional, **{name: now[name] for name in kwargs})

        joined = _accumulator(accumulator, count)
        start = joined.init(_zeros_like_result(of_part))
        turns = count if num_real_microbatches is None else num_real_microbatches
        return joined.finalize(
            fori_loop(0, turns, lambda i, carry: joined.update(carry, of_part(i), i), start)
        )

    return microbatched


def _examples(batches: list[Tree], axes: Sequence[int]) -> int:
    """Return the number of examples that batches have."""
    sizes = [
        asarray(leaf).shape[axis]
        for batch, axis in zip(batches, axes, strict=True)
        for leaf in tree.leaves(batch)
    ]
    if len(set(sizes)) != 1:
        raise ShapeError(
            f"Batch Arguments must have equal-size batch axes, found {sizes}. Name the arguments "
            "that are batches by argnums and argnames, and their axes by in_axes."
        )
    return int(sizes[0])


def _zeros_like_result(function: Callable[[Any], Tree]) -> Tree:
    """Return zeros like the result of a function of a number, without computing it."""
    number = asarray(0)
    traced = trace_body(function, (number,), [Spec((), number.dtype)]).result
    return tree.map(lambda x: zeros(tuple(asarray(x).shape), asarray(x).dtype), traced)


# ---- one example at a time


def micro_vmap(
    fun: Function,
    in_axes: int | Sequence[int | None] = 0,
    out_axes: Any = 0,
    *,
    microbatch_size: int | None = None,
    vmap_fn: Callable[..., Function] = vmap,
    accumulator: Any = AccumulationType.CONCAT,
    num_real_microbatches: Any = None,
) -> Function:
    """Return a function that applies another to every example, a part of the batch at a time.

    Args:
        fun: A function of one example.
        in_axes: Which axis of each positional argument counts the examples; None for arguments
            that all examples share. Keyword arguments are batches along axis 0.
        out_axes: Where the axis that counts examples is put in the results: 0.
        microbatch_size: The examples of a part, a divisor of their number; None computes all at
            once.
        vmap_fn: What batches the function.
        accumulator: What becomes of the examples' results; see `microbatch`.
        num_real_microbatches: How many parts are computed, from the first one on; None for all.

    Returns:
        A function of the same arguments with that further axis.

    Raises:
        UnsupportedOperation: If `out_axes` is another.
        ShapeError: By that function, as for `microbatch`.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> squares = tw.optim.microbatching.micro_vmap(np.square, microbatch_size=2)
        >>> squares(np.array([1.0, 2.0, 3.0, 4.0]))
        array([ 1.,  4.,  9., 16.])
    """
    if out_axes != 0:
        raise UnsupportedOperation(
            f"out_axes={out_axes!r} was given; micro_vmap puts examples along axis 0. Move it with "
            "moveaxis."
        )
    axes = (in_axes,) if isinstance(in_axes, int) else tuple(in_axes)

    def of_batch(*args: Any, kwargs: Mapping[str, Any]) -> Any:
        found = vmap_fn(fun, axes, out_axes)(*args, **kwargs)
        leaves = tree.leaves(found)
        return _accumulator(accumulator, len(leaves[0]) if leaves else 1).aggregate(found)

    batched = microbatch(
        of_batch,
        [i for i, axis in enumerate(axes) if axis is not None],
        microbatch_size,
        accumulator,
        argnames="kwargs",
        in_axes=[*(axis for axis in axes if axis is not None), 0],
        num_real_microbatches=num_real_microbatches,
    )
    return on_tensors(lambda *args, **kwargs: batched(*args, kwargs=kwargs))


class Aux(NamedTuple):
    """What `micro_grad` returns beside gradients, of every example."""

    values: Any  # the losses
    metrics: Any  # what `metrics_fn` returned
    aux: Any  # what else the loss returned


def micro_grad(
    fun: Function,
    has_aux: bool = False,
    argnums: int | Sequence[int] = 0,
    *,
    batch_argnums: int | Sequence[int] = 1,
    keep_batch_dim: bool = True,
    microbatch_size: int | None = None,
    accumulator: Any = AccumulationType.SUM,
    transform_fn: Callable[[Tree], Tree] = lambda x: x,
    metrics_fn: Callable[[Tree], Tree] = lambda x: None,
    num_real_microbatches: Any = None,
) -> Function:
    """Return a function that transforms the gradient of every example and adds these up.

    Args:
        fun: A loss of parameters and a batch.
        has_aux: Whether it returns something else beside the loss.
        argnums: Which positional arguments to differentiate with respect to.
        batch_argnums: The positions of the arguments that are batches, along axis 0.
        keep_batch_dim: Whether the loss gets batches of one example, or examples without that axis.
        microbatch_size: The examples of a part, a divisor of their number; None computes all at
            once.
        accumulator: What becomes of the examples' gradients; see `microbatch`.
        transform_fn: A function of an example's gradient, such as one that clips it.
        metrics_fn: Another one, whose results are returned for all examples.
        num_real_microbatches: How many parts are computed, from the first one on; None for all.

    Returns:
        A function of the same arguments that returns the gradients' sum, and a named tuple of
        `values`, `metrics` and `aux` of all examples.

    Raises:
        ShapeError: By that function, as for `microbatch`.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> gradient = tw.optim.microbatching.micro_grad(
        ...     lambda w, x: np.sum(w * x), transform_fn=np.sign, microbatch_size=2
        ... )
        >>> gradient(1.0, np.array([3.0, -2.0, 5.0, 7.0]))
        (np.float64(2.0), Aux(values=array([ 3., -2.,  5.,  7.]), metrics=None, aux=None))
    """
    batches = (batch_argnums,) if isinstance(batch_argnums, int) else tuple(batch_argnums)
    both = value_and_grad(fun if has_aux else lambda *a, **k: (fun(*a, **k), None), argnums, True)

    def of_example(*args: Any, **kwargs: Any) -> Any:
        (value, aux), gradient = both(*args, **kwargs)
        return transform_fn(gradient), Aux(value, metrics_fn(gradient), aux)

    axes = [0 if i in batches else None for i in range(max(batches) + 1)]
    accumulators = (accumulator, AccumulationType.CONCAT)

    def computed(*args: Any, **kwargs: Any) -> Any:
        shared = [None] * (len(args) - len(axes))
        found = micro_vmap(
            of_example,
            [*axes, *shared],
            microbatch_size=microbatch_size,
            accumulator=accumulators,
            num_real_microbatches=num_real_microbatches,
        )
        if keep_batch_dim:
            args = tuple(
                each(lambda x: expand_dims(x, 1), a) if i in batches else a
                for i, a in enumerate(args)
            )
        return found(*args, **kwargs)

    return on_tensors(computed)
