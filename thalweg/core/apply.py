"""How a primitive is applied to tensors: at once or traced, on the tape, and to batches of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.core.layout import is_shown, require_known
from thalweg.core.memory import Memory, View, known_memory, note_view
from thalweg.core.operation import attach, op
from thalweg.core.program import (
    Equation,
    Program,
    Symbol,
    Trace,
    clock,
    evaluate,
    owner_of,
    tracing,
)
from thalweg.core.spec import DType, Spec
from thalweg.core.tape import Node, recording, set_recording, watched
from thalweg.core.tensor import Tensor, make
from thalweg.errors import UnsupportedOperation
from thalweg.foreign import Foreign, met
from thalweg.lines import at_line, current_place, user_line

if TYPE_CHECKING:
    from thalweg.core.primitive import Primitive


Operands = tuple[Tensor, ...]

Flags = tuple[bool, ...]

Params = Mapping[str, Any]

Batching = Callable[["Primitive", int, Operands, Flags, Params], Tensor]

_ndarray = np.ndarray


def apply(primitive: Primitive, tensors: tuple[Tensor, ...], params: Mapping[str, Any]) -> Tensor:
    """Compute a primitive, or trace it, and record it on the tape if a derivative may be wanted."""
    if primitive.recorded is not None and recording.enabled:
        for tensor in tensors:
            if tensor.node is not None:
                tensors, params = primitive.recorded(tensors, params)
                break
    arrays = [tensor.array for tensor in tensors]
    for array in arrays:
        if array.__class__ is not _ndarray:
            if array.__class__ is Symbol and len(arrays) == 1:
                return _traced(primitive, tensors, params)
            elsewhere = _elsewhere(primitive, tensors, params)
            if elsewhere is not None:
                return elsewhere
            break
    if tracing.claiming is not None and _is_claimed(tensors):
        return _traced(primitive, tensors, params)
    try:
        found = tracing.run(primitive.meaning, *arrays, **params)
    except (ValueError, TypeError):
        # Stating the result's spec explains what does not fit better than NumPy does.
        primitive.spec(*(tensor.spec for tensor in tensors), **params)
        raise
    if found.__class__ is not _ndarray:
        found = np.asarray(found)
    weak = bool(tensors) and tensors[0].weak and all(tensor.weak for tensor in tensors)
    weak = weak and not primitive.strong
    kind = tensors[0].results if tensors else Tensor
    if kind is Tensor and len(tensors) > 1:
        kind = kind_of(tensors)
    result = make(found, None, weak, kind)
    if recording.enabled:
        for tensor in tensors:
            if tensor.node is not None or tensor.origin is not None:
                record(primitive, tensors, params, result)
                break
    if found.base is not None and arrays and np.may_share_memory(found, arrays[0]):
        if primitive.view:
            note_view(result, tensors[0], primitive, params)
        else:
            result.array = found.copy()
    return result


def is_plain(tensor: Tensor) -> bool:
    """Tell whether nobody follows a tensor: its array is NumPy's, and neither recorded nor traced.

    A view is plain if its base is, and it is known to be a view.

    What is shown of its memory then can be noted without applying a primitive.
    """
    if tensor.array.__class__ is not _ndarray or tensor.node is not None or tracing.traces:
        return False
    view = tensor.origin
    return view is None or not (view.detached or view.doubtful or view.base.node is not None)


def as_view(tensor: Tensor, array: Any, steps: tuple[tuple[Primitive, Any], ...]) -> Tensor:
    """Return a view, as an array, of a tensor that `is_plain`: what primitives would show of it."""
    shown, view = make(array, None, tensor.weak, tensor.results), tensor.origin
    base, way = (tensor, steps) if view is None else (view.base, view.steps + steps)
    memory = base.memory
    shown.origin = View(base, way, 0 if memory is None else memory.version)
    return shown


def apply_to_two(primitive: Primitive, x: Tensor, y: Tensor) -> Tensor:
    """Apply an elementwise primitive to two operands, as `apply` does, in less time."""
    a, b = x.array, y.array
    if a.__class__ is not _ndarray or b.__class__ is not _ndarray:
        traced = _traced_of_two(primitive, x, y) if a.__class__ is b.__class__ is Symbol else None
        return apply(primitive, (x, y), {}) if traced is None else traced
    if tracing.claiming is not None and _is_claimed((x, y)):
        return _traced(primitive, (x, y), {})
    try:
        found = tracing.run(primitive.meaning, a, b)
    except (ValueError, TypeError):
        primitive.spec(x.spec, y.spec)
        raise
    kind = x.results if x.results is not Tensor else y.results
    result = make(found if found.__class__ is _ndarray else np.asarray(found), None, False, kind)
    if recording.enabled and not (
        x.node is None and y.node is None and x.origin is None and y.origin is None
    ):
        record(primitive, (x, y), {}, result)
    return result


def _elsewhere(
    primitive: Primitive, tensors: tuple[Tensor, ...], params: Mapping[str, Any]
) -> Tensor | None:
    """Apply a primitive where an operand is a symbol or another library's; None if none is."""
    kinds = {tensor.array.__class__ for tensor in tensors}
    if Foreign in kinds and (Symbol in kinds or _is_recorded(tensors)):
        # What thalweg differentiates or traces itself takes other libraries' arrays for constants.
        tensors = tuple(map(_grounded, tensors))
        return apply(primitive, tensors, params)
    if Foreign in kinds:
        return _by_table(primitive, tensors, params)
    return _traced(primitive, tensors, params) if Symbol in kinds else None


def _grounded(tensor: Tensor) -> Tensor:
    array = tensor.array
    return make(np.asarray(array)) if array.__class__ is Foreign else tensor


def _by_table(
    primitive: Primitive, tensors: tuple[Tensor, ...], params: Mapping[str, Any]
) -> Tensor:
    """Compute a primitive by the table of the library that the operands' arrays are of."""
    given = [t.array for t in tensors if t.array.__class__ is Foreign]
    library = given[0].library
    for array in given:
        if array.library is not library:
            met(array.value for array in given)
    row = library.table.get(primitive.name)
    if row is None:
        raise UnsupportedOperation(
            f"{primitive.name} was asked of an array of {library.name}, which has no function of "
            "it. Convert it to NumPy's with numpy.asarray, or use other operations."
        )
    like = given[0].value
    values = [
        a.value if a.__class__ is Foreign else library.operand(a, like, weak)
        for a, weak in ((tensor.array, tensor.weak) for tensor in tensors)
    ]
    try:
        found = row(*values, **params)
    except (ValueError, TypeError, RuntimeError):
        # Stating the result's spec explains what does not fit better than libraries do.
        primitive.spec(*(tensor.spec for tensor in tensors), **params)
        raise
    return make(library.wrap(found))


def apply_apart(
    primitive: Primitive, tensor: Tensor, params: Params, spec: Spec | None = None
) -> Tensor:
    """Trace a primitive of a traced tensor; what it shows of the tensor is taken to be a copy.

    Args:
        primitive: The primitive.
        tensor: The tensor.
        params: The primitive's parameters.
        spec: The result's, where it is known.
    """
    symbol, node = tensor.array, tensor.node
    trace = None if recording.anomalies else trace_alone(tensor)
    if trace is None or symbol.spec.weak is not tensor.weak:
        return _traced(primitive, (tensor,), params, apart=True)
    operands = (symbol,)
    shown = trace.append(primitive, operands, params, spec)
    if node is not None and recording.enabled and symbol.dtype.kind in "fc":
        node = TracedNode(primitive, (node,), params, shown, operands, (tensor.results,))
    else:
        node = None
    return own_memory(make(shown, node, shown.spec.weak, tensor.results))


def _traced_of_two(primitive: Primitive, x: Tensor, y: Tensor) -> Tensor | None:
    """Trace an elementwise primitive as `_traced`, in less time; None if there is more to do."""
    a, b = symbols = x.array, y.array
    if a.owner is not b.owner or y.origin is not None or recording.anomalies:
        return None
    trace = trace_alone(x)
    if trace is None or primitive.expansion is not None or primitive.recorded is not None:
        return None
    if a.spec.weak is not x.weak or b.spec.weak is not y.weak or not primitive.ruled:
        return None
    symbol = trace.append(primitive, symbols, _NONE, above=5)
    node, kinds = None, (x.results, y.results)
    moving = (x.node is not None or y.node is not None) and recording.enabled
    if moving and symbol.dtype.kind in "fc":
        node = TracedNode(primitive, (x.node, y.node), _NONE, symbol, symbols, kinds)
    kind = kinds[1] if kinds[0] is Tensor else kinds[0]
    return own_memory(make(symbol, node, symbol.spec.weak, kind))


_NONE: Params = {}


def trace_alone(tensor: Tensor) -> Trace | None:
    """Return the trace that alone takes what is done with a traced tensor; None if unclear."""
    if tracing.cuts or tracing.claiming is not None or tensor.origin is not None:
        return None
    owner = tensor.array.owner
    return None if owner is None else owner()


def _traced(
    primitive: Primitive, tensors: Operands, params: Mapping[str, Any], apart: bool = False
) -> Tensor:
    if tracing.cuts:
        tracing.cuts = False
        try:
            return cut(_traced(primitive, tensors, params, apart))
        finally:
            tracing.cuts = True
    kind, owner, moving, known, odd = Tensor, None, False, False, tracing.claiming is not None
    for tensor in tensors:
        if tensor.origin is not None:
            refresh(tensor)
        if tensor.node is not None:
            moving = True
        if kind is Tensor:
            kind = tensor.results
        array = tensor.array
        if array.__class__ is not Symbol:
            known = True
            continue
        if array.spec.weak is not tensor.weak:
            known = True
        if array.owner is not owner:
            odd = odd or owner is not None
            owner = array.owner
        elif owner is None:
            odd = True
    if primitive.expansion is not None:
        result = _expanded(primitive.expansion, tensors, params)
    else:
        # Mostly all symbols are of one trace; else the innermost of theirs captures the others.
        trace = None if odd or owner is None else owner()
        if trace is None:
            trace, known = innermost(tensors), True
        if known:
            symbols = tuple([trace.lift(tensor) for tensor in tensors])
        else:
            symbols = tuple([tensor.array for tensor in tensors])
        symbol = trace.append(primitive, symbols, params)
        result = make(symbol, None, symbol.spec.weak, kind)
        if moving and recording.enabled:
            _record_traced(primitive, tensors, params, result, symbols, known)
    if apart or not primitive.view:
        return own_memory(result)
    shown = is_shown(tensors[0], primitive, params)
    if shown is False:
        return own_memory(result)
    note_view(result, tensors[0], primitive, params)
    if shown is None and result.origin is not None:
        result.origin.doubtful = True
    return result


def cut(tensor: Tensor) -> Tensor:
    """Give a traced tensor a symbol of which its program has no derivative, and return it."""
    if tensor.array.dtype.kind in "fc":
        tensor.array = op.stop_gradient(standing_for(tensor)).array
    return tensor


def _expanded(expansion: Callable[..., Tensor], tensors: Operands, params: Params) -> Tensor:
    before = current_place.line
    if not before:
        current_place.line = user_line(2)
    try:
        expanded = expansion(*map(standing_for, tensors), **params)
    finally:
        current_place.line = before
    # What is composed shall not seem to be a view of what it is composed of.
    return make(expanded.array, expanded.node, expanded.weak, expanded.results)


def _record_traced(
    primitive: Primitive,
    tensors: Operands,
    params: Params,
    result: Tensor,
    symbols: tuple[Symbol, ...],
    known: bool,
) -> None:
    lasting = primitive.ruled and result.array.dtype.kind in "fc"
    if not lasting or (known and not all(map(_is_told, tensors, symbols))):
        operands = tuple(map(_operand_for_rules, tensors, symbols))
        record(primitive, operands, params, result)
        return
    sources = tuple([tensor.node for tensor in tensors])
    kinds = tuple([tensor.results for tensor in tensors])
    result.node = TracedNode(primitive, sources, params, result.array, symbols, kinds)
    if recording.anomalies:
        watched(result.node).line = user_line()


def _is_told(tensor: Tensor, symbol: Symbol) -> bool:
    """Tell whether an operand, as a derivative finds it, can be made of its symbol."""
    array = tensor.array
    made = array.__class__ is Symbol or symbol.value is not None
    return symbol.spec.weak is tensor.weak and (made or array.dtype.kind in "fc")


class TracedNode(Node):
    """A step of traced values whose operands, as a derivative finds them, are not made yet.

    Mostly the step is rolled up with others, and they never are.
    """

    __slots__ = ("_inputs", "_kinds", "_symbols")

    def __init__(
        self,
        primitive: Primitive,
        sources: tuple[Node | None, ...],
        params: Params,
        array: Symbol,
        symbols: tuple[Symbol, ...],
        kinds: tuple[type[Tensor], ...],
    ) -> None:
        self.primitive = primitive
        self.sources = sources
        self.params = params
        self.array = array
        self.leaf = self.memory = self.watched = self.called = None
        self.order = next(clock)
        self._inputs: Operands | None = None
        self._symbols = symbols
        self._kinds = kinds

    @property
    def inputs(self) -> Operands:
        """The operands."""
        if self._inputs is None:
            found = zip(self._symbols, self.sources, self._kinds, strict=True)
            self._inputs = tuple(
                [
                    make(s if s.value is None else s.value, node, s.spec.weak, kind)
                    for s, node, kind in found
                ]
            )
        return self._inputs

    @inputs.setter
    def inputs(self, given: Operands) -> None:
        self._inputs = given

    @property
    def arrays(self) -> tuple[Any, ...]:
        """What the operands hold."""
        return self._symbols if self._inputs is None else super().arrays


def run(program: Program, tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return the outputs of a program, whose equations are applied to tensors one by one."""
    return evaluate(program, tensors, _apply_equation, _literal)


def _apply_equation(equation: Equation, operands: list[Tensor]) -> Tensor:
    with at_line(equation.source):
        return apply(equation.primitive, tuple(operands), equation.params)


def _literal(symbol: Symbol) -> Tensor:
    return make(symbol.value, None, symbol.spec.weak)


def standing_for(tensor: Tensor) -> Tensor:
    """Return another tensor of the same value, which stays when the tensor is written."""
    return make(tensor.array, tensor.node, tensor.weak, tensor.results)


def kind_of(tensors: tuple[Tensor, ...]) -> type[Tensor]:
    """Return the class of what is computed from tensors: a subclass's, if one is of it."""
    for tensor in tensors:
        if tensor.results is not Tensor:
            return tensor.results
    return Tensor


def joined(*tensors: Tensor) -> DType:
    """Return the dtype that tensors take together."""
    return kind_of(tensors).promotion.join(tuple(tensor.spec for tensor in tensors))


def _operand_for_rules(tensor: Tensor, symbol: Symbol) -> Tensor:
    """Return an operand as a derivative finds it, whatever is written into its memory later."""
    array = tensor.array
    if array.__class__ is Symbol:
        return make(array, tensor.node, tensor.weak, tensor.results)
    if symbol.value is not None:
        return make(symbol.value, tensor.node, tensor.weak, tensor.results)
    if array.ndim and array.dtype.kind in "fc":
        return make(symbol, tensor.node, tensor.weak, tensor.results)
    # Positions stay known; the trace keeps no copy of them.
    owner = owner_of(array)
    own = any(owner in trace.made for trace in tracing.traces)
    return make(array.copy() if own else array, tensor.node, tensor.weak, tensor.results)


def own_memory(tensor: Tensor) -> Tensor:
    """Note in which trace a traced tensor was made, if not in its own, and return it."""
    traces = tracing.traces
    if traces and traces[-1].reference is not tensor.array.owner:
        tensor.memory = Memory(traces[-1], tensor.array)
    return tensor


def record(
    primitive: Primitive, tensors: tuple[Tensor, ...], params: Mapping[str, Any], result: Tensor
) -> None:
    """Note on the tape how a result was made, if an operand's derivative may be wanted."""
    if result.array.dtype.kind not in "fcO":
        return
    for position, tensor in enumerate(tensors):
        if tensor.origin is not None:
            refresh(tensor)
        if tensor.node is not None and (primitive.ruled or primitive.rule(position) is not None):
            for other in tensors[position + 1 :]:
                if other.origin is not None:
                    refresh(other)
            make_node = recording.packing
            if make_node is None:
                result.node = node = Node(primitive, tensors, params, result.array)
            else:
                result.node = node = make_node(primitive, tensors, params, result)
            if recording.anomalies:
                watched(node).line = user_line()
            return


def refresh(tensor: Tensor) -> None:
    """Give a view the history its base got by changes in place since the view was made."""
    view, memory = tensor.origin, known_memory(tensor)
    if view is None or memory is None or view.seen == memory.version:
        return
    view.seen, base = memory.version, view.base
    if base.array.__class__ is Symbol:
        _derive(tensor, view, standing_for(base))
        return
    if view.detached or base.node is None:
        return
    with set_recording(True):
        shown = shown_of(base, view)
    if shown.node is not None:
        tensor.node = shown.node
        tensor.node.memory = memory


def _derive(tensor: Tensor, view: View, base: Tensor) -> None:
    """Give a view of traced values those that its base has now."""
    require_known(view)
    with set_recording(not view.detached):
        shown = shown_of(base, view)
    tensor.array = shown.array
    tensor.node = None if view.detached else shown.node
    if view.detached:
        cut(tensor)


def shown_of(base: Tensor, view: View) -> Tensor:
    """Return what a view shows of a base."""
    for primitive, params in view.steps:
        base = apply(primitive, (base,), params)
    return base


def innermost(tensors: tuple[Tensor, ...]) -> Trace:
    """Return the trace that an operation on these tensors belongs to."""
    owner = None
    for tensor in tensors:
        symbol = tensor.array
        if symbol.__class__ is Symbol and symbol.owner is not owner:
            if owner is not None:
                break
            owner = symbol.owner
    else:
        found = None if owner is None else owner()
        if found is not None and tracing.claiming is None:
            return found  # type: ignore[no-any-return]
    traces = [Trace.of(t.array) for t in tensors if t.array.__class__ is Symbol]
    claiming = tracing.claiming
    if claiming is not None:
        traces.append(claiming)
    return max(traces, key=lambda trace: trace.level)


def _is_claimed(tensors: tuple[Tensor, ...]) -> bool:
    """Tell whether an operation on values that are known is traced: a derivative may be wanted.

    It is then that of the branch which is run, and not of one that is not.
    """
    return _is_recorded(tensors)


def _is_recorded(tensors: tuple[Tensor, ...]) -> bool:
    return recording.enabled and any(tensor.node is not None for tensor in tensors)


attach("_refresh", refresh)

# ---- batches: operands of which some, those with a flag, have a further axis 0 of examples


def move_axis(x: Tensor, source: int, target: int) -> Tensor:
    """Move one axis to another place; both are counted from the front."""
    if source == target:
        return x
    order = [i for i in range(x.ndim) if i != source]
    order.insert(target, source)
    moved: Tensor = op.transpose(x, tuple(order))
    return moved


def repeated(size: int, operands: Operands, flags: Flags) -> Operands:
    """Repeat shared operands for every example."""
    return tuple(
        x if flag else op.broadcast_to(x, (size, *x.shape))
        for x, flag in zip(operands, flags, strict=True)
    )


def stacked(
    primitive: Primitive, size: int, operands: Operands, flags: Flags, params: Params
) -> Tensor:
    """Apply what acts on a stack: but for `axis` and `axes`, axes are counted from the back."""
    moved = {key: _count_examples(v) if key in ("axis", "axes") else v for key, v in params.items()}
    return apply(primitive, repeated(size, operands, flags), moved)


def _count_examples(axes: Any) -> Any:
    return tuple(axis + 1 for axis in axes) if isinstance(axes, tuple) else axes + 1


def with_params(change: Callable[..., Params]) -> Batching:
    """Return the rule of a primitive of one operand that takes `change(size, **params)` then."""

    def batch(
        primitive: Primitive, size: int, operands: Operands, flags: Flags, params: Params
    ) -> Tensor:
        return apply(primitive, operands, change(size, **params))

    return batch
