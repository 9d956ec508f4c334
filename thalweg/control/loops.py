"""The counted loop: its meaning, its derivatives, its batches; what `scan` is made of."""

from __future__ import annotations

import operator
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from thalweg.autodiff.batching import evaluate_batch
from thalweg.control.body import Body, body_of, floating, push_forward, reached
from thalweg.control.residuals import Residuals, split_at
from thalweg.core.apply import Flags, Operands, Params, apply, move_axis
from thalweg.core.primitive import general, is_floating
from thalweg.core.program import Program, evaluate, meant
from thalweg.core.spec import Array, Bundle, Spec, pack
from thalweg.core.tape import PartDerivatives
from thalweg.core.tensor import Tensor
from thalweg.errors import GradientError
from thalweg.ops.control.bundle import packed, parts
from thalweg.ops.creation.creation import zeros_like
from thalweg.ops.shape.broadcast import broadcast_to


def _stacked_spec(spec: Spec, length: int) -> Spec:
    return Spec((length, *spec.shape), spec.dtype)


def _loop_spec(*specs: Spec, body: Program, carries: int, length: int, **_: Any) -> Spec:
    found = [Spec(symbol.shape, symbol.dtype) for symbol in body.outputs]
    return Bundle.of([*found[:carries], *(_stacked_spec(s, length) for s in found[carries:])])


@general(
    _loop_spec,
    variadic=lambda g, out, *inputs, **params: _pulled_back(g, out, inputs, params),
    forward=lambda moving, out, *inputs, **params: _pushed_forward(moving, inputs, params),
    strong=True,
    role="whole",
    work=lambda *specs, length, **params: length,
    recorded=lambda operands, params: _recorded(operands, params),
    batch=lambda primitive, size, *given: _batched(size, *given),
)
def counted_loop(
    *arrays: Array, body: Program, carries: int, stacked: int, length: int, reverse: bool
) -> Array:
    """Run a body a number of times, each turn with what the one before it carried over.

    Its operands are those carried over, as they are at first, those of which each turn takes one
    element along axis 0, and those that every turn takes whole; the body returns what is carried
    over, and what is stacked along a new axis 0.
    """
    carry = list(arrays[:carries])
    slices, whole = arrays[carries : carries + stacked], arrays[carries + stacked :]
    rows = [np.empty((length, *s.shape), s.dtype) for s in body.outputs[carries:]]
    for i in reversed(range(length)) if reverse else range(length):
        found = evaluate(body, [*carry, *(x[i] for x in slices), *whole], meant)
        carry = found[:carries]
        for row, value in zip(rows, found[carries:], strict=True):
            row[i] = value
    return pack([*(np.array(value) for value in carry), *rows])


def loop(
    body: Body,
    carry: Sequence[Tensor],
    xs: Sequence[Tensor],
    whole: Sequence[Tensor],
    length: int,
    reverse: bool,
) -> list[Tensor]:
    """Return what is carried over at last, and what is stacked."""
    params = {
        "body": body.program, "carries": len(carry), "stacked": len(xs), "length": length,
        "reverse": reverse,
    }  # fmt: skip
    found = apply(counted_loop, (*carry, *xs, *whole, *body.captured), params)
    return parts(found, range(len(body.program.outputs)))


# ---- derivatives


@dataclass(frozen=True, eq=False)
class _Derivative:
    """How the derivative of a loop is computed.

    Attributes:
        body: The loop's body.
        split: The body's derivative: what is kept, and what is computed later.
        backward: The bodies of loops that go back, by which results' cotangents are given.
    """

    body: Program
    split: Residuals
    backward: dict[tuple[bool, ...], Body] = field(default_factory=dict)


_Derivatives = weakref.WeakKeyDictionary[Program, _Derivative]

# By the body, and by the body that returns what the derivative needs too.
_derivatives: _Derivatives = weakref.WeakKeyDictionary()

_kept: _Derivatives = weakref.WeakKeyDictionary()


def _derivative(body: Program, carries: int) -> _Derivative:
    found = _derivatives.get(body)
    if found is None:
        found = _derivatives[body] = _Derivative(body, split_at(body, carries))
        _kept[found.split.forward] = found
    return found


def _keeping(operands: Operands, params: Params) -> tuple[Operands, Params]:
    """Return the operands and parameters of the loop that keeps what its derivative needs."""
    split = _derivative(params["body"], params["carries"]).split
    return (*operands, *split.captured), {**params, "body": split.forward}


def _recorded(operands: Operands, params: Params) -> tuple[Operands, Params]:
    if params["body"] in _kept:
        return operands, params
    try:
        return _keeping(operands, params)
    except GradientError:
        # The body has forward derivatives alone; a reverse one is refused when it is asked for.
        return operands, params


def _pulled_back(
    g: PartDerivatives, out: Tensor, inputs: Operands, params: Params
) -> Iterator[Tensor | None]:
    """Yield the cotangents of a loop's operands: a loop that goes the other way."""
    found = _kept.get(params["body"])
    if found is None or max(g, default=0) >= found.split.results:
        # What a first derivative needs has a derivative too.
        given, params = _keeping(inputs, params)
        found, out = _kept[params["body"]], apply(counted_loop, given, params)
    else:
        given = inputs
    split, carries, stacked = found.split, params["carries"], params["stacked"]
    moving = tuple(number in g for number in range(split.results))
    backward = found.backward.get(moving)
    if backward is None:
        backward = found.backward[moving] = _backward(split, carries, stacked, moving)
    floats, along, later = _moved(split, carries, stacked)
    results = loop(
        backward,
        [*(g.get(i, zeros_like(given[i])) for i in floats), *(zeros_like(given[i]) for i in later)],
        [
            *(g[number] for number in range(carries, split.results) if moving[number]),
            *parts(out, range(split.results, split.results + len(split.saved))),
            *given[carries : carries + stacked],
        ],
        given[carries + stacked :],
        params["length"],
        not params["reverse"],
    )
    pulled = dict(zip((*floats, *later, *along), results, strict=True))
    yield from (pulled.get(i) for i in range(len(inputs)))


def _moved(split: Residuals, carries: int, stacked: int) -> tuple[list[int], list[int], list[int]]:
    """Return the operands with cotangents: carried over, taken row by row, and taken whole."""
    floats = floating(split.inputs[:carries])
    along = [i for i in split.moved if carries <= i < carries + stacked]
    return floats, along, [i for i in split.moved if i >= carries + stacked]


def _backward(split: Residuals, carries: int, stacked: int, given: tuple[bool, ...]) -> Body:
    """Return the body of the loop that goes back.

    It maps (cotangents carried over, sums of cotangents | cotangents of a row, what was saved,
    the row's operands | whole operands) to (cotangents carried over, sums | the row's cotangents).
    """
    floats, along, later = _moved(split, carries, stacked)
    rows = [i for i in range(carries, split.results) if given[i]]
    outputs, inputs = split.forward.outputs, split.inputs
    specs = [*(inputs[i] for i in (*floats, *later)), *(outputs[i].spec for i in rows)]
    specs += [*(symbol.spec for symbol in split.saved), *inputs[carries:]]

    def turn(*tensors: Tensor) -> list[Tensor]:
        rest = iter(tensors)
        moving = {i: next(rest) for i in floats}
        sums = {i: next(rest) for i in later}
        moving |= {i: next(rest) for i in rows}
        saved = [next(rest) for _ in split.saved]
        pulled = split.pull_back(moving, saved, list(rest))
        before = [pulled[i] if i in pulled else zeros_like(moving[i]) for i in floats]
        return [*before, *(sums[i] + pulled[i] for i in later), *(pulled[i] for i in along)]

    return body_of(turn, specs)


def _pushed_forward(
    moving: Sequence[Tensor | None], inputs: Operands, params: Params
) -> PartDerivatives:
    """Return the tangents of a loop's results: those of its turns are carried over too."""
    body, carries, end = params["body"], params["carries"], params["carries"] + params["stacked"]
    # A carry may move in later turns though it does not at first.
    given = [
        zeros_like(x) if t is None and i < carries and is_floating(x.dtype) else t
        for i, (x, t) in enumerate(zip(inputs, moving, strict=True))
    ]
    groups = [range(carries), range(carries, end), range(end, len(inputs))]
    ends = floating(body.outputs)

    def turn(*tensors: Tensor) -> list[Tensor]:
        rest = iter(tensors)
        primals: dict[int, Tensor] = {}
        directions: dict[int, Tensor] = {}
        for group in groups:
            primals |= {i: next(rest) for i in group}
            directions |= {i: next(rest) for i in group if given[i] is not None}
        found, turned = push_forward(body, [primals[i] for i in range(len(inputs))], directions)
        carried = [*found[:carries], *(turned[i] for i in ends if i < carries)]
        return [*carried, *found[carries:], *(turned[i] for i in ends if i >= carries)]

    carry, xs, whole = (
        [*(inputs[i] for i in group), *(t for i in group if (t := given[i]) is not None)]
        for group in groups
    )
    specs = [Spec(x.shape, x.dtype) for x in carry]
    specs += [Spec(tuple(x.shape[1:]), x.dtype) for x in xs]
    specs += [Spec(x.shape, x.dtype) for x in whole]
    found = loop(body_of(turn, specs), carry, xs, whole, params["length"], params["reverse"])
    turned = [*found[carries : len(carry)], *found[len(carry) + len(body.outputs) - carries :]]
    return PartDerivatives(zip(ends, turned, strict=True))


# ---- batches


def _batched(size: int, operands: Operands, flags: Flags, params: Params) -> Tensor:
    """Run the loop on all examples at once."""
    body, carries, stacked = params["body"], params["carries"], params["stacked"]
    moved = list(flags)
    found = reached(body, moved)
    while any(f and not m for f, m in zip(found[:carries], moved[:carries], strict=True)):
        moved[:carries] = map(operator.or_, moved[:carries], found[:carries])
        found = reached(body, moved)
    given = [
        broadcast_to(x, (size, *x.shape)) if m and not flag else x
        for x, m, flag in zip(operands, moved, flags, strict=True)
    ]
    for i in range(carries, carries + stacked):
        if flags[i]:
            given[i] = move_axis(given[i], 0, 1)

    def turn(*tensors: Tensor) -> list[Tensor]:
        results = evaluate_batch(body, list(zip(tensors, moved, strict=True)), size)
        return [
            x if flag or not m else broadcast_to(x, (size, *x.shape))
            for (x, flag), m in zip(results, (*moved[:carries], *found[carries:]), strict=True)
        ]

    rows = range(carries, carries + stacked)
    specs = [Spec(tuple(x.shape[i in rows :]), x.dtype) for i, x in enumerate(given)]
    results = loop(
        body_of(turn, specs),
        given[:carries],
        given[carries : carries + stacked],
        given[carries + stacked :],
        params["length"],
        params["reverse"],
    )
    for i, result in enumerate(results):
        if not (moved[i] if i < carries else found[i]):
            results[i] = broadcast_to(result, (size, *result.shape))
        elif i >= carries:
            results[i] = move_axis(result, 0, 1)
    return apply(packed, tuple(results), {})
