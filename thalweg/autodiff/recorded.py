"""A function's evaluation with its tape: what every derivative of a function starts from."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from thalweg import tree
from thalweg.autodiff.forward import tangents
from thalweg.autodiff.reverse import cotangents, depends_on_older, is_older
from thalweg.core.apply import cut, refresh, run
from thalweg.core.primitive import is_floating
from thalweg.core.program import (
    Equation,
    Program,
    Symbol,
    Trace,
    explaining_arrays,
    finished,
    tracing,
)
from thalweg.core.tape import Node, history, is_recording, recording, set_recording
from thalweg.core.tensor import Tensor, as_tensor, astype, make, variable
from thalweg.errors import ArgumentError, DtypeError, GradientError, ShapeError
from thalweg.ops.creation.creation import zeros_like

Argnums = int | Sequence[int]


class Recorded:
    """One evaluation of a function, ready for walks along its tape.

    Attributes:
        variables: The leaves of the arguments differentiated with respect to.
        outputs: The leaves of the result.
        aux: What the function returned beside its result.
        outside: Whether the outputs depend on older variables too, those of an outer derivative.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        arguments: Sequence[Any],
        keywords: Mapping[str, Any],
        argnums: Argnums,
        has_aux: bool,
    ) -> None:
        given = list(arguments)
        self._single = isinstance(argnums, int)
        self._definitions = []
        self.variables: list[Tensor] = []
        for position in _positions(argnums, len(given)):
            leaves, definition = tree.flatten_parameters(given[position])
            fresh = [_variable(leaf) for leaf in leaves]
            given[position] = tree.unflatten(definition, fresh)
            self.variables += fresh
            self._definitions.append(definition)
        # The function may change its arguments in place, which gives them other nodes.
        self._nodes = [v.node for v in self.variables if v.node is not None]
        # An enclosing no_grad hides what happens here from others, not from these variables.
        outer = is_recording()
        current = _trace_of(self.variables)
        start = 0 if current is None else len(current.equations)
        recording.functions += 1
        try:
            with set_recording(True), explaining_arrays():
                result = function(*given, **keywords)
        finally:
            recording.functions -= 1
        result, aux = _pair(result) if has_aux else (result, None)
        leaves, self._definition = tree.flatten(result)
        self.outputs = [_current(as_tensor(leaf)) for leaf in leaves]
        self._oldest = min((node.order for node in self._nodes), default=0)
        tape = list(history(output.node for output in self.outputs))
        self.outside = outer and is_older(tape, self._oldest)
        if current is not None and not self.outside:
            self._finish(current, current.equations[start:], tape)
        self.aux = tree.map(lambda leaf: self._settled(leaf, outer), aux)

    def _finish(self, current: Trace, equations: list[Equation], tape: list[Node]) -> None:
        """Let the outputs be computed as programs are: repeated equations become loops."""
        made = {equation.output: equation for equation in equations}
        outputs = [output.array for output in self.outputs]
        if not all(x in made for x in outputs if isinstance(x, Symbol)):
            return
        read = dict.fromkeys(itertools.chain.from_iterable([e.inputs for e in equations]))
        inputs = tuple([s for s in read if s not in made and s.value is None])
        traced = [x for x in outputs if isinstance(x, Symbol)]
        program = Program(inputs, tuple(equations), tuple(traced))
        better = finished(program, current)
        known: dict[Any, Tensor] = {s: tensor for tensor, s in current.captured.values()}
        known |= {v.array: v for v in self.variables if isinstance(v.array, Symbol)}
        fewer = len(better.equations) * 2 <= len(equations)
        moving: set[Symbol] = {s for s, tensor in known.items() if tensor.node is not None}
        if not fewer or not self._is_taped(made, moving, tape):
            return
        given = [known[s] if s in known else make(s, None, s.spec.weak) for s in better.inputs]
        with set_recording(True):
            found = iter(run(better, given))
        self.outputs = [
            make((new := next(found)).array, new.node, output.weak, output.results)
            if isinstance(output.array, Symbol)
            else output
            for output in self.outputs
        ]

    def _is_taped(
        self, made: Mapping[Symbol, Equation], moving: set[Symbol], tape: list[Node]
    ) -> bool:
        """Tell whether the tape has all that equations make of moving values.

        It has not where a variable's own value came in from outside: a program does not say so.
        """
        lost: set[Symbol] = {o.array for o in self.outputs if o.node is None and o.is_symbolic}
        for node in tape:
            if None in node.sources and node.primitive is not None:
                for array, source in zip(node.arrays, node.sources, strict=True):
                    if source is None and array.__class__ is Symbol:
                        lost.add(array)
        seen = {s for s in lost if s.value is None and is_floating(s.dtype)}
        pending = list(seen)
        while pending:
            symbol = pending.pop()
            if symbol in moving:
                return False
            equation = made.get(symbol)
            if equation is None:
                continue
            primitive = equation.primitive
            for position, read in enumerate(equation.inputs):
                ruled = primitive.ruled or primitive.rule(position) is not None
                if ruled and read not in seen:
                    seen.add(read)
                    pending.append(read)
        return True

    def _settled(self, leaf: Any, outer: bool) -> Any:
        if not isinstance(leaf, Tensor) or (outer and depends_on_older([leaf], self._oldest)):
            return leaf
        return _without_history(leaf)

    def value(self) -> Any:
        """Return the function's result; without history, unless an outer derivative needs it."""
        outputs = self.outputs if self.outside else list(map(_without_history, self.outputs))
        return self.as_result(outputs)

    def pull_back(self, gradients: list[Tensor | None]) -> list[Tensor]:
        """Return the cotangent of every variable from those of the outputs."""
        pairs = [(o, g) for o, g in zip(self.outputs, gradients, strict=True) if g is not None]
        create_graph = self._create_graph([g for _, g in pairs])
        found = cotangents(pairs, self._nodes, create_graph)
        return [
            _derivative(found[node] if node in found else zeros_like(v), v, create_graph)
            for v, node in zip(self.variables, self._nodes, strict=True)
        ]

    def push_forward(self, moving: list[Tensor | None]) -> list[Tensor]:
        """Return the tangent of every output from those of the variables."""
        seeds: dict[Node, Tensor] = {
            node: t for node, t in zip(self._nodes, moving, strict=True) if t is not None
        }
        create_graph = self._create_graph(list(seeds.values()))
        found = tangents(self.outputs, seeds, create_graph)
        return [
            _derivative(zeros_like(output) if t is None else t, output, create_graph)
            for output, t in zip(self.outputs, found, strict=True)
        ]

    def _create_graph(self, directions: list[Tensor]) -> bool:
        """Tell whether a walk must itself be recorded; recording costs time."""
        moving = any(tensor.node is not None for tensor in directions)
        return is_recording() and (self.outside or moving)

    # ---- trees

    def as_arguments(self, leaves: Sequence[Any]) -> Any:
        """Put one value a variable into the trees of the arguments; a tuple if there are many."""
        trees, start = [], 0
        for definition in self._definitions:
            trees.append(tree.unflatten(definition, leaves[start : start + definition.num_leaves]))
            start += definition.num_leaves
        return trees[0] if self._single else tuple(trees)

    def as_result(self, leaves: Sequence[Any]) -> Any:
        """Put one value an output into the tree of the result."""
        return tree.unflatten(self._definition, leaves)

    def directions(self, name: str, given: Any, forward: bool) -> list[Tensor | None]:
        """Return the leaves of given tangents or cotangents, checked against what they belong to.

        Raises:
            ShapeError: If their structure or shapes differ.
        """
        wanted = self.variables if forward else self.outputs
        shaped = self.as_arguments(wanted) if forward else self.as_result(wanted)
        leaves, definition = tree.flatten(given)
        kind = "tangents" if forward else "cotangents"
        if definition != tree.structure(shaped):
            raise ShapeError(
                f"{name} got {kind} of structure {definition}, but the "
                f"{'primals have' if forward else 'function returned'} {tree.structure(shaped)}. "
                "Give both the same nesting and keys."
            )
        return [
            _direction(name, kind, leaf, like) for leaf, like in zip(leaves, wanted, strict=True)
        ]


def _trace_of(variables: list[Tensor]) -> Trace | None:
    """Return the trace of all variables that are traced, if each is a symbol of its own."""
    symbols = [v.array for v in variables if isinstance(v.array, Symbol)]
    traces = {Trace.of(symbol) for symbol in symbols}
    return traces.pop() if len(traces) == 1 and len(set(symbols)) == len(symbols) else None


def _derivative(found: Tensor, like: Tensor, recorded: bool) -> Tensor:
    """Return a derivative, with its history if that is wanted; a number's is one too."""
    if like.weak:
        found = make(found.array, found.node, True, found.results)
    return found if recorded else _without_history(found)


def _without_history(tensor: Tensor) -> Tensor:
    """Return what a function computed as it leaves; inside `no_grad` nothing is told of it."""
    bare: Tensor = tensor._bare()
    return cut(bare) if tracing.cuts and bare.is_symbolic else bare


def _direction(name: str, kind: str, leaf: Any, like: Tensor) -> Tensor | None:
    tensor = as_tensor(leaf)
    if tensor.shape != like.shape:
        raise ShapeError(
            f"{name} got {kind} of shape {tensor.shape} for a value of shape {like.shape}. "
            "Give each value a direction of its own shape."
        )
    if like.dtype.kind not in "fc":
        return None
    return tensor if tensor.dtype == like.dtype else astype(tensor, like.dtype)


def _positions(argnums: Argnums, count: int) -> tuple[int, ...]:
    positions = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    for position in positions:
        if not -count <= position < count:
            raise ArgumentError(
                f"argnums={argnums} was given for a call with {count} positional arguments; "
                "it counts them from 0. Pass that argument by position, or change argnums."
            )
    return positions


def _pair(result: Any) -> tuple[Any, Any]:
    if not isinstance(result, tuple) or len(result) != 2:
        raise GradientError(
            f"has_aux=True was given, but the function returned {type(result).__name__}; it "
            "wants a pair (value, aux). Return both, or leave has_aux out."
        )
    return result


def _current(tensor: Tensor) -> Tensor:
    """Return a tensor with the history that its base got since it was cut out of it."""
    if tensor.origin is not None:
        refresh(tensor)
    return tensor


def _variable(leaf: Any) -> Tensor:
    tensor = as_tensor(leaf)
    if tensor.dtype.kind not in "fc":
        raise DtypeError(
            f"A derivative was asked with respect to a parameter of dtype {tensor.dtype}; "
            "only floating dtypes have derivatives. Convert it with astype(float)."
        )
    return variable(tensor)
