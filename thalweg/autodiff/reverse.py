"""The walk back along the tape: cotangents from an output to the tensors it was made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from thalweg.core.operation import OPERATIONS
from thalweg.core.spec import Shape
from thalweg.core.tensor import Node, Tensor, make, set_recording


def cotangents(
    outputs: Iterable[tuple[Tensor, Tensor]],
    variables: list[Node] | None,
    create_graph: bool,
) -> dict[Node, Tensor]:
    """Return the cotangent of every variable that the outputs depend on.

    Args:
        outputs: Pairs of an output and its own cotangent, of the output's shape.
        variables: Nodes whose cotangents are wanted; None means every leaf variable.
        create_graph: Whether the walk itself is recorded, for derivatives of derivatives.
    """
    found: dict[Node, Tensor] = {}
    starts = [(output.node, g) for output, g in outputs if output.node is not None]
    for node, g in starts:
        found[node] = found[node] + g if node in found else g
    order = _reachable([node for node, _ in starts])
    useful = _useful(order, variables)
    wanted = set(variables) if variables is not None else {n for n in order if n.variable}
    with set_recording(create_graph):
        for node in order:
            if node not in useful or node not in found:
                continue
            g = found[node] if node in wanted else found.pop(node)
            if node.primitive is not None:
                _propagate(node, g, useful, found)
            elif node not in wanted:
                _accumulate(found, node.inputs[0].node, g)
    return {node: found[node] for node in wanted if node in found}


def _reachable(starts: list[Node]) -> list[Node]:
    """Return all nodes the starts depend on, latest first."""
    seen: set[Node] = set()
    stack = list(starts)
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack += [t.node for t in node.inputs if t.node is not None]
    return sorted(seen, key=lambda node: -node.order)


def _useful(order: list[Node], variables: list[Node] | None) -> set[Node]:
    """Return the nodes that lead to a wanted variable."""
    if variables is None:
        return set(order)
    useful = set(variables)
    for node in reversed(order):
        if any(t.node in useful for t in node.inputs if t.node is not None):
            useful.add(node)
    return useful


def _propagate(node: Node, g: Tensor, useful: set[Node], found: dict[Node, Tensor]) -> None:
    primitive = node.primitive
    if primitive is None:
        return
    out = make(node.data, node)
    for position, operand in enumerate(node.inputs):
        rule = primitive.rule(position)
        if rule is None or operand.node is None or operand.node not in useful:
            continue
        cotangent = rule(g, out, *node.inputs, **node.params)
        if cotangent is not None:
            _accumulate(found, operand.node, _shaped(cotangent, operand.shape))


def _shaped(cotangent: Any, shape: Shape) -> Tensor:
    """Undo broadcasting: the cotangent of an operand has the operand's shape."""
    if cotangent.shape == shape:
        result: Tensor = cotangent
    elif len(cotangent.shape) < len(shape) or cotangent.size < _size(shape):
        result = OPERATIONS["broadcast_to"](cotangent, shape)
    else:
        result = OPERATIONS["sum_to"](cotangent, shape)
    return result


def _size(shape: Shape) -> int:
    size = 1
    for extent in shape:
        size *= extent
    return size


def _accumulate(found: dict[Node, Tensor], node: Node | None, g: Tensor) -> None:
    if node is not None:
        found[node] = found[node] + g if node in found else g
