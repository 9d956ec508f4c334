"""Random programs that are valid by construction, each a function of one integer."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from tests.fuzz.cases import Case
from tests.fuzz.chains import DENSE, OPERATIONS
from tests.fuzz.growth import Growth
from tests.fuzz.rare import RARE
from thalweg.compiler.pipeline import remove_dead_code
from thalweg.core.program import finish
from thalweg.core.tensor import Tensor, make

_DERIVATIVES = 0.35
_FAULTS = 0.04
_INDEXED = ("take", "take_along_axis", "scatter_add", "scatter_add_along_axis")
# What may leave out elements of its first operand.
_IN_PART = {*_INDEXED, "last_diagonal", "pad_with_zeros", "put_at", "slice_", "strided", "windows"}


def random_case(seed: int) -> Case:
    """Return a program with inputs; every choice follows from the seed."""
    g = Growth(seed)
    if g.chance(_DERIVATIVES):
        grow(g, g.integer(0, 4))
        g.keep(g.choose((gradient, gradient, gradient, second, forward, batched))(g))
        grow(g, g.integer(0, 3))
    else:
        grow(g, g.integer(1, 30 if g.dense else 15))
    return _closed(g)


def grow(g: Growth, count: int) -> None:
    """Add values to the pool."""
    for _ in range(count):
        if g.rare and g.chance(0.25):
            g.keep(g.choose(RARE)(g))
        else:
            g.keep(g.choose(DENSE if g.dense else OPERATIONS)(g))


def _closed(g: Growth) -> Case:
    outputs = [g.pool[-1] if g.pool else g.fresh(g.shape())]
    outputs += [g.choose(g.pool) for _ in range(g.choose((0, 0, 1, 2, 3, 5))) if g.pool]
    if g.inputs and g.chance(0.05):
        outputs.append(make(g.inputs[0]))
    program = finish(g.trace, g.inputs, [g.trace.lift(output) for output in outputs])
    captured = [np.asarray(tensor.array) for tensor, _ in g.trace.captured.values()]
    case = Case(program, [*g.arrays, *captured])
    return _with_fault(g, case) if g.chance(_FAULTS) else case


def _with_fault(g: Growth, case: Case) -> Case:
    """Return the case with one index out of range, if it has one that matters."""
    # What nobody needs is not computed, and so not refused.
    program = remove_dead_code(case.program)
    indexed = [e for e in program.equations if e.primitive.name in _INDEXED]
    # Nor are elements that a later read leaves out.
    in_part = {e.inputs[0] for e in program.equations if e.primitive.name in _IN_PART}
    for equation in reversed(program.equations):
        if equation.output in in_part:
            in_part |= set(equation.inputs)
    reads = [
        (e.inputs[1], e.inputs[0].shape[e.params["axis"]])
        for e in indexed
        if e.output.spec.size and e.inputs[-1].spec.size and e.output not in in_part
    ]
    reads = [(s, n) for s, n in reads if s in program.inputs and s.spec.size]
    arrays = list(case.arrays)
    if reads:
        symbol, extent = g.choose(reads)
        position = program.inputs.index(symbol)
        wrong = arrays[position] = np.array(arrays[position])
        at = tuple(g.integer(0, n) for n in wrong.shape)
        wrong[at] = g.choose((extent, -extent - 1, 2**31 - 1, -(2**31)))
    return Case(program, arrays)


# ---- derivatives of what grows


def scalar(g: Growth, x: Tensor, count: int, differentiated: bool = True) -> Tensor:
    """Return a number that depends on x through random operations."""
    before, outside = g.pool, g.differentiated
    g.pool = [*(t for t in before if g.chance(0.3)), x]
    g.differentiated = differentiated
    grow(g, count)
    value: Any = g.pool[-1]
    g.pool, g.differentiated = before, outside
    value = value if value.dtype.kind == "f" else value.astype(float) * tw.sum(x)
    if g.chance(0.5):
        value = tw.square(value)
    if g.chance(0.5):
        value = value * g.partner(value.shape, "f")
    return tw.mean(value) if g.chance(0.5) and value.size else tw.sum(value)


def _variable(g: Growth, low: int = 0) -> Tensor:
    return g.pick("f", (low, 3))


def gradient(g: Growth) -> Tensor:
    count = g.integer(1, 7)
    return tw.grad(lambda x: scalar(g, x, count))(_variable(g))


def second(g: Growth) -> Tensor:
    count = g.integer(1, 4)
    inner = tw.grad(lambda x: scalar(g, x, count))
    return tw.grad(lambda x: tw.sum(tw.square(inner(x))))(_variable(g))


def forward(g: Growth) -> Tensor:
    x = _variable(g)
    count = g.integer(1, 5)
    direction = g.of_shape(x.shape, x.dtype, "f")
    _, tangent = tw.jvp(lambda x: scalar(g, x, count, False), (x,), (direction,))
    return tangent


def batched(g: Growth) -> Tensor:
    x = _variable(g, 1)
    count = g.integer(1, 5)
    return tw.vmap(lambda x: scalar(g, x, count, False))(x)
