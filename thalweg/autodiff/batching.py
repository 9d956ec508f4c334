"""vmap: a function of one example applied to a batch of them at once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from thalweg import tree
from thalweg.autodiff.reverse import captured_by
from thalweg.autodiff.transformed import Transformed
from thalweg.core.apply import (
    Batching,
    Flags,
    Operands,
    Params,
    apply,
    move_axis,
    stacked,
    standing_for,
)
from thalweg.core.layout import may_share, note_layout
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Program, Symbol, Trace, evaluate, finish, trace
from thalweg.core.spec import Spec
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.errors import ArgumentError, ShapeError, UnsupportedOperation
from thalweg.lines import at_line
from thalweg.ops.creation.copying import clone
from thalweg.ops.numpy.kinds import same_kind
from thalweg.ops.numpy.libraries import in_library
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import reshape
from thalweg.random.drawing import Batch, drawing_batch, drawing_for
from thalweg.random.generator import default_generator

Axis = int | None
Value = tuple[Tensor, bool]
P = ParamSpec("P")
Result = TypeVar("Result")


_IN = object()


def vmap(
    function: Callable[P, Result],
    in_axes: Any = 0,
    out_axes: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
    in_dims: Any = _IN,
    out_dims: Any = _IN,
) -> Callable[P, Result]:
    """Return a function that applies another to every example of a batch, without a Python loop.

    Args:
        function: Maps trees of arrays, one example, to a tree of arrays.
        in_axes: Which axis of each argument counts the examples; None for arguments that all
            examples share. One value for all positional arguments or a tuple with one an
            argument, each a value or a tree of them. Keyword arguments are batched along axis 0.
        out_axes: Where the axis that counts the examples is put in the results, likewise; None
            for results that do not depend on the example.
        randomness: What a random function inside does: "error"; "different" draws other numbers
            for every example; "same" draws once for all.
        chunk_size: How many examples are computed at a time, to save memory; by default all.
        in_dims: PyTorch's name of `in_axes`.
        out_dims: PyTorch's name of `out_axes`.

    Returns:
        A function of the same arguments with that further axis. It can be differentiated,
        batched again and traced.

    Raises:
        ShapeError: If batched arguments disagree in the number of examples, or lack the axis.
        ArgumentError: If nothing is batched, out_axes is None for a batched result, or numbers
            are drawn with randomness="error".

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.vmap(np.dot, in_axes=(0, None))(np.eye(2), np.array([3.0, 4.0]))
        array([3., 4.])
        >>> import thalweg.torch as torch
        >>> same = tw.vmap(lambda x: x + torch.rand(()), randomness="same")(torch.zeros(2))
        >>> same.unique().numel()
        1
    """
    in_axes = in_axes if in_dims is _IN else in_dims
    out_axes = out_axes if out_dims is _IN else out_dims
    _require_known(randomness, chunk_size)

    @same_kind
    def vectorized(*args: Any, **kwargs: Any) -> Any:
        leaves, definition = tree.flatten((args, kwargs))
        axes = _input_axes(in_axes, args, kwargs)
        mapped = [i for i, axis in enumerate(axes) if axis is not None]
        batches = [_to_front(leaves[i], axes[i], i) for i in mapped]
        size = _common_size(batches)

        def per_example(*examples: Tensor) -> Any:
            given = list(leaves)
            for i, example in zip(mapped, examples, strict=True):
                given[i] = example
            positional, keywords = tree.unflatten(definition, given)
            return function(*positional, **keywords)

        if chunk_size is None or size <= chunk_size:
            result, values = _apply_to_batch(per_example, batches, size, randomness)
        else:
            result, values = _in_chunks(per_example, batches, size, randomness, chunk_size)
        where = tree.prefix_leaves(out_axes, result)
        placed = [_move_from_front(*v, axis, size) for v, axis in zip(values, where, strict=True)]
        return tree.unflatten(tree.structure(result), placed)

    again = functools.partial(vmap, randomness=randomness, chunk_size=chunk_size)
    hosted = in_library("vmap", vectorized, function, in_axes, out_axes, randomness, chunk_size)
    return Transformed(hosted, again, function, in_axes, out_axes)


def _require_known(randomness: str, chunk_size: int | None) -> None:
    if randomness not in ("error", "different", "same"):
        raise ArgumentError(
            f"Only allowed values for randomness are 'error', 'different', or 'same'. Got "
            f"{randomness!r}. Give one of these to vmap."
        )
    if chunk_size is not None and chunk_size <= 0:
        raise ArgumentError(
            f"vmap: chunk_size should be None or greater than 0. (got {chunk_size}). Give how "
            "many examples are computed at a time."
        )


def _apply_to_batch(
    per_example: Callable[..., Any], batches: list[Tensor], size: int, randomness: str
) -> tuple[Any, list[Value]]:
    """Return the function's result, traced, and the value of each leaf of it for all examples."""
    drawn: set[tuple[int, int]] = set()

    def traced(*examples: Tensor) -> Any:
        current = Trace.of(examples[0].array)
        examples = tuple(
            make(example.array, None, example.weak, batch.results)
            for example, batch in zip(examples, batches, strict=True)
        )
        for example, batch in zip(examples, batches, strict=True):
            if not batch.is_symbolic:
                note_layout(example.array, batch.array[0] if size else batch.array.sum(0))

        def example_of(whole: Tensor) -> Tensor:
            key = (id(whole.array), id(whole.node))
            symbol = current.input(Spec(tuple(whole.shape[1:]), whole.dtype))
            current.captured[key] = (whole, symbol)
            drawn.add(key)
            return make(symbol, kind=whole.results)

        with drawing_for(Batch(randomness, size, example_of, drawing_batch())):
            return per_example(*examples)

    specs = [Spec(batch.shape[1:], batch.dtype) for batch in batches]
    result, current, symbols = trace(traced, specs, make)
    outputs = [current.lift(as_tensor(leaf)) for leaf in tree.leaves(result)]
    program = finish(current, symbols, outputs)
    captured = zip(captured_by(current), current.captured, strict=True)
    arguments = [*((b, True) for b in batches), *((t, key in drawn) for t, key in captured)]
    return result, [
        (_unshare(t, arguments), flag) for t, flag in evaluate_batch(program, arguments, size)
    ]


def _unshare(x: Tensor, given: list[Value]) -> Tensor:
    """Return a result in memory of its own, which is none of the arguments'."""
    if x.is_symbolic:
        return standing_for(x)
    shared = any(may_share(x, tensor) for tensor, _ in given if not tensor.is_symbolic)
    return clone(x) if shared else x


def _in_chunks(
    per_example: Callable[..., Any], batches: list[Tensor], size: int, randomness: str, step: int
) -> tuple[Any, list[Value]]:
    """Return what `_apply_to_batch` does, computed for some of the examples at a time."""
    parts: list[list[Value]] = []
    state = default_generator.get_state()
    for start in range(0, size, step):
        if randomness == "same":
            default_generator.set_state(state)
        chunk = [batch[start : start + step] for batch in batches]
        result, values = _apply_to_batch(per_example, chunk, min(step, size - start), randomness)
        parts.append(values)
    together: list[Value] = [
        (concatenate([tensor for tensor, _ in pieces], 0), True) if pieces[0][1] else pieces[0]
        for pieces in zip(*parts, strict=True)
    ]
    return result, together


def evaluate_batch(program: Program, arguments: list[Value], size: int) -> list[Value]:
    """Walk a program of one example on whole batches, each with the examples along axis 0."""

    def step(equation: Equation, operands: list[Value]) -> Value:
        primitive, params = equation.primitive, equation.params
        tensors = tuple(tensor for tensor, _ in operands)
        flags = tuple(flag for _, flag in operands)
        with at_line(equation.source):
            if any(flags):
                return _batching(primitive)(primitive, size, tensors, flags, params), True
            return apply(primitive, tensors, params), False

    def literal(symbol: Symbol) -> Value:
        return make(symbol.value, None, symbol.spec.weak), False

    return evaluate(program, arguments, step, literal)


def batching_rule(primitive: Primitive) -> Batching | None:
    """Return how a primitive acts on a batch, as it states or as follows from its role."""
    if primitive.batch is not None or primitive.role is None:
        return primitive.batch
    return _elementwise if primitive.role == "elementwise" else stacked


def _batching(primitive: Primitive) -> Batching:
    rule = batching_rule(primitive)
    if rule is None:
        raise UnsupportedOperation(
            f"vmap met the primitive {primitive.name}, which has no batching rule. "
            "Declare it with one: batch=."
        )
    return rule


def _elementwise(
    primitive: Primitive, size: int, operands: Operands, flags: Flags, params: Params
) -> Tensor:
    """Put the axis of examples before all those of the result."""
    rank = max(x.ndim - flag for x, flag in zip(operands, flags, strict=True))
    aligned = tuple(
        reshape(x, (size, *(1,) * (rank + 1 - x.ndim), *x.shape[1:]))
        if flag and x.ndim < rank + 1
        else x
        for x, flag in zip(operands, flags, strict=True)
    )
    return apply(primitive, aligned, params)


def _input_axes(in_axes: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Axis]:
    """Return the axis of every leaf of the arguments."""
    given = tuple(in_axes) if isinstance(in_axes, (tuple, list)) else (in_axes,) * len(args)
    if len(given) != len(args):
        raise ArgumentError(
            f"vmap got in_axes={in_axes} for a call with {len(args)} positional arguments. "
            "Give one entry an argument, or one integer for all."
        )
    return tree.prefix_leaves((given, dict.fromkeys(kwargs, 0)), (args, kwargs))


def _to_front(leaf: Any, axis: Any, position: int) -> Tensor:
    tensor = as_tensor(leaf)
    if not isinstance(axis, int) or not -tensor.ndim <= axis < tensor.ndim:
        raise ShapeError(
            f"vmap was asked to batch along axis {axis} of an argument of shape {tensor.shape} "
            f"(leaf {position}). Give an axis it has, or None if all examples share it."
        )
    return move_axis(tensor, axis % tensor.ndim, 0)


def _common_size(batches: list[Tensor]) -> int:
    sizes = [batch.shape[0] for batch in batches]
    if not sizes:
        raise ArgumentError(
            "vmap found nothing to batch: every entry of in_axes is None, or there are no "
            "arguments. Give at least one argument an axis, or call the function itself."
        )
    if len(set(sizes)) > 1:
        raise ShapeError(
            f"vmap got arguments with {', '.join(map(str, sizes))} examples. Batched arguments "
            "must agree; use None in in_axes for those that all examples share."
        )
    return sizes[0]


def _move_from_front(tensor: Tensor, is_batched: bool, axis: Any, size: int) -> Tensor:
    """Put the axis that counts the examples where it was asked for."""
    if axis is None:
        if is_batched:
            raise ArgumentError(
                "vmap got out_axes=None for a result that differs between examples. "
                "Give the axis that shall count them."
            )
        return tensor
    if not is_batched:
        tensor = broadcast_to(tensor, (size, *tensor.shape))
    if not isinstance(axis, int) or not -tensor.ndim <= axis < tensor.ndim:
        raise ArgumentError(
            f"vmap got out_axes={axis} for a result of shape {tensor.shape[1:]} an example. "
            f"It wants an axis between {-tensor.ndim} and {tensor.ndim - 1}."
        )
    return move_axis(tensor, 0, axis % tensor.ndim)
