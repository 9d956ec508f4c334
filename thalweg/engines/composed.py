"""Functions composed of several operations, as one: on the tape one step, and one native loop.

An eager call of `gelu` is nine operations, each with memory of its own. `composed(gelu, x)` traces
the function once for its dtypes, compiles it for blocks of rows (`engines/blocks.py`), and leaves
one step on the tape, whose cotangents are composed functions too: those that the derivative rules
of its operations make. Where it cannot be compiled or is being traced, its operations are applied.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.autodiff.functional import vjp
from thalweg.core.apply import apply, record
from thalweg.core.primitive import Primitive
from thalweg.core.program import call_apart, tracing
from thalweg.core.spec import Array, Spec
from thalweg.core.tape import recording
from thalweg.core.tensor import Tensor, make
from thalweg.engines.blocks import MANY, Blocks, rows_at_once

Function = Callable[..., Any]

Options = tuple[tuple[str, Any], ...]

_COMPILED = frozenset("fdl?")

_FLOATS = frozenset("fd")

# More shapes than a script has; what is compiled does not depend on them.
_MOST_KEPT = 4096


# ---- elements: universal functions of any shape


_universals: dict[Any, Callable[..., Any] | None] = {}


def _universal(
    function: Function, options: Options, arrays: Sequence[Any], in_any_order: bool = False
) -> Callable[..., Any] | None:
    """Return the universal function of elements; None if operations are to be applied."""
    first = arrays[0]
    kinds = ""
    for array in arrays:
        if array.__class__ is not np.ndarray or not (array.flags.c_contiguous or in_any_order):
            return None
        if array.shape == first.shape:
            kinds += array.dtype.char
        elif array.ndim:
            return None
        else:
            kinds += array.dtype.char + _SHARED
    many = first.size >= MANY
    key = (function, kinds, many, options) if options else (function, kinds, many)
    try:
        return _universals[key]
    except KeyError:
        if len(_universals) > _MOST_KEPT:
            _universals.clear()
        found = _made_universal(function, options, kinds, many)
        return _universals.setdefault(key, found)


# After the dtype of an operand without axes, which all elements share.
_SHARED = "="


def _made_universal(
    function: Function, options: Options, kinds: str, many: bool
) -> Callable[..., Any] | None:
    apart = [(kind, kinds[i + 1 : i + 2] == _SHARED) for i, kind in enumerate(kinds)]
    apart = [(kind, same) for kind, same in apart if kind != _SHARED]
    if not _are_compiled([kind for kind, _ in apart]):
        return None
    count = rows_at_once(MANY if many else 1, 1)
    return _compiled(function, options, count, tuple([((), *each) for each in apart])).universal


def elements(function: Function, x: Array) -> Array | None:
    """Return a function of each element of an array by machine code; None if it has none.

    As a meaning, it is to be run in `tracing.quiet` or `tracing.run`.
    """
    universal = _universal(function, (), (x,))
    return None if universal is None else _of_elements(universal, (x,))


# ---- rows


class _Plan:
    """How a function is computed of the rows of arrays of some shapes and dtypes."""

    __slots__ = ("_blocks", "_rows", "_shape", "_shapes")

    def __init__(self, function: Function, axes: int, options: Options, kinds: Any) -> None:
        lead = kinds[0][0][:axes]
        self._rows = math.prod(lead)
        count = rows_at_once(self._rows, max(math.prod(shape[axes:]) for shape, _ in kinds))
        apart = tuple([(shape[axes:], kind, len(shape) < axes) for shape, kind in kinds])
        self._blocks = _compiled(function, options, count, apart)
        self._shape = (*lead, *self._blocks.row)
        self._shapes = None
        if axes != 1:
            self._shapes = [s if same else (self._rows, *s) for s, _, same in apart]

    def run(self, arrays: Sequence[Array]) -> Array:
        """Return the result for arrays."""
        if self._shapes is None:
            return self._blocks(arrays, self._rows)
        pairs = zip(arrays, self._shapes, strict=True)
        rows = [array.reshape(shape) for array, shape in pairs]
        return self._blocks(rows, self._rows).reshape(self._shape)


_plans: dict[Any, _Plan | None] = {}


@functools.cache
def _compiled(function: Function, options: Options, count: int, kinds: Any) -> Blocks:
    shared = [same for _, _, same in kinds]
    specs = [Spec(s if same else (count, *s), np.dtype(kind)) for s, kind, same in kinds]
    row = functools.partial(function, **dict(options))
    # It may be wanted in the midst of a meaning.
    blocks: Blocks = call_apart(Blocks, row, specs, shared, count)
    return blocks


def _plan(
    function: Function, axes: int, options: Options, arrays: Sequence[Any],
    in_any_order: bool = False,
) -> _Plan | None:  # fmt: skip
    """Return how a function is computed of rows; None if its operations are to be applied."""
    kinds = []
    for array in arrays:
        if array.__class__ is not np.ndarray or not (array.flags.c_contiguous or in_any_order):
            return None
        kinds.append((array.shape, array.dtype.char))
    key = function, axes, options, *kinds
    try:
        return _plans[key]
    except KeyError:
        if len(_plans) > _MOST_KEPT:
            _plans.clear()
        plan = _Plan(function, axes, options, kinds) if _is_regular(kinds, axes) else None
        return _plans.setdefault(key, plan)


def by_rows(function: Function, *arrays: Array, axes: int = 1, **options: Any) -> Array:
    """Return a function of the rows of contiguous arrays, as a meaning: as `composed` does."""
    plan = _plan(function, axes, tuple(options.items()), arrays)
    assert plan is not None  # they are contiguous, of one floating dtype and not empty
    return plan.run(arrays)


def _is_regular(kinds: Any, axes: int) -> bool:
    """Tell whether arrays have rows that can be taken one by one, of dtypes that compile."""
    shape = kinds[0][0]
    return _are_compiled([kind for _, kind in kinds]) and all(
        0 not in other and (not other or other[:axes] == shape[:axes]) for other, _ in kinds
    )


def _are_compiled(kinds: Sequence[str]) -> bool:
    """Tell whether operands are of dtypes that compile, real numbers of one."""
    first = kinds[0]
    return first in _FLOATS and all(
        kind in _COMPILED and (kind == first or kind not in _FLOATS) for kind in kinds
    )


def _are_odd(options: dict[str, Any]) -> bool:
    """Tell whether options are not what one program can be kept for."""
    for value in options.values():
        kind = value.__class__
        if kind is float:
            # -0.0 equals 0.0, and NaN nothing.
            if not value or math.isnan(value):
                return True
        elif kind is not int and kind is not str and kind is not bool:
            return True
    return False


def composed(
    function: Function, *operands: Tensor, axes: int | None = None, **options: Any
) -> Tensor:
    """Apply a function in one step.

    Args:
        function: Takes the operands and the options, and each row of the operands alone.
        operands: Tensors of the same leading axes; those without axes are shared by all rows.
        axes: How many leading axes count rows; None if all do, and the function acts on elements.
        options: Hashable values.
    """
    given, arrays, followed, run = tuple(options.items()), [], False, None
    for x in operands:
        if x.weak:
            return function(*operands, **options)  # type: ignore[no-any-return]
        arrays.append(x.array)
        if x.node is not None or x.origin is not None:
            followed = True
    if not (tracing.traces or (given and _are_odd(options))):
        run = _runner(function, axes, given, arrays)
    if run is None:
        return function(*operands, **options)  # type: ignore[no-any-return]
    if followed and recording.enabled:
        return apply(_COMPOSED, operands, {"function": function, "axes": axes, "options": given})
    return make(tracing.quiet(run, arrays), None, False, operands[0].results)


def _runner(
    function: Function, axes: int | None, options: Options, arrays: Sequence[Any]
) -> Callable[[Sequence[Array]], Array] | None:
    """Return what computes a function of arrays; None if its operations are to be applied."""
    run = _runner_in_order(function, axes, options, arrays, False)
    if run is not None:
        return run
    by_columns = _are_by_columns(arrays)
    if by_columns is None or (by_columns and axes is not None):
        return None
    run = _runner_in_order(function, axes, options, arrays, True)
    return None if run is None else functools.partial(_run_in_order, run, by_columns)


def _runner_in_order(
    function: Function, axes: int | None, options: Options, arrays: Sequence[Any], will_be: bool
) -> Callable[[Sequence[Array]], Array] | None:
    """Return the same for arrays that lie as their axes tell, or will."""
    if axes is not None:
        plan = _plan(function, axes, options, arrays, will_be)
        return None if plan is None else plan.run
    universal = _universal(function, options, arrays, will_be)
    return None if universal is None else functools.partial(_of_elements, universal)


def _are_by_columns(arrays: Sequence[Any]) -> bool | None:
    """Tell whether one of NumPy's arrays lies by columns, and none by rows; None if neither does.

    The others are put in that order: the cotangent of what is summed is one number that is spread.
    """
    found = None
    for array in arrays:
        if array.__class__ is not np.ndarray:
            return None
        if array.flags.c_contiguous:
            found = False
        elif found is None and array.flags.f_contiguous:
            found = True
    return found


def _in_order(arrays: Sequence[Array], by_columns: bool) -> list[Array]:
    """Return arrays by rows; those that lie by columns with their axes turned round."""
    turned = [array.T for array in arrays] if by_columns else arrays
    return [array if array.flags.c_contiguous else array.copy() for array in turned]


def _run_in_order(
    run: Callable[[Sequence[Array]], Array], by_columns: bool, arrays: Sequence[Array]
) -> Array:
    found = run(_in_order(arrays, by_columns))
    return found.T if by_columns else found


def _of_elements(universal: Callable[..., Any], arrays: Sequence[Array]) -> Array:
    found = universal(*arrays)
    return found if found.__class__ is np.ndarray else np.asarray(found)


def computed(function: Function, x: Tensor) -> Tensor:
    """Apply a function of one operand by machine code.

    A primitive keeps its own rule, which may read the result and not the operand: then the operand
    may change in place, as in PyTorch.
    """
    if not isinstance(function, Primitive):
        return composed(function, x)
    found = None if tracing.traces or x.weak else tracing.quiet(elements, function, x.array)
    if found is None:
        return function(x)
    result = make(found, None, False, x.results)
    if recording.enabled and (x.node is not None or x.origin is not None):
        record(function, (x,), {}, result)
    return result


def _run(*arrays: Array, function: Function, axes: int | None, options: Options) -> Array:
    run = _runner(function, axes, options, arrays)
    assert run is not None  # it was there before the step was applied
    return run(arrays)


@dataclass(frozen=True)
class PullBack:
    """The cotangent of one operand of a function, as a function of the result's and the operands.

    Attributes:
        function: The function.
        position: Which operand.
    """

    function: Function
    position: int

    @property
    def __name__(self) -> str:
        return f"{self.function.__name__}_backward"

    def __call__(self, g: Tensor, *operands: Tensor, **options: Any) -> Tensor:
        """Return the cotangent of the operand."""
        before, after = operands[: self.position], operands[self.position + 1 :]

        def of_one(x: Tensor) -> Any:
            return self.function(*before, x, *after, **options)

        _, pull = vjp(of_one, operands[self.position])
        found: Tensor = pull(g)[0]
        return found


def _cotangent(position: int, g: Tensor, out: Tensor, *operands: Tensor, **params: Any) -> Any:
    x, axes, options = operands[position], params["axes"], dict(params["options"])
    if x.dtype.kind != "f":
        return None
    pull = PullBack(params["function"], position)
    if not x.ndim and operands[0].ndim:
        return pull(g, *operands, **options)
    return composed(pull, g, *operands, axes=axes, **options)


def _expanded(*operands: Tensor, function: Function, axes: int | None, options: Options) -> Any:
    return function(*operands, **dict(options))


# The most operands of which derivatives are taken.
_OPERANDS = 4


def _spec(*specs: Spec, **params: Any) -> Spec:
    return specs[0]


_COMPOSED = Primitive(
    "composed",
    "general",
    _run,
    _spec,
    tuple(functools.partial(_cotangent, position) for position in range(_OPERANDS)),
    None,
    expansion=_expanded,
    unlisted=True,
)
