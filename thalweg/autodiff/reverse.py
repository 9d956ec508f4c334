"""The walk back along the tape: cotangents from outputs to the tensors they were made of."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from thalweg.autodiff.changed import operands, result
from thalweg.autodiff.hooks import refuse_nan, run_hooks, run_posthooks, run_prehooks
from thalweg.core.apply import apply
from thalweg.core.primitive import Primitive
from thalweg.core.program import Symbol, Trace
from thalweg.core.spec import Shape
from thalweg.core.tape import Node, history, set_recording
from thalweg.core.tape import recording as tape
from thalweg.core.tensor import Tensor, make
from thalweg.errors import GradientError
from thalweg.ops.shape.broadcast import broadcast_to, sum_to

_order = operator.attrgetter("order")

Outputs = list[tuple[Tensor, Tensor]]

# By node and primitive: cotangents of what the primitive made of the node, with its parameters.
Pieces = dict[Node, dict[Primitive, list[tuple[Tensor, Any]]]]


def cotangents(
    outputs: Outputs, variables: list[Node] | None, create_graph: bool
) -> dict[Node, Tensor]:
    """Return the cotangent of every variable that the outputs depend on.

    Args:
        outputs: Pairs of an output and its own cotangent, of the output's shape.
        variables: Nodes whose cotangents are wanted; None means every leaf.
        create_graph: Whether the walk itself is recorded, for derivatives of derivatives.

    Raises:
        GradientError: If an earlier backward walk freed the tape.
    """
    order = reachable((output for output, _ in outputs), variables)
    return walk(order, outputs, variables, create_graph)


def walk(
    order: list[Node], outputs: Outputs, variables: list[Node] | None, create_graph: bool
) -> dict[Node, Tensor]:
    """Return the cotangents, as `cotangents` does, along nodes in a given order, latest first."""
    useful = None if variables is None else leading_to(order, variables)
    wanted = {n for n in order if n.leaf is not None} if variables is None else set(variables)
    found: dict[Node, Tensor] = {}
    pieces: Pieces = {}
    with set_recording(create_graph):
        for output, g in outputs:
            _accumulate(found, output.node, g)
        for node in order:
            if node in pieces:
                _add_pieces(node, pieces.pop(node), found)
            if node not in found or (useful is not None and node not in useful):
                continue
            if node.watched is not None:
                found[node] = run_hooks(node, found[node], create_graph)
            g = found[node] if node in wanted else found.pop(node)
            if node.primitive is not None:
                if isinstance(node.array, Symbol):
                    # What is traced has the line of the user's code that the node stems from.
                    with Trace.of(node.array).deriving(node.array):
                        _propagate(node, g, useful, found, pieces)
                else:
                    _propagate(node, g, useful, found, pieces)
            elif node not in wanted and node.sources:
                _accumulate(found, node.sources[0], g)
    return {node: found[node] for node in wanted if node in found}


def reachable(outputs: Iterable[Tensor], variables: list[Node] | None) -> list[Node]:
    """Return the nodes that outputs depend on and that may depend on variables, latest first.

    Raises:
        GradientError: If an earlier backward walk freed one of them.
    """
    # What is older than every variable depends on none, however long its history.
    oldest = min((node.order for node in variables), default=0) if variables is not None else 0
    found = list(history((tensor.node for tensor in outputs), oldest))
    for node in found:
        if node.primitive is not None and not node.sources:
            raise GradientError(
                "Trying to backward through the graph a second time (or directly access saved "
                "tensors after they have already been freed). The values that "
                f"{node.primitive.name} needs were freed by the first backward(). "
                "Give the first one retain_graph=True, or compute the loss again."
            )
    return sorted(found, key=_order, reverse=True)


def depends_on_older(outputs: Iterable[Tensor], oldest: int) -> bool:
    """Tell whether outputs depend on a leaf, or on a variable made before a moment."""
    return is_older(history(tensor.node for tensor in outputs), oldest)


def is_older(nodes: Iterable[Node], oldest: int) -> bool:
    """Tell whether a leaf is among what outputs depend on, or a variable made before a moment."""
    # A node is on the tape only because it depends on some variable, older than itself.
    return any(node.order < oldest or node.leaf is not None for node in nodes)


def captured_by(trace: Trace) -> list[Tensor]:
    """Return what a finished trace captured, without the history that ends inside of it.

    A tensor without history is itself: its derivative may be wanted later.
    """
    found = [tensor for tensor, _ in trace.captured.values()]
    return [t if t.node is None or depends_on_older([t], trace.level) else t._bare() for t in found]


def leading_to(order: list[Node], variables: list[Node]) -> set[Node]:
    """Return the nodes that lead to a wanted variable, and these themselves."""
    useful = set(variables)
    for node in reversed(order):
        if any(source in useful for source in node.sources):
            useful.add(node)
    return useful


def _propagate(
    node: Node, g: Tensor, useful: set[Node] | None, found: dict[Node, Tensor], pieces: Pieces
) -> None:
    primitive = node.primitive
    if primitive is None:
        return
    plain = node.watched is None and not tape.anomalies
    if primitive.together is not None and plain:
        source = node.sources[0]
        if source is not None and (useful is None or source in useful):
            pieces.setdefault(source, {}).setdefault(primitive, []).append((g, node.params))
        return
    if node.watched is not None:
        g = run_prehooks(node, g)
    passed = _operand_cotangents(primitive, node, g, useful)
    if tape.anomalies:
        refuse_nan(node, passed)
    if node.watched is not None:
        passed = run_posthooks(node, passed, g)
    for source, cotangent in zip(node.sources, passed, strict=True):
        if cotangent is not None:
            _accumulate(found, source, cotangent)


def _operand_cotangents(
    primitive: Primitive, node: Node, g: Tensor, useful: set[Node] | None
) -> list[Tensor | None]:
    """Return the cotangents of a step's operands, None for those that nobody wants."""
    out, inputs, params = result(node), operands(node), node.params
    # Where there may be many operands, one rule gives the cotangents of all.
    many = None if primitive.variadic is None else primitive.variadic(g, out, *inputs, **params)
    passed: list[Tensor | None] = []
    for position, source in enumerate(node.sources):
        cotangent: Any = None if many is None else next(many)
        if source is None or (useful is not None and source not in useful):
            passed.append(None)
            continue
        if many is None:
            rule = primitive.rule(position)
            cotangent = None if rule is None else rule(g, out, *inputs, **params)
        if isinstance(cotangent, Tensor):
            shape = inputs[position].array.shape
            if cotangent.array.shape != shape:
                cotangent = undo_broadcast(cotangent, shape)
        passed.append(cotangent)
    return passed


def _add_pieces(
    node: Node, made: dict[Primitive, list[tuple[Tensor, Any]]], found: dict[Node, Tensor]
) -> None:
    """Add what results that were made of a node's values pass back, many of them at once."""
    operand = make(node.array, node)
    for primitive, pieces in made.items():
        together, rule = primitive.together, primitive.rule(0)
        if together is None or rule is None:
            continue
        g, params = pieces[0]
        total = rule(g, None, operand, **params) if len(pieces) == 1 else together(pieces, operand)
        _accumulate(found, node, total)


def undo_broadcast(cotangent: Any, shape: Shape) -> Tensor:
    """Undo broadcasting: the cotangent of an operand has the operand's shape."""
    if cotangent.array.shape == shape:
        result: Tensor = cotangent
    elif stretches(cotangent.shape, shape):
        result = apply(broadcast_to, (cotangent,), {"shape": shape})
    else:
        result = sum_to(cotangent, shape)
    return result


def stretches(small: Shape, shape: Shape) -> bool:
    """Tell whether a shape broadcasts to another one."""
    pairs = zip(reversed(small), reversed(shape), strict=False)
    return len(small) <= len(shape) and all(n in (1, extent) for n, extent in pairs)


def _accumulate(found: dict[Node, Tensor], node: Node | None, g: Tensor) -> None:
    if node is not None:
        found[node] = found[node] + g if node in found else g
