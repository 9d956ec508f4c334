"""Several operations that are one eagerly, with a derivative of its own in NumPy.

What is traced, or differentiated more than once, is made of the operations themselves: the fused
form is a short road to the same values, which nobody but the tape ever sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.autodiff.functional import jvp, vjp
from thalweg.core.apply import record
from thalweg.core.primitive import general
from thalweg.core.program import tracing
from thalweg.core.spec import FLOAT32, FLOAT64, Array, Spec
from thalweg.core.tape import recording
from thalweg.core.tensor import Tensor, make

Operands = Sequence[Tensor | None]


@dataclass(frozen=True, eq=False)
class Fused:
    """A function with a fused form.

    Attributes:
        step: What the step of the tape is called.
        forward: `(*arrays, **options) -> (result, kept)`, with None for operands that are not
            there. The result lies in memory of its own.
        backward: `(g, out, kept, wanted, *arrays, **options)`, which gives the operands' cotangents
            in turn, or None; `wanted` tells of which one is used. NotImplemented where it has none,
            so that the operations' are taken. It writes into none of what it is given.
        expansion: `(*tensors, **options) -> tensor`, the same in thalweg's operations.
        alone: `(*arrays, **options) -> result`, where nobody records and that takes less.
    """

    step: str
    forward: Callable[..., tuple[Array, Any]]
    backward: Callable[..., Any]
    expansion: Callable[..., Tensor]
    alone: Callable[..., Array] | None = None

    def __call__(self, *operands: Tensor | None, **options: Any) -> Tensor:
        """Return the result; the operands must be eager, as `is_eager` tells."""
        if self.alone is not None and not _may_be_recorded(operands):
            arrays = [None if x is None else x.array for x in operands]
            found = tracing.run(self.alone, *arrays, **options)
            return make(found, None, False, _kind_of(operands))
        return self.keeping(*operands, **options)[0]

    def keeping(self, *operands: Tensor | None, **options: Any) -> tuple[Tensor, Any]:
        """Return the result, and what is kept for the derivative."""
        arrays = [None if x is None else x.array for x in operands]
        found, kept = tracing.run(self.forward, *arrays, **options)
        result = make(found, None, False, _kind_of(operands))
        if _may_be_recorded(operands):
            there = tuple([x is not None for x in operands])
            call = Call(self, there, options, kept)
            record(fused, tuple([x for x in operands if x is not None]), {"call": call}, result)
            node = result.node
            if node is not None:
                node.called = self.step
                call.flags = [source is not None for source in node.sources]
        return result, kept


def _may_be_recorded(operands: Operands) -> bool:
    if recording.enabled:
        for x in operands:
            if x is not None and (x.node is not None or x.origin is not None):
                return True
    return False


def _kind_of(operands: Operands) -> type[Tensor]:
    """Return what kind of tensor the result is."""
    for x in operands:
        if x is not None and x.results is not Tensor:
            return x.results
    return Tensor


@dataclass(eq=False, slots=True)
class Call:
    """One call of a fused form.

    Attributes:
        form: What was called.
        there: Which operands were there.
        options: The others.
        kept: What its derivative needs.
        flags: Of which operands that are there a cotangent is used.
    """

    form: Fused
    there: tuple[bool, ...]
    options: Mapping[str, Any]
    kept: Any
    flags: Sequence[bool] = ()

    def spread(self, given: Sequence[Any]) -> list[Any]:
        """Return values of the operands that are there, and None in place of the others."""
        rest = iter(given)
        return [next(rest) if is_there else None for is_there in self.there]

    def along(self, inputs: Sequence[Tensor], places: Sequence[int]) -> Callable[..., Tensor]:
        """Return the result, made of operations, as a function of the operands at some places."""

        def composed(*moving: Tensor) -> Tensor:
            given = list(inputs)
            for place, x in zip(places, moving, strict=True):
                given[place] = x
            return self.form.expansion(*self.spread(given), **self.options)

        return composed


def is_eager(*operands: Tensor | None) -> bool:
    """Tell whether operands are NumPy's arrays of one floating dtype, and nothing is traced."""
    if tracing.traces:
        return False
    dtype = None
    for x in operands:
        if x is None:
            continue
        array = x.array
        if array.__class__ is not np.ndarray or x.weak:
            return False
        if dtype is None:
            dtype = array.dtype
            if dtype is not FLOAT32 and dtype is not FLOAT64:
                return False
        elif array.dtype is not dtype:
            return False
    return True


def _pulled_back(
    g: Tensor, out: Tensor, inputs: tuple[Tensor, ...], call: Call
) -> Iterator[Tensor | None]:
    if not recording.enabled and type(g.array) is np.ndarray and not tracing.traces:
        arrays, wanted = call.spread([x.array for x in inputs]), call.spread(call.flags)
        found = tracing.run(
            call.form.backward, g.array, out.array, call.kept, wanted, *arrays, **call.options
        )
        if found is not NotImplemented:
            for is_there, array in zip(call.there, found, strict=True):
                if is_there:
                    yield None if array is None else make(array, None, False, g.results)
            return
    places = [i for i, flag in enumerate(call.flags) if flag]
    along = call.along(inputs, places)
    pulled = dict(zip(places, vjp(along, *(inputs[i] for i in places))[1](g), strict=True))
    yield from (pulled.get(i) for i in range(len(inputs)))


def _pushed_forward(
    moving: Sequence[Tensor | None], inputs: tuple[Tensor, ...], call: Call
) -> Tensor:
    places = [i for i, tangent in enumerate(moving) if tangent is not None]
    along = call.along(inputs, places)
    given = [inputs[i] for i in places], [moving[i] for i in places]
    tangent: Tensor = jvp(along, *given)[1]
    return tangent


def _fused_spec(*specs: Spec, call: Call) -> Spec:
    raise NotImplementedError("A fused form is never traced.")


@general(
    _fused_spec,
    variadic=lambda g, out, *inputs, call: _pulled_back(g, out, inputs, call),
    forward=lambda moving, out, *inputs, call: _pushed_forward(moving, inputs, call),
    strong=True,
)
def fused(*arrays: Array, call: Call) -> Array:
    """Return what a fused form does of its operands."""
    found: Array = call.form.forward(*call.spread(arrays), **call.options)[0]
    return found
