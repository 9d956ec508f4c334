"""Random training loops: states that change in place, swap, stay, and rows gathered in batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import thalweg as tw
from tests.fuzz.cases import LoopCase
from tests.fuzz.generate import grow, scalar
from tests.fuzz.growth import Growth
from tests.fuzz.models import Model, random_model, trained
from tests.fuzz.values import Array, filled
from thalweg.core.program import Program, Symbol, Trace, finish
from thalweg.core.spec import Spec
from thalweg.core.tensor import Tensor, make
from thalweg.engines.engine import Loop

_ROWS = (1, 2, 5, 8, 13, 24, 33, 40, 67, 130)
# Long data are read ahead of time.
_MANY_ROWS = (700, 3_000, 9_000)


@dataclass
class _Parts:
    """The inputs of a step: its own, and what grew on demand."""

    states: list[Array]
    data: list[Array]
    scalars: Array
    batch: int


def random_loop(seed: int) -> LoopCase:
    """Return a loop with all it starts from; every choice follows from the seed."""
    g = Growth(seed)
    rows = int(g.choose(_ROWS if g.chance(0.95) else _MANY_ROWS))
    batch = int(g.choose((0, 1, rows, g.integer(1, rows + 1), g.integer(1, rows + 1))))
    batch = batch if rows < 200 else g.integer(1, 200)
    parts = _Parts(_states(g), _data(g, rows), g.random.uniform(0.01, 0.2, g.integer(0, 4)), batch)
    model = random_model(g, rows) if g.chance(0.6) else None
    if model is not None:
        moments = [np.zeros_like(p) for p in 2 * model.parameters]
        parts.states[:0] = [*model.parameters, *moments, np.array(0)]
        parts.data[:0] = model.data
        if g.chance(0.7):
            # The model alone, as runs are.
            del parts.states[len(moments) * 3 // 2 + 1 :], parts.data[len(model.data) :]
    step, extra = _step(g, parts, batch, model)
    remainder, more = None, []
    if batch and rows % batch and g.chance(0.6):
        remainder, more = _step(g, parts, rows % batch, model)
    programs = [
        _widened(program, parts, before, after)
        for program, before, after in ((step, [], more), (remainder, extra, []))
        if program is not None
    ]
    data = [*parts.data, *extra, *more]
    reshuffled = bool(batch) and g.chance(0.3)
    loop = Loop(
        step=programs[0],
        remainder=programs[1] if len(programs) > 1 else None,
        states=len(parts.states),
        data=len(data),
        rows=rows if batch else 0,
        batch_size=batch,
        reshuffled=reshuffled,
    )
    ordered = batch and not reshuffled
    order = g.random.permutation(rows).astype(np.int32) if ordered else None
    return LoopCase(loop, parts.states, data, parts.scalars, order, g.integer(0, 2**40))


def _states(g: Growth) -> list[Array]:
    dtypes = ("float64", "float64", "float64", "float32", "int64", "bool")
    states: list[Array] = []
    for _ in range(g.integer(1, 5)):
        if states and g.chance(0.4):
            spec = Spec(states[-1].shape, states[-1].dtype)
        else:
            spec = Spec(g.shape(0, 4), np.dtype(str(g.choose(dtypes))))
        states.append(np.asarray(filled(g.random, spec, False)))
    return states


def _data(g: Growth, rows: int) -> list[Array]:
    data = []
    for _ in range(g.integer(1, 4)):
        dtype = np.dtype(str(g.choose(("float64", "float64", "float32", "int64"))))
        data.append(filled(g.random, Spec((rows, *g.shape(0, 3))[:3], dtype), g.wild))
    return data


def _step(g: Growth, parts: _Parts, batch: int, model: Model | None) -> tuple[Program, list[Array]]:
    """Return one step's program and the data that it wants beside its parts'."""
    g.trace, g.inputs, g.arrays, g.pool = Trace(), [], [], []

    def given(arrays: list[Array]) -> list[Tensor]:
        return [make(g.trace.input(Spec(a.shape, a.dtype))) for a in arrays]

    states, data = given(parts.states), given(parts.data)
    scalars = [make(g.trace.input(Spec((), np.dtype(float)))) for _ in parts.scalars]
    rows = make(g.trace.input(Spec((batch,), np.dtype(np.int32)))) if batch else None
    seen = [tw.take(d, rows, axis=0) if rows is not None else d for d in data]
    g.pool = [*seen, *scalars, *states]
    first: list[Tensor] = []
    loss: Any = None
    if model is not None:
        rate = scalars[0] if scalars else 0.05
        first, loss = trained(g, model, states, seen, rate)
    if len(first) < len(states) or g.chance(0.2):
        grow(g, g.integer(0, 6))
    news = [*first, *(_updated(g, s, states, scalars) for s in states[len(first) :])]
    loss = _loss(g) if loss is None or g.chance(0.1) else loss
    leading = [t.array for t in (*states, *data)]
    trailing = [t.array for t in scalars] + ([rows.array] if rows is not None else [])
    outputs = [g.trace.lift(t) for t in (*news, loss)]
    captured = [np.asarray(tensor.array) for tensor, _ in g.trace.captured.values()]
    program = finish(g.trace, [], outputs)
    inputs = (*leading, *g.inputs, *program.inputs, *trailing)
    return Program(inputs, program.equations, program.outputs), [*g.arrays, *captured]


def _widened(program: Program, parts: _Parts, before: list[Array], after: list[Array]) -> Program:
    """Return a program with further data inputs that it does not read."""
    own = len(parts.states) + len(parts.data)
    end = len(program.inputs) - len(parts.scalars) - (1 if parts.batch else 0)
    unread = [[Symbol(Spec(a.shape, a.dtype)) for a in arrays] for arrays in (before, after)]
    inputs = program.inputs
    wide = (*inputs[:own], *unread[0], *inputs[own:end], *unread[1], *inputs[end:])
    return Program(wide, program.equations, program.outputs)


def _loss(g: Growth) -> Tensor:
    x = g.pick("f")
    value = tw.mean(x) if x.size and g.chance(0.7) else tw.sum(x)
    return value if value.dtype.kind == "f" else value.astype(float)


# ---- how states change


def _updated(g: Growth, state: Tensor, states: list[Tensor], scalars: list[Tensor]) -> Tensor:
    alike = [s for s in states if s.spec == state.spec]
    if g.chance(0.25):
        return g.choose(alike)
    if g.chance(0.25):
        return _moved(g, g.choose(alike))
    if state.dtype.kind == "b":
        return tw.logical_not(g.choose(alike))
    if state.dtype.kind == "i":
        return g.choose(alike) + g.integer(-1, 2)
    rate = g.choose(scalars) if scalars and g.chance(0.7) else 0.1
    if g.chance(0.5):
        found = tw.grad(lambda s: scalar(g, s, g.integer(1, 4)))(state)
        change = tw.clip(tw.nan_to_num(found), -1.0, 1.0)
    else:
        change = tw.tanh(g.of_shape(state.shape, state.dtype, "f"))
    new = g.choose(alike) * g.choose((1.0, 0.9, 0.5)) - tw.astype(rate * change, state.dtype)
    return _scattered(g, new) if g.chance(0.2) else new


def _moved(g: Growth, state: Tensor) -> Tensor:
    """Return a state's elements in other places: what must not be written over the state."""
    if not state.ndim:
        return state
    axis = g.integer(0, state.ndim)
    style = g.integer(0, 5)
    if style == 0:
        return tw.flip(state, axis)
    if style == 1:
        return tw.roll(state, 1, axis)
    if style == 2 and state.shape == state.shape[::-1]:
        return tw.transpose(state)
    if style == 3 and state.shape[axis]:
        positions = g.positions((state.shape[axis],), state.shape[axis])
        return tw.take(state, positions, axis)
    if state.dtype.kind == "f" and state.shape[axis] > 1:
        width = [(1, 0) if a == axis else (0, 0) for a in range(state.ndim)]
        kept = [slice(0, -1) if a == axis else slice(None) for a in range(state.ndim)]
        return 0.5 * state + 0.25 * tw.pad(state[tuple(kept)], width)
    return state


def _scattered(g: Growth, state: Tensor) -> Tensor:
    if not state.ndim or not state.size or state.ndim > 2:
        return state
    positions = g.positions((g.integer(1, 6),), state.shape[0])
    updates = g.of_shape((positions.shape[0], *state.shape[1:]), state.dtype, "f")
    return g.primitive("scatter_add", state, positions, 0.1 * tw.tanh(updates), axis=0)
