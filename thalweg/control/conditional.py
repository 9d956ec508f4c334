"""Loops that go on while a condition holds."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from thalweg import tree
from thalweg.autodiff.batching import evaluate_batch
from thalweg.control.body import (
    Body,
    body_of,
    floating,
    hoist,
    may_refuse,
    of_one_that_is_run,
    push_forward,
    reached,
    require_structure,
    tensors_of,
    together,
    trace_body,
    trace_turn,
)
from thalweg.core.apply import Flags, Operands, Params, apply, run
from thalweg.core.primitive import general
from thalweg.core.program import Program, evaluate, meant
from thalweg.core.spec import BOOL, Array, Bundle, Spec, pack
from thalweg.core.tape import PartDerivatives
from thalweg.core.tensor import Tensor
from thalweg.errors import GradientError, ShapeError
from thalweg.ops.control.bundle import packed, parts
from thalweg.ops.creation.creation import zeros, zeros_like
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.numpy.kinds import same_kind
from thalweg.ops.numpy.libraries import in_its_library
from thalweg.ops.reduce.extremes import reduce_max
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.reshape import reshape

__all__ = ["while_loop"]

# As many turns as a run that listens to Ctrl-C is taken to have.
_MANY = 1 << 22


def _no_way_back(*_: Any, **__: Any) -> Iterator[Any]:
    raise GradientError(
        "Reverse derivatives of while_loop are not known: it keeps nothing of its turns, whose "
        "number is not known before it runs. Use scan, or fori_loop with Python integers as "
        "bounds; forward derivatives (jvp) work."
    )
    yield


@general(
    lambda *specs, body, **params: Bundle.of(Spec(s.shape, s.dtype) for s in body.outputs),
    variadic=_no_way_back,
    forward=lambda moving, out, *inputs, **params: _pushed_forward(moving, inputs, params),
    strong=True,
    role="whole",
    work=lambda *specs, **params: _MANY,
    batch=lambda primitive, size, *given: _batched(size, *given),
)
def conditional_loop(*arrays: Array, test: Program, body: Program, carries: int) -> Array:
    """Run a body again and again while a test of what is carried over holds.

    Its operands are those carried over, as they are at first, and those that every turn takes;
    both programs take all of them.
    """
    carry, whole = list(arrays[:carries]), arrays[carries:]
    while bool(evaluate(test, [*carry, *whole], meant)[0]):
        carry = evaluate(body, [*carry, *whole], meant)
    return pack(np.array(value) for value in carry)


@in_its_library
@same_kind
def while_loop(
    cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], init_val: Any
) -> Any:
    """Return the first of init, f(init), f(f(init)), … for which a condition does not hold.

    Args:
        cond_fun: Maps the value to a Boolean scalar: whether to go on.
        body_fun: Maps the value to the next one, of the same structure, shapes and dtypes.
        init_val: The first value, a tree of arrays.

    Raises:
        ShapeError: If the value changes its structure, shape or dtype, or the condition is no
            Boolean scalar.
        GradientError: If a reverse derivative is asked for; `jvp` works.

    Example:
        >>> import thalweg as tw
        >>> tw.while_loop(lambda x: x < 100, lambda x: 2 * x, 3)
        np.int64(192)
    """

    def turn(value: Any) -> Any:
        found = body_fun(value)
        require_structure("while_loop", found, init_val)
        return found

    body, carry = trace_turn("while_loop", turn, (init_val,), tensors_of(init_val))
    specs = [Spec(tuple(x.shape), x.dtype) for x in carry]
    test = trace_body(cond_fun, (init_val,), specs)
    told = [symbol.spec for symbol in test.program.outputs]
    if [(spec.shape, spec.dtype) for spec in told] != [((), BOOL)]:
        raise ShapeError(
            f"while_loop's condition returned {', '.join(map(str, told)) or 'nothing'}; it wants "
            "one Boolean scalar. Reduce it with np.any or np.all, or compare it."
        )
    found = _loop(hoist(test, len(carry), True), hoist(body, len(carry), False), carry, ())
    return tree.unflatten(tree.structure(init_val), found)


def _loop(test: Body, body: Body, carry: Sequence[Tensor], whole: Sequence[Tensor]) -> list[Tensor]:
    """Return what is carried over at last; each program has operands of its own behind `whole`."""
    (first, then), captured = together([test, body], len(carry) + len(whole))
    params = {"test": first, "body": then, "carries": len(carry)}
    found = apply(conditional_loop, (*carry, *whole, *captured), params)
    return parts(found, range(len(carry)))


def _pushed_forward(
    moving: Sequence[Tensor | None], inputs: Operands, params: Params
) -> PartDerivatives:
    """Return the tangents of the results; those of each turn are carried over too."""
    test, body, carries = params["test"], params["body"], params["carries"]
    ends = floating(inputs[:carries])
    whole = [i for i in range(carries, len(inputs)) if moving[i] is not None]

    def split(tensors: Sequence[Tensor]) -> tuple[list[Tensor], dict[int, Tensor]]:
        rest = iter(tensors)
        primals = {i: next(rest) for i in range(carries)}
        directions = {i: next(rest) for i in ends}
        primals |= {i: next(rest) for i in range(carries, len(inputs))}
        directions |= {i: next(rest) for i in whole}
        return [primals[i] for i in range(len(inputs))], directions

    def turn(*tensors: Tensor) -> list[Tensor]:
        found, turned = push_forward(body, *split(tensors))
        return [*found, *(turned[i] for i in ends)]

    given = [moving[i] for i in ends]
    starts = [zeros_like(inputs[i]) if t is None else t for i, t in zip(ends, given, strict=True)]
    carry = [*inputs[:carries], *starts]
    rest = [*inputs[carries:], *(t for i in whole if (t := moving[i]) is not None)]
    specs = [Spec(tuple(x.shape), x.dtype) for x in (*carry, *rest)]
    found = _loop(
        body_of(lambda *tensors: run(test, split(tensors)[0]), specs),
        body_of(turn, specs),
        carry,
        rest,
    )
    return PartDerivatives(zip(ends, found[carries:], strict=True))


def _batched(size: int, operands: Operands, flags: Flags, params: Params) -> Tensor:
    """Run the loop on all examples, each of which keeps its value once its condition fails."""
    test, body, carries = params["test"], params["body"], params["carries"]
    moved = list(flags)
    while True:
        apart = reached(test, moved)[0]
        found = [apart or f for f in reached(body, moved)]
        if not any(f and not m for f, m in zip(found, moved[:carries], strict=True)):
            break
        moved[:carries] = map(operator.or_, moved[:carries], found)
    given = [
        broadcast_to(x, (size, *x.shape)) if m and not flag else x
        for x, m, flag in zip(operands, moved, flags, strict=True)
    ]

    def tested(tensors: Sequence[Tensor]) -> Tensor:
        return evaluate_batch(test, list(zip(tensors, moved, strict=True)), size)[0][0]

    def turn(*tensors: Tensor) -> list[Tensor]:
        goes = tested(tensors) if apart else None
        given: Sequence[Tensor] = tensors
        if goes is not None and any(map(may_refuse, body.equations)):
            given = of_one_that_is_run(tensors, moved, goes, size)
        results = evaluate_batch(body, list(zip(given, moved, strict=True)), size)
        after = [
            x if flag or not m else broadcast_to(x, (size, *x.shape))
            for (x, flag), m in zip(results, moved, strict=False)
        ]
        if goes is None:
            return after
        return [
            where(reshape(goes, (size, *(1,) * (new.ndim - 1))), new, old)
            for new, old in zip(after, tensors, strict=False)
        ]

    def goes_on(*tensors: Tensor) -> list[Tensor]:
        if apart and not size:
            return [zeros((), dtype=bool)]
        return [reduce_max(tested(tensors), (0,)) if apart else tested(tensors)]

    specs = [Spec(tuple(x.shape), x.dtype) for x in given]
    results = _loop(body_of(goes_on, specs), body_of(turn, specs), given[:carries], given[carries:])
    whole = [
        x if m else broadcast_to(x, (size, *x.shape)) for x, m in zip(results, moved, strict=False)
    ]
    return apply(packed, tuple(whole), {})
