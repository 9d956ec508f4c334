"""The walk forward along the tape: tangents from variables to what was made of them."""

from __future__ import annotations

from typing import Any

from thalweg.autodiff.changed import operands
from thalweg.autodiff.reverse import cotangents, reachable, undo_broadcast
from thalweg.core.apply import apply
from thalweg.core.primitive import Primitive
from thalweg.core.tape import Node, set_recording
from thalweg.core.tensor import Tensor, make, variable
from thalweg.ops.creation.creation import zeros_like

Tangents = list[Tensor | None]


def tangents(outputs: list[Tensor], seeds: dict[Node, Tensor], create_graph: bool) -> Tangents:
    """Return the tangent of every output; None where it does not depend on the seeds.

    Args:
        outputs: Tensors computed from the variables.
        seeds: The tangent of each variable, of the variable's shape.
        create_graph: Whether the walk itself is recorded, for derivatives of derivatives.
    """
    found = dict(seeds)
    order = reachable(outputs, list(seeds))
    with set_recording(create_graph):
        for node in reversed(order):
            if node in seeds:
                continue
            moving = [None if source is None else found.get(source) for source in node.sources]
            if any(t is not None for t in moving):
                tangent = _tangent(node, moving, create_graph)
                if tangent is not None:
                    found[node] = tangent
    return [found.get(output.node) if output.node is not None else None for output in outputs]


def _tangent(node: Node, moving: Tangents, create_graph: bool) -> Tensor | None:
    """Return the tangent of a node's output from those of its operands."""
    primitive = node.primitive
    if primitive is None:
        return moving[0]
    if primitive.forward is not None:
        given = operands(node)
        moved: Tensor | None = primitive.forward(
            moving, make(node.array, node), *given, **node.params
        )
        return moved
    if primitive.kind == "elementwise":
        found = _diagonal(primitive, node, moving)
    elif primitive.kind == "linear":
        found = _linear(primitive, node, moving)
    else:
        found = _transposed(primitive, node, moving, create_graph)
    return None if found is None else undo_broadcast(found, node.array.shape)


def _diagonal(primitive: Primitive, node: Node, moving: Tangents) -> Tensor | None:
    """Apply the rules themselves: a diagonal matrix is its own transpose."""
    out, total = make(node.array, node), None
    for position, tangent in enumerate(moving):
        rule = primitive.rule(position)
        if tangent is not None and rule is not None:
            part = rule(tangent, out, *operands(node), **node.params)
            total = part if total is None else total + part
    return total


def _linear(primitive: Primitive, node: Node, moving: Tangents) -> Tensor | None:
    """Send tangents through the primitive: together if it is a sum, in turn if a product."""
    places = [i for i in range(len(moving)) if primitive.rule(i) is not None]
    if primitive.additive:
        given = list(operands(node))
        for i in places:
            tangent = moving[i]
            given[i] = zeros_like(given[i]) if tangent is None else tangent
        return apply(primitive, tuple(given), node.params)
    total = None
    for i in places:
        tangent = moving[i]
        if tangent is not None:
            inputs = operands(node)
            part = apply(primitive, (*inputs[:i], tangent, *inputs[i + 1 :]), node.params)
            total = part if total is None else total + part
    return total


def _transposed(
    primitive: Primitive, node: Node, moving: Tangents, create_graph: bool
) -> Tensor | None:
    """Transpose each rule g ↦ Jᵀg, which is linear in g, by walking back through it to g."""
    out = make(node.array, node)
    g = variable(zeros_like(out))
    pairs = []
    with set_recording(True):
        for position, tangent in enumerate(moving):
            rule = primitive.rule(position)
            if tangent is None or rule is None:
                continue
            pulled: Any = rule(g, out, *operands(node), **node.params)
            if pulled is not None:
                pairs.append((undo_broadcast(pulled, tangent.shape), tangent))
    variables = [g.node] if g.node is not None else []
    return next(iter(cotangents(pairs, variables, create_graph).values()), None)
